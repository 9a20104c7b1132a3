//! Accepting a position beside others.

use std::collections::BTreeSet;

use proptest::prelude::*;
use time::macros::date;
use time::{Date, Duration};

use crate::validate::{Strictness, validate_position_and_roles};
use crate::vocabulary::{SchemaUri, TermId};
use crate::{
    Classification, Contributor, ContributorPosition, PartialDate, Precision, ValidationContext,
};

const LEADER: &str = "https://vocabulary.raid.org/contributor.position.schema/307";
const OTHER: &str = "https://vocabulary.raid.org/contributor.position.schema/308";
const POSITIONS: &str = "https://vocabulary.raid.org/contributor.position.schema/305";
const SOFTWARE: &str = "https://credit.niso.org/contributor-roles/software/";
const METHODOLOGY: &str = "https://credit.niso.org/contributor-roles/methodology/";
const CREDIT: &str = "https://credit.niso.org/";

/// From when to when; the end is empty if it is open.
type Dates = (&'static str, &'static str);

fn held(id: &str, start: &str, end: &str) -> ContributorPosition {
    ContributorPosition {
        id: Some(TermId::new(id).unwrap()),
        schema_uri: SchemaUri::new(POSITIONS),
        start_date: Some(start.to_owned()),
        end_date: (!end.is_empty()).then(|| end.to_owned()),
    }
}

fn person(positions: Vec<ContributorPosition>) -> Contributor {
    Contributor {
        position: Some(positions),
        role: Some(Vec::new()),
        ..Contributor::default()
    }
}

/// `L` and `O` for the positions, then start and end.
fn written(contributor: &Contributor) -> Vec<String> {
    let positions = contributor.positions().iter();
    let text = |p: &ContributorPosition| {
        let is_leader = p.id == TermId::new(LEADER);
        let name = if is_leader { "L" } else { "O" };
        let (start, end) = (p.start_date.clone(), p.end_date.clone());
        format!(
            "{name} {} to {}",
            start.unwrap_or_default(),
            end.unwrap_or_default()
        )
    };
    positions.map(text).collect()
}

#[test]
fn the_position_that_begins_later_holds() {
    let cases: &[(Dates, Dates, &[&str])] = &[
        // A former contributor comes back: both stay as they are.
        (
            ("2019", "2021-06-30"),
            ("2024-03", ""),
            &["O 2019 to 2021-06-30", "L 2024-03 to "],
        ),
        // The day of the change may belong to both, as in validation.
        (
            ("2019", "2024-03-01"),
            ("2024-03-01", ""),
            &["O 2019 to 2024-03-01", "L 2024-03-01 to "],
        ),
        (
            ("2019", ""),
            ("2024-03", ""),
            &["O 2019 to 2024-02-29", "L 2024-03 to "],
        ),
        // Also when it begins in the future.
        (
            ("2019", ""),
            ("2027", ""),
            &["O 2019 to 2026-12-31", "L 2027 to "],
        ),
        // For a while: the earlier one goes on afterwards.
        (
            ("2019", ""),
            ("2022", "2023"),
            &["O 2019 to 2021-12-31", "O 2024-01-01 to ", "L 2022 to 2023"],
        ),
        // One that is accepted afterwards, for a time before: what follows holds.
        (
            ("2023-05-10", ""),
            ("2020", ""),
            &["O 2023-05-10 to ", "L 2020 to 2023-05-09"],
        ),
        (
            ("2021", "2022-06-30"),
            ("2020", "2024-05-31"),
            &[
                "O 2021 to 2022-06-30",
                "L 2020 to 2020-12-31",
                "L 2022-07-01 to 2024-05-31",
            ],
        ),
        // From the same day on, the accepted one holds.
        (("2020", ""), ("2020-01-01", ""), &["L 2020-01-01 to "]),
        (
            ("2020", ""),
            ("2020-01", "2020-12"),
            &["O 2021-01-01 to ", "L 2020-01 to 2020-12"],
        ),
    ];
    for ((start, end), (from, to), expected) in cases {
        let known = person(vec![held(OTHER, start, end)]);
        let invited = person(vec![held(LEADER, from, to)]);
        let joined = known.joined_by(&invited);
        assert_eq!(&written(&joined), expected);
        assert_eq!(joined.joined_by(&invited), joined, "accepting it again");
    }
}

#[test]
fn the_same_position_twice_is_one() {
    for ((start, end), (from, to), expected) in [
        (("2019", ""), ("2019", ""), "L 2019 to "),
        (("2019", ""), ("2021-02", "2022"), "L 2019 to "),
        (("2019", "2022"), ("2021-02", ""), "L 2019 to "),
        (("2019-06", "2022"), ("2018", "2020"), "L 2018 to 2022"),
    ] {
        let known = person(vec![held(LEADER, start, end)]);
        let joined = known.joined_by(&person(vec![held(LEADER, from, to)]));
        assert_eq!(written(&joined), [expected]);
    }
}

#[test]
fn roles_and_flags_are_added_and_nothing_is_taken() {
    let role = |id: &str| Classification {
        id: TermId::new(id),
        schema_uri: SchemaUri::new(CREDIT),
    };
    let known = Contributor {
        id: Some("https://orcid.org/0000-0002-1825-0097".to_owned()),
        leader: Some(true),
        role: Some(vec![role(SOFTWARE)]),
        ..person(vec![held(OTHER, "2019", "")])
    };
    let invited = Contributor {
        leader: Some(false),
        contact: Some(true),
        role: Some(vec![role(METHODOLOGY), role(SOFTWARE)]),
        ..person(vec![held(OTHER, "2019", "")])
    };
    let joined = known.joined_by(&invited);
    assert_eq!(joined.roles(), [role(SOFTWARE), role(METHODOLOGY)]);
    assert_eq!((joined.leader, joined.contact), (Some(true), Some(true)));
    assert_eq!((&joined.id, &joined.position), (&known.id, &known.position));
    assert_eq!(joined.joined_by(&invited), joined);
    // A flag that is not set is not written.
    let joined = person(vec![held(OTHER, "2019", "")]).joined_by(&Contributor {
        leader: Some(false),
        ..person(vec![held(OTHER, "2019", "")])
    });
    assert_eq!(joined, person(vec![held(OTHER, "2019", "")]));
}

const TODAY: Date = date!(2026 - 06 - 22);

fn is_valid(contributor: &Contributor) -> bool {
    let context = ValidationContext {
        today: TODAY,
        registered: None,
        orcid_prefix: "https://orcid.org/".to_owned(),
        other_orcid_prefix: None,
        isni_prefix: "https://isni.org/".to_owned(),
        missing: BTreeSet::new(),
        limits: Strictness::Refuse,
        person_ids: Strictness::Warn,
    };
    let (positions, roles) = (contributor.position.as_deref(), contributor.role.as_deref());
    validate_position_and_roles("", positions, roles, &context).is_empty()
}

/// Positions that validation takes, in any order and of any precision.
fn valid() -> impl Strategy<Value = Contributor> {
    let precision = prop_oneof![
        Just(Precision::Year),
        Just(Precision::YearMonth),
        Just(Precision::Day)
    ];
    let day = |days: i64, precision| {
        let day = date!(2018 - 01 - 01) + Duration::days(days);
        let day = PartialDate::from_day(day).unwrap().reduce_to(precision);
        day.to_string()
    };
    let position = (
        0..4000_i64,
        proptest::option::weighted(0.8, 0..900_i64),
        precision,
        any::<bool>(),
    )
        .prop_map(move |(start, length, precision, leads)| {
            let end = length.map(|length| day(start + length, precision));
            let id = if leads { LEADER } else { OTHER };
            held(id, &day(start, precision), &end.unwrap_or_default())
        });
    proptest::collection::vec(position, 1..5).prop_map(|positions| {
        let mut kept = person(Vec::new());
        for position in positions {
            let mut more = kept.clone();
            more.position.get_or_insert_default().push(position);
            if is_valid(&more) {
                kept = more;
            }
        }
        kept
    })
}

#[test]
fn a_position_that_is_there_changes_none_of_the_others() {
    // Valid until 2028, and the person may have corrected it by then.
    let known = person(vec![
        held(OTHER, "2028", ""),
        held(OTHER, "2028-01", "2028-02"),
        held(LEADER, "2021", ""),
    ]);
    assert_eq!(known.joined_by(&known), known);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_valid_record_stays_valid(known in valid(), invited in valid()) {
        let joined = known.joined_by(&invited);
        prop_assert!(is_valid(&joined), "{:?}", written(&joined));
        // Nothing is lost of either but what overlapped.
        for position in known.positions().iter().chain(invited.positions()) {
            let start = position.start_date.as_deref().unwrap().parse::<PartialDate>().unwrap();
            let is_held = joined.positions().iter().any(|held| {
                held.start_date.as_deref().unwrap().parse::<PartialDate>().unwrap().first_day()
                    <= start.first_day()
            });
            prop_assert!(is_held);
        }
        prop_assert_eq!(&joined.joined_by(&joined), &joined);
    }
}
