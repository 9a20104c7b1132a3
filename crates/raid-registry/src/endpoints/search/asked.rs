//! What a search asks for: its parameters, read and checked.

use actix_web::HttpRequest;
use raid_model::PartialDate;
use raid_model::permission::PermissionState;
use raid_model::search::{self as words, Term, TermKind};
use serde::{Deserialize, Serialize};
use store::Timestamp;
use store::raids::{
    Access, ContributorStates, Direction, Facet, Key, Place, Search, Sight, Sort, Status,
};
use time::Date;

use crate::listed::{Fields, INCLUDE_FIELDS};
use crate::moment;
use crate::paging::{CURSOR, LIMIT, Paging};
use crate::query::Query;
use crate::refusal::Refusal;
use crate::registry::Registry;

/// The name that is with the cursors.
pub(super) const LIST: &str = "search/1";

/// The parameters that narrow and sort, and what they mean.
pub(super) const PARAMETERS: &[(&str, &str)] = &[
    (
        "q",
        "Words of titles, descriptions and keywords, which all must be there. Case and diacritics \
         do not count. `\"in quotation marks\"` words follow each other, `begin*` begins one. At \
         most 20 words",
    ),
    (
        "contributor",
        "A person's ORCID iD or ISNI, bare or as a URL",
    ),
    ("organisation", "An organisation's ROR id, bare or as a URL"),
    (
        "servicePoint",
        "The number of the service point that owns the RAiD",
    ),
    (
        "subject",
        "A subject's id, or its code in ANZSRC 2020, such as `3702`",
    ),
    (
        "relatedObject",
        "The id of a related object, such as a DOI, bare or as a URL",
    ),
    (
        "relatedRaid",
        "The handle of a related RAiD, bare or as a URL",
    ),
    (
        "status",
        "Where the project stands today (UTC): `upcoming`, `active` or `ended`",
    ),
    ("access", "`open` or `embargoed`"),
    (
        "startFrom",
        "The project began on this day or later: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`",
    ),
    ("startTo", "The project began on this day or earlier"),
    ("endFrom", "The project has an end, on this day or later"),
    ("endTo", "The project has an end, on this day or earlier"),
    (
        "updatedSince",
        "The RAiD was minted or changed at this moment or later: a date, or a time such as \
         `2026-06-22T10:00:00Z`",
    ),
    (
        CONTRIBUTOR_STATE,
        "A contributor stands so: one or several of `unasked`, `asked`, `granted`, `suspect`, \
         `denied`, `ignored`, `revoked`, `disconnected`, `unreachable`, `deactivated`, \
         `deprecated`, `locked`, separated by commas. For users of a service point, among its \
         RAiDs, and for `operator` and `contributor-writer`, among all; for others 400",
    ),
    (
        "sort",
        "`relevance` (those with all words in their titles first, then the newest; the default with \
         `q`), `created`, `updated`, `title` or `start`; with `-` before it the greatest or latest \
         first. The default without `q` is `-created`",
    ),
    (
        "facets",
        "What to count, repeated or separated by commas: `organisation`, `subject`, `servicePoint`, \
         `status`, `access`",
    ),
];

/// Only those who look after RAiDs see where contributors stand.
const CONTRIBUTOR_STATE: &str = "contributorState";

const FACETS: &[(&str, Facet)] = &[
    ("access", Facet::Access),
    ("organisation", Facet::Connection(TermKind::Organisation)),
    ("servicePoint", Facet::ServicePoint),
    ("status", Facet::Status),
    ("subject", Facet::Connection(TermKind::Subject)),
];

/// What a search asks for.
pub(super) struct Asked {
    pub(super) search: Search,
    /// As the client writes it.
    pub(super) sorted_by: String,
    pub(super) order: (Sort, Direction),
    pub(super) paging: Paging<At>,
    pub(super) facets: Vec<(&'static str, Facet)>,
    pub(super) fields: Fields,
}

impl Asked {
    pub(super) fn read(
        req: &HttpRequest,
        registry: &Registry,
        sight: Sight,
    ) -> Result<Self, Refusal> {
        let mut query = Query::of(req);
        let mut known: Vec<_> = PARAMETERS.iter().map(|(name, _)| *name).collect();
        known.extend([LIMIT, CURSOR, INCLUDE_FIELDS]);
        query.only(&known);
        let search = search(&mut query, sight, registry.now().date());
        let (sorted_by, order) = order(&mut query, search.words.is_some());
        let mut paging: Paging<At> = Paging::read(&mut query, registry, LIST);
        let is_of_another_order = |at: &mut At| at.sorted_by != sorted_by || at.place().is_none();
        if paging.after.take_if(is_of_another_order).is_some() {
            query.refuse(
                CURSOR,
                "the cursor is of a search that was sorted otherwise",
            );
        }
        let asked = Self {
            search,
            sorted_by,
            order,
            paging,
            facets: facets(&mut query),
            fields: Fields::read(&mut query),
        };
        query.finish()?;
        Ok(asked)
    }
}

fn search(query: &mut Query, sight: Sight, today: Date) -> Search {
    let text = query
        .one("q")
        .map(str::trim)
        .filter(|text| !text.is_empty());
    let words = match text.map(words::Query::parse).transpose() {
        Ok(words) => words,
        Err(e) => {
            query.refuse("q", &e.to_string());
            None
        }
    };
    Search {
        words,
        contributor_states: contributor_states(query, &sight),
        connections: connections(query),
        service_point: query.number("servicePoint", 0..=i64::MAX),
        access: one_of(query, "access", Access::ALL, Access::as_str),
        status: one_of(query, "status", Status::ALL, Status::as_str),
        start_from: day(query, "startFrom", PartialDate::first_day),
        start_to: day(query, "startTo", PartialDate::last_day),
        end_from: day(query, "endFrom", PartialDate::first_day),
        end_to: day(query, "endTo", PartialDate::last_day),
        updated_since: query.moment("updatedSince"),
        ..Search::all(sight, today)
    }
}

fn contributor_states(query: &mut Query, sight: &Sight) -> Option<ContributorStates> {
    let asked: Vec<&str> = query
        .all(CONTRIBUTOR_STATE)
        .flat_map(|names| names.split(','))
        .map(str::trim)
        .collect();
    if asked.is_empty() {
        return None;
    }
    let states: Result<Vec<PermissionState>, _> = asked.iter().map(|name| name.parse()).collect();
    let states = states.map_err(|unknown| unknown.to_string());
    if !sight.embargoed && sight.service_point.is_none() {
        let advice = "this is for users of a service point and operators alone";
        query.refuse(CONTRIBUTOR_STATE, advice);
        return None;
    }
    match states {
        Ok(states) => Some(ContributorStates {
            states,
            service_point: sight.service_point.filter(|_| !sight.embargoed),
        }),
        Err(unknown) => {
            query.refuse(CONTRIBUTOR_STATE, &unknown);
            None
        }
    }
}

/// For each value that is given, what fits it.
fn connections(query: &mut Query) -> Vec<Vec<Term>> {
    type Read = fn(&str) -> Vec<Term>;
    let kinds: [(&str, Read, &str); 5] = [
        (
            "contributor",
            |text| Term::contributor(text).into_iter().collect(),
            "write an ORCID iD such as 0000-0002-1825-0097, or an ISNI",
        ),
        (
            "organisation",
            |text| Term::organisation(text).into_iter().collect(),
            "write a ROR id such as https://ror.org/038sjwq14",
        ),
        ("subject", Term::subjects, ""),
        ("relatedObject", |text| vec![Term::related_object(text)], ""),
        ("relatedRaid", |text| vec![Term::related_raid(text)], ""),
    ];
    let mut connections = Vec::new();
    for (name, read, advice) in kinds {
        let read: Vec<_> = query.all(name).map(read).collect();
        if read.iter().any(Vec::is_empty) {
            query.refuse(name, advice);
        }
        connections.extend(read);
    }
    if connections.len() > MAX_CONNECTIONS {
        let advice = format!("ask for at most {MAX_CONNECTIONS} connections at once");
        query.refuse("contributor", &advice);
    }
    connections
}

/// Each costs a look into an index.
const MAX_CONNECTIONS: usize = 20;

fn one_of<T: Copy>(
    query: &mut Query,
    name: &str,
    all: &[T],
    written: fn(T) -> &'static str,
) -> Option<T> {
    let text = query.one(name)?;
    let found = all.iter().find(|value| written(**value) == text).copied();
    if found.is_none() {
        let names: Vec<_> = all.iter().map(|value| written(*value)).collect();
        query.refuse(name, &format!("write one of {}", names.join(", ")));
    }
    found
}

fn day(query: &mut Query, name: &str, of: fn(&PartialDate) -> Date) -> Option<Date> {
    let expected = "a date: YYYY, YYYY-MM or YYYY-MM-DD";
    let date: PartialDate = query.parsed(name, expected, |text| text.parse().ok())?;
    Some(of(&date))
}

fn order(query: &mut Query, has_words: bool) -> (String, (Sort, Direction)) {
    let usual = if has_words { "relevance" } else { "-created" };
    let text = query.one("sort").unwrap_or(usual).to_owned();
    let (name, direction) = match text.strip_prefix('-') {
        Some(name) => (name, Direction::Descending),
        None => (text.as_str(), Direction::Ascending),
    };
    let order = match (name, direction) {
        // The best come first.
        ("relevance", Direction::Ascending) => (Sort::Relevance, Direction::Descending),
        ("created", _) => (Sort::Created, direction),
        ("updated", _) => (Sort::Updated, direction),
        ("title", _) => (Sort::Title, direction),
        ("start", _) => (Sort::Start, direction),
        _ => {
            let advice = "write relevance, created, updated, title or start, the last four perhaps \
                          with - before it";
            query.refuse("sort", advice);
            (Sort::Created, direction)
        }
    };
    (text, order)
}

fn facets(query: &mut Query) -> Vec<(&'static str, Facet)> {
    let asked: Vec<String> = query
        .all("facets")
        .flat_map(|names| names.split(','))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if asked
        .iter()
        .any(|name| !FACETS.iter().any(|(known, _)| known == name))
    {
        let names: Vec<_> = FACETS.iter().map(|(name, _)| *name).collect();
        query.refuse("facets", &format!("write some of {}", names.join(", ")));
    }
    let is_asked = |(known, _): &&(&'static str, Facet)| asked.iter().any(|name| name == known);
    FACETS.iter().filter(is_asked).copied().collect()
}

/// Where a page ended, as a cursor holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct At {
    #[serde(rename = "s")]
    sorted_by: String,
    #[serde(rename = "t")]
    in_titles: bool,
    #[serde(rename = "k")]
    key: AtKey,
    #[serde(rename = "h")]
    handle: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum AtKey {
    #[serde(with = "moment::micros")]
    Moment(Timestamp),
    Title {
        title: String,
    },
    Day {
        julian: i32,
    },
}

impl At {
    pub(super) fn of(sorted_by: &str, place: &Place) -> Self {
        Self {
            sorted_by: sorted_by.to_owned(),
            in_titles: place.in_titles,
            key: match &place.key {
                Key::Moment(at) => AtKey::Moment(*at),
                Key::Title(title) => AtKey::Title {
                    title: title.clone(),
                },
                Key::Day(day) => AtKey::Day {
                    julian: day.to_julian_day(),
                },
            },
            handle: place.handle.to_string(),
        }
    }

    /// None if somebody made it up.
    pub(super) fn place(&self) -> Option<Place> {
        let key = match &self.key {
            AtKey::Moment(at) => Key::Moment(*at),
            AtKey::Title { title } => Key::Title(title.clone()),
            AtKey::Day { julian } => Key::Day(Date::from_julian_day(*julian).ok()?),
        };
        // A key of another kind would begin the list anew.
        let fits = match self.sorted_by.trim_start_matches('-') {
            "title" => matches!(key, Key::Title(_)),
            "start" => matches!(key, Key::Day(_)),
            _ => matches!(key, Key::Moment(_)),
        };
        fits.then_some(())?;
        Some(Place {
            in_titles: self.in_titles,
            key,
            handle: self.handle.parse().ok()?,
        })
    }
}
