//! Taking tasks that are due.

use super::enqueue::NewRow;
use super::{Kind, Lane, Room, State, Task, Work, release, turns};
use crate::conn::{Conn, ROWS_A_STATEMENT, per_backend};
use crate::error::StoreError;
use crate::schema::{subject_lease, task};
use crate::types::Timestamp;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::upsert::excluded;
use std::collections::BTreeMap;
use time::Duration;

/// Rows that are read at least, to find tasks of different subjects among them.
const PAGE: usize = 64;
/// Pages that are read at most in one lane. Each holds at least one more subject.
const PAGES: usize = 8;

/// Takes tasks that are due, as far as there is `room`: one a subject, the more urgent lanes first.
/// Each is leased to `owner` until `until`, and the subject's other tasks move behind (`turns`).
///
/// The conditional statements decide who gets what, so this is right on every database at READ
/// COMMITTED; `SKIP LOCKED` only keeps claimers on PostgreSQL from waiting for each other.
pub fn claim(
    c: &mut Conn,
    owner: &str,
    kinds: &[Kind],
    room: Room,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Task>, StoreError> {
    let at = Moment {
        now,
        latest: now + (until - now) * 2 + CLOCKS_APART,
    };
    let mut claimed = Vec::new();
    let mut behind = Vec::new();
    // Subjects in one order for everybody, so that claimers cannot deadlock on the leases.
    for (subject, turn) in choose(c, kinds, room, at)? {
        if !lease(c, &subject, owner, at, until)? {
            continue;
        }
        match take(c, owner, &turn.first, now, until)? {
            Some(task) => claimed.push(task),
            None => drop(release(c, &subject, owner, until)?),
        }
        behind.extend(turn.others.into_iter().zip(1..).map(|(row, n)| {
            let due_at = now + turns::steps(n);
            row.due_at(due_at, turn.lane)
        }));
    }
    put_off(c, &behind)?;
    Ok(claimed)
}

/// Clocks of nodes may differ by this much.
const CLOCKS_APART: Duration = Duration::seconds(5);

/// When tasks are claimed.
#[derive(Clone, Copy)]
struct Moment {
    now: Timestamp,
    /// No lease ends later than this. One that does was made by a node whose clock was wrong, and
    /// counts as over: else nobody would work on its subject until the wrong time has come.
    latest: Timestamp,
}

/// What is found of one subject.
struct Turn {
    lane: Lane,
    first: Ready,
    /// Its other tasks on the page, which are locked as well.
    others: Vec<Ready>,
}

/// The first task of each subject, as far as there is room.
fn choose(
    c: &mut Conn,
    kinds: &[Kind],
    mut room: Room,
    at: Moment,
) -> Result<BTreeMap<String, Turn>, StoreError> {
    let mut chosen: BTreeMap<String, Turn> = BTreeMap::new();
    for lane in Lane::ALL {
        for _ in 0..PAGES {
            if room.of(lane) == 0 {
                break;
            }
            let page = room.of(lane).saturating_mul(4).max(PAGE);
            let subjects: Vec<_> = chosen.keys().cloned().collect();
            let rows = ready(c, kinds, lane, page, &subjects, at)?;
            let last = rows.len() < page;
            for row in rows {
                if let Some(turn) = chosen.get_mut(&row.subject) {
                    turn.others.push(row);
                } else if room.of(lane) > 0 {
                    room.take(lane);
                    let turn = Turn {
                        lane,
                        first: row,
                        others: Vec::new(),
                    };
                    chosen.insert(turn.first.subject.clone(), turn);
                }
            }
            if last {
                break;
            }
        }
    }
    Ok(chosen)
}

fn take(
    c: &mut Conn,
    owner: &str,
    first: &Ready,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Task>, StoreError> {
    let row: Option<(i32, i16, i64, Option<Timestamp>)> = diesel::update(
        task::table
            .find((first.kind, &first.key))
            .filter(task::state.eq(State::Due))
            .filter(task::due_at.le(now)),
    )
    .set((
        task::lease_owner.eq(owner),
        task::lease_until.eq(until),
        task::attempts.eq(task::attempts + 1),
    ))
    .returning((
        task::attempts,
        task::lane,
        task::generation,
        task::lease_until,
    ))
    .get_result(c)
    .optional()?;
    row.map(|(attempts, lane, generation, kept)| {
        Ok(Task {
            work: Work::parse(first.kind, &first.key)?,
            attempts,
            lane: Lane::parse(lane)?,
            generation,
            // As the database keeps it, which may be less precise.
            until: kept.unwrap_or(until),
        })
    })
    .transpose()
}

/// Gives tasks that this transaction has locked another due time. An upsert takes a value for each
/// row in one statement on both databases; no row is new.
fn put_off(c: &mut Conn, rows: &[NewRow]) -> Result<(), StoreError> {
    for rows in rows.chunks(ROWS_A_STATEMENT) {
        per_backend!(c, |c| diesel::insert_into(task::table)
            .values(rows)
            .on_conflict((task::kind, task::key))
            .do_update()
            .set(task::due_at.eq(excluded(task::due_at)))
            .execute(c))?;
    }
    Ok(())
}

/// A task that is due, of a subject that nobody works on.
#[derive(Queryable)]
struct Ready {
    due_at: Timestamp,
    key: String,
    kind: Kind,
    subject: String,
}

impl Ready {
    /// The row with another due time, for an upsert: what else it says is not written.
    fn due_at(self, due_at: Timestamp, lane: Lane) -> NewRow {
        NewRow {
            kind: self.kind,
            key: self.key,
            subject: self.subject,
            lane: lane.number(),
            state: State::Due,
            due_at,
            attempts: 0,
            generation: 1,
            created_at: due_at,
        }
    }
}

/// The first tasks of a kind and a lane that are due. A macro, as its type has no name.
macro_rules! of_kind {
    ($kind:expr, $lane:expr, $except:expr, $at:expr, $limit:expr) => {{
        let busy = subject_lease::table
            .filter(subject_lease::subject.eq(task::subject))
            .filter(subject_lease::until.gt($at.now))
            .filter(subject_lease::until.le($at.latest));
        task::table
            .filter(task::state.eq(State::Due))
            .filter(task::kind.eq($kind))
            .filter(task::lane.eq($lane.number()))
            .filter(task::due_at.le($at.now))
            .filter(not(exists(busy)))
            .filter(task::subject.ne_all($except))
            .order((task::due_at, task::key))
            .limit($limit)
            .select((task::due_at, task::key, task::kind, task::subject))
    }};
}

/// The first tasks of a lane that are due, by time, but none of the subjects in `except`.
fn ready(
    c: &mut Conn,
    kinds: &[Kind],
    lane: Lane,
    limit: usize,
    except: &[String],
    at: Moment,
) -> Result<Vec<Ready>, StoreError> {
    let rows = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut ready = Vec::new();
    // Each kind by itself is the beginning of a range of the index, however many tasks there are
    // of other kinds, which perhaps nobody works on.
    for kind in kinds {
        let of_kind = of_kind!(kind, lane, except, at, rows);
        let of_kind: Vec<Ready> = match c {
            Conn::Postgres(c) => of_kind.for_update().skip_locked().load(c)?,
            Conn::Sqlite(c) => of_kind.load(c)?,
        };
        ready.extend(of_kind);
    }
    ready.sort_by(|a, b| (a.due_at, &a.key).cmp(&(b.due_at, &b.key)));
    ready.truncate(limit);
    Ok(ready)
}

fn lease(
    c: &mut Conn,
    subject: &str,
    owner: &str,
    at: Moment,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let over = subject_lease::until
        .le(at.now)
        .or(subject_lease::until.gt(at.latest));
    let expired = subject_lease::table.find(subject).filter(over);
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
        let except = ["0000-0002-1825-0097".to_owned()];
        let query = of_kind!(
            Kind::Embargo,
            Lane::Bulk,
            &except,
            Moment {
                now: datetime!(2026-06-22 00:00),
                latest: datetime!(2026-06-22 00:01),
            },
            16_i64
        );
        let plan = plan::of_native(&mut plan::database(), query);
        let range = "INDEX task_by_kind (state=? AND kind=? AND lane=? AND due_at<?)";
        assert!(plan.contains(range), "{plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{plan}");
    }
}
