//! Taking tasks that are due.

use super::{Kind, Lane, State, Task, Work, release};
use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::{subject_lease, task};
use crate::types::Timestamp;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use std::collections::BTreeMap;

/// Takes up to `n` tasks that are due, one a subject, each leased to `owner` until `until`.
///
/// The conditional statements decide who gets what, so this is right on every database at READ
/// COMMITTED; `SKIP LOCKED` only keeps claimers on PostgreSQL from waiting for each other.
///
/// # Errors
/// When the database refuses.
pub fn claim(
    c: &mut Conn,
    owner: &str,
    kinds: &[Kind],
    n: i64,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Task>, StoreError> {
    let ready = ready(c, kinds, n.saturating_mul(4), now)?;
    let mut first_of_subject = BTreeMap::new();
    for (
        position,
        Ready {
            kind, key, subject, ..
        },
    ) in ready.into_iter().enumerate()
    {
        first_of_subject
            .entry(subject)
            .or_insert((position, kind, key));
    }
    let mut chosen: Vec<_> = first_of_subject.into_iter().collect();
    chosen.sort_by_key(|(_, (position, ..))| *position);
    chosen.truncate(usize::try_from(n).unwrap_or_default());
    // Rows are locked in one order by everybody, so that claimers cannot deadlock.
    chosen.sort();
    let mut claimed = Vec::with_capacity(chosen.len());
    for (subject, (_, kind, key)) in chosen {
        if !lease(c, &subject, owner, now, until)? {
            continue;
        }
        let row: Option<(i32, i64, Option<Timestamp>)> = diesel::update(
            task::table
                .find((kind, &key))
                .filter(task::state.eq(State::Due))
                .filter(task::due_at.le(now)),
        )
        .set((
            task::lease_owner.eq(owner),
            task::lease_until.eq(until),
            task::attempts.eq(task::attempts + 1),
        ))
        .returning((task::attempts, task::generation, task::lease_until))
        .get_result(c)
        .optional()?;
        match row {
            Some((attempts, generation, kept)) => claimed.push(Task {
                work: Work::parse(kind, &key)?,
                attempts,
                generation,
                // As the database keeps it, which may be less precise.
                until: kept.unwrap_or(until),
            }),
            None => drop(release(c, &subject, owner, until)?),
        }
    }
    Ok(claimed)
}

/// A task that is due, of a subject that nobody works on.
#[derive(Queryable)]
struct Ready {
    due_at: Timestamp,
    key: String,
    kind: Kind,
    subject: String,
}

/// The first tasks of a kind and a lane that are due. A macro, as its type has no name.
macro_rules! of_kind {
    ($kind:expr, $lane:expr, $now:expr, $limit:expr) => {{
        let busy = subject_lease::table
            .filter(subject_lease::subject.eq(task::subject))
            .filter(subject_lease::until.gt($now));
        task::table
            .filter(task::state.eq(State::Due))
            .filter(task::kind.eq($kind))
            .filter(task::lane.eq($lane.number()))
            .filter(task::due_at.le($now))
            .filter(not(exists(busy)))
            .order((task::due_at, task::key))
            .limit($limit)
            .select((task::due_at, task::key, task::kind, task::subject))
    }};
}

/// The first tasks that are due, by lane and time.
fn ready(
    c: &mut Conn,
    kinds: &[Kind],
    limit: i64,
    now: Timestamp,
) -> Result<Vec<Ready>, StoreError> {
    let enough = usize::try_from(limit).unwrap_or_default();
    let mut ready = Vec::new();
    for lane in [Lane::Interactive, Lane::Bulk] {
        let before = ready.len();
        // Each kind by itself is the beginning of a range of the index, however many tasks there are
        // of other kinds, which perhaps nobody works on.
        for kind in kinds {
            let of_kind = of_kind!(kind, lane, now, limit);
            let of_kind: Vec<Ready> = match c {
                Conn::Postgres(c) => of_kind.for_update().skip_locked().load(c)?,
                Conn::Sqlite(c) => of_kind.load(c)?,
            };
            ready.extend(of_kind);
        }
        ready[before..].sort_by(|a, b| (a.due_at, &a.key).cmp(&(b.due_at, &b.key)));
        if ready.len() >= enough {
            break;
        }
    }
    ready.truncate(enough);
    Ok(ready)
}

fn lease(
    c: &mut Conn,
    subject: &str,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let expired = subject_lease::table
        .find(subject)
        .filter(subject_lease::until.le(now));
    let taken = diesel::update(expired)
        .set((
            subject_lease::owner.eq(owner),
            subject_lease::until.eq(until),
        ))
        .execute(c)?;
    if taken == 1 {
        return Ok(true);
    }
    let row = (
        subject_lease::subject.eq(subject),
        subject_lease::owner.eq(owner),
        subject_lease::until.eq(until),
    );
    let made = per_backend!(c, |c| diesel::insert_into(subject_lease::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(made == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan;
    use time::macros::datetime;

    #[test]
    fn nobody_passes_tasks_of_others() {
        let query = of_kind!(
            Kind::Embargo,
            Lane::Bulk,
            datetime!(2026-06-22 00:00),
            16_i64
        );
        let plan = plan::of_native(&mut plan::database(), query);
        let range = "INDEX task_by_kind (state=? AND kind=? AND lane=? AND due_at<?)";
        assert!(plan.contains(range), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}
