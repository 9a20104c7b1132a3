use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::{date, datetime};

use super::*;
use crate::{Precision, RaidRequest, ServerOwned};

const MINIMAL: &str = include_str!("../../../../examples/raid-min.json");
const MAXIMAL: &str = include_str!("../../../../examples/raid-max.json");
const TODAY: Date = date!(2026 - 06 - 22);
const OPEN_ONLY: MembershipPolicy = MembershipPolicy {
    write_embargoed: false,
};

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
        id_prefix: "https://raid.org/".to_owned(),
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
    MembershipDocument::for_contributor(&raid(body), &josiah(), OPEN_ONLY, TODAY).unwrap()
}

/// The minimal RAiD whose contributor holds one position per pair of dates.
fn held(periods: &[(&str, &str)]) -> Value {
    let mut body = body(MINIMAL);
    let position = body["contributor"][0]["position"][0].clone();
    body["contributor"][0]["position"] = periods
        .iter()
        .map(|(start, end)| {
            let mut position = position.clone();
            position["startDate"] = json!(start);
            position["endDate"] = json!(end);
            position
        })
        .collect();
    body
}

fn dates(periods: &[(&str, &str)]) -> (String, String) {
    let document = document(&held(periods));
    let text = |date: Option<PartialDate>| date.map(|d| d.to_string()).unwrap_or_default();
    (text(document.start), text(document.end))
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
    assert_eq!(document.end, None);
}

#[test]
fn roles_are_left_out_if_there_are_none() {
    let mut body = held(&[("2020", "2021"), ("2022", "")]);
    body["contributor"][0]["role"] = json!([]);
    assert_eq!(
        document(&body).role_title,
        "Principal or Chief Investigator"
    );
    body["contributor"][0]["position"] = json!([]);
    assert_eq!(document(&body).role_title, "Contributor");
}

#[test]
fn the_landing_page_falls_back_to_the_raid() {
    let mut raid = raid(&body(MINIMAL));
    raid.identifier.raid_agency_url = None;
    let document = MembershipDocument::for_contributor(&raid, &josiah(), OPEN_ONLY, TODAY).unwrap();
    assert_eq!(document.url, document.raid_url);
}

#[test]
fn there_is_none_for_strangers() {
    let stranger = "0000-0001-5109-3700".parse().unwrap();
    let raid = raid(&body(MINIMAL));
    assert_eq!(
        MembershipDocument::for_contributor(&raid, &stranger, OPEN_ONLY, TODAY),
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
        let policy = MembershipPolicy { write_embargoed };
        MembershipDocument::for_contributor(&raid, &josiah(), policy, TODAY)
    };
    assert_eq!(with(false), None);
    assert!(with(true).is_some());
}

#[test]
fn dates_span_all_positions() {
    let pair = |start: &str, end: &str| (start.to_owned(), end.to_owned());
    assert_eq!(
        dates(&[("2021-05-03", "2022-01-31")]),
        pair("2021-05-03", "2022-01-31")
    );
    assert_eq!(
        dates(&[("2021", "2022"), ("2019", "2020")]),
        pair("2019", "2022")
    );
    assert_eq!(dates(&[("2021", "2022"), ("2022", "")]), pair("2021", ""));
    assert_eq!(dates(&[("2021", " ")]), pair("2021", ""));
    // 2024 ends after June 2024, and the start is told no more precisely than that end.
    assert_eq!(
        dates(&[("2023-02", "2024-06"), ("2024", "2024")]),
        pair("2023", "2024")
    );
}

#[test]
fn dates_are_equally_precise() {
    let pair = |start: &str, end: &str| (start.to_owned(), end.to_owned());
    assert_eq!(dates(&[("2021", "2021-06")]), pair("2021", "2021"));
    assert_eq!(
        dates(&[("2021-05-03", "2021-06")]),
        pair("2021-05", "2021-06")
    );
    assert_eq!(dates(&[("2021-05", "2023")]), pair("2021", "2023"));
    // One side only: as it is.
    assert_eq!(dates(&[("2021-05-03", "")]), pair("2021-05-03", ""));
}

#[test]
fn years_that_orcid_does_not_take_are_left_out() {
    let pair = |start: &str, end: &str| (start.to_owned(), end.to_owned());
    assert_eq!(dates(&[("1899-12-31", "1901")]), pair("", "1901"));
    assert_eq!(dates(&[("1900", "2100")]), pair("1900", "2100"));
    assert_eq!(dates(&[("2020-01-01", "2101")]), pair("2020-01-01", ""));
}

#[test]
fn the_title_is_the_one_in_force() {
    let title = |text: &str, kind: u32, start: &str, end: &str| {
        json!({
            "text": text,
            "type": {"id": format!("https://vocabulary.raid.org/title.type.schema/{kind}")},
            "startDate": start,
            "endDate": end
        })
    };
    for (titles, expected) in [
        (
            vec![title("a", 5, "2020", "2021"), title("b", 5, "2022", "")],
            "b",
        ),
        (
            vec![
                title("b", 5, "2026", "2026-06-22"),
                title("a", 5, "2027", ""),
            ],
            "b",
        ),
        // In the month of its end it is still in force.
        (
            vec![
                title("a", 5, "2020", "2026-06"),
                title("b", 5, "2026-07", ""),
            ],
            "a",
        ),
        // Between two titles: the one that was.
        (
            vec![
                title("a", 5, "2018", "2019"),
                title("b", 5, "2020", "2021"),
                title("c", 5, "2027", ""),
            ],
            "b",
        ),
        // Not begun: the first.
        (
            vec![
                title("x", 4, "2020", ""),
                title("a", 5, "2027", ""),
                title("b", 5, "2028", ""),
            ],
            "a",
        ),
        (vec![title("x", 4, "2020", "")], "x"),
    ] {
        let mut body = body(MINIMAL);
        body["title"] = titles.into();
        assert_eq!(document(&body).title, expected, "{}", body["title"]);
    }
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

/// A date and the same or a later one, each of any precision.
fn two_dates() -> impl Strategy<Value = (String, String)> {
    let precision = || {
        prop_oneof![
            Just(Precision::Year),
            Just(Precision::YearMonth),
            Just(Precision::Day)
        ]
    };
    (
        1850..2150i32,
        1..=366u16,
        0..400i64,
        precision(),
        precision(),
    )
        .prop_map(|(year, day, length, first, second)| {
            let start = Date::from_ordinal_date(year, day.min(365)).unwrap();
            let end = start + time::Duration::days(length);
            let text = |day: Date, precision| {
                PartialDate::from_day(day)
                    .unwrap()
                    .reduce_to(precision)
                    .to_string()
            };
            (text(start, first), text(end, second))
        })
}

proptest! {
    /// ORCID pads what is missing with 00 and compares as text; start must not come after end.
    #[test]
    fn orcid_never_sees_a_start_after_the_end(positions in prop::collection::vec(two_dates(), 1..4)) {
        let periods: Vec<(&str, &str)> =
            positions.iter().map(|(start, end)| (start.as_str(), end.as_str())).collect();
        let padded = |text: String| {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            format!("{digits:0<8}")
        };
        let (start, end) = dates(&periods);
        if !start.is_empty() && !end.is_empty() {
            prop_assert!(padded(start) <= padded(end));
        }
    }

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
