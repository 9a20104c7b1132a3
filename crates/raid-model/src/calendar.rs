//! What of a RAiD depends on the day.

use time::Date;

use crate::membership::LONGEST_TEXT;
use crate::text::clean_line;
use crate::{PartialDate, Raid, Title};

impl Raid {
    /// What the project is called on that day, on one line: the primary title in force. Validation
    /// lets no blank title through; the handle stands in for one that cleaning has emptied.
    pub fn title_on(&self, today: Date) -> String {
        title_in_force(&self.title, today)
            .and_then(|title| title.text.as_deref())
            .map(|text| clean_line(text, LONGEST_TEXT))
            .filter(|line| !line.is_empty())
            .unwrap_or_else(|| self.handle().to_string())
    }

    /// The next day after `today` on which something derived from the day changes: the title that
    /// is in force ([`Raid::title_on`]), or an embargo that ends. Until then what is derived from
    /// this version stays as it is `today`; without a next day it always does.
    ///
    /// The positions and dates of an ORCID entry are not derived from the day: they name their own
    /// start and end.
    pub fn next_boundary(&self, today: Date) -> Option<Date> {
        let embargo = self
            .access
            .embargo_expiry
            .filter(|day| self.access.is_embargoed() && *day > today);
        self.next_title_change(today)
            .into_iter()
            .chain(embargo)
            .min()
    }

    /// The next day after `today` on which the project is called differently.
    fn next_title_change(&self, today: Date) -> Option<Date> {
        let mut days: Vec<Date> = self
            .title
            .iter()
            .filter(|title| title.is_primary())
            .flat_map(|title| [first_day(title), day_after(title)])
            .flatten()
            .filter(|day| *day > today)
            .collect();
        days.sort_unstable();
        days.dedup();
        let title = self.title_on(today);
        days.into_iter().find(|day| self.title_on(*day) != title)
    }
}

/// The primary title of today; else the one that began last; else the first.
fn title_in_force(titles: &[Title], today: Date) -> Option<&Title> {
    let begun = |title: &&Title| first_day(title).is_some_and(|day| day <= today);
    let ended = |title: &&Title| day_after(title).is_some_and(|day| day <= today);
    let primary = || titles.iter().filter(|title| title.is_primary());
    latest(primary().filter(begun).filter(|title| !ended(title)))
        .or_else(|| latest(primary().filter(begun)))
        .or_else(|| primary().next())
        .or(titles.first())
}

/// The title that begins last.
fn latest<'a>(titles: impl Iterator<Item = &'a Title>) -> Option<&'a Title> {
    titles.max_by_key(|title| first_day(title))
}

/// The first day of the title, if its start is a date.
fn first_day(title: &Title) -> Option<Date> {
    Some(date(title.start_date.as_deref())?.first_day())
}

/// The day after the last day of the title, if its end is a date.
fn day_after(title: &Title) -> Option<Date> {
    date(title.end_date.as_deref())?.last_day().next_day()
}

/// The date that a text writes, if it writes one.
fn date(text: Option<&str>) -> Option<PartialDate> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests;
