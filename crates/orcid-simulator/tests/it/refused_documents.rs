//! Every error of a bad document.

use orcid_simulator::UNKNOWN_ROR;
use serde_json::json;

use crate::documents::{MEMBERSHIP, NOTIFICATION, SMALL_MEMBERSHIP, with, with_put_code};
use crate::harness::{CARBERRY, Sim};

/// Documents that differ from the full sample in one place, and the code they get (0 is success).
#[expect(clippy::too_many_lines, reason = "one table")]
fn broken_memberships() -> Vec<(&'static str, String, u16)> {
    let edit = |part: &str, to: &str| with(MEMBERSHIP, part, to);
    let role = "<c:role-title>Principal Investigator</c:role-title>";
    let department = "<c:department-name>Reef Watch</c:department-name>";
    let start =
        "<c:start-date><c:year>2024</c:year><c:month>03</c:month><c:day>01</c:day></c:start-date>";
    let end =
        "<c:end-date><c:year>2027</c:year><c:month>02</c:month><c:day>28</c:day></c:end-date>";
    let start_with = |parts: &str| edit(start, &format!("<c:start-date>{parts}</c:start-date>"));
    let organization = {
        let from = MEMBERSHIP.find("<c:organization>").unwrap();
        let to = MEMBERSHIP.find("</c:organization>").unwrap() + "</c:organization>".len();
        &MEMBERSHIP[from..to]
    };
    let no_id = with(
        SMALL_MEMBERSHIP,
        {
            let from = SMALL_MEMBERSHIP.find("<c:external-ids>").unwrap();
            let to = SMALL_MEMBERSHIP.find("</membership>").unwrap();
            &SMALL_MEMBERSHIP[from..to]
        },
        "",
    );
    vec![
        ("as it is", MEMBERSHIP.to_owned(), 0),
        ("as small as can be", SMALL_MEMBERSHIP.to_owned(), 0),
        ("not XML", "{}".to_owned(), 9001),
        ("cut off", MEMBERSHIP[..300].to_owned(), 9001),
        (
            "unbound prefix",
            edit("<c:role-title>", "<x:role-title>"),
            9001,
        ),
        (
            "DOCTYPE",
            edit("<m:membership", "<!DOCTYPE m><m:membership"),
            9001,
        ),
        ("another root", edit("m:membership", "m:employment"), 9012),
        (
            "root without namespace",
            edit("http://www.orcid.org/ns/membership", "urn:x"),
            9012,
        ),
        (
            "children without namespace",
            edit("http://www.orcid.org/ns/common", "urn:x"),
            9012,
        ),
        (
            "wrong order",
            edit(
                &format!("{department}\n  {role}"),
                &format!("{role}{department}"),
            ),
            9012,
        ),
        ("twice", edit(role, &format!("{role}{role}")), 9012),
        (
            "unknown element",
            edit(role, &format!("{role}<c:remark>x</c:remark>")),
            9012,
        ),
        (
            "unknown attribute",
            edit("<c:role-title>", "<c:role-title lang=\"en\">"),
            9012,
        ),
        (
            "text between elements",
            edit(role, &format!("{role} text")),
            9012,
        ),
        (
            "blank text",
            edit(role, "<c:role-title> </c:role-title>"),
            9012,
        ),
        (
            "empty optional element",
            edit(role, "<c:role-title/>"),
            9012,
        ),
        (
            "empty city",
            edit("<c:city>Brisbane</c:city>", "<c:city/>"),
            9012,
        ),
        (
            "4000 characters",
            edit("Principal Investigator", &"\u{e9}".repeat(4000)),
            0,
        ),
        (
            "4001 characters",
            edit("Principal Investigator", &"x".repeat(4001)),
            9012,
        ),
        ("year too early", start_with("<c:year>1899</c:year>"), 9012),
        ("year too late", start_with("<c:year>2101</c:year>"), 9012),
        (
            "month 13",
            start_with("<c:year>2024</c:year><c:month>13</c:month>"),
            9012,
        ),
        (
            "day without month",
            start_with("<c:year>2024</c:year><c:day>01</c:day>"),
            9012,
        ),
        ("no year", start_with("<c:month>01</c:month>"), 9012),
        (
            "one-digit day",
            start_with("<c:year>2024</c:year><c:month>03</c:month><c:day>1</c:day>"),
            9049,
        ),
        (
            "30 February",
            start_with("<c:year>2024</c:year><c:month>02</c:month><c:day>30</c:day>"),
            9049,
        ),
        ("start after end", start_with("<c:year>2028</c:year>"), 9055),
        (
            "precision trap",
            start_with("<c:year>2027</c:year><c:month>05</c:month>"),
            9055,
        ),
        (
            "year-only end of the same year",
            {
                let both = edit(
                    start,
                    "<c:start-date><c:year>2021</c:year><c:month>05</c:month></c:start-date>",
                );
                with(&both, end, "<c:end-date><c:year>2021</c:year></c:end-date>")
            },
            9055,
        ),
        ("end without start", edit(start, ""), 0),
        ("no organization", edit(organization, ""), 9046),
        (
            "city without country",
            edit("<c:country>AU</c:country>", ""),
            9061,
        ),
        ("country in lower case", edit(">AU<", ">au<"), 9051),
        ("country of three letters", edit(">AU<", ">AUS<"), 9051),
        ("unknown relationship", edit(">self<", ">friend-of<"), 9051),
        ("neither organization id nor external id", no_id, 9062),
        (
            "unknown organization",
            edit("https://ror.org/00rqy9422", UNKNOWN_ROR),
            9045,
        ),
        (
            "ROR without its address",
            edit("https://ror.org/00rqy9422", "00rqy9422"),
            9045,
        ),
        ("unknown registry", edit(">ROR<", ">ror<"), 9045),
        ("put-code in a POST", with_put_code(MEMBERSHIP, 5), 9024),
        (
            "put-code that is no number",
            MEMBERSHIP.replacen(" xmlns", " put-code=\"x\" xmlns", 1),
            9012,
        ),
        (
            "any identifier type",
            edit("type>raid<", "type>no-such-type<"),
            0,
        ),
    ]
}

#[tokio::test]
async fn each_bad_membership_gets_its_code_and_writes_nothing() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let path = format!("/v3.0/{CARBERRY}/membership");
    for (what, document, code) in broken_memberships() {
        let answer = sim.post(&path, &token, &document).await;
        if code == 0 {
            let own = format!("{path}/{}", answer.put_code());
            assert_eq!(sim.delete(&own, &token).await.status, 204, "{what}");
        } else {
            assert_eq!(answer.error(), (400, code), "{what}: {}", answer.body);
            let info = "https://members.orcid.org/api/resources/troubleshooting";
            assert_eq!(answer.element("more-info").as_deref(), Some(info));
        }
    }
    assert_eq!(sim.record(CARBERRY).await["memberships"], json!([]));
}

#[tokio::test]
async fn each_bad_notification_gets_its_code_and_sends_nothing() {
    let sim = Sim::start();
    let token = sim.client_token("/premium-notification").await;
    let path = format!("/v3.0/{CARBERRY}/notification-permission");
    let edit = |part: &str, to: &str| with(NOTIFICATION, part, to);
    let uri = "<n:uri>https://raid.example/orcid/grant?state=v1.abc</n:uri>";
    let subject = "<n:notification-subject>Add your projects</n:notification-subject>";
    let intro = "Example Agency would like to add your projects.";
    let long_url = format!("https://raid.org/{}", "x".repeat(300));
    let broken = [
        ("not XML", "nonsense".to_owned(), 400, 9001),
        ("wrong type", edit(">permission<", ">custom<"), 400, 9012),
        ("no subject", edit(subject, ""), 400, 9012),
        (
            "no items",
            NOTIFICATION.replacen("<n:item>", "<n:thing>", 1),
            400,
            9001,
        ),
        (
            "intro of 1001 characters",
            edit(intro, &"x".repeat(1001)),
            400,
            9012,
        ),
        (
            "item type in upper case",
            edit(">membership<", ">MEMBERSHIP<"),
            400,
            9012,
        ),
        ("version-of", edit(">self<", ">version-of<"), 400, 9012),
        (
            "host before uri",
            edit(uri, &format!("<n:host>x</n:host>{uri}")),
            400,
            9012,
        ),
        (
            "subject after intro",
            {
                let without = edit(subject, "");
                with(&without, "<n:items>", &format!("{subject}<n:items>"))
            },
            400,
            9012,
        ),
        (
            "space in the address",
            edit("state=v1.abc", "scope=/a /b"),
            400,
            9020,
        ),
        ("put-code", with_put_code(NOTIFICATION, 5), 400, 9006),
        (
            "type in another case",
            edit("type>raid<", "type>RAiD<"),
            400,
            9023,
        ),
        (
            "relationship missing",
            edit(
                "<c:external-id-relationship>self</c:external-id-relationship>",
                "",
            ),
            400,
            9023,
        ),
        (
            "url too long for its column",
            edit(
                "url>https://raid.org/10.82841/c588ab06<",
                &format!("url>{long_url}<"),
            ),
            500,
            9008,
        ),
    ];
    for (what, document, status, code) in broken {
        let answer = sim.post(&path, &token, &document).await;
        assert_eq!(answer.error(), (status, code), "{what}: {}", answer.body);
    }
    assert_eq!(sim.record(CARBERRY).await["notifications"], json!([]));
    for (what, document) in [
        ("escaped space", edit("state=v1.abc", "scope=/a%20/b")),
        (
            "path instead of uri",
            edit(uri, "<n:path>/oauth/authorize?x=1</n:path>"),
        ),
        (
            "intro of 1000 characters",
            edit(intro, &"\u{e9}".repeat(1000)),
        ),
        ("the same again", NOTIFICATION.to_owned()),
    ] {
        let answer = sim.post(&path, &token, &document).await;
        assert_eq!(answer.status, 201, "{what}: {}", answer.body);
    }
    assert_eq!(sim.counters().await["notifications"][CARBERRY], 4);
}
