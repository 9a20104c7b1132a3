//! Releasing people who are held: by an operator, or by the quota of a new day.

use super::{tomorrow, wake, wake_at};
use crate::conn::{Conn, ROWS_A_STATEMENT};
use crate::error::StoreError;
use crate::schema::{contribution, naming, raid, service_point};
use crate::service_point_days::{self as days, Usage};
use crate::tasks::Lane;
use crate::types::{AsText, Timestamp};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use raid_model::trust::{NamingState, Quotas, Trust};
use raid_model::{Handle, OrcidId};
use std::collections::BTreeMap;

/// People that one transaction releases.
const PEOPLE: i64 = 500;
/// RAiDs of which one transaction releases all contributions.
const RAIDS: i64 = 20;

/// What an operator released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Released {
    /// People who were held.
    pub people: usize,
    /// Contributions that had not been released before: a person in a RAiD.
    pub contributions: usize,
}

/// Releases everybody whom a RAiD names. Doing it again releases who came since.
pub fn release_raid(c: &mut Conn, handle: &Handle, now: Timestamp) -> Result<Released, StoreError> {
    let service_point: i64 = raid::table
        .find(handle.to_string())
        .select(raid::service_point_id)
        .first(c)?;
    let contributions = mark_released(c, &[handle.to_string()], now)?;
    let named: Vec<AsText<OrcidId>> = contribution::table
        .filter(contribution::handle.eq(handle.to_string()))
        .select(contribution::orcid)
        .load(c)?;
    let mut people = 0;
    for named in named.chunks(ROWS_A_STATEMENT) {
        let named: Vec<&str> = named.iter().map(AsText::as_str).collect();
        let held: Vec<AsText<OrcidId>> = naming::table
            .filter(naming::service_point_id.eq(service_point))
            .filter(naming::state.eq_any(HELD))
            .filter(naming::orcid.eq_any(named))
            .select(naming::orcid)
            .load(c)?;
        people += admit(c, service_point, held, Lane::Bulk, now)?;
    }
    let all = named
        .into_iter()
        .map(|orcid| (orcid, AsText::from(handle.clone())));
    wake(c, all, Lane::Bulk, now)?;
    Ok(Released {
        people,
        contributions,
    })
}

const HELD: [&str; 2] = ["held_day", "held_raid"];

/// Admits people who were held, and wakes their entries.
fn admit(
    c: &mut Conn,
    service_point: i64,
    people: Vec<AsText<OrcidId>>,
    lane: Lane,
    now: Timestamp,
) -> Result<usize, StoreError> {
    if people.is_empty() {
        return Ok(0);
    }
    let names: Vec<&str> = people.iter().map(AsText::as_str).collect();
    let rows = naming::table
        .filter(naming::service_point_id.eq(service_point))
        .filter(naming::state.eq_any(HELD))
        .filter(naming::orcid.eq_any(names));
    let admitted = diesel::update(rows)
        .set((
            naming::state.eq(NamingState::Admitted.as_str()),
            naming::since.eq(now),
        ))
        .execute(c)?;
    let people: Vec<OrcidId> = people.into_iter().map(AsText::into_inner).collect();
    wake_at(c, service_point, &people, lane, now)?;
    Ok(admitted)
}

fn mark_released(c: &mut Conn, handles: &[String], now: Timestamp) -> Result<usize, StoreError> {
    let rows = contribution::table
        .filter(contribution::handle.eq_any(handles))
        .filter(contribution::released_at.is_null());
    Ok(diesel::update(rows)
        .set(contribution::released_at.eq(now))
        .execute(c)?)
}

/// Where the release of a service point goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPage {
    /// After this RAiD; none before the first one.
    After(Option<Handle>),
    /// Nothing waits any more.
    End,
}

/// Releases a page of the people of a service point who are held and, with `with_raids`, of the RAiDs
/// that wait since everything of the service point does.
pub fn release_page(
    c: &mut Conn,
    service_point: i64,
    after: Option<&Handle>,
    with_raids: bool,
    now: Timestamp,
) -> Result<(Released, NextPage), StoreError> {
    let held = held_people(c, service_point, &HELD, PEOPLE)?;
    let were_held = held.len();
    let mut contributions = release_people(c, service_point, &held, now)?;
    let people = admit(c, service_point, held, Lane::Bulk, now)?;
    let handles = if with_raids {
        raids_that_wait(c, service_point, after)?
    } else {
        Vec::new()
    };
    let names: Vec<String> = handles.iter().map(ToString::to_string).collect();
    contributions += mark_released(c, &names, now)?;
    let theirs: Vec<(AsText<OrcidId>, AsText<Handle>)> = contribution::table
        .filter(contribution::handle.eq_any(&names))
        .select((contribution::orcid, contribution::handle))
        .load(c)?;
    wake(c, theirs.into_iter(), Lane::Bulk, now)?;
    let next = match handles.last() {
        Some(last) => NextPage::After(Some(last.clone())),
        None if were_held > 0 => NextPage::After(after.cloned()),
        None => NextPage::End,
    };
    let released = Released {
        people,
        contributions,
    };
    Ok((released, next))
}

/// People who are held, those first who were named first.
fn held_people(
    c: &mut Conn,
    service_point: i64,
    states: &[&str],
    limit: i64,
) -> Result<Vec<AsText<OrcidId>>, StoreError> {
    Ok(naming::table
        .filter(naming::service_point_id.eq(service_point))
        .filter(naming::state.eq_any(states.to_vec()))
        .order((naming::named_at, naming::orcid))
        .limit(limit)
        .select(naming::orcid)
        .load(c)?)
}

/// Marks the contributions of some people to the RAiDs of a service point as released.
fn release_people(
    c: &mut Conn,
    service_point: i64,
    people: &[AsText<OrcidId>],
    now: Timestamp,
) -> Result<usize, StoreError> {
    let names: Vec<&str> = people.iter().map(AsText::as_str).collect();
    let own = raid::table
        .filter(raid::service_point_id.eq(service_point))
        .select(raid::handle);
    let rows = contribution::table
        .filter(contribution::orcid.eq_any(names))
        .filter(contribution::handle.eq_any(own))
        .filter(contribution::released_at.is_null());
    Ok(diesel::update(rows)
        .set(contribution::released_at.eq(now))
        .execute(c)?)
}

/// RAiDs of a service point with contributions that were not released, in the order of their handles.
fn raids_that_wait(
    c: &mut Conn,
    service_point: i64,
    after: Option<&Handle>,
) -> Result<Vec<Handle>, StoreError> {
    let after = after.map(ToString::to_string).unwrap_or_default();
    let found: Vec<AsText<Handle>> = contribution::table
        .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
        .filter(raid::service_point_id.eq(service_point))
        .filter(raid::handle.gt(after))
        .filter(contribution::released_at.is_null())
        .order(raid::handle)
        .limit(RAIDS)
        .select(raid::handle)
        .distinct()
        .load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}

/// What the quota of a new day released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasedByDay {
    /// People who were admitted.
    pub people: usize,
    /// When the next ones can be; none if nobody waits for that.
    pub next: Option<Timestamp>,
}

/// Admits people whom the quota of a day held, as far as today's quota goes, those first who were named
/// first.
pub fn release_day(
    c: &mut Conn,
    service_point: i64,
    quotas: &Quotas,
    now: Timestamp,
) -> Result<ReleasedByDay, StoreError> {
    let by_day = [NamingState::HeldByDay.as_str()];
    let today = days::locked(c, service_point, now.date())?;
    forget_gone(c, service_point)?;
    let left = i64::try_from(quotas.left_today(today.new_people)).unwrap_or(PEOPLE);
    let held = held_people(c, service_point, &by_day, left.min(PEOPLE))?;
    let people = admit(c, service_point, held, Lane::Bulk, now)?;
    let more = Usage {
        new_people: i32::try_from(people).unwrap_or(i32::MAX),
        ..Usage::default()
    };
    days::add(c, service_point, now.date(), more)?;
    let next = match held_people(c, service_point, &by_day, 1)?.is_empty() {
        true => None,
        false if left > PEOPLE => Some(now),
        false => Some(tomorrow(now)),
    };
    Ok(ReleasedByDay { people, next })
}

/// Forgets people who are held and whom the service point names no more.
fn forget_gone(c: &mut Conn, service_point: i64) -> Result<(), StoreError> {
    let named = contribution::table
        .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
        .filter(contribution::orcid.eq(naming::orcid))
        .filter(raid::service_point_id.eq(service_point));
    let gone: Vec<AsText<OrcidId>> = naming::table
        .filter(naming::service_point_id.eq(service_point))
        .filter(naming::state.eq(NamingState::HeldByDay.as_str()))
        .filter(not(exists(named)))
        .limit(PEOPLE)
        .select(naming::orcid)
        .load(c)?;
    let gone: Vec<&str> = gone.iter().map(AsText::as_str).collect();
    let rows = naming::table
        .filter(naming::service_point_id.eq(service_point))
        .filter(naming::orcid.eq_any(gone));
    diesel::delete(rows).execute(c)?;
    Ok(())
}

/// Lets a person go who is held since a RAiD named them that does so no more, was withdrawn, or went to
/// another service point: what else names them there is looked at as if for the first time. Says whether
/// they were held.
pub fn let_go(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(service_point) = held_in_vain(c, orcid, handle)? else {
        return Ok(false);
    };
    diesel::delete(naming::table.find((orcid.to_string(), service_point))).execute(c)?;
    wake_at(c, service_point, &[*orcid], Lane::Bulk, now)?;
    Ok(true)
}

/// The service point at which a person is held for a RAiD that is none to hold them for any more.
pub fn held_in_vain(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
) -> Result<Option<i64>, StoreError> {
    let named = contribution::table
        .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
        .filter(contribution::orcid.eq(naming::orcid))
        .filter(contribution::handle.eq(naming::handle))
        .filter(raid::withdrawn_at.is_null())
        .filter(raid::service_point_id.eq(naming::service_point_id));
    Ok(naming::table
        .filter(naming::orcid.eq(orcid.to_string()))
        .filter(naming::handle.eq(handle.to_string()))
        .filter(naming::state.eq_any(HELD))
        .filter(not(exists(named)))
        .select(naming::service_point_id)
        .first(c)
        .optional()?)
}

/// What waits at a service point.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    /// People held by the quota of a day.
    pub by_day: i64,
    /// People held since their RAiD names many new people.
    pub by_raid: i64,
    /// RAiDs that name these, the first ones.
    pub raids: Vec<Handle>,
}

/// Who is held at which service point. At most `limit` RAiDs are named for each.
pub fn waiting(c: &mut Conn, limit: usize) -> Result<BTreeMap<i64, Waiting>, StoreError> {
    let counts: Vec<(i64, AsText<NamingState>, i64)> = naming::table
        .filter(naming::state.eq_any(HELD))
        .group_by((naming::service_point_id, naming::state))
        .select((
            naming::service_point_id,
            naming::state,
            diesel::dsl::count_star(),
        ))
        .load(c)?;
    let mut waiting: BTreeMap<i64, Waiting> = BTreeMap::new();
    for (service_point, state, people) in counts {
        let entry = waiting.entry(service_point).or_default();
        match state.get() {
            NamingState::HeldByDay => entry.by_day = people,
            _ => entry.by_raid = people,
        }
    }
    for (service_point, entry) in &mut waiting {
        let handles: Vec<AsText<Handle>> = naming::table
            .filter(naming::service_point_id.eq(service_point))
            .filter(naming::state.eq(NamingState::HeldByRaid.as_str()))
            .select(naming::handle)
            .distinct()
            .order(naming::handle)
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .load(c)?;
        entry.raids = handles.into_iter().map(AsText::into_inner).collect();
    }
    Ok(waiting)
}

/// How many people are held in which way, for the metrics.
pub fn counts(c: &mut Conn) -> Result<Vec<(NamingState, i64)>, StoreError> {
    let rows: Vec<(AsText<NamingState>, i64)> = naming::table
        .group_by(naming::state)
        .select((naming::state, diesel::dsl::count_star()))
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|(state, people)| (state.into_inner(), people))
        .collect())
}

/// Contributions that wait since everything of their service point does.
pub fn count_held_by_trust(c: &mut Conn) -> Result<BTreeMap<i64, i64>, StoreError> {
    let held = service_point::table
        .filter(service_point::trust.eq(Trust::Hold.as_str()))
        .select(service_point::id);
    let rows: Vec<(i64, i64)> = contribution::table
        .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
        .filter(raid::service_point_id.eq_any(held))
        .filter(contribution::released_at.is_null())
        .group_by(raid::service_point_id)
        .select((raid::service_point_id, diesel::dsl::count_star()))
        .load(c)?;
    Ok(rows.into_iter().collect())
}

/// The service points with people whom the quota of a day held.
pub fn with_day_held(c: &mut Conn) -> Result<Vec<i64>, StoreError> {
    Ok(naming::table
        .filter(naming::state.eq(NamingState::HeldByDay.as_str()))
        .select(naming::service_point_id)
        .distinct()
        .load(c)?)
}
