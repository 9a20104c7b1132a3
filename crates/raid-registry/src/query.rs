//! The parameters of a query.

use std::ops::RangeInclusive;

use actix_web::{HttpRequest, web};
use raid_model::{ErrorType, Failure, PartialDate};
use store::Timestamp;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::problem::Problem;
use crate::refusal::{Refusal, unless_valid};

/// What the RAiD API expects where a parameter cannot be read. It says so of every type, also of
/// numbers and days: clients know this text.
pub(crate) const DATE_TIME: &str = "an ISO 8601 date-time with a timezone offset, e.g. \
    2026-09-24T01:02:03Z or 2026-09-24T01:02:03+10:00";

/// The parameters of a request's query. What is wrong with their values is gathered, and told at once;
/// a value that is not of its parameter's type is told before, alone, as in the RAiD API.
#[derive(Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    failures: Vec<Failure>,
    /// The first value that is not of its parameter's type.
    unreadable: Option<Problem>,
}

impl Query {
    pub(crate) fn of(req: &HttpRequest) -> Self {
        let pairs = web::Query::from_query(req.query_string());
        Self {
            pairs: pairs.map(web::Query::into_inner).unwrap_or_default(),
            failures: Vec::new(),
            unreadable: None,
        }
    }

    /// Whether a parameter is there, be it empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(found, _)| found == name)
    }

    /// Refuses parameters that mean nothing here: to leave one out would answer another question
    /// than was asked.
    pub(crate) fn only(&mut self, known: &[&str]) {
        let unknown = |(name, _): &&(String, String)| !known.contains(&name.as_str());
        let unknown: Vec<_> = self.pairs.iter().filter(unknown).cloned().collect();
        let advice = format!("there is no such parameter; there are {}", known.join(", "));
        for (name, _) in unknown {
            self.refuse(&name, &advice);
        }
    }

    /// All values of a parameter, which may be repeated. An empty one counts as none.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(found, value)| found == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of a parameter; the first one if it is repeated.
    pub(crate) fn one<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// A whole number within a range.
    pub(crate) fn number(&mut self, name: &str, allowed: RangeInclusive<i64>) -> Option<i64> {
        let range = format!(
            "a whole number from {} to {}",
            allowed.start(),
            allowed.end()
        );
        let number = self.parsed(name, &range, |text| text.parse().ok())?;
        if !allowed.contains(&number) {
            self.refuse(name, &format!("write {range}"));
            return None;
        }
        Some(number)
    }

    /// A service point's number, as the RAiD API reads it.
    pub(crate) fn id(&mut self, name: &str) -> Option<i64> {
        self.parsed(name, DATE_TIME, |text| text.parse().ok())
    }

    /// A day, as the RAiD API reads it.
    pub(crate) fn day(&mut self, name: &str) -> Option<Date> {
        let day = format_description!("[year]-[month]-[day]");
        self.parsed(name, DATE_TIME, |text| Date::parse(text, day).ok())
    }

    /// A time with its offset from UTC, as the RAiD API reads it: a plus sign must be written `%2B`.
    pub(crate) fn date_time(&mut self, name: &str) -> Option<Timestamp> {
        let read = |text: &str| OffsetDateTime::parse(text, &Iso8601::PARSING).ok();
        self.parsed(name, DATE_TIME, |text| in_utc(read(text)?))
    }

    /// What `read` makes of the value of a parameter, if there is one. `expected` says what can be read.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.one(name)?;
        let value = read(text);
        if value.is_none() {
            let problem = Problem::unreadable_parameter(name, text, expected);
            self.unreadable.get_or_insert(problem);
        }
        value
    }

    /// A moment: a time with its offset from UTC, or the beginning (UTC) of a date.
    pub(crate) fn moment(&mut self, name: &str) -> Option<Timestamp> {
        let expected = "a time such as 2026-06-22T10:00:00Z, or a date";
        self.parsed(name, expected, |text| {
            // A plus sign in an address is read as a space.
            let text = text.replace(' ', "+");
            let moment = OffsetDateTime::parse(&text, &Rfc3339).ok().and_then(in_utc);
            let midnight = || {
                let date: PartialDate = text.parse().ok()?;
                Some(date.first_day().midnight())
            };
            moment.or_else(midnight)
        })
    }

    /// Notes that the value of a parameter is not one that can be served, and what to write.
    pub(crate) fn refuse(&mut self, name: &str, advice: &str) {
        self.failures.push(Failure {
            field_id: name.to_owned(),
            error_type: ErrorType::InvalidValue,
            message: format!("has invalid/unsupported value - {advice}"),
        });
    }

    /// What a reader made of a parameter; none if it is refused.
    pub(crate) fn noted<T>(&mut self, read: Result<T, Failure>) -> Option<T> {
        read.map_err(|failure| self.failures.push(failure)).ok()
    }

    /// Refuses the request if anything was wrong.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        match self.unreadable {
            Some(problem) => Err(problem.into()),
            None => unless_valid(self.failures),
        }
    }
}

/// None at the ends of time, where it is a year in UTC that no date has.
fn in_utc(at: OffsetDateTime) -> Option<Timestamp> {
    let at = at.checked_to_offset(UtcOffset::UTC)?;
    Some(Timestamp::new(at.date(), at.time()))
}
