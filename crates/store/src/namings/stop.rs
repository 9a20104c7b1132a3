//! People who want no entries from a service point, or are not part of its projects.

use super::{service_point_of, wake_at};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::permissions::wake_permission;
use crate::schema::{contribution, disclaimer, naming, raid};
use crate::service_point_days as days;
use crate::tasks::Lane;
use crate::types::{AsText, Timestamp};
use diesel::prelude::*;
use raid_model::trust::NamingState;
use raid_model::{Handle, OrcidId};
use std::collections::BTreeSet;
use time::Time;

/// An objection to what a service point says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objected {
    /// The service point.
    pub service_point: i64,
    /// How many objections to it there were today, with this one.
    pub today: i32,
}

/// Counts that a person, who has just said so, is not part of a project: once a day for each person and
/// service point, as many clicks of one are no alarm. Gives none when it is counted already.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such RAiD.
pub(crate) fn object(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
    now: Timestamp,
) -> Result<Option<Objected>, StoreError> {
    let service_point = service_point_of(c, handle)?.ok_or(StoreError::NotFound)?;
    let of_today: i64 = disclaimer::table
        .inner_join(raid::table.on(raid::handle.eq(disclaimer::handle)))
        .filter(disclaimer::orcid.eq(orcid.to_string()))
        .filter(disclaimer::said_at.ge(now.replace_time(Time::MIDNIGHT)))
        .filter(raid::service_point_id.eq(service_point))
        .count()
        .get_result(c)?;
    if of_today > 1 {
        return Ok(None);
    }
    let today = days::object(c, service_point, now.date())?;
    Ok(Some(Objected {
        service_point,
        today,
    }))
}

/// The person wants no entries from the service point: what stands is removed, and nothing is asked or
/// written any more. Gives the objection; none when it never named the person, or they said so before.
pub fn stop(
    c: &mut Conn,
    orcid: &OrcidId,
    service_point: i64,
    now: Timestamp,
) -> Result<Option<Objected>, StoreError> {
    if !change(c, orcid, service_point, NamingState::Stopped, now)? {
        return Ok(None);
    }
    wake_at(c, service_point, &[*orcid], Lane::Interactive, now)?;
    wake_permission(c, orcid, now)?;
    let today = days::object(c, service_point, now.date())?;
    Ok(Some(Objected {
        service_point,
        today,
    }))
}

/// The person allows entries from the service point again. Says whether they had stopped it.
pub fn allow(
    c: &mut Conn,
    orcid: &OrcidId,
    service_point: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if !is_stopped(c, orcid, service_point)?
        || !change(c, orcid, service_point, NamingState::Admitted, now)?
    {
        return Ok(false);
    }
    wake_at(c, service_point, &[*orcid], Lane::Interactive, now)?;
    wake_permission(c, orcid, now)?;
    Ok(true)
}

/// Changes the state of a person at a service point. Says whether it changed.
fn change(
    c: &mut Conn,
    orcid: &OrcidId,
    service_point: i64,
    to: NamingState,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = naming::table
        .find((orcid.to_string(), service_point))
        .filter(naming::state.ne(to.as_str()));
    let changed = diesel::update(row)
        .set((naming::state.eq(to.as_str()), naming::since.eq(now)))
        .execute(c)?;
    Ok(changed == 1)
}

/// Whether the person wants no entries from the service point.
pub fn is_stopped(c: &mut Conn, orcid: &OrcidId, service_point: i64) -> Result<bool, StoreError> {
    let state: Option<AsText<NamingState>> = naming::table
        .find((orcid.to_string(), service_point))
        .select(naming::state)
        .first(c)
        .optional()?;
    Ok(state.is_some_and(|state| *state.get() == NamingState::Stopped))
}

/// The projects of a person by service points whose entries they do not want.
pub fn stopped_projects(c: &mut Conn, orcid: &OrcidId) -> Result<BTreeSet<Handle>, StoreError> {
    let same = naming::orcid
        .eq(contribution::orcid)
        .and(naming::service_point_id.eq(raid::service_point_id));
    let found: Vec<AsText<Handle>> = contribution::table
        .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
        .inner_join(naming::table.on(same))
        .filter(contribution::orcid.eq(orcid.to_string()))
        .filter(naming::state.eq(NamingState::Stopped.as_str()))
        .select(contribution::handle)
        .load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}

/// The projects of a service point that name one of these people.
pub fn projects_at(
    c: &mut Conn,
    people: &[OrcidId],
    service_point: i64,
) -> Result<BTreeSet<Handle>, StoreError> {
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    let found: Vec<AsText<Handle>> = contribution::table
        .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
        .filter(contribution::orcid.eq_any(people))
        .filter(raid::service_point_id.eq(service_point))
        .select(contribution::handle)
        .load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}
