mod as_it_comes;

use serde_json::{Value, json};
use time::macros::{date, datetime};

use crate::json::{self, JsonError};
use crate::{
    Contributor, ContributorStatus, Raid, RaidRequest, ServerOwned, ServicePointRequest, Title,
};

const MINIMAL: &[u8] = include_bytes!("../../../../examples/raid-min.json");
const MAXIMAL: &[u8] = include_bytes!("../../../../examples/raid-max.json");

fn request(body: &Value) -> Result<RaidRequest, JsonError> {
    RaidRequest::from_json(body.to_string().as_bytes())
}

/// A maximal body with one member replaced.
fn changed(pointer: &str, value: Value) -> Value {
    let mut body: Value = serde_json::from_slice(MAXIMAL).unwrap();
    *body.pointer_mut(pointer).unwrap() = value;
    body
}

fn server_owned() -> ServerOwned {
    ServerOwned {
        handle: "10.82841/9f3c1a7e".parse().unwrap(),
        owner: "https://ror.org/038sjwq14".parse().unwrap(),
        service_point: 20_000_000,
        agency: "https://ror.org/04wxnsj81".parse().unwrap(),
        licence: "Creative Commons CC-0".to_owned(),
        agency_url: Some("https://agency.example/raids/10.82841/9f3c1a7e".to_owned()),
        id_prefix: "https://raid.org/".parse().unwrap(),
        now: datetime!(2026-06-22 00:00 UTC),
    }
}

fn minted(body: &[u8]) -> Raid {
    Raid::mint(RaidRequest::from_json(body).unwrap(), server_owned())
}

/// The field that an unreadable body is said to be wrong in.
fn wrong_field(body: &Value) -> String {
    match request(body) {
        Err(JsonError::Field { field, .. }) => field,
        other => panic!("expected a field error, got {other:?}"),
    }
}

/// RAiD API, section on the data model: what was sent is what is kept.
#[test]
fn every_member_survives_minting_and_storing() {
    for body in [MINIMAL, MAXIMAL] {
        let raid = minted(body);
        let mut shown: Value = serde_json::to_value(&raid).unwrap();
        let restored: Raid = serde_json::from_value(shown.clone()).unwrap();
        assert_eq!(restored, raid);
        shown.as_object_mut().unwrap().remove("identifier");
        shown.as_object_mut().unwrap().remove("metadata");
        assert_eq!(shown, serde_json::from_slice::<Value>(body).unwrap());
    }
}

/// RAiD API, section on what the server sets.
#[test]
fn a_new_record_has_what_the_server_owns() {
    let raid = serde_json::to_value(minted(MINIMAL)).unwrap();
    assert_eq!(
        raid["identifier"],
        json!({
            "id": "https://raid.org/10.82841/9f3c1a7e",
            "license": "Creative Commons CC-0",
            "owner": {
                "id": "https://ror.org/038sjwq14",
                "schemaUri": "https://ror.org/",
                "servicePoint": 20_000_000
            },
            "raidAgencyUrl": "https://agency.example/raids/10.82841/9f3c1a7e",
            "registrationAgency": {
                "id": "https://ror.org/04wxnsj81",
                "schemaUri": "https://ror.org/"
            },
            "schemaUri": "https://raid.org/",
            "version": 1
        })
    );
    assert_eq!(
        raid["metadata"],
        json!({"created": 1_782_086_400, "updated": 1_782_086_400})
    );
}

/// RAiD API, section on rules common to all endpoints: members in alphabetical order, nulls left
/// out.
#[test]
fn members_are_written_in_alphabetical_order_without_nulls() {
    let raid = minted(MAXIMAL).with_statuses(|_| ContributorStatus::Authenticated);
    let text = serde_json::to_string(&raid).unwrap();
    // A map of serde_json is sorted, so sorted text equals its own re-rendering.
    assert_eq!(
        text,
        serde_json::from_str::<Value>(&text).unwrap().to_string()
    );
    assert!(!text.contains("null"));
}

/// RAiD API, section on `PUT`: `metadata.created` stays. The identifier block stays too, where the
/// original takes the body's.
#[test]
fn amending_keeps_identifier_and_creation() {
    let first = minted(MINIMAL);
    let mut body: Value = serde_json::from_slice(MAXIMAL).unwrap();
    body["identifier"] = json!({
        "id": "https://elsewhere.example/10.1/x",
        "owner": {"id": "https://ror.org/00rqy9422", "servicePoint": "1"},
        "version": 7
    });
    body["metadata"] = json!({"created": 1});
    let request = request(&body).unwrap();
    assert_eq!(request.submitted_version(), Some(7));
    let second = Raid::amend(&first, request, datetime!(2026-06-22 01:00 UTC));
    assert_eq!(second.version(), 2);
    assert_eq!(second.identifier.id, first.identifier.id);
    assert_eq!(second.identifier.owner, first.identifier.owner);
    assert_eq!(second.metadata.created, 1_782_086_400);
    assert_eq!(second.metadata.updated, 1_782_090_000);
    assert_eq!(second.title.len(), 5);
}

/// RAiD API, section on `PUT`: what is no change. A null and an empty list differ.
#[test]
fn same_content_ignores_what_the_server_owns_and_nothing_else() {
    let raid = minted(MAXIMAL);
    let mut shown = serde_json::to_value(
        raid.clone()
            .with_statuses(|_| ContributorStatus::Authenticated),
    )
    .unwrap();
    shown["identifier"]["version"] = json!(9);
    shown["metadata"]["updated"] = json!(9);
    assert!(raid.same_content(&request(&shown).unwrap()));
    shown["contributor"][0]["statusMessage"] = json!("A client's own words");
    assert!(!raid.same_content(&request(&shown).unwrap()));

    for (pointer, value) in [
        ("/access/statement/text", json!("Other")),
        ("/alternateIdentifier", json!([])),
        ("/alternateUrl", Value::Null),
        ("/contributor/0/leader", json!(false)),
        ("/contributor/1/position/0/endDate", json!("2029")),
        ("/date/endDate", json!("2031")),
        ("/description/0/text", json!("Other")),
        ("/organisation/0/role/0/startDate", json!("2020")),
        ("/relatedObject/0/id", json!("https://doi.org/10.5438/0013")),
        ("/relatedRaid", json!([])),
        ("/spatialCoverage/0/place", Value::Null),
        ("/subject/0/keyword", json!([])),
        ("/title/0/text", json!("Other")),
    ] {
        assert!(
            !raid.same_content(&request(&changed(pointer, value)).unwrap()),
            "{pointer}"
        );
    }
}

/// RAiD API, section on what the server sets: statuses; and addresses, which are echoed there.
#[test]
fn statuses_are_for_output_only() {
    let mut body: Value = serde_json::from_slice(MAXIMAL).unwrap();
    body["contributor"][0]["status"] = json!("AUTHENTICATED");
    body["contributor"][1]["status"] = json!({"of no": "consequence"});
    body["contributor"][0]["email"] = json!("josiah@example.org");
    body["contributor"][0]["uuid"] = json!("5d1f");
    let raid = Raid::mint(request(&body).unwrap(), server_owned());
    let stored = serde_json::to_string(&raid).unwrap();
    assert!(
        !stored.contains("\"status\"") && !stored.contains("josiah"),
        "{stored}"
    );
    assert!(stored.contains("5d1f"));

    let shown = raid.with_statuses(|person| match person.orcid() {
        Some(orcid) if orcid.to_string() == "0000-0002-1825-0097" => {
            ContributorStatus::Authenticated
        }
        Some(_) => ContributorStatus::AuthenticationRevoked,
        None => ContributorStatus::AwaitingAuthentication,
    });
    let statuses: Vec<_> = shown
        .contributor
        .iter()
        .filter_map(|c| c.status)
        .map(ContributorStatus::as_str)
        .collect();
    assert_eq!(
        statuses,
        [
            "AUTHENTICATED",
            "AUTHENTICATION_REVOKED",
            "AUTHENTICATION_REVOKED",
            "AWAITING_AUTHENTICATION" // known by an ISNI
        ]
    );
    assert_eq!(
        serde_json::to_value(&shown).unwrap()["contributor"][0]["status"],
        "AUTHENTICATED"
    );
}

/// RAiD API, section on JSON input coercions.
#[test]
fn existing_clients_shapes_are_read() {
    for (pointer, sent, read) in [
        ("/title/0/text", json!(2024), json!("2024")),
        ("/contributor/0/leader", json!("true"), json!(true)),
        ("/contributor/0/leader", json!(1), json!(true)),
        ("/contributor/0/leader", json!(2), json!(true)),
        ("/contributor/0/leader", json!(0), json!(false)),
        ("/contributor/0/leader", json!(""), Value::Null),
        ("/date/endDate", json!(""), json!("")),
        ("/date/endDate", Value::Null, Value::Null),
        ("/title/0/language", Value::Null, Value::Null),
        ("/subject", Value::Null, Value::Null),
        ("/organisation", json!([]), json!([])),
    ] {
        let request = request(&changed(pointer, sent.clone())).unwrap();
        let shown = serde_json::to_value(&request).unwrap();
        assert_eq!(
            shown.pointer(pointer).unwrap_or(&Value::Null),
            &read,
            "{pointer} {sent}"
        );
    }
}

/// RAiD API, section on JSON input coercions: calendar dates, of clients that write them as arrays
/// too.
#[test]
fn embargo_expiry_comes_in_several_shapes() {
    for sent in [
        json!("2026-06-22"),
        json!("2026-06-22T00:00:00Z"),
        json!("2026-06-22T00:00:00"),
        json!([2026, 6, 22]),
    ] {
        let request = request(&json!({"access": {"embargoExpiry": sent}})).unwrap();
        assert_eq!(
            request.access.unwrap().embargo_expiry,
            Some(date!(2026 - 06 - 22)),
            "{sent}"
        );
    }
    for none in [json!(""), Value::Null] {
        let request = request(&json!({"access": {"embargoExpiry": none}})).unwrap();
        assert_eq!(request.access.unwrap().embargo_expiry, None);
    }
    for wrong in [
        json!("2026-05"),
        json!("2026-02-30"),
        json!([2026, 2, 30]),
        json!([2026, 6]),
        json!([2026, 6, null]),
        json!([-1, 6, 22]),
        json!([2026, 262, 22]),
        json!("2026-06-22Tlater"),
        json!(20_260_622),
        json!({}),
    ] {
        assert_eq!(
            wrong_field(&json!({"access": {"embargoExpiry": wrong}})),
            "access.embargoExpiry",
            "{wrong}"
        );
    }
}

/// RAiD API, section on JSON input coercions: the numbers of the identifier block.
#[test]
fn identifier_numbers_come_in_several_shapes() {
    for (sent, version) in [(json!(3), 3), (json!("3"), 3), (json!(3.9), 3)] {
        let request = request(&json!({"identifier": {"version": sent}})).unwrap();
        assert_eq!(request.submitted_version(), Some(version));
    }
    for point in [json!(20_000_005), json!("20000005"), json!(20_000_005.0)] {
        let request = request(&json!({"identifier": {"owner": {"servicePoint": point}}})).unwrap();
        let owner = request.identifier.unwrap().owner.unwrap();
        assert_eq!(owner.service_point, Some(20_000_005));
    }
    for wrong in [json!("one"), json!(1e30), json!(true), json!([])] {
        assert_eq!(
            wrong_field(&json!({"identifier": {"version": wrong}})),
            "identifier.version"
        );
    }
}

/// RAiD API, section on JSON input coercions: an absent list is empty, an explicit null is not set.
#[test]
fn absent_and_null_lists_differ_where_they_are_required() {
    let absent = request(&json!({"contributor": [{}], "organisation": [{}]})).unwrap();
    assert_eq!(absent.title, Some(vec![]));
    assert_eq!(absent.subject, None);
    let person = &absent.contributor.unwrap()[0];
    assert_eq!(
        (person.position.clone(), person.role.clone()),
        (Some(vec![]), None)
    );
    assert_eq!(absent.organisation.unwrap()[0].role, Some(vec![]));

    let null = request(&json!({"title": null, "contributor": [{"position": null}]})).unwrap();
    assert_eq!(null.title, None);
    assert_eq!(null.contributor.unwrap()[0].position, None);
}

#[test]
fn a_null_element_has_nothing_set() {
    let request = request(&json!({"title": [null]})).unwrap();
    assert_eq!(request.title, Some(vec![Title::default()]));
}

/// RAiD API, section on layer B: values that cannot be read.
#[test]
fn errors_name_the_field_in_words() {
    for (body, text) in [
        (
            json!({"contributor": [{"leader": "yes"}]}),
            "contributor[0].leader: expected true or false",
        ),
        (json!({"title": {}}), "title: expected a list"),
        (json!({"title": ""}), "title: expected a list"),
        (
            json!({"title": ["x, expected y"]}),
            "title[0]: expected an object",
        ),
        (json!({"title": [["x"]]}), "title[0]: expected an object"),
        (json!({"date": []}), "date: expected an object"),
        (
            json!({"date": {"startDate": {}}}),
            "date.startDate: expected a text",
        ),
        (
            json!({"title": [{"type": {"id": "https://vocabulary.raid.org/title.type.schema/6"}}]}),
            "title[0].type.id: expected an id of the vocabulary title.type",
        ),
        (
            json!({"title": [{"type": {"id": ""}}]}),
            "title[0].type.id: expected an id of the vocabulary title.type",
        ),
        (
            json!({"organisation": [{"schemaUri": "https://ror.org"}]}),
            "organisation[0].schemaUri: expected https://ror.org/",
        ),
        (
            json!({"contributor": [{"schemaUri": 5}]}),
            "contributor[0].schemaUri: expected a string",
        ),
        (
            json!({"a": {"b": [{"c": "\0"}]}}),
            "a.b[0].c: the character U+0000 is not allowed",
        ),
        (json!([]), "the body: expected an object"),
        (
            json!({"traditionalKnowledgeLabel": null, "title": 5}),
            "traditionalKnowledgeLabel: The traditionalKnowledgeLabel field is not currently supported.",
        ),
    ] {
        assert_eq!(request(&body).unwrap_err().to_string(), text);
    }
}

#[test]
fn what_is_no_json_is_said_to_be_none() {
    let error = |body: &[u8]| RaidRequest::from_json(body).unwrap_err();
    for body in [
        &b""[..],
        b"{",
        b"{\"title\": \"\xff\"}",
        b"{\"title\": \"\\ud800\"}",
        b"{} x",
    ] {
        assert!(matches!(error(body), JsonError::Syntax(_)), "{body:?}");
    }
    let nested = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(RaidRequest::from_json(nested(126).as_bytes()).is_ok());
    assert_eq!(error(nested(127).as_bytes()), JsonError::TooDeep);
    assert_eq!(error(nested(100_000).as_bytes()), JsonError::TooDeep);
}

/// RAiD API, section on rules common to all endpoints: unknown members are ignored.
#[test]
fn unknown_members_and_nested_withdrawn_ones_are_ignored() {
    let body = json!({"title": [{"text": "x", "traditionalKnowledgeLabel": 1}], "colour": [null]});
    assert_eq!(
        request(&body).unwrap().title.unwrap()[0].text.as_deref(),
        Some("x")
    );
}

#[test]
fn a_bare_identifier_names_no_contributor() {
    let person = |id: &str| Contributor {
        id: Some(id.to_owned()),
        ..Contributor::default()
    };
    assert!(
        person("https://orcid.org/0000-0002-1825-0097")
            .orcid()
            .is_some()
    );
    assert!(person("0000-0002-1825-0097").orcid().is_none());
    assert!(
        person("https://isni.org/isni/000000012150090X")
            .isni()
            .is_some()
    );
    assert!(
        person("https://isni.org/isni/000000012150090X")
            .orcid()
            .is_none()
    );
}

#[test]
fn service_point_requests_are_read_like_other_bodies() {
    let request: ServicePointRequest = json::read(
        br#"{"id": "5", "name": "Lab", "enabled": "true", "adminEmail": null, "password": "x"}"#,
    )
    .unwrap();
    assert_eq!(
        (request.id, request.enabled, request.admin_email),
        (Some(5), Some(true), None)
    );
    assert!(
        !serde_json::to_string(&ServicePointRequest {
            name: request.name,
            ..Default::default()
        })
        .unwrap()
        .contains("null")
    );
}
