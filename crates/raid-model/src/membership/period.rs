//! From when to when a contributor takes part, as their ORCID record says it.

use std::ops::RangeInclusive;

use time::Date;

use crate::{Contributor, ContributorPosition, PartialDate, ProjectDates};

/// Years that ORCID takes (common-3.0.xsd).
const YEARS: RangeInclusive<i32> = 1900..=2100;

/// The start and the end of the entry: from the first position in the project to the last, gaps
/// included, cut to the project. There is no end while both the position and the project are open.
///
/// ORCID accepts the result: it is never refused with 9055 (start after end).
pub(super) fn entry_dates(
    contributor: &Contributor,
    project: &ProjectDates,
) -> (Option<PartialDate>, Option<PartialDate>) {
    let project = Period::parse(project.start_date.as_deref(), project.end_date.as_deref());
    let held = Period::spanning(&periods_in(contributor, &project));
    let writable = |date: &PartialDate| YEARS.contains(&date.year());
    // What ended before the first year that ORCID takes has ended by the end of the project.
    let end = held.end.filter(writable);
    let end = end.or_else(|| held.end.and(project.end).filter(writable));
    ordered(held.start.filter(writable), end)
}

/// The positions that meet the project, each cut to it. If none does, all of them, moved to the
/// nearer edge of the project: the person is a contributor, but not outside of its time.
fn periods_in(contributor: &Contributor, project: &Period) -> Vec<Period> {
    let mut positions: Vec<Period> = contributor.positions().iter().map(Period::of).collect();
    if positions.is_empty() {
        // Without a position only the end of the project is known.
        positions.push(Period::default());
    }
    let inside = positions.iter().any(|position| position.meets(project));
    positions
        .into_iter()
        .filter(|position| !inside || position.meets(project))
        .map(|position| position.cut_to(project))
        .collect()
}

/// From when to when, as far as known. A partial date counts as its first day where it is a start,
/// and as its last day where it is an end.
#[derive(Clone, Copy, Default)]
struct Period {
    start: Option<PartialDate>,
    /// None if it is open.
    end: Option<PartialDate>,
}

impl Period {
    fn parse(start: Option<&str>, end: Option<&str>) -> Self {
        Self {
            start: start.and_then(|text| text.parse().ok()),
            end: end.and_then(|text| text.parse().ok()),
        }
    }

    fn of(position: &ContributorPosition) -> Self {
        Self::parse(position.start_date.as_deref(), position.end_date.as_deref())
    }

    /// From the first start to the last end; open if one is open.
    fn spanning(periods: &[Self]) -> Self {
        let starts = periods.iter().filter_map(|period| period.start);
        let ends: Option<Vec<PartialDate>> = periods.iter().map(|period| period.end).collect();
        Self {
            start: starts.min_by_key(PartialDate::first_day),
            end: ends
                .unwrap_or_default()
                .into_iter()
                .max_by_key(PartialDate::last_day),
        }
    }

    fn first_day(&self) -> Date {
        self.start.map_or(Date::MIN, |date| date.first_day())
    }

    fn last_day(&self) -> Date {
        self.end.map_or(Date::MAX, |date| date.last_day())
    }

    /// Whether the two share a day.
    fn meets(&self, other: &Self) -> bool {
        self.first_day() <= other.last_day() && other.first_day() <= self.last_day()
    }

    /// The part that lies in `project`; a period that lies outside shrinks to the nearer edge. A
    /// date of the period's own stays as it is written, unless the project's is stricter. A start
    /// that is not known stays so.
    fn cut_to(self, project: &Self) -> Self {
        let Self { start, end } = self.moved_to(project);
        let later = project
            .start
            .filter(|other| start.is_some_and(|own| other.first_day() > own.first_day()));
        let earlier = project
            .end
            .filter(|other| end.is_none_or(|own| other.last_day() < own.last_day()));
        Self {
            start: later.or(start),
            end: earlier.or(end),
        }
    }

    /// The period, or the edge of `project` that is nearer if it lies outside.
    fn moved_to(self, project: &Self) -> Self {
        let edge = if self.first_day() > project.last_day() {
            project.end
        } else if self.last_day() < project.first_day() {
            project.start
        } else {
            return self;
        };
        Self {
            start: edge,
            end: edge,
        }
    }
}

/// The dates in a form that ORCID accepts. It writes 00 for a part that is missing and compares the
/// digits as text, so that 2021-05 comes after 2021: such a start is written as coarsely as the
/// end. Everything else keeps its precision. A start that is later all the same is left out.
fn ordered(
    start: Option<PartialDate>,
    end: Option<PartialDate>,
) -> (Option<PartialDate>, Option<PartialDate>) {
    let (Some(first), Some(last)) = (start, end) else {
        return (start, end);
    };
    if digits(first) <= digits(last) {
        return (start, end);
    }
    let coarser = first.reduce_to(last.precision());
    (
        Some(coarser).filter(|coarser| digits(*coarser) <= digits(last)),
        end,
    )
}

/// What ORCID compares.
fn digits(date: PartialDate) -> (i32, u8, u8) {
    (
        date.year(),
        date.month().map_or(0, u8::from),
        date.day().unwrap_or(0),
    )
}

#[cfg(test)]
mod tests;
