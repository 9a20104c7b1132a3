//! What stands in the queue, for people and for the metrics.

use super::{Kind, State, Work};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::task;
use crate::types::Timestamp;
use diesel::prelude::*;
use std::collections::HashMap;

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
pub fn counts(c: &mut Conn) -> Result<Vec<(Kind, State, i64)>, StoreError> {
    Ok(task::table
        .group_by((task::kind, task::state))
        .select((task::kind, task::state, diesel::dsl::count_star()))
        .load(c)?)
}

/// The tasks of one kind that are due and that no worker holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overdue {
    /// Their kind.
    pub kind: Kind,
    /// How many they are.
    pub count: i64,
    /// When the oldest of them became due.
    pub since: Timestamp,
}

/// What is overdue at `now`, by kind. Reminders of a later day are not overdue, nor is what waits for
/// its next try.
pub fn overdue(c: &mut Conn, now: Timestamp) -> Result<Vec<Overdue>, StoreError> {
    let rows: Vec<(Kind, i64, Option<Timestamp>)> = task::table
        .filter(task::state.eq(State::Due))
        .filter(task::due_at.le(now))
        .filter(task::lease_until.is_null().or(task::lease_until.le(now)))
        .group_by(task::kind)
        .select((
            task::kind,
            diesel::dsl::count_star(),
            diesel::dsl::min(task::due_at),
        ))
        .load(c)?;
    Ok(rows
        .into_iter()
        .filter_map(|(kind, count, since)| {
            let since = since?;
            Some(Overdue { kind, count, since })
        })
        .collect())
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
