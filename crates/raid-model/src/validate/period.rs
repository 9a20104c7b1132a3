//! Dates from when to when, and which of them overlap.

use time::Date;

use crate::PartialDate;
use crate::validate::ErrorType;
use crate::validate::failures::{Failures, is_blank};

/// From when to when something holds. Partial dates count as their first day, as in the RAiD API.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    pub(super) start: Date,
    /// None if it is open.
    pub(super) end: Option<Date>,
}

impl Period {
    /// A period from its texts, if both are dates. A blank end is open.
    pub(super) fn parse(start: Option<&str>, end: Option<&str>) -> Option<Self> {
        let first_day = |text: &str| {
            text.parse::<PartialDate>()
                .ok()
                .map(|date| date.first_day())
        };
        let end = match end.filter(|end| !is_blank(end)) {
            None => None,
            Some(end) => Some(first_day(end)?),
        };
        Some(Self {
            start: first_day(start?)?,
            end,
        })
    }
}

impl Failures {
    /// The start must be a date; the end, unless it is blank, one that is not before the start. An end
    /// that is only coarser than the start, 2024 after 2024-06, is not before it.
    pub(super) fn period(&mut self, at: &str, start: Option<&str>, end: Option<&str>) {
        match start {
            Some(start) if !is_blank(start) => self.date(format!("{at}.startDate"), start),
            _ => self.not_set(format!("{at}.startDate")),
        }
        if let Some(end) = end.filter(|end| !is_blank(end)) {
            self.date(format!("{at}.endDate"), end);
        }
        let date = |text: Option<&str>| text?.parse::<PartialDate>().ok();
        if let (Some(start), Some(end)) = (date(start), date(end))
            && end.last_day() < start.first_day()
        {
            self.add(
                format!("{at}.endDate"),
                ErrorType::InvalidValue,
                "end date is before start date",
            );
        }
    }

    fn date(&mut self, field: String, text: &str) {
        if let Err(error) = text.parse::<PartialDate>() {
            self.invalid(field, error);
        }
    }
}

/// Neighbours, in order of time, of which the second starts before the first has ended; an open
/// end counts as `today`. Gives their places in `periods`; what is no period is left out.
pub(super) fn overlaps(periods: &[Option<Period>], today: Date) -> Vec<(usize, usize)> {
    neighbours(periods, |period| period.end.unwrap_or(today))
        .filter(|(first, second)| second.1.start < first.1.end.unwrap_or(today))
        .map(|(first, second)| (first.0, second.0))
        .collect()
}

/// Whether a later period starts on or before the day an earlier one ends; an open end never comes.
pub(super) fn touch(periods: &[Option<Period>]) -> bool {
    neighbours(periods, |period| period.end.unwrap_or(Date::MAX))
        .any(|(first, second)| first.1.end.is_none_or(|end| end >= second.1.start))
}

type Placed = (usize, Period);

/// Pairs of neighbours when sorted by start, then end.
pub(super) fn neighbours(
    periods: &[Option<Period>],
    end_of: impl Fn(&Period) -> Date,
) -> impl Iterator<Item = (Placed, Placed)> {
    let mut sorted: Vec<Placed> = periods
        .iter()
        .enumerate()
        .filter_map(|(place, period)| period.map(|period| (place, period)))
        .collect();
    sorted.sort_by_key(|(_, period)| (period.start, end_of(period)));
    let later: Vec<Placed> = sorted.iter().skip(1).copied().collect();
    sorted.into_iter().zip(later)
}
