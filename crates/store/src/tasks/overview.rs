//! What stands in the queue, for people and for the metrics.

use super::{Kind, State, Work};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::task;
use crate::types::Timestamp;
use diesel::prelude::*;
use std::collections::HashMap;

/// A task that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// What it was about.
    pub work: Work,
    /// Why it cannot heal.
    pub reason: String,
}

/// Dead letters, oldest first, at most `limit`.
///
/// # Errors
/// When the database refuses.
pub fn dead_letters(c: &mut Conn, limit: i64) -> Result<Vec<DeadLetter>, StoreError> {
    let rows: Vec<(Kind, String, Option<String>)> = task::table
        .filter(task::state.eq(State::Dead))
        .order((task::due_at, task::key))
        .limit(limit)
        .select((task::kind, task::key, task::last_error))
        .load(c)?;
    rows.into_iter()
        .map(|(kind, key, error)| {
            Ok(DeadLetter {
                work: Work::parse(kind, &key)?,
                reason: error.unwrap_or_default(),
            })
        })
        .collect()
}

/// When these tasks of one kind are due; a dead one counts as due never ([`None`]). What is not in
/// the queue is missing.
pub fn due_times(
    c: &mut Conn,
    kind: Kind,
    keys: &[String],
) -> Result<HashMap<String, Option<Timestamp>>, StoreError> {
    let rows: Vec<(String, State, Timestamp)> = task::table
        .filter(task::kind.eq(kind))
        .filter(task::key.eq_any(keys))
        .select((task::key, task::state, task::due_at))
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|(key, state, due_at)| (key, (state == State::Due).then_some(due_at)))
        .collect())
}

/// How many tasks stand in which state, for the metrics.
///
/// # Errors
/// When the database refuses.
pub fn counts(c: &mut Conn) -> Result<Vec<(Kind, State, i64)>, StoreError> {
    Ok(task::table
        .group_by((task::kind, task::state))
        .select((task::kind, task::state, diesel::dsl::count_star()))
        .load(c)?)
}
