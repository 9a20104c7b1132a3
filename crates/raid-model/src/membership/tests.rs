use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::{date, datetime};

use super::*;
use crate::{RaidRequest, ServerOwned};

const MINIMAL: &str = include_str!("../../../../examples/raid-min.json");
const MAXIMAL: &str = include_str!("../../../../examples/raid-max.json");
const TODAY: Date = date!(2026 - 06 - 22);
fn policy(write_embargoed: bool) -> MembershipPolicy {
    MembershipPolicy {
        write_embargoed,
        addresses: Addresses {
            landing_prefix: "https://agency.example/raids/".parse().unwrap(),
            id_prefix: "https://raid.org/".parse().unwrap(),
        },
    }
}

fn josiah() -> OrcidId {
    "0000-0002-1825-0097".parse().unwrap()
}

fn raid(body: &Value) -> Raid {
    let server = ServerOwned {
        handle: "10.82841/9f3c1a7e".parse().unwrap(),
        owner: "https://ror.org/038sjwq14".parse().unwrap(),
        service_point: 20_000_000,
        agency: "https://ror.org/038sjwq14".parse().unwrap(),
        licence: "Creative Commons CC-0".to_owned(),
        agency_url: Some("https://agency.example/raids/10.82841/9f3c1a7e".to_owned()),
        id_prefix: "https://raid.org/".parse().unwrap(),
        now: datetime!(2026-06-22 00:00 UTC),
    };
    Raid::mint(
        RaidRequest::from_json(body.to_string().as_bytes()).unwrap(),
        server,
    )
}

fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn document(body: &Value) -> MembershipDocument {
    MembershipDocument::for_contributor(&raid(body), &josiah(), &policy(false), TODAY).unwrap()
}

#[test]
fn says_what_the_project_is() {
    assert_eq!(
        document(&body(MINIMAL)),
        MembershipDocument {
            title: "Night sounds of the city parks".to_owned(),
            role_title: "Principal or Chief Investigator: Conceptualization, Software".to_owned(),
            start: Some("2025-02".parse().unwrap()),
            end: None,
            url: "https://agency.example/raids/10.82841/9f3c1a7e".to_owned(),
            handle: "10.82841/9f3c1a7e".parse().unwrap(),
            raid_url: "https://raid.org/10.82841/9f3c1a7e".to_owned(),
        }
    );
}

#[test]
fn several_positions_are_one_entry() {
    let document = document(&body(MAXIMAL));
    assert_eq!(
        document.role_title,
        "Co-investigator or Collaborator, Principal or Chief Investigator: Conceptualization, \
         Supervision, Writing – original draft"
    );
    assert_eq!(document.start, Some("2020-04".parse().unwrap()));
    // The position is open, but the project has an end.
    assert_eq!(document.end, Some("2030-03-31".parse().unwrap()));
}

#[test]
fn roles_are_left_out_if_there_are_none() {
    let mut body = body(MINIMAL);
    let position = body["contributor"][0]["position"][0].clone();
    body["contributor"][0]["position"] = json!([position, position]);
    body["contributor"][0]["role"] = json!([]);
    assert_eq!(
        document(&body).role_title,
        "Principal or Chief Investigator"
    );
    body["contributor"][0]["position"] = json!([]);
    assert_eq!(document(&body).role_title, "Contributor");
}

/// What a RAiD was stored with does not count: a change of the settings reaches every entry.
#[test]
fn the_addresses_are_those_of_the_settings() {
    let raid = raid(&body(MINIMAL));
    let mut policy = policy(false);
    policy.addresses = Addresses {
        landing_prefix: "https://new.example/r/".parse().unwrap(),
        id_prefix: "https://resolver.example/".parse().unwrap(),
    };
    let document = MembershipDocument::for_contributor(&raid, &josiah(), &policy, TODAY).unwrap();
    assert_eq!(document.url, "https://new.example/r/10.82841/9f3c1a7e");
    assert_eq!(
        document.raid_url,
        "https://resolver.example/10.82841/9f3c1a7e"
    );
    let shown = raid.with_addresses(&policy.addresses);
    assert_eq!(shown.identifier.raid_agency_url, Some(document.url));
    assert_eq!(shown.identifier.id.to_string(), document.raid_url);
    assert_eq!(*shown.handle(), document.handle);
}

#[test]
fn an_ended_project_ends_the_entry() {
    let mut body = body(MINIMAL);
    body["date"]["endDate"] = json!("2025-11");
    assert_eq!(document(&body).end, Some("2025-11".parse().unwrap()));
}

#[test]
fn there_is_none_for_strangers() {
    let stranger = "0000-0001-5109-3700".parse().unwrap();
    let raid = raid(&body(MINIMAL));
    assert_eq!(
        MembershipDocument::for_contributor(&raid, &stranger, &policy(false), TODAY),
        None
    );
}

#[test]
fn an_embargoed_raid_is_written_only_if_the_agency_says_so() {
    let mut body = body(MINIMAL);
    body["access"]["type"]["id"] = json!(crate::vocabulary::EMBARGOED_ACCESS);
    // Past its expiry too, until a new version opens it.
    body["access"]["embargoExpiry"] = json!("2020-01-01");
    let raid = raid(&body);
    let with = |write_embargoed: bool| {
        let policy = policy(write_embargoed);
        MembershipDocument::for_contributor(&raid, &josiah(), &policy, TODAY)
    };
    assert_eq!(with(false), None);
    assert!(with(true).is_some());
}

#[test]
fn texts_are_fit_for_xml() {
    let title = |text: &str| {
        let mut body = body(MINIMAL);
        body["title"][0]["text"] = json!(text);
        document(&body).title
    };
    assert_eq!(title("  A \t <b> & \u{1}\u{85} \u{fffe}c\n"), "A <b> & c");
    assert_eq!(title("\u{1}"), "10.82841/9f3c1a7e");
    assert_eq!(title(&"é".repeat(4001)), "é".repeat(4000));
    assert_eq!(title(&format!("{} b", "a".repeat(3999))), "a".repeat(3999));
}

#[test]
fn the_canonical_form_tells_documents_apart() {
    let document = document(&body(MINIMAL));
    assert_eq!(
        document.canonical(),
        "membership 1\nNight sounds of the city parks\n\
         Principal or Chief Investigator: Conceptualization, Software\n2025-02\n\n\
         https://agency.example/raids/10.82841/9f3c1a7e\n10.82841/9f3c1a7e\n\
         https://raid.org/10.82841/9f3c1a7e"
    );
    let start_only = document.canonical();
    let end_only = MembershipDocument {
        start: None,
        end: document.start,
        ..document.clone()
    };
    assert_ne!(start_only, end_only.canonical());
    let json = serde_json::to_string(&document).unwrap();
    assert_eq!(
        serde_json::from_str::<MembershipDocument>(&json).unwrap(),
        document
    );
}

proptest! {
    #[test]
    fn any_title_gives_a_writable_document(text in any::<String>()) {
        prop_assume!(!text.contains('\0'));
        let mut body = body(MINIMAL);
        body["title"][0]["text"] = json!(text);
        let title = document(&body).title;
        prop_assert!(!title.trim().is_empty());
        prop_assert!(!title.chars().any(char::is_control));
        prop_assert!(title.chars().count() <= 4000);
        prop_assert_eq!(document(&body).canonical().lines().count(), 8);
    }
}
