//! When ORCID is back, the tasks that wait for it are tried at once.
//!
//! A task that fails since ORCID is away ([`super::Cause::Outage`]) says so in `waits_for`. While
//! such tasks exist, one is tried every few seconds, however long their own waits are ([`probe`]).
//! The first success brings all of them forward. Everything is derived from the tables, so that
//! any process can go on where another one died.

use super::enqueue::NewRow;
use super::{Kind, Lane, State, turns};
use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::{outage, subject_lease, task};
use crate::types::Timestamp;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::upsert::excluded;
use time::Duration;

/// The other side that tasks wait for.
pub(super) const ORCID: &str = "orcid";

/// After tasks were brought forward once, the next time has to wait: if only some of ORCID's calls
/// fail while others succeed, each success would otherwise start all the failures over again.
const FIRST_PAUSE: Duration = Duration::seconds(10);
/// The pause triples each time, up to this one.
const LONGEST_PAUSE: Duration = Duration::hours(1);
/// After so many pauses without a recovery the next one counts as the first again.
const FORGOTTEN: i32 = 10;

/// Whether any task waits for ORCID to come back.
pub fn waiting(c: &mut Conn) -> Result<bool, StoreError> {
    let first: Option<String> = task::table
        .filter(task::waits_for.eq(ORCID))
        .select(task::key)
        .first(c)
        .optional()?;
    Ok(first.is_some())
}

/// Brings one of the waiting tasks forward, to find out whether ORCID is back; says whether it
/// did. At most one in `every` over all processes, and none while another one is being tried. The
/// extra try does not count as an attempt.
pub fn probe(c: &mut Conn, now: Timestamp, every: Duration) -> Result<bool, StoreError> {
    if !waiting(c)? || tried_now(c, now)? || !reserve_probe(c, now, every)? {
        return Ok(false);
    }
    let busy = subject_lease::table
        .filter(subject_lease::subject.eq(task::subject))
        .filter(subject_lease::until.gt(now));
    let first = task::table
        .filter(task::waits_for.eq(ORCID))
        .filter(task::due_at.gt(now))
        .filter(not(exists(busy)))
        .order((task::lane, task::due_at, task::key))
        .limit(1)
        .select((task::kind, task::key, task::attempts));
    let first: Option<(Kind, String, i32)> = match c {
        Conn::Postgres(c) => first.for_update().skip_locked().first(c).optional()?,
        Conn::Sqlite(c) => first.first(c).optional()?,
    };
    let Some((kind, key, attempts)) = first else {
        return Ok(false);
    };
    diesel::update(task::table.find((kind, key)))
        .set((
            task::due_at.eq(now),
            task::attempts.eq((attempts - 1).max(0)),
        ))
        .execute(c)?;
    Ok(true)
}

/// Whether a task that waits is in a worker's hands.
fn tried_now(c: &mut Conn, now: Timestamp) -> Result<bool, StoreError> {
    for lane in Lane::ALL {
        let held: Option<String> = task::table
            .filter(task::waits_for.eq(ORCID))
            .filter(task::lane.eq(lane.number()))
            .filter(task::due_at.le(now))
            .filter(task::lease_until.gt(now))
            .select(task::key)
            .first(c)
            .optional()?;
        if held.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn reserve_probe(c: &mut Conn, now: Timestamp, every: Duration) -> Result<bool, StoreError> {
    ensure_row(c, now)?;
    // A moment too far ahead comes from a clock that was wrong.
    let free = outage::table.find(ORCID).filter(
        outage::probe_at
            .le(now)
            .or(outage::probe_at.gt(now + every)),
    );
    let reserved = diesel::update(free)
        .set(outage::probe_at.eq(now + every))
        .execute(c)?;
    Ok(reserved == 1)
}

fn ensure_row(c: &mut Conn, now: Timestamp) -> Result<(), StoreError> {
    let row = (
        outage::side.eq(ORCID),
        outage::probe_at.eq(now),
        outage::recovered_at.eq(now - LONGEST_PAUSE * (FORGOTTEN + 1)),
        outage::rounds.eq(0),
    );
    per_backend!(c, |c| diesel::insert_into(outage::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Says whether the caller is to bring the waiting tasks forward, after a call to ORCID succeeded:
/// one caller for each recovery, with a growing pause between recoveries that follow each other.
pub fn begin_recovery(c: &mut Conn, now: Timestamp) -> Result<bool, StoreError> {
    if !waiting(c)? {
        return Ok(false);
    }
    ensure_row(c, now)?;
    let row = outage::table
        .find(ORCID)
        .select((outage::recovered_at, outage::rounds));
    let (recovered_at, rounds): (Timestamp, i32) = match c {
        Conn::Postgres(c) => row.for_update().first(c)?,
        Conn::Sqlite(c) => row.first(c)?,
    };
    let since = now - recovered_at;
    let pause = pause(rounds);
    // A last time that lies ahead comes from a clock that was wrong.
    if !since.is_negative() && since < pause {
        return Ok(false);
    }
    let rounds = if since >= pause * FORGOTTEN {
        0
    } else {
        rounds.saturating_add(1)
    };
    diesel::update(outage::table.find(ORCID))
        .set((outage::recovered_at.eq(now), outage::rounds.eq(rounds)))
        .execute(c)?;
    Ok(true)
}

/// How long after a recovery the next one may come.
fn pause(rounds: i32) -> Duration {
    let mut pause = FIRST_PAUSE;
    for _ in 0..rounds.min(10) {
        pause = (pause * 3_i32).min(LONGEST_PAUSE);
    }
    pause
}

/// Brings up to `limit` (at most 1000) of the waiting tasks forward to now, with no failures
/// counted, the more urgent lanes first, and gives their number. `done` were brought forward by earlier calls: as the others, they are spread out.
pub fn bring_forward(
    c: &mut Conn,
    now: Timestamp,
    done: usize,
    limit: i64,
) -> Result<usize, StoreError> {
    let first = task::table
        .filter(task::waits_for.eq(ORCID))
        .order((task::lane, task::due_at, task::key))
        .limit(limit)
        .select((task::kind, task::key, task::subject, task::lane));
    let first: Vec<(Kind, String, String, i16)> = match c {
        Conn::Postgres(c) => first.for_update().load(c)?,
        Conn::Sqlite(c) => first.load(c)?,
    };
    let rows: Vec<_> = first
        .into_iter()
        .zip(done..)
        .map(|((kind, key, subject, lane), n)| NewRow {
            kind,
            key,
            subject,
            lane,
            state: State::Due,
            due_at: now + turns::offset(n),
            attempts: 0,
            generation: 1,
            created_at: now,
        })
        .collect();
    // An upsert takes a value for each row in one statement on both databases; no row is new.
    per_backend!(c, |c| diesel::insert_into(task::table)
        .values(&rows)
        .on_conflict((task::kind, task::key))
        .do_update()
        .set((
            task::due_at.eq(excluded(task::due_at)),
            task::attempts.eq(0),
            task::waits_for.eq(None::<String>),
        ))
        .execute(c))?;
    Ok(rows.len())
}
