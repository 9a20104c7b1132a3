//! Searching RAiDs. The same question has the same answer, in the same order, on both databases.

use super::page_size::Passed;
use super::sight::{Condition, Sight};
use super::{Access, PageSize, RaidRow};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::{contribution, permission, raid};
use crate::terms::connected_with;
use crate::types::{LossyText, Timestamp};
use crate::words::{self, Within};
use diesel::dsl::exists;
use diesel::prelude::*;
use raid_model::Handle;
use raid_model::permission::PermissionState;
use raid_model::search::{Query, Term};
use time::Date;

mod facets;
mod found;
mod order;

pub use facets::{Facet, FacetValue, facet, total};
pub(super) use found::{Handles, handles_of};
pub use order::{Direction, Key, Place, Sort};
#[cfg(test)]
pub(super) use {facets::matching, order::handles};

/// Which RAiDs are wanted: those that are all of this.
#[derive(Debug, Clone)]
pub struct Search {
    /// Whose eyes it is seen with.
    pub sight: Sight,
    /// Has these words.
    pub words: Option<Query>,
    /// For each of these: is connected with one of them, which are of one kind.
    pub connections: Vec<Vec<Term>>,
    /// Belongs to this service point.
    pub service_point: Option<i64>,
    /// Is open, or is embargoed.
    pub access: Option<Access>,
    /// Where the project stands.
    pub status: Option<Status>,
    /// The day by which that is judged.
    pub today: Date,
    /// Began on this day or later.
    pub start_from: Option<Date>,
    /// Began on this day or earlier.
    pub start_to: Option<Date>,
    /// Has an end, on this day or later.
    pub end_from: Option<Date>,
    /// Has an end, on this day or earlier.
    pub end_to: Option<Date>,
    /// Was minted or changed at this moment or later.
    pub updated_since: Option<Timestamp>,
    /// Has a contributor who stands so.
    pub contributor_states: Option<ContributorStates>,
}

/// Where a contributor stands, of the RAiDs that somebody manages.
#[derive(Debug, Clone)]
pub struct ContributorStates {
    /// In one of these states.
    pub states: Vec<PermissionState>,
    /// In RAiDs of this service point; in any if none is given.
    pub service_point: Option<i64>,
}

impl ContributorStates {
    fn conditions(&self) -> Vec<Condition> {
        let states: Vec<&str> = self.states.iter().map(|state| state.as_str()).collect();
        let named = contribution::table
            .left_join(permission::table.on(permission::orcid.eq(contribution::orcid)))
            .filter(contribution::handle.eq(raid::handle));
        let stands = permission::state.assume_not_null().eq_any(states);
        let mut all: Vec<Condition> = vec![if self.states.contains(&PermissionState::Unasked) {
            // A person who is not known yet is unasked.
            let unknown = permission::orcid.nullable().is_null();
            Box::new(exists(named.filter(unknown.or(stands))))
        } else {
            Box::new(exists(named.filter(stands)))
        }];
        if let Some(id) = self.service_point {
            all.push(Box::new(raid::service_point_id.eq(id)));
        }
        all
    }
}

/// Where a project stands, by its dates. One that is known by its year only begins on the first
/// and ends on the last day of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It begins after today.
    Upcoming,
    /// It began, and did not end.
    Active,
    /// It ended before today.
    Ended,
}

impl Status {
    /// All of them, in the order of a project's life.
    pub const ALL: &'static [Self] = &[Self::Upcoming, Self::Active, Self::Ended];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upcoming => "upcoming",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }

    fn condition(self, today: Date) -> Condition {
        match self {
            Self::Upcoming => some(raid::starts_on.gt(today)),
            Self::Ended => some(raid::ends_on.lt(today)),
            Self::Active => {
                let goes_on = raid::ends_on.is_null().or(raid::ends_on.ge(today));
                some(raid::starts_on.le(today).and(goes_on))
            }
        }
    }
}

impl Search {
    /// Everything that somebody may see.
    pub fn all(sight: Sight, today: Date) -> Self {
        Self {
            sight,
            words: None,
            connections: Vec::new(),
            service_point: None,
            access: None,
            status: None,
            today,
            start_from: None,
            start_to: None,
            end_from: None,
            end_to: None,
            updated_since: None,
            contributor_states: None,
        }
    }

    /// The conditions but for the words.
    pub(super) fn filters(&self) -> Vec<Condition> {
        let mut all = vec![self.sight.condition()];
        all.extend(
            self.connections
                .iter()
                .map(|any_of| connected_with(any_of, &self.sight)),
        );
        all.extend(self.status.map(|status| status.condition(self.today)));
        if let Some(id) = self.service_point {
            all.push(Box::new(raid::service_point_id.eq(id)));
        }
        if let Some(access) = self.access {
            all.push(Box::new(raid::access.eq(access)));
        }
        all.extend(self.start_from.map(|day| some(raid::starts_on.ge(day))));
        all.extend(self.start_to.map(|day| some(raid::starts_on.le(day))));
        all.extend(self.end_from.map(|day| some(raid::ends_on.ge(day))));
        all.extend(self.end_to.map(|day| some(raid::ends_on.le(day))));
        if let Some(since) = self.updated_since {
            all.push(Box::new(raid::updated_at.ge(since)));
        }
        let states = self.contributor_states.iter();
        all.extend(states.flat_map(ContributorStates::conditions));
        all
    }

    fn conditions(&self, c: &mut Conn, within: Within) -> Result<Vec<Condition>, StoreError> {
        let mut all = self.filters();
        if let Some(query) = &self.words {
            all.push(words::found(c, query, within, &self.sight)?);
        }
        Ok(all)
    }
}

/// A condition on a column that may hold nothing, where nothing is no match.
fn some<E>(condition: E) -> Condition
where
    diesel::dsl::AssumeNotNull<E>: diesel::BoxableExpression<
            raid::table,
            crate::conn::MultiBackend,
            SqlType = diesel::sql_types::Bool,
        > + 'static,
    E: diesel::expression::Expression,
{
    Box::new(condition.assume_not_null())
}

/// Some RAiDs that were found, and where the next ones begin, if there are any.
#[derive(Debug)]
pub struct SearchPage {
    /// The RAiDs, in their order.
    pub rows: Vec<RaidRow>,
    /// Where this page ended.
    pub next: Option<Place>,
}

/// RAiDs that were found, from `after` on.
pub fn search(
    c: &mut Conn,
    search: &Search,
    order: (Sort, Direction),
    after: Option<&Place>,
    size: impl Into<PageSize>,
) -> Result<SearchPage, StoreError> {
    let size = size.into();
    let mut passed = Passed::default();
    loop {
        let (titles, others) = found_handles(c, search, order, after, passed.limit(size))?;
        let mut found = passed.others(titles);
        let in_titles = found.len();
        found.extend(passed.others(others));
        let (found, has_more) = size.cut(found);
        let (rows, is_whole) = order::load(c, &found, &search.sight, order.0, size)?;
        if rows.is_empty() && has_more {
            // All of them are gone or damaged.
            passed.add(found);
            continue;
        }
        let next = rows.last().filter(|_| has_more || !is_whole);
        let next = next.map(|(row, place)| {
            let mut titles = found.iter().take(in_titles);
            Place {
                in_titles: titles.any(|handle| handle == row.handle.as_str()),
                ..place.clone()
            }
        });
        let rows = rows.into_iter().map(|(row, _)| row).collect();
        return Ok(SearchPage { rows, next });
    }
}

/// The handles of RAiDs that are found by their titles, which come first, and of the others, both in
/// their order.
fn found_handles(
    c: &mut Conn,
    search: &Search,
    order: (Sort, Direction),
    after: Option<&Place>,
    limit: i64,
) -> Result<(Vec<LossyText>, Vec<LossyText>), StoreError> {
    if order.0 != Sort::Relevance || search.words.is_none() {
        let conditions = search.conditions(c, Within::Anywhere)?;
        let found = order::handles(conditions, order, after, limit).load(c)?;
        return Ok((Vec::new(), found));
    }
    let (mut titles, mut others, mut after) = (Vec::new(), Vec::new(), after);
    if after.is_none_or(|place| place.in_titles) {
        let conditions = search.conditions(c, Within::Titles)?;
        titles = order::handles(conditions, order, after, limit).load(c)?;
        after = None;
    }
    let missing = limit - i64::try_from(titles.len()).unwrap_or(limit);
    if missing > 0 {
        let conditions = search.conditions(c, Within::NotTitles)?;
        others = order::handles(conditions, order, after, missing).load(c)?;
    }
    Ok((titles, others))
}

/// Reads handles in the order of a page, for tests and links.
impl SearchPage {
    /// The handles, in their order.
    pub fn handles(&self) -> impl Iterator<Item = &Handle> {
        self.rows.iter().map(|row| row.handle.get())
    }
}
