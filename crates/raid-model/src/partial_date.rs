//! Dates that may stop at the year or the month.

use std::fmt;
use std::str::FromStr;

use time::{Date, Month};

use crate::serde_text::serde_as_text;

/// A date as precise as it was written: `2024`, `2024-03` or `2024-03-15`.
///
/// Years run from 1000 to 9999. Ordered by the first day that it can mean, then by precision,
/// the coarser first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartialDate {
    first_day: Date,
    precision: Precision,
}

/// How exactly a [`PartialDate`] is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// The year only.
    Year,
    /// Year and month.
    YearMonth,
    /// The day.
    Day,
}

/// Why a text is not a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartialDateError {
    /// The text has another form.
    #[error("not a date: write YYYY, YYYY-MM or YYYY-MM-DD, with a year from 1000 to 9999")]
    Form,
    /// The form is right, but the calendar has no such month or day.
    #[error("there is no such date in the calendar")]
    Impossible,
}

impl PartialDate {
    /// A whole day. Fails for years outside 1000 to 9999.
    pub fn from_day(day: Date) -> Result<Self, PartialDateError> {
        if (1000..=9999).contains(&day.year()) {
            Ok(Self {
                first_day: day,
                precision: Precision::Day,
            })
        } else {
            Err(PartialDateError::Form)
        }
    }

    /// How exactly the date is known.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The year, 1000 to 9999.
    pub fn year(&self) -> i32 {
        self.first_day.year()
    }

    /// The month, unless only the year is known.
    pub fn month(&self) -> Option<Month> {
        (self.precision >= Precision::YearMonth).then(|| self.first_day.month())
    }

    /// The day of the month, if known.
    pub fn day(&self) -> Option<u8> {
        (self.precision == Precision::Day).then(|| self.first_day.day())
    }

    /// The first day that the date can mean.
    pub fn first_day(&self) -> Date {
        self.first_day
    }

    /// The last day that the date can mean.
    pub fn last_day(&self) -> Date {
        let (year, month) = match self.precision {
            Precision::Year => (self.first_day.year(), Month::December),
            Precision::YearMonth => (self.first_day.year(), self.first_day.month()),
            Precision::Day => return self.first_day,
        };
        // Cannot fail: the year is within range and the day is the month's own length.
        Date::from_calendar_date(year, month, month.length(year)).unwrap_or(self.first_day)
    }

    /// The same date, at most as precise as `precision`.
    #[must_use]
    pub fn reduce_to(self, precision: Precision) -> Self {
        if self.precision <= precision {
            return self;
        }
        let (year, month) = match precision {
            Precision::Year => (self.year(), Month::January),
            Precision::YearMonth | Precision::Day => (self.year(), self.first_day.month()),
        };
        // Cannot fail: every month has a first day.
        let first_day = Date::from_calendar_date(year, month, 1).unwrap_or(self.first_day);
        Self {
            first_day,
            precision,
        }
    }
}

/// The number that `digits` write, if they are exactly `length` ASCII digits.
fn number(digits: &str, length: usize) -> Result<u16, PartialDateError> {
    if digits.len() != length || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return Err(PartialDateError::Form);
    }
    digits.parse().map_err(|_| PartialDateError::Form)
}

fn part(digits: Option<&str>) -> Result<u8, PartialDateError> {
    // A part that was not written counts as the first.
    digits.map_or(Ok(1), |digits| {
        number(digits, 2).and_then(|n| u8::try_from(n).map_err(|_| PartialDateError::Form))
    })
}

impl FromStr for PartialDate {
    type Err = PartialDateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '-');
        let year = number(parts.next().unwrap_or_default(), 4)?;
        let (month, day) = (parts.next(), parts.next());
        let precision = match (month, day) {
            (None, _) => Precision::Year,
            (Some(_), None) => Precision::YearMonth,
            (Some(_), Some(_)) => Precision::Day,
        };
        let (month, day) = (part(month)?, part(day)?);
        if year < 1000 {
            return Err(PartialDateError::Form);
        }
        let month = Month::try_from(month).map_err(|_| PartialDateError::Impossible)?;
        let first_day = Date::from_calendar_date(year.into(), month, day)
            .map_err(|_| PartialDateError::Impossible)?;
        Ok(Self {
            first_day,
            precision,
        })
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year())?;
        if let Some(month) = self.month() {
            write!(f, "-{:02}", u8::from(month))?;
        }
        if let Some(day) = self.day() {
            write!(f, "-{day:02}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartialDate({self})")
    }
}

serde_as_text!(PartialDate);

#[cfg(test)]
mod tests;
