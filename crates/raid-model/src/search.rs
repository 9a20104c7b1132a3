//! What of a RAiD is searched: its words, its dates, and what it is connected with.
//!
//! All of it is computed here, so that each database finds the same RAiDs for the same question.

mod identifier;
mod passages;
mod query;
mod term;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeSet;

use time::{Date, OffsetDateTime};

use crate::{PartialDate, Raid};
pub use passages::BREAK;
use passages::Passages;
pub use query::{MAX_QUERY_WORDS, Part, Query, TooManyWords};
pub use term::{Term, TermKind};
pub use words::fold;

/// Characters of a title that count for its place in a sorted list.
const SORTED_CHARACTERS: usize = 100;

/// What is searched of one version of a RAiD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchDocument {
    /// The words of the titles, as [`fold`] gives them, and the handle, with [`BREAK`] between two
    /// passages.
    pub titles: String,
    /// The words of the descriptions and of the subjects' keywords, and the identifiers of whatever
    /// the RAiD is connected with, likewise.
    pub texts: String,
    /// The title in force ([`Raid::title_on`]), folded and cut: its place in a list sorted by title.
    pub sort_title: String,
    /// The first day on which the project can have begun.
    pub starts_on: Date,
    /// The last day on which it can end; none if no end is known.
    pub ends_on: Option<Date>,
    /// What it is connected with.
    pub terms: BTreeSet<Term>,
}

impl SearchDocument {
    /// What is searched of `raid`. `today` decides which title is in force.
    pub fn of(raid: &Raid, today: Date) -> Self {
        // One bound for both, as they are kept together.
        let mut passages = Passages::default();
        for title in &raid.title {
            passages.add(title.text.as_deref());
        }
        let handle = raid.handle();
        passages.add_identifier(Some(&handle.to_string()));
        passages.add(Some(&handle.suffix().to_string()));
        let titles = passages.take();
        for description in raid.description.iter().flatten() {
            passages.add(description.text.as_deref());
        }
        for subject in raid.subject.iter().flatten() {
            for keyword in subject.keyword.iter().flatten() {
                passages.add(keyword.text.as_deref());
            }
        }
        for id in identifiers(raid) {
            passages.add_identifier(id);
        }
        // These are known by parts of them, too: the number of a grant without its funder.
        for alternate in raid.alternate_identifier.iter().flatten() {
            passages.add(alternate.id.as_deref());
        }
        Self {
            titles,
            texts: passages.take(),
            sort_title: Self::sort_title(raid, today),
            starts_on: starts_on(raid),
            ends_on: date(raid.date.end_date.as_deref()).map(|date| date.last_day()),
            terms: terms(raid),
        }
    }

    /// The [`sort_title`](Self::sort_title) alone: all that depends on `today`.
    pub fn sort_title(raid: &Raid, today: Date) -> String {
        let words = fold(&raid.title_on(today)).join(" ");
        words.chars().take(SORTED_CHARACTERS).collect()
    }
}

fn date(text: Option<&str>) -> Option<PartialDate> {
    text?.parse().ok()
}

/// Every RAiD that was validated has a start; what older records lack is the day of registration.
fn starts_on(raid: &Raid) -> Date {
    date(raid.date.start_date.as_deref()).map_or_else(
        || {
            OffsetDateTime::from_unix_timestamp(raid.metadata.created)
                .unwrap_or(OffsetDateTime::UNIX_EPOCH)
                .date()
        },
        |date| date.first_day(),
    )
}

/// The ids of whatever a RAiD is connected with.
fn identifiers(raid: &Raid) -> impl Iterator<Item = Option<&str>> {
    let alternates = raid.alternate_identifier.iter().flatten();
    let addresses = raid.alternate_url.iter().flatten();
    let people = raid.contributor.iter();
    let organisations = raid.organisation.iter().flatten();
    let objects = raid.related_object.iter().flatten();
    let raids = raid.related_raid.iter().flatten();
    alternates
        .map(|it| it.id.as_deref())
        .chain(addresses.map(|it| it.url.as_deref()))
        .chain(people.map(|it| it.id.as_deref()))
        .chain(organisations.map(|it| it.id.as_deref()))
        .chain(objects.map(|it| it.id.as_deref()))
        .chain(raids.map(|it| it.id.as_deref()))
}

fn terms(raid: &Raid) -> BTreeSet<Term> {
    let people = raid.contributor.iter();
    let people = people.filter_map(|person| Term::contributor(person.id.as_deref()?));
    let organisations = raid.organisation.iter().flatten();
    let organisations = organisations.filter_map(|it| Term::organisation(it.id.as_deref()?));
    let subjects = raid.subject.iter().flatten();
    let subjects = subjects.filter_map(|it| Some(Term::subject(it.id.as_deref()?)));
    let objects = raid.related_object.iter().flatten();
    let objects = objects.filter_map(|it| Some(Term::related_object(it.id.as_deref()?)));
    let raids = raid.related_raid.iter().flatten();
    let raids = raids.filter_map(|it| Some(Term::related_raid(it.id.as_deref()?)));
    people
        .chain(organisations)
        .chain(subjects)
        .chain(objects)
        .chain(raids)
        .collect()
}
