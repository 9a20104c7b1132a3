//! The append-only log of every call made to ORCID: who, what, outcome, error code; no secret.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::orcid_call;
use crate::types::{AsText, Id, Timestamp};
use diesel::prelude::*;
use raid_model::OrcidId;

/// One call.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = orcid_call, treat_none_as_default_value = false)]
pub struct CallRow {
    /// The row.
    pub id: Id,
    /// When it ended.
    pub at: Timestamp,
    /// Which call.
    pub kind: String,
    /// On whose record, where it was about one.
    pub orcid: Option<AsText<OrcidId>>,
    /// How it ended.
    pub outcome: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<i32>,
    /// ORCID's error code, if it gave one.
    pub error_code: Option<i32>,
    /// How long it took, in milliseconds.
    pub millis: i32,
    /// Which process made it.
    pub node: String,
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

/// The last calls on one record, newest first.
///
/// # Errors
/// When the database refuses.
pub fn of_person(c: &mut Conn, orcid: &OrcidId, limit: i64) -> Result<Vec<CallRow>, StoreError> {
    Ok(orcid_call::table
        .filter(orcid_call::orcid.eq(orcid.to_string()))
        .order((orcid_call::at.desc(), orcid_call::id.desc()))
        .limit(limit)
        .select(CallRow::as_select())
        .load(c)?)
}
