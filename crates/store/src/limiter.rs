//! The limiter that all nodes share: one row a name, holding when the next call may go
//! (the generic cell rate algorithm).

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::limiter;
use crate::types::Timestamp;
use diesel::prelude::*;
use time::Duration;

/// How fast calls may go.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Calls a second.
    pub per_second: f64,
    /// Calls that may go at once after a pause.
    pub burst: u32,
    /// A caller that would wait longer is told to come back.
    pub max_wait: Duration,
}

/// After a refusal the pace is halved, but not below this many calls a second.
const SLOWEST: f64 = 1.0;
/// How fast the pace comes back: calls a second, per second.
const RECOVERY: f64 = 0.5;

#[derive(Queryable)]
struct Row {
    next_at: Timestamp,
    rate_milli: i64,
    slowed_at: Timestamp,
}

impl Row {
    /// The rate now: what it was slowed to, plus what it has recovered since.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate in thousandths is far below 2^52"
    )]
    fn rate(&self, pace: &Pace, now: Timestamp) -> f64 {
        let recovered = (now - self.slowed_at).as_seconds_f64().max(0.0) * RECOVERY;
        let slowest = SLOWEST.min(pace.per_second);
        (self.rate_milli as f64 / 1000.0 + recovered).clamp(slowest, pace.per_second)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a rate is a small number")]
fn milli(rate: f64) -> i64 {
    (rate * 1000.0).round() as i64
}

fn lock(c: &mut Conn, name: &str, pace: &Pace, now: Timestamp) -> Result<Row, StoreError> {
    if let Some(row) = locked(c, name)? {
        return Ok(row);
    }
    let new = (
        limiter::name.eq(name),
        limiter::next_at.eq(now),
        limiter::rate_milli.eq(milli(pace.per_second)),
        limiter::slowed_at.eq(now),
    );
    per_backend!(c, |c| diesel::insert_into(limiter::table)
        .values(new)
        .on_conflict_do_nothing()
        .execute(c))?;
    // Another node may have been first, with a reservation that counts.
    locked(c, name)?.ok_or(StoreError::NotFound)
}

fn locked(c: &mut Conn, name: &str) -> Result<Option<Row>, StoreError> {
    let row = limiter::table.find(name).select((
        limiter::next_at,
        limiter::rate_milli,
        limiter::slowed_at,
    ));
    Ok(match c {
        Conn::Postgres(c) => row.for_update().first(c).optional()?,
        Conn::Sqlite(c) => row.first(c).optional()?,
    })
}

/// The time between two calls, in whole microseconds as the databases keep it: rounded up, so
/// that no call is gained in the long run.
#[expect(
    clippy::cast_possible_truncation,
    reason = "an interval is a short time"
)]
fn interval(rate: f64) -> Duration {
    Duration::microseconds((1e6 / rate).ceil() as i64)
}

/// How far ahead of its time a call may go, which makes the burst. It follows the full pace, also
/// while the pace is slowed down: else it would shrink as the pace comes back, and hold everybody.
fn tolerance(pace: &Pace) -> Duration {
    interval(pace.per_second) * i32::try_from(pace.burst.saturating_sub(1)).unwrap_or(i32::MAX)
}

/// Reserves the next call and says how long to wait for it; none when that is longer than the
/// pace allows (nothing is reserved then).
///
/// # Errors
/// When the database refuses.
pub fn reserve(
    c: &mut Conn,
    name: &str,
    pace: &Pace,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    let row = lock(c, name, pace, now)?;
    let interval = interval(row.rate(pace, now));
    let wait = (row.next_at - tolerance(pace) - now).max(Duration::ZERO);
    if wait > pace.max_wait {
        return Ok(None);
    }
    let next_at = row.next_at.max(now) + interval;
    diesel::update(limiter::table.find(name))
        .set(limiter::next_at.eq(next_at))
        .execute(c)?;
    Ok(Some(wait))
}

/// The other side said it is overloaded: halves the pace, which recovers with time, and holds
/// everybody back for a second.
///
/// # Errors
/// When the database refuses.
pub fn slow_down(c: &mut Conn, name: &str, pace: &Pace, now: Timestamp) -> Result<(), StoreError> {
    let row = lock(c, name, pace, now)?;
    // Many calls in flight are refused at once; that is one overload, not many.
    if now - row.slowed_at < Duration::SECOND && row.rate(pace, now) < pace.per_second {
        return Ok(());
    }
    let rate = (row.rate(pace, now) / 2.0).max(SLOWEST.min(pace.per_second));
    let next_at = row.next_at.max(now + Duration::SECOND + tolerance(pace));
    diesel::update(limiter::table.find(name))
        .set((
            limiter::rate_milli.eq(milli(rate)),
            limiter::slowed_at.eq(now),
            limiter::next_at.eq(next_at),
        ))
        .execute(c)?;
    Ok(())
}
