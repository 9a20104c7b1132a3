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

/// A task that stands in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// Whether it waits for its time or for a person.
    pub state: State,
    /// When it runs, if it is not dead.
    pub due_at: Timestamp,
    /// How often it was tried since it last succeeded.
    pub attempts: i32,
    /// Why the last try failed, if one did.
    pub last_error: Option<String>,
    /// Whether it waits for ORCID to come back.
    pub waits_for_orcid: bool,
}

/// Those of these tasks that stand in the queue.
pub fn queued(c: &mut Conn, works: &[Work]) -> Result<HashMap<Work, Queued>, StoreError> {
    type Row = (State, Timestamp, i32, Option<String>, Option<String>);
    let mut by_kind: HashMap<Kind, Vec<String>> = HashMap::new();
    for work in works {
        by_kind.entry(work.kind()).or_default().push(work.key());
    }
    let mut found = HashMap::new();
    for (kind, keys) in by_kind {
        let rows: Vec<(String, Row)> = task::table
            .filter(task::kind.eq(kind))
            .filter(task::key.eq_any(keys))
            .select((
                task::key,
                (
                    task::state,
                    task::due_at,
                    task::attempts,
                    task::last_error,
                    task::waits_for,
                ),
            ))
            .load(c)?;
        for (key, (state, due_at, attempts, last_error, waits_for)) in rows {
            let queued = Queued {
                state,
                due_at,
                attempts,
                last_error,
                waits_for_orcid: waits_for.is_some(),
            };
            found.insert(Work::parse(kind, &key)?, queued);
        }
    }
    Ok(found)
}
