use proptest::prelude::*;
use time::macros::datetime;
use url::Url;

use super::*;
use crate::xml::{self, Namespace::Notification as N};

fn item(name: &str) -> Item {
    let handle = "10.82841/c588ab06".parse().unwrap();
    Item::new(name, handle, "https://raid.org/10.82841/c588ab06").unwrap()
}

fn url() -> Url {
    "https://raid.example.org/orcid/invitations?state=v1.a%20b&x=1"
        .parse()
        .unwrap()
}

#[test]
fn golden() {
    let request = PermissionRequest::new(
        "Add your RAiD projects",
        "Example Agency <demo> recorded you & others.",
        url(),
        vec![item("Coral Recovery Observatory (Principal Investigator)")],
    );
    let expected = concat!(
        r#"<?xml version="1.0" encoding="UTF-8"?>"#,
        "\n",
        r#"<n:notification xmlns:n="http://www.orcid.org/ns/notification""#,
        r#" xmlns:c="http://www.orcid.org/ns/common">"#,
        "<n:notification-type>permission</n:notification-type>",
        "<n:authorization-url><n:uri>https://raid.example.org/orcid/invitations",
        "?state=v1.a%20b&amp;x=1</n:uri></n:authorization-url>",
        "<n:notification-subject>Add your RAiD projects</n:notification-subject>",
        "<n:notification-intro>Example Agency &lt;demo&gt; recorded you &amp; others.",
        "</n:notification-intro>",
        "<n:items><n:item><n:item-type>membership</n:item-type>",
        "<n:item-name>Coral Recovery Observatory (Principal Investigator)</n:item-name>",
        "<c:external-id><c:external-id-type>raid</c:external-id-type>",
        "<c:external-id-value>10.82841/c588ab06</c:external-id-value>",
        "<c:external-id-url>https://raid.org/10.82841/c588ab06</c:external-id-url>",
        "<c:external-id-relationship>self</c:external-id-relationship></c:external-id>",
        "</n:item></n:items></n:notification>",
    );
    assert_eq!(message::write(&request.unwrap()), expected);
}

#[test]
fn texts_are_made_harmless() {
    let request = PermissionRequest::new(
        "A::B",
        "Connect::https://evil.example\u{0}:\u{7}:\n:::: x",
        url(),
        vec![item("std::\u{8}:name\r\n2")],
    )
    .unwrap();
    assert_eq!(request.subject(), "A:B");
    assert_eq!(request.intro(), "Connect:https://evil.example : : : x");
    assert_eq!(request.items()[0].name(), "std: :name 2");
}

#[test]
fn limits() {
    use PermissionRequestError::{AuthorizationUrl, Blank, IntroTooLong, ItemUrlTooLong, NoItems};
    let new = |subject: &str, intro: &str, url: Url, items| {
        PermissionRequest::new(subject, intro, url, items).map(|_| ())
    };
    let items = || vec![item("x")];
    assert_eq!(new("s", &"ä".repeat(1000), url(), items()), Ok(()));
    assert_eq!(
        new("s", &"ä".repeat(1001), url(), items()),
        Err(IntroTooLong(1001))
    );
    assert_eq!(new("\u{0}", "i", url(), items()), Err(Blank("subject")));
    assert_eq!(new("s", " \n", url(), items()), Err(Blank("introduction")));
    assert_eq!(new("s", "i", url(), vec![]), Err(NoItems));
    for bad in [
        "https://a.example/x",
        "https://a.example/x?",
        "https://a.example/x?y#z",
    ] {
        assert_eq!(
            new("s", "i", bad.parse().unwrap(), items()),
            Err(AuthorizationUrl),
            "{bad}"
        );
    }
    assert_eq!(item(&"ä".repeat(1000)).name().chars().count(), 1000);
    let long = item(&"ä".repeat(1001));
    assert_eq!(long.name().chars().count(), 1000);
    assert!(long.name().ends_with("ä…"));
    let handle: raid_model::Handle = "10.1/a".parse().unwrap();
    let address = format!("https://a.example/{}", "x".repeat(237));
    assert!(Item::new("n", handle.clone(), &address).is_ok());
    assert_eq!(
        Item::new("n", handle, &format!("{address}x")).unwrap_err(),
        ItemUrlTooLong(256)
    );
}

const READ: &str = r#"<notification:notification put-code="42"
      xmlns:notification="http://www.orcid.org/ns/notification"
      xmlns:common="http://www.orcid.org/ns/common">
    <notification:notification-type>permission</notification:notification-type>
    <notification:authorization-url>
      <notification:uri>https://raid.example.org/i?a=1&amp;b=2</notification:uri>
      <notification:path>/i</notification:path><notification:host>sandbox.orcid.org</notification:host>
    </notification:authorization-url>
    <notification:notification-subject>S</notification:notification-subject>
    <notification:notification-intro>I</notification:notification-intro>
    <notification:items/>
    <common:created-date>2026-01-02T03:04:05.678Z</common:created-date>
    <common:sent-date>2026-01-03T03:04:05+01:00</common:sent-date>
    <common:read-date>2026-01-04T03:04:05</common:read-date>
    <notification:actioned-date>2026-01-05T00:00:00Z</notification:actioned-date>
    <common:source><common:source-client-id>
      <common:uri>https://sandbox.orcid.org/client/APP-1</common:uri>
      <common:path>APP-1</common:path><common:host>sandbox.orcid.org</common:host>
    </common:source-client-id><common:source-name>Agency</common:source-name></common:source>
  </notification:notification>"#;

#[test]
fn reads_one_and_many() {
    let expected = Notification {
        put_code: 42.try_into().unwrap(),
        subject: "S".into(),
        intro: "I".into(),
        authorization_uri: Some("https://raid.example.org/i?a=1&b=2".into()),
        created: Some(datetime!(2026-01-02 03:04:05.678 UTC)),
        sent: Some(datetime!(2026-01-03 02:04:05 UTC)),
        read: Some(datetime!(2026-01-04 03:04:05 UTC)),
        actioned: Some(datetime!(2026-01-05 00:00:00 UTC)),
        archived: None,
        source_client_id: Some("APP-1".into()),
    };
    let root = xml::parse(READ.as_bytes()).unwrap();
    assert_eq!(message::read_one(&root).unwrap(), expected);
    let list = format!(
        r#"<n:notifications xmlns:n="http://www.orcid.org/ns/notification">{READ}
           <n:notification put-code="x"><n:notification-type>other</n:notification-type>
           </n:notification></n:notifications>"#
    );
    let root = xml::parse(list.as_bytes()).unwrap();
    assert_eq!(message::read_list(&root).unwrap(), [expected]);
    assert!(message::read_one(&root).is_err());
    let broken = READ.replace("2026-01-04T03:04:05", "yesterday");
    assert!(message::read_one(&xml::parse(broken.as_bytes()).unwrap()).is_err());
}

proptest! {
    #[test]
    fn no_text_ever_breaks_the_inbox(
        subject in any::<String>(), intro in any::<String>(), name in "[:\\PC\\x00-\\x20]{0,40}",
    ) {
        let handle = "10.1/a".parse().unwrap();
        let Ok(item) = Item::new(&name, handle, "https://raid.org/10.1/a") else { return Ok(()) };
        let Ok(request) = PermissionRequest::new(&subject, &intro, url(), vec![item]) else {
            return Ok(());
        };
        let root = xml::parse(message::write(&request).as_bytes()).unwrap();
        let items = root.child(N, "items").unwrap().child(N, "item").unwrap();
        for text in [
            root.text_of(N, "notification-subject"),
            root.text_of(N, "notification-intro"),
            items.text_of(N, "item-name"),
        ] {
            let text = text.unwrap();
            prop_assert!(!text.contains("::"));
            prop_assert!(!text.chars().any(char::is_control));
        }
    }
}
