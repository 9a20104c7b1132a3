//! The messages to people about the first entry by a service point that is new to them: one row for
//! each person and service point, for life, so that nobody is informed twice.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::{announcement, naming};
use crate::tasks::{self, Lane, NewTask, Work};
use crate::types::{AsText, Id, Timestamp, text_enum};
use diesel::prelude::*;
use raid_model::{Handle, OrcidId};
use std::collections::BTreeMap;

text_enum! {
    /// Where a message stands.
    State {
        /// To be posted.
        Due = "due",
        /// About to be posted, or posted with an unknown outcome.
        Posting = "posting",
        /// In the person's inbox.
        Posted = "posted",
        /// The inbox does not take it; operators see it.
        Failed = "failed",
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = announcement)]
pub struct Announcement {
    /// To whom.
    pub orcid: AsText<OrcidId>,
    /// About which service point.
    pub service_point_id: i64,
    /// Its id, which its link carries.
    pub id: Id,
    /// The project that was added first.
    pub handle: AsText<Handle>,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// ORCID's put-code, once known.
    pub put_code: Option<i64>,
    /// Why it failed.
    pub reason: Option<String>,
}

/// Sets a message to be posted, unless there was one for this person and service point.
pub(crate) fn set(
    c: &mut Conn,
    orcid: &OrcidId,
    service_point: i64,
    handle: &Handle,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = (
        announcement::orcid.eq(orcid.to_string()),
        announcement::service_point_id.eq(service_point),
        announcement::id.eq(Id::new(now)),
        announcement::handle.eq(handle.to_string()),
        announcement::state.eq(State::Due),
        announcement::since.eq(now),
    );
    let set = per_backend!(c, |c| diesel::insert_into(announcement::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if set == 0 {
        return Ok(());
    }
    let due = NewTask {
        work: Work::Announcement(*orcid, service_point),
        lane: Lane::Bulk,
        due_at: now,
        at: now,
    };
    tasks::enqueue(c, &[due])
}

/// The message to a person about a service point.
pub fn find(
    c: &mut Conn,
    orcid: &OrcidId,
    service_point: i64,
) -> Result<Option<Announcement>, StoreError> {
    Ok(announcement::table
        .find((orcid.to_string(), service_point))
        .select(Announcement::as_select())
        .first(c)
        .optional()?)
}

/// Moves a message from the state that was read. Says whether it stood there.
pub fn change(
    c: &mut Conn,
    known: &Announcement,
    to: State,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = diesel::update(as_read(known))
        .set((announcement::state.eq(to), announcement::since.eq(now)))
        .execute(c)?;
    Ok(changed == 1)
}

/// The message stands in the inbox.
pub fn posted(
    c: &mut Conn,
    known: &Announcement,
    put_code: i64,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(as_read(known))
        .set((
            announcement::state.eq(State::Posted),
            announcement::since.eq(now),
            announcement::put_code.eq(put_code),
        ))
        .execute(c)?;
    Ok(())
}

/// The message cannot be posted.
pub fn failed(
    c: &mut Conn,
    known: &Announcement,
    reason: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(as_read(known))
        .set((
            announcement::state.eq(State::Failed),
            announcement::since.eq(now),
            announcement::reason.eq(reason),
        ))
        .execute(c)?;
    Ok(())
}

/// There is nothing to tell any more: the next entry is the first one again.
pub fn withdraw(c: &mut Conn, known: &Announcement) -> Result<(), StoreError> {
    if diesel::delete(as_read(known)).execute(c)? == 0 {
        return Ok(());
    }
    let row = naming::table.find((known.orcid.as_str().to_owned(), known.service_point_id));
    diesel::update(row)
        .set(naming::entry_at.eq(None::<Timestamp>))
        .execute(c)?;
    Ok(())
}

/// The row in the state that was read.
fn as_read(known: &Announcement) -> AsRead {
    announcement::table
        .filter(announcement::orcid.eq(known.orcid.as_str().to_owned()))
        .filter(announcement::service_point_id.eq(known.service_point_id))
        .filter(announcement::state.eq(known.state))
}

/// A row of a person, a service point and a state.
type AsRead = diesel::dsl::Filter<
    diesel::dsl::Filter<
        diesel::dsl::Filter<announcement::table, diesel::dsl::Eq<announcement::orcid, String>>,
        diesel::dsl::Eq<announcement::service_point_id, i64>,
    >,
    diesel::dsl::Eq<announcement::state, State>,
>;

/// When the person was informed since a moment, or may have been, the earliest first.
pub fn posted_since(
    c: &mut Conn,
    orcid: &OrcidId,
    since: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    Ok(announcement::table
        .filter(announcement::orcid.eq(orcid.to_string()))
        .filter(announcement::state.eq_any([State::Posting, State::Posted]))
        .filter(announcement::since.gt(since))
        .order(announcement::since)
        .select(announcement::since)
        .load(c)?)
}

/// Messages that are to be posted, or may have been, in the order of their people, at most `limit`.
pub fn unfinished(c: &mut Conn, limit: i64) -> Result<Vec<(OrcidId, i64)>, StoreError> {
    let found: Vec<(AsText<OrcidId>, i64)> = announcement::table
        .filter(announcement::state.eq_any([State::Due, State::Posting]))
        .order((announcement::orcid, announcement::service_point_id))
        .limit(limit)
        .select((announcement::orcid, announcement::service_point_id))
        .load(c)?;
    let pair = |(orcid, service_point): (AsText<OrcidId>, i64)| (orcid.into_inner(), service_point);
    Ok(found.into_iter().map(pair).collect())
}

/// How many messages about each service point are in which state.
pub fn counts(c: &mut Conn) -> Result<BTreeMap<(i64, State), i64>, StoreError> {
    let rows: Vec<(i64, State, i64)> = announcement::table
        .group_by((announcement::service_point_id, announcement::state))
        .select((
            announcement::service_point_id,
            announcement::state,
            diesel::dsl::count_star(),
        ))
        .load(c)?;
    let by_state = |(service_point, state, count)| ((service_point, state), count);
    Ok(rows.into_iter().map(by_state).collect())
}
