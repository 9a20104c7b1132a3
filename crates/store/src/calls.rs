//! The log of every call made to ORCID: who, what, outcome, error code; no secret. Calls are kept
//! for a set time.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::orcid_call;
use crate::types::{AsText, Id, Timestamp};
use diesel::prelude::*;
use raid_model::{Handle, OrcidId};

/// The outcome of a call that ORCID carried out.
pub const DONE: &str = "done";
/// The outcomes of calls that failed: they never left, ORCID did not carry them out, or nobody
/// knows.
pub const FAILED: [&str; 3] = ["not-sent", "refused", "unknown"];

/// One call.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = orcid_call, treat_none_as_default_value = false)]
pub struct CallRow {
    /// The row.
    pub id: Id,
    /// When it ended.
    pub at: Timestamp,
    /// Which call, such as `create-membership`.
    pub kind: String,
    /// On whose record, where it was about one.
    pub orcid: Option<AsText<OrcidId>>,
    /// [`DONE`] or one of [`FAILED`].
    pub outcome: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<i32>,
    /// ORCID's error code, if it gave one.
    pub error_code: Option<i32>,
    /// How long it took, in milliseconds.
    pub millis: i32,
    /// Which process made it.
    pub node: String,
    /// The RAiD whose entry was written or removed.
    pub handle: Option<AsText<Handle>>,
}

/// Appends calls.
///
/// # Errors
/// When the database refuses.
pub fn append(c: &mut Conn, rows: &[CallRow]) -> Result<(), StoreError> {
    per_backend!(c, |c| diesel::insert_into(orcid_call::table)
        .values(rows)
        .execute(c))?;
    Ok(())
}

/// Which calls are listed: all, unless something is set.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// On this person's record.
    pub orcid: Option<OrcidId>,
    /// About this RAiD.
    pub handle: Option<Handle>,
    /// Of this kind.
    pub kind: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// That ended at this moment or later.
    pub from: Option<Timestamp>,
    /// That ended before this moment.
    pub before: Option<Timestamp>,
}

/// Where a page of calls ended.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// When the last call of the page ended.
    pub at: Timestamp,
    /// Its row.
    pub id: Id,
}

/// A page of calls, newest first.
pub fn page(
    c: &mut Conn,
    filter: &Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<CallRow>, StoreError> {
    let mut query = orcid_call::table.select(CallRow::as_select()).into_boxed();
    if let Some(orcid) = &filter.orcid {
        query = query.filter(orcid_call::orcid.eq(orcid.to_string()));
    }
    if let Some(handle) = &filter.handle {
        query = query.filter(orcid_call::handle.eq(handle.to_string()));
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(orcid_call::kind.eq(kind));
    }
    if let Some(outcome) = &filter.outcome {
        query = query.filter(orcid_call::outcome.eq(outcome));
    }
    if let Some(from) = filter.from {
        query = query.filter(orcid_call::at.ge(from));
    }
    if let Some(before) = filter.before {
        query = query.filter(orcid_call::at.lt(before));
    }
    if let Some(Place { at, id }) = after {
        let same_moment = orcid_call::at.eq(at).and(orcid_call::id.lt(id));
        // The first half lets the index begin at the right place.
        query = query
            .filter(orcid_call::at.le(at))
            .filter(orcid_call::at.lt(at).or(same_moment));
    }
    Ok(query
        .order((orcid_call::at.desc(), orcid_call::id.desc()))
        .limit(limit)
        .load(c)?)
}

/// Deletes at most `limit` calls with this outcome that ended before `before`, the oldest first.
/// Gives how many.
pub fn delete_before(
    c: &mut Conn,
    outcome: &str,
    before: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let old: Vec<Id> = orcid_call::table
        .filter(orcid_call::outcome.eq(outcome))
        .filter(orcid_call::at.lt(before))
        .order(orcid_call::at)
        .limit(limit)
        .select(orcid_call::id)
        .load(c)?;
    Ok(diesel::delete(orcid_call::table.filter(orcid_call::id.eq_any(old))).execute(c)?)
}
