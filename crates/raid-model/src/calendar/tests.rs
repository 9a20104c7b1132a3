use proptest::prelude::*;
use serde_json::{Value, json};
use time::Duration;
use time::macros::{date, datetime};

use super::*;
use crate::membership::{MembershipDocument, MembershipPolicy};
use crate::{Addresses, RaidRequest, ServerOwned, generators};

const MINIMAL: &str = include_str!("../../../../examples/raid-min.json");
const TODAY: Date = date!(2026 - 06 - 22);

fn mint(request: RaidRequest) -> Raid {
    let server = ServerOwned {
        handle: "10.82841/9f3c1a7e".parse().unwrap(),
        owner: "https://ror.org/038sjwq14".parse().unwrap(),
        service_point: 20_000_000,
        agency: "https://ror.org/038sjwq14".parse().unwrap(),
        licence: "Creative Commons CC-0".to_owned(),
        agency_url: None,
        id_prefix: "https://raid.org/".parse().unwrap(),
        now: datetime!(2026-06-22 00:00 UTC),
    };
    Raid::mint(request, server)
}

fn raid(body: &Value) -> Raid {
    mint(RaidRequest::from_json(body.to_string().as_bytes()).unwrap())
}

fn minimal() -> Value {
    serde_json::from_str(MINIMAL).unwrap()
}

fn title(text: &str, kind: u32, start: &str, end: &str) -> Value {
    json!({
        "text": text,
        "type": {"id": format!("https://vocabulary.raid.org/title.type.schema/{kind}")},
        "startDate": start,
        "endDate": end
    })
}

#[test]
fn the_title_is_the_one_in_force() {
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
        let mut body = minimal();
        body["title"] = titles.into();
        assert_eq!(raid(&body).title_on(TODAY), expected, "{}", body["title"]);
    }
}

fn titled(titles: Vec<Value>) -> Raid {
    let mut body = minimal();
    body["title"] = titles.into();
    raid(&body)
}

#[test]
fn the_next_boundary_is_the_next_change_of_title() {
    let raid = titled(vec![
        title("a", 5, "2020", "2026-06"),
        title("b", 5, "2026-09", "2027"),
        title("short", 157, "2026-07-15", ""),
    ]);
    // Between the two the first is still in force, so that its end changes nothing.
    assert_eq!(raid.next_boundary(TODAY), Some(date!(2026 - 09 - 01)));
    assert_eq!(
        raid.next_boundary(date!(2026 - 08 - 31)),
        Some(date!(2026 - 09 - 01))
    );
    assert_eq!(raid.next_boundary(date!(2026 - 09 - 01)), None);
}

#[test]
fn a_title_that_ends_gives_way_to_one_that_lasts() {
    let raid = titled(vec![
        title("a", 5, "2020", ""),
        title("b", 5, "2026", "2026-06-22"),
    ]);
    assert_eq!(raid.title_on(TODAY), "b");
    assert_eq!(raid.next_boundary(TODAY), Some(date!(2026 - 06 - 23)));
    assert_eq!(raid.title_on(date!(2026 - 06 - 23)), "a");
    let raid = titled(vec![
        title("a", 5, "2020", ""),
        title("a", 5, "2026-07", ""),
    ]);
    assert_eq!(raid.next_boundary(TODAY), None, "the same text");
}

#[test]
fn the_end_of_an_embargo_is_a_boundary() {
    let mut body = minimal();
    body["access"]["type"]["id"] = json!(crate::vocabulary::EMBARGOED_ACCESS);
    body["access"]["embargoExpiry"] = json!("2026-10-05");
    let embargoed = raid(&body);
    assert_eq!(embargoed.next_boundary(TODAY), Some(date!(2026 - 10 - 05)));
    assert_eq!(embargoed.next_boundary(date!(2026 - 10 - 05)), None);
    let opened = embargoed.opened(datetime!(2026-06-22 00:00 UTC));
    assert_eq!(opened.next_boundary(TODAY), None);
}

/// All that is derived from the day.
fn derived(raid: &Raid, today: Date) -> (String, Vec<Option<MembershipDocument>>, bool) {
    let policy = MembershipPolicy {
        write_embargoed: true,
        addresses: Addresses {
            landing_prefix: "https://agency.example/raids/".parse().unwrap(),
            id_prefix: "https://raid.org/".parse().unwrap(),
        },
    };
    let documents = raid
        .orcids()
        .map(|orcid| MembershipDocument::for_contributor(raid, &orcid, &policy, today))
        .collect();
    let over =
        raid.access.is_embargoed() && raid.access.embargo_expiry.is_some_and(|day| day <= today);
    (raid.title_on(today), documents, over)
}

/// Primary titles that begin and end around today, in any order, with few texts.
fn titles() -> impl Strategy<Value = Vec<Value>> {
    let title =
        (0..3usize, -400..400i64, prop::option::of(0..400i64)).prop_map(|(text, start, length)| {
            let start = TODAY + Duration::days(start);
            let end = length.map(|days| (start + Duration::days(days)).to_string());
            let (text, end) = (["a", "b", "c"][text], end.unwrap_or_default());
            title(text, 5, &start.to_string(), &end)
        });
    prop::collection::vec(title, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn nothing_changes_before_the_boundary(
        mut request in generators::raid_request(),
        titles in prop::option::of(titles()),
        today in -1500..1500i64,
    ) {
        let today = TODAY + Duration::days(if titles.is_some() { 0 } else { today });
        if let Some(titles) = titles {
            request.title = Some(serde_json::from_value(titles.into()).unwrap());
        }
        let raid = mint(request);
        let now = derived(&raid, today);
        match raid.next_boundary(today) {
            Some(day) => {
                prop_assert!(day > today);
                prop_assert_ne!(&derived(&raid, day), &now);
                let mut before = today;
                while before < day {
                    prop_assert_eq!(&derived(&raid, before), &now, "{}", before);
                    before += Duration::days(3);
                }
                prop_assert_eq!(&derived(&raid, day.previous_day().unwrap()), &now);
            }
            None => for later in (1..20_000).step_by(97) {
                let later = today + Duration::days(later);
                prop_assert_eq!(&derived(&raid, later), &now, "{}", later);
            },
        }
    }
}
