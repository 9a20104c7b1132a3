//! Whom service points name: who is admitted, who is held, and who wants no entries from one.
//!
//! A row is made when the first task for the person runs, not when the RAiD is minted: minting is
//! never slowed down or refused for this. All new people of a RAiD are looked at together.

mod release;
mod stop;

pub use release::{
    NextPage, Released, ReleasedByDay, Waiting, count_held_by_trust, counts, held_in_vain, let_go,
    release_day, release_page, release_raid, waiting, with_day_held,
};

pub(crate) use stop::object;
pub use stop::{Objected, allow, is_stopped, projects_at, stop, stopped_projects};

use crate::announcements;
use crate::conn::{Conn, ROWS_A_STATEMENT, per_backend};
use crate::error::StoreError;
use crate::raids::Access;
use crate::schema::{contribution, membership, naming, raid, service_point};
use crate::service_point_days::{self as days, Usage};
use crate::tasks::{self, Lane, NewTask, Work};
use crate::types::{AsText, Timestamp};
use crate::{grants, memberships};
use diesel::prelude::*;
use raid_model::trust::{Gate, HeldBecause, NamingState, Quotas, Trust};
use raid_model::{Handle, OrcidId};
use std::collections::{BTreeMap, BTreeSet};
use time::Time;

/// Whether a service point may ask a person about a project, and what it did before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naming {
    /// Whether it may.
    pub gate: Gate,
    /// Whether an entry by the service point was written for the person before.
    pub had_entry: bool,
    /// Whether the service point may know how the person stands: it reached them, or names them in public.
    /// Otherwise an embargoed RAiD would tell of anybody, who never hears of it.
    pub is_met: bool,
}

/// As [`Naming::is_met`], where `naming` is left-joined with the RAiD's service point.
macro_rules! is_met {
    () => {{
        use crate::raids::Access;
        use crate::schema::{naming, raid};
        let reached = naming::state.assume_not_null();
        let is_new = naming::orcid.nullable().is_null();
        reached
            .eq_any(["admitted", "stopped"])
            .or(is_new.and(raid::access.eq(Access::Open)))
    }};
}
pub(crate) use is_met;

type Row = (
    AsText<OrcidId>,
    AsText<Handle>,
    Option<Timestamp>,
    AsText<Trust>,
    Option<AsText<NamingState>>,
    Option<Timestamp>,
    Access,
);

/// Where some people stand with the service points of some projects. Whoever contributes to none of
/// them is missing.
pub fn among(
    c: &mut Conn,
    people: &[OrcidId],
    handles: &[Handle],
) -> Result<BTreeMap<(OrcidId, Handle), Naming>, StoreError> {
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    let handles: Vec<String> = handles.iter().map(ToString::to_string).collect();
    let same = naming::orcid
        .eq(contribution::orcid)
        .and(naming::service_point_id.eq(raid::service_point_id));
    let rows: Vec<Row> = contribution::table
        .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
        .inner_join(service_point::table.on(service_point::id.eq(raid::service_point_id)))
        .left_join(naming::table.on(same))
        .filter(contribution::orcid.eq_any(people))
        .filter(contribution::handle.eq_any(handles))
        .select((
            contribution::orcid,
            contribution::handle,
            contribution::released_at,
            service_point::trust,
            naming::state.nullable(),
            naming::entry_at.nullable(),
            raid::access,
        ))
        .load(c)?;
    let named = |(orcid, handle, released_at, trust, state, entry_at, access): Row| {
        let state = state.map(AsText::into_inner);
        let naming = Naming {
            is_met: match state {
                None => access == Access::Open,
                Some(NamingState::Admitted | NamingState::Stopped) => true,
                Some(NamingState::HeldByDay | NamingState::HeldByRaid) => false,
            },
            gate: Gate::of(trust.into_inner(), state, released_at.is_some()),
            had_entry: entry_at.is_some(),
        };
        ((orcid.into_inner(), handle.into_inner()), naming)
    };
    Ok(rows.into_iter().map(named).collect())
}

/// Where some people stand with a service point, about a RAiD that exists or is only tried. The quotas of
/// the day are not looked at.
pub fn gates(
    c: &mut Conn,
    service_point: i64,
    handle: &Handle,
    people: &[OrcidId],
) -> Result<BTreeMap<OrcidId, Gate>, StoreError> {
    let trust: Option<AsText<Trust>> = service_point::table
        .find(service_point)
        .select(service_point::trust)
        .first(c)
        .optional()?;
    let trust = trust.map(AsText::into_inner).ok_or(StoreError::NotFound)?;
    let named: Vec<String> = people.iter().map(ToString::to_string).collect();
    let (mut states, mut released) = (BTreeMap::new(), BTreeSet::new());
    for named in named.chunks(ROWS_A_STATEMENT) {
        let known: Vec<(AsText<OrcidId>, AsText<NamingState>)> = naming::table
            .filter(naming::service_point_id.eq(service_point))
            .filter(naming::orcid.eq_any(named))
            .select((naming::orcid, naming::state))
            .load(c)?;
        let known = known
            .into_iter()
            .map(|(orcid, state)| (orcid.into_inner(), state.into_inner()));
        states.extend(known);
        let theirs: Vec<AsText<OrcidId>> = contribution::table
            .filter(contribution::handle.eq(handle.to_string()))
            .filter(contribution::orcid.eq_any(named))
            .filter(contribution::released_at.is_not_null())
            .select(contribution::orcid)
            .load(c)?;
        released.extend(theirs.into_iter().map(AsText::into_inner));
    }
    let gate = |orcid: &OrcidId| {
        let state = states.get(orcid).copied();
        (*orcid, Gate::of(trust, state, released.contains(orcid)))
    };
    Ok(people.iter().map(gate).collect())
}

/// Where a person stands with the service point of one of their projects; none if the RAiD does not
/// name them.
pub fn find(c: &mut Conn, orcid: &OrcidId, handle: &Handle) -> Result<Option<Naming>, StoreError> {
    let found = among(c, &[*orcid], std::slice::from_ref(handle))?;
    Ok(found.into_values().next())
}

/// A contributor, when they were released, and which RAiD of the service point named them first.
type Candidate = (AsText<OrcidId>, Option<Timestamp>, Option<AsText<Handle>>);

/// What became of the people of a RAiD who are new to its service point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Admitted {
    /// The service point.
    pub service_point: i64,
    /// How many were admitted.
    pub admitted: usize,
    /// How many are held.
    pub held: usize,
    /// Why they are.
    pub because: Option<HeldBecause>,
}

/// Looks at all people of a RAiD who are new to its service point: admits them, or holds those beyond
/// the quotas. Whom a quota of the day holds is looked at again at the beginning of the next day.
pub fn admit(
    c: &mut Conn,
    handle: &Handle,
    quotas: &Quotas,
    now: Timestamp,
) -> Result<Admitted, StoreError> {
    let Some(service_point) = service_point_of(c, handle)? else {
        return Ok(Admitted::default());
    };
    // Other workers that admit for this service point wait from here on.
    let today = days::locked(c, service_point, now.date())?;
    let same = naming::orcid
        .eq(contribution::orcid)
        .and(naming::service_point_id.eq(service_point));
    let people: Vec<Candidate> = contribution::table
        .left_join(naming::table.on(same))
        .filter(contribution::handle.eq(handle.to_string()))
        .order(contribution::orcid)
        .select((
            contribution::orcid,
            contribution::released_at,
            naming::handle.nullable(),
        ))
        .load(c)?;
    let (mut new, mut released, mut on_raid) = (Vec::new(), Vec::new(), 0);
    for (orcid, released_at, first) in people {
        let is_first = first.as_ref().is_none_or(|first| first.get() == handle);
        on_raid += usize::from(is_first && released_at.is_none());
        match (first, released_at) {
            (None, Some(_)) => released.push(orcid),
            (None, None) => new.push(orcid),
            (Some(_), _) => {}
        }
    }
    let admission = quotas.admit(new.len(), on_raid, today.new_people);
    let held = new.split_off(admission.admitted);
    let more = Usage {
        new_people: i32::try_from(new.len()).unwrap_or(i32::MAX),
        ..Usage::default()
    };
    days::add(c, service_point, now.date(), more)?;
    new.append(&mut released);
    insert(c, service_point, handle, &new, NamingState::Admitted, now)?;
    insert(c, service_point, handle, &held, admission.others, now)?;
    let because = match admission.others {
        _ if held.is_empty() => None,
        NamingState::HeldByDay => {
            look_tomorrow(c, service_point, now)?;
            Some(HeldBecause::Day)
        }
        _ => Some(HeldBecause::Raid),
    };
    Ok(Admitted {
        service_point,
        admitted: new.len(),
        held: held.len(),
        because,
    })
}

fn service_point_of(c: &mut Conn, handle: &Handle) -> Result<Option<i64>, StoreError> {
    Ok(raid::table
        .find(handle.to_string())
        .select(raid::service_point_id)
        .first(c)
        .optional()?)
}

fn insert(
    c: &mut Conn,
    service_point: i64,
    handle: &Handle,
    people: &[AsText<OrcidId>],
    state: NamingState,
    now: Timestamp,
) -> Result<(), StoreError> {
    for people in people.chunks(ROWS_A_STATEMENT) {
        let row = |orcid: &AsText<OrcidId>| {
            (
                naming::orcid.eq(orcid.as_str().to_owned()),
                naming::service_point_id.eq(service_point),
                naming::handle.eq(handle.to_string()),
                naming::state.eq(state.as_str()),
                naming::since.eq(now),
                naming::named_at.eq(now),
            )
        };
        let rows: Vec<_> = people.iter().map(row).collect();
        per_backend!(c, |c| diesel::insert_into(naming::table)
            .values(&rows)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// Sets the task that admits held people when the next day begins.
fn look_tomorrow(c: &mut Conn, service_point: i64, now: Timestamp) -> Result<(), StoreError> {
    let due = NewTask {
        work: Work::Release(service_point),
        lane: Lane::Background,
        due_at: tomorrow(now),
        at: now,
    };
    tasks::enqueue(c, &[due])
}

/// When the next day begins.
fn tomorrow(now: Timestamp) -> Timestamp {
    let next = now.date().next_day().unwrap_or(now.date());
    Timestamp::new(next, Time::MIDNIGHT)
}

/// The person joined a RAiD by an act of their own: nothing of it is held, or announced, or stopped.
pub fn welcome(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(service_point) = service_point_of(c, handle)? else {
        return Ok(());
    };
    diesel::update(contribution::table.find((orcid.to_string(), handle.to_string())))
        .set(contribution::released_at.eq(now))
        .execute(c)?;
    let person = AsText::from(*orcid);
    insert(
        c,
        service_point,
        handle,
        &[person],
        NamingState::Admitted,
        now,
    )?;
    let row = naming::table.find((orcid.to_string(), service_point));
    diesel::update(row)
        .set((
            naming::state.eq(NamingState::Admitted.as_str()),
            naming::entry_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// An entry was written for the person by the RAiD's service point. When it is the first one, under a
/// permission given before the service point named them, and the service point's trust asks for it, the
/// person is informed.
pub fn entry_written(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some((service_point, trust)) = trusted(c, handle)? else {
        return Ok(());
    };
    let row = || naming::table.find((orcid.to_string(), service_point));
    let first = diesel::update(row().filter(naming::entry_at.is_null()))
        .set(naming::entry_at.eq(now))
        .execute(c)?;
    if first == 0 || trust != Trust::Notify {
        return Ok(());
    }
    let admitted_at: Timestamp = row().select(naming::since).first(c)?;
    // Whoever granted later saw the project on the page.
    if grants::granted_at(c, orcid)?.is_some_and(|at| at < admitted_at) {
        announcements::set(c, orcid, service_point, handle, now)?;
    }
    Ok(())
}

fn trusted(c: &mut Conn, handle: &Handle) -> Result<Option<(i64, Trust)>, StoreError> {
    let found: Option<(i64, AsText<Trust>)> = raid::table
        .inner_join(service_point::table.on(service_point::id.eq(raid::service_point_id)))
        .filter(raid::handle.eq(handle.to_string()))
        .select((service_point::id, service_point::trust))
        .first(c)
        .optional()?;
    Ok(found.map(|(id, trust)| (id, trust.into_inner())))
}

/// Wakes the tasks of some people's entries by a service point, also of those that they left.
fn wake_at(
    c: &mut Conn,
    service_point: i64,
    people: &[OrcidId],
    lane: Lane,
    now: Timestamp,
) -> Result<(), StoreError> {
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    let named: Vec<(AsText<OrcidId>, AsText<Handle>)> = contribution::table
        .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
        .filter(raid::service_point_id.eq(service_point))
        .filter(contribution::orcid.eq_any(&people))
        .select((contribution::orcid, contribution::handle))
        .load(c)?;
    let left: Vec<(AsText<OrcidId>, AsText<Handle>)> = membership::table
        .inner_join(raid::table.on(raid::handle.eq(membership::handle)))
        .filter(raid::service_point_id.eq(service_point))
        .filter(membership::orcid.eq_any(&people))
        .filter(membership::state.eq_any(memberships::State::STANDS))
        .select((membership::orcid, membership::handle))
        .load(c)?;
    wake(c, named.into_iter().chain(left), lane, now)
}

fn wake(
    c: &mut Conn,
    places: impl Iterator<Item = (AsText<OrcidId>, AsText<Handle>)>,
    lane: Lane,
    now: Timestamp,
) -> Result<(), StoreError> {
    let due: Vec<_> = places
        .map(|(orcid, handle)| NewTask {
            work: Work::Membership(orcid.into_inner(), handle.into_inner()),
            lane,
            due_at: now,
            at: now,
        })
        .collect();
    tasks::enqueue(c, &due)
}
