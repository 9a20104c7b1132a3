//! Proptest strategies for identifiers and valid requests, for the tests of this and other crates.

use proptest::collection::{btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use time::macros::date;
use time::{Date, Duration};

mod connections;

use crate::check_character::mod_11_2;
use crate::vocabulary::{self, Member, SchemaUri, TermId};
use crate::{
    Access, Classification, Contributor, ContributorPosition, Description, Handle, Language,
    LocalizedText, OrcidId, Organisation, OrganisationRole, PartialDate, Precision, Prefix,
    ProjectDates, RaidRequest, RorId, Suffix, Title,
};

/// The day that [`raid_request`] takes for today.
pub const TODAY: Date = date!(2026 - 06 - 22);

/// An organisation's role that several may have.
const PARTNER: &str = "https://vocabulary.raid.org/organisation.role.schema/184";

/// Any ORCID iD.
pub fn orcid_id() -> impl Strategy<Value = OrcidId> {
    "[0-9]{15}".prop_filter_map("fifteen digits have a check character", |digits| {
        let check = char::from(mod_11_2(digits.as_bytes())?);
        let (a, b, c, d) = (&digits[..4], &digits[4..8], &digits[8..12], &digits[12..]);
        format!("{a}-{b}-{c}-{d}{check}").parse().ok()
    })
}

/// Any ISNI, as a URL.
fn isni_url() -> impl Strategy<Value = String> {
    "[0-9]{15}".prop_filter_map("fifteen digits have a check character", |digits| {
        let check = char::from(mod_11_2(digits.as_bytes())?);
        Some(format!("https://isni.org/isni/{digits}{check}"))
    })
}

/// Any ROR id.
pub fn ror_id() -> impl Strategy<Value = RorId> {
    "0[0-9a-hjkmnp-tv-z]{6}".prop_filter_map("some check digits fit", |coded| {
        (2..99).find_map(|check| format!("https://ror.org/{coded}{check:02}").parse().ok())
    })
}

/// A handle under the prefix 10.82841.
pub fn handle() -> impl Strategy<Value = Handle> {
    any::<u128>().prop_filter_map("the prefix is valid", |random| {
        let prefix: Prefix = "10.82841".parse().ok()?;
        Some(Handle::new(prefix, Suffix::from_random(random)))
    })
}

/// A request that is valid on [`TODAY`], with any of the blocks; its contributors are on
/// `https://orcid.org/`, and perhaps one on `https://isni.org/`.
pub fn raid_request() -> impl Strategy<Value = RaidRequest> {
    let with_isni = (project(), of((contributor(), isni_url()))).prop_map(|(mut request, isni)| {
        let isni = isni.map(|(person, url)| Contributor {
            id: Some(url),
            schema_uri: SchemaUri::new("https://isni.org/"),
            ..person
        });
        request.contributor.get_or_insert_default().extend(isni);
        request
    });
    connections::connected(with_isni)
}

/// The blocks that say what the project is, and who takes part.
fn project() -> impl Strategy<Value = RaidRequest> {
    (
        access(),
        vec(contributor(), 1..4),
        btree_set(orcid_id(), 4),
        period(),
        of(descriptions()),
        of(vec(organisation(), 0..3)),
        titles(),
    )
        .prop_map(
            |(access, mut people, orcids, (start, end), description, organisation, title)| {
                for (person, orcid) in people.iter_mut().zip(orcids) {
                    person.id = Some(orcid.url("https://orcid.org/"));
                }
                if let Some(first) = people.first_mut() {
                    first.leader = Some(true);
                    first.contact = Some(true);
                }
                RaidRequest {
                    access: Some(access),
                    contributor: Some(people),
                    date: Some(ProjectDates {
                        start_date: Some(start),
                        end_date: end,
                    }),
                    description,
                    organisation: organisation.map(|mut list| {
                        list.dedup_by(|a, b| a.id == b.id);
                        for organisation in list.iter_mut().skip(1) {
                            let roles = organisation.role.iter_mut().flatten();
                            // One leads at a time.
                            roles.for_each(|role| role.id = TermId::new(PARTNER));
                        }
                        list
                    }),
                    title: Some(title),
                    ..RaidRequest::default()
                }
            },
        )
}

/// A text with something to read in it.
fn text() -> impl Strategy<Value = String> {
    "[ -~¡-ÿā-ž一-丿]{0,40}".prop_map(|text| format!("x{text}"))
}

/// A member of a vocabulary with its schema.
fn classification<M: Member + std::fmt::Debug + 'static>()
-> impl Strategy<Value = Classification<M>> {
    let terms = M::vocabulary()
        .terms
        .iter()
        .map(|term| term.id)
        .collect::<Vec<_>>();
    proptest::sample::select(terms).prop_map(|id| known(id))
}

/// A member of a vocabulary, by its id.
fn known<M: Member>(id: &str) -> Classification<M> {
    let schema_uri = M::vocabulary()
        .schema_uris
        .first()
        .and_then(|uri| SchemaUri::new(uri));
    Classification {
        id: TermId::new(id),
        schema_uri,
    }
}

fn language() -> impl Strategy<Value = Language> {
    proptest::sample::select(vec!["eng", "fra", "mri", "zho"]).prop_map(|code| Language {
        id: Some(code.to_owned()),
        schema_uri: SchemaUri::new("https://www.iso.org/standard/74575.html"),
    })
}

/// A start and perhaps a later end, each of any precision.
fn period() -> impl Strategy<Value = (String, Option<String>)> {
    (0..12_000i64, of(366..4_000i64), precision(), precision()).prop_map(
        |(start, length, first, second)| {
            let start = date!(1995 - 01 - 01) + Duration::days(start);
            let end = length.map(|length| written(start + Duration::days(length), second));
            (written(start, first), end)
        },
    )
}

/// Periods one after the other; the last may be open.
fn periods() -> impl Strategy<Value = Vec<(String, Option<String>)>> {
    (vec(400..2_000i64, 1..4), any::<bool>(), precision()).prop_map(|(lengths, open, precision)| {
        let last = lengths.len() - 1;
        let mut start = date!(2001 - 01 - 01);
        let next = |(index, length): (usize, i64)| {
            let end = start + Duration::days(length);
            let period = (
                written(start, precision),
                (index < last || !open).then(|| written(end, precision)),
            );
            // A year and more, so that two periods never share one, however coarsely written.
            start = end + Duration::days(400);
            period
        };
        lengths.into_iter().enumerate().map(next).collect()
    })
}

fn precision() -> impl Strategy<Value = Precision> {
    prop_oneof![
        Just(Precision::Year),
        Just(Precision::YearMonth),
        Just(Precision::Day)
    ]
}

fn written(day: Date, precision: Precision) -> String {
    PartialDate::from_day(day)
        .map(|day| day.reduce_to(precision).to_string())
        .unwrap_or_default()
}

fn access() -> impl Strategy<Value = Access> {
    let embargoed = (text(), of(language()), 1..500i64).prop_map(|(text, language, days)| Access {
        kind: Some(known(vocabulary::EMBARGOED_ACCESS)),
        statement: Some(LocalizedText {
            language,
            text: Some(text),
        }),
        embargo_expiry: Some(TODAY + Duration::days(days)),
    });
    let open = Access {
        kind: Some(known(vocabulary::OPEN_ACCESS)),
        ..Access::default()
    };
    prop_oneof![Just(open), embargoed]
}

fn contributor() -> impl Strategy<Value = Contributor> {
    let position = (periods(), classification::<vocabulary::Position>()).prop_map(
        |(periods, Classification { id, schema_uri })| {
            let held = |(start, end)| ContributorPosition {
                id,
                schema_uri,
                start_date: Some(start),
                end_date: end,
            };
            periods.into_iter().map(held).collect::<Vec<_>>()
        },
    );
    let roles = vec(classification::<vocabulary::Role>(), 0..4);
    (position, roles, of(any::<bool>())).prop_map(|(position, role, leader)| Contributor {
        leader,
        position: Some(position),
        role: Some(role),
        schema_uri: SchemaUri::new("https://orcid.org/"),
        ..Contributor::default()
    })
}

fn descriptions() -> impl Strategy<Value = Vec<Description>> {
    (vec((text(), of(language())), 1..4)).prop_map(|texts| {
        let kinds = std::iter::once(vocabulary::PRIMARY_DESCRIPTION).chain(std::iter::repeat(
            "https://vocabulary.raid.org/description.type.schema/6",
        ));
        let describe = |((text, language), kind)| Description {
            kind: Some(known(kind)),
            language,
            text: Some(text),
        };
        texts.into_iter().zip(kinds).map(describe).collect()
    })
}

fn organisation() -> impl Strategy<Value = Organisation> {
    (
        ror_id(),
        periods(),
        classification::<vocabulary::OrganisationRole>(),
    )
        .prop_map(
            |(ror, periods, Classification { id, schema_uri })| Organisation {
                id: Some(ror.to_string()),
                role: Some(
                    periods
                        .into_iter()
                        .map(|(start, end)| OrganisationRole {
                            id,
                            schema_uri,
                            start_date: Some(start),
                            end_date: end,
                        })
                        .collect(),
                ),
                schema_uri: SchemaUri::new("https://ror.org/"),
            },
        )
}

fn titles() -> impl Strategy<Value = Vec<Title>> {
    let primary = periods().prop_flat_map(|periods| {
        vec((text(), of(language())), periods.len()).prop_map(move |texts| {
            let name = |((start, end), (text, language)): ((String, _), (String, _))| Title {
                kind: Some(known(vocabulary::PRIMARY_TITLE)),
                start_date: Some(start),
                end_date: end,
                text: Some(text),
                language,
            };
            periods
                .clone()
                .into_iter()
                .zip(texts)
                .map(name)
                .collect::<Vec<_>>()
        })
    });
    let acronym = of((text(), period()).prop_map(|(text, (start, end))| Title {
        kind: Some(known("https://vocabulary.raid.org/title.type.schema/156")),
        start_date: Some(start),
        end_date: end,
        text: Some(text),
        language: None,
    }));
    (primary, acronym).prop_map(|(mut titles, acronym)| {
        titles.extend(acronym);
        titles
    })
}
