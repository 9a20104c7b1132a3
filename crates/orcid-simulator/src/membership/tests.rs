use proptest::prelude::*;

use super::rules::{Organizations, check};
use super::{Affiliation, ExternalId, FuzzyDate, Organization, membership_xml, read_membership};
use super::{Membership, Source, Visibility};

fn date(text: &str) -> FuzzyDate {
    let mut parts = text.split('-').map(str::to_owned);
    FuzzyDate {
        year: parts.next().unwrap(),
        month: parts.next(),
        day: parts.next(),
    }
}

fn affiliation(start: Option<&str>, end: Option<&str>) -> Affiliation {
    Affiliation {
        department_name: None,
        role_title: None,
        start_date: start.map(date),
        end_date: end.map(date),
        organization: Some(Organization {
            name: "n".into(),
            city: None,
            region: None,
            country: None,
            disambiguated: None,
        }),
        url: None,
        external_ids: vec![ExternalId {
            kind: "raid".into(),
            value: "10.1/a".into(),
            url: None,
            relationship: Some("self".into()),
        }],
    }
}

fn code(start: Option<&str>, end: Option<&str>) -> u16 {
    let registry = Organizations { unknown: vec![] };
    check(&affiliation(start, end), &registry).map_or_else(|e| e.code, |()| 0)
}

#[test]
fn dates_are_compared_as_text_with_zeros() {
    assert_eq!(code(Some("2021-05"), Some("2021")), 9055);
    assert_eq!(code(Some("2021"), Some("2021-05")), 0);
    assert_eq!(code(Some("2021-05-02"), Some("2021-05-01")), 9055);
    assert_eq!(code(Some("2021-05-01"), Some("2021-05-01")), 0);
    assert_eq!(code(None, Some("1999")), 0);
    assert_eq!(code(Some("2023-02-29"), None), 9049);
    assert_eq!(code(Some("2024-02-29"), None), 0);
    assert_eq!(code(Some("02024"), None), 9049);
    assert_eq!(code(Some("2024-3"), None), 9049);
}

/// A text that the schema takes as it is: no white space at its ends, not empty.
fn words() -> impl Strategy<Value = String> {
    "[\\PC&&[^\\s]]{1,8}( [\\PC&&[^\\s]]{1,8}){0,2}"
}

fn any_affiliation() -> impl Strategy<Value = Affiliation> {
    let day = (1900_u16..=2100, 1_u8..=12, 1_u8..=28)
        .prop_map(|(y, m, d)| date(&format!("{y:04}-{m:02}-{d:02}")));
    (
        proptest::option::of(words()),
        proptest::option::of(words()),
        proptest::option::of(day),
        words(),
        proptest::collection::vec((words(), words()), 0..3),
    )
        .prop_map(
            |(department_name, role_title, end_date, name, ids)| Affiliation {
                department_name,
                role_title,
                start_date: None,
                end_date,
                organization: Some(Organization {
                    name,
                    city: None,
                    region: None,
                    country: Some("NZ".into()),
                    disambiguated: None,
                }),
                url: None,
                external_ids: ids
                    .into_iter()
                    .map(|(kind, value)| ExternalId {
                        kind,
                        value,
                        url: None,
                        relationship: None,
                    })
                    .collect(),
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_reads_back(affiliation in any_affiliation()) {
        let time = time::OffsetDateTime::UNIX_EPOCH;
        let membership = Membership {
            put_code: 7,
            source: Source { client_id: "APP-1".into(), name: "a < b".into() },
            visibility: Visibility::Limited,
            created: time,
            modified: time,
            affiliation: affiliation.clone(),
        };
        let orcid = "0000-0002-1825-0097".parse().unwrap();
        let read = read_membership(&membership_xml(&orcid, &membership)).unwrap();
        prop_assert_eq!(read.affiliation, affiliation);
        prop_assert_eq!(read.put_code, Some(7));
        prop_assert_eq!(read.visibility.as_deref(), Some("limited"));
    }
}

#[test]
fn the_same_raid_is_recognised_in_every_spelling() {
    let id = |kind: &str, value: &str| ExternalId {
        kind: kind.into(),
        value: value.into(),
        url: None,
        relationship: None,
    };
    let raid = id("raid", "10.82841/c588ab06");
    assert!(raid.same_meaning(&id("RAiD", "https://raid.org/10.82841/C588AB06")));
    assert!(raid.same_meaning(&id("raid", "HTTPS://RAID.org/10.82841/c588ab06")));
    assert!(!raid.same_meaning(&id("raid", "10.82841/c588ab07")));
    assert!(!raid.same_meaning(&id("doi", "10.82841/c588ab06")));
    assert!(!raid.same_meaning(&id("raid", "10.82841/c588ab0")));
}
