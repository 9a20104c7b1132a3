//! The end of a task's holding.

use super::{Cause, Settle, State, Task, hold, release};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::task;
use crate::types::Timestamp;
use diesel::prelude::*;

/// Ends the holding of a task; news that came meanwhile (a newer generation) keeps it due, in the
/// lane of the news.
///
/// # Errors
/// [`StoreError::LeaseLost`] when another claim has taken the task or its subject: let the
/// transaction fail with it, so that nothing is written.
pub fn settle(
    c: &mut Conn,
    owner: &str,
    held: &Task,
    end: &Settle,
    now: Timestamp,
) -> Result<(), StoreError> {
    let kind = held.work.kind();
    let key = held.work.key();
    let mine = || {
        task::table
            .find((kind, &key))
            .filter(task::lease_owner.eq(owner))
            .filter(task::lease_until.eq(held.until))
    };
    let generation: Option<i64> = mine().select(task::generation).first(c).optional()?;
    let Some(generation) = generation else {
        return Err(StoreError::LeaseLost);
    };
    let lane = task::lane.eq(held.lane.number());
    let mut news = generation != held.generation;
    if !news {
        // The generation is compared again by the statement itself: news may come right now.
        let unchanged = || mine().filter(task::generation.eq(generation));
        let settled = match end {
            Settle::Done => diesel::delete(unchanged()).execute(c)?,
            Settle::Again(at) => {
                let kept = freed(State::Due, *at, 0, None);
                diesel::update(unchanged()).set((lane, kept)).execute(c)?
            }
            Settle::Dead(error) => {
                let kept = freed(State::Dead, now, held.attempts, Some(error));
                diesel::update(unchanged()).set((lane, kept)).execute(c)?
            }
            Settle::Retry { at, error, cause }
            | Settle::InDoubt {
                at, error, cause, ..
            } => {
                let kept = failed(held, *at, error, *cause);
                diesel::update(unchanged()).set((lane, kept)).execute(c)?
            }
        };
        news = settled == 0;
    }
    if news {
        let kept = match end {
            Settle::Done | Settle::Again(_) => freed(State::Due, now, 0, None),
            Settle::Dead(error) => freed(State::Due, now, 0, Some(error)),
            // News does not make a world in trouble well: the wait stands.
            Settle::Retry { at, error, cause }
            | Settle::InDoubt {
                at, error, cause, ..
            } => failed(held, *at, error, *cause),
        };
        if diesel::update(mine()).set(kept).execute(c)? == 0 {
            return Err(StoreError::LeaseLost);
        }
    }
    // The task's row first, then the lease: the order in which claims lock them.
    let subject = held.work.subject();
    let freed = match end {
        Settle::InDoubt { quiet, .. } => hold(c, &subject, owner, held.until, *quiet)?,
        _ => release(c, &subject, owner, held.until)?,
    };
    if freed {
        Ok(())
    } else {
        Err(StoreError::LeaseLost)
    }
}

/// A task's row when nobody holds it any more.
#[derive(AsChangeset)]
#[diesel(table_name = task, treat_none_as_null = true)]
struct Freed {
    state: State,
    due_at: Timestamp,
    attempts: i32,
    last_error: Option<String>,
    lease_owner: Option<String>,
    lease_until: Option<Timestamp>,
    waits_for: Option<String>,
}

fn failed(held: &Task, at: Timestamp, error: &String, cause: Cause) -> Freed {
    Freed {
        waits_for: cause.waits_for().map(str::to_owned),
        ..freed(State::Due, at, held.attempts, Some(error))
    }
}

fn freed(state: State, due_at: Timestamp, attempts: i32, error: Option<&String>) -> Freed {
    Freed {
        state,
        due_at,
        attempts,
        last_error: error.cloned(),
        lease_owner: None,
        lease_until: None,
        waits_for: None,
    }
}
