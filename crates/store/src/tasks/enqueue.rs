//! Setting tasks.

use super::{Kind, NewTask, State, turns};
use crate::conn::{Conn, ROWS_A_STATEMENT, per_backend};
use crate::error::StoreError;
use crate::schema::task;
use crate::types::Timestamp;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types;
use std::collections::BTreeMap;

#[derive(Insertable)]
#[diesel(table_name = task, treat_none_as_default_value = false)]
pub(super) struct NewRow {
    pub(super) kind: Kind,
    pub(super) key: String,
    pub(super) subject: String,
    pub(super) lane: i16,
    pub(super) state: State,
    pub(super) due_at: Timestamp,
    pub(super) attempts: i32,
    pub(super) generation: i64,
    pub(super) created_at: Timestamp,
}

/// Sets tasks, or wakes those that are there: the generation tells a worker that holds one that
/// there is news. A dead task comes back to life.
///
/// The due times of many tasks are spread out, so that other people's tasks get in between.
pub fn enqueue(c: &mut Conn, tasks: &[NewTask]) -> Result<(), StoreError> {
    // One row a key (a statement may not touch a row twice), in one order (against deadlocks).
    let mut rows = BTreeMap::new();
    for (n, t) in tasks.iter().enumerate() {
        let due_at = t.due_at + turns::offset(n);
        let row = rows.entry(&t.work).or_insert_with(|| NewRow {
            kind: t.work.kind(),
            key: t.work.key(),
            subject: t.work.subject(),
            lane: t.lane.number(),
            state: State::Due,
            due_at,
            attempts: 0,
            generation: 1,
            created_at: t.at,
        });
        row.lane = row.lane.min(t.lane.number());
        row.due_at = row.due_at.min(due_at);
    }
    let rows: Vec<_> = rows.into_values().collect();
    let due_at = "CASE WHEN task.state = 'due' AND task.due_at < excluded.due_at \
        THEN task.due_at ELSE excluded.due_at END";
    let attempts = "CASE WHEN task.state = 'dead' THEN 0 ELSE task.attempts END";
    let lane = "CASE WHEN task.lane < excluded.lane THEN task.lane ELSE excluded.lane END";
    for rows in rows.chunks(ROWS_A_STATEMENT) {
        per_backend!(c, |c| diesel::insert_into(task::table)
            .values(rows)
            .on_conflict((task::kind, task::key))
            .do_update()
            .set((
                task::generation.eq(task::generation + 1),
                task::due_at.eq(sql::<sql_types::Timestamp>(due_at)),
                task::attempts.eq(sql::<sql_types::Integer>(attempts)),
                task::lane.eq(sql::<sql_types::SmallInt>(lane)),
                task::state.eq(State::Due),
            ))
            .execute(c))?;
    }
    Ok(())
}
