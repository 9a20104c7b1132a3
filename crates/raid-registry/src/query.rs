//! The parameters of a query.

use std::ops::RangeInclusive;

use actix_web::{HttpRequest, web};
use raid_model::{ErrorType, Failure, PartialDate};
use store::Timestamp;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::refusal::{Refusal, unless_valid};

/// The parameters of a request's query. What is wrong with them is gathered, and told at once.
#[derive(Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    failures: Vec<Failure>,
}

impl Query {
    pub(crate) fn of(req: &HttpRequest) -> Self {
        let pairs = web::Query::from_query(req.query_string());
        Self {
            pairs: pairs.map(web::Query::into_inner).unwrap_or_default(),
            failures: Vec::new(),
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
        let number = self.one(name)?.parse().ok();
        let number = number.filter(|number| allowed.contains(number));
        if number.is_none() {
            let advice = format!(
                "write a whole number from {} to {}",
                allowed.start(),
                allowed.end()
            );
            self.refuse(name, &advice);
        }
        number
    }

    /// A moment: a time with its offset from UTC, or the beginning (UTC) of a date.
    pub(crate) fn moment(&mut self, name: &str) -> Option<Timestamp> {
        // A plus sign in an address is read as a space.
        let text = self.one(name)?.replace(' ', "+");
        let moment = OffsetDateTime::parse(&text, &Rfc3339).map(|at| at.to_offset(UtcOffset::UTC));
        let moment = moment.map(|at| Timestamp::new(at.date(), at.time()));
        let midnight = || {
            text.parse()
                .map(|date: PartialDate| date.first_day().midnight())
        };
        let found = moment.ok().or_else(|| midnight().ok());
        if found.is_none() {
            self.refuse(name, "write a time such as 2026-06-22T10:00:00Z, or a date");
        }
        found
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
        unless_valid(self.failures)
    }
}
