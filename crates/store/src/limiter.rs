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
    /// The longest wait of a call, unless it is an exchange.
    pub max_wait: Duration,
    /// The longest wait of an exchange.
    pub exchange_wait: Duration,
}

impl Pace {
    /// The longest that a call waits for its turn.
    pub fn longest_wait(&self, urgency: Urgency) -> Duration {
        match urgency {
            Urgency::Exchange => self.exchange_wait.max(self.max_wait),
            Urgency::Interactive | Urgency::Bulk | Urgency::Background => self.max_wait,
        }
    }

    /// How far ahead a call may reserve its turn. What is less urgent reserves less far ahead, so
    /// that a more urgent call finds a short queue.
    pub fn longest_queue(&self, urgency: Urgency) -> Duration {
        match urgency {
            Urgency::Exchange | Urgency::Interactive => self.longest_wait(urgency),
            Urgency::Bulk => BULK_QUEUE.min(self.max_wait),
            Urgency::Background => Duration::ZERO,
        }
    }
}

/// How urgent a call is; decides how long a queue it may join and how long it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Urgency {
    /// The exchange of a code: a person waits for the page, and the code is lost after a while.
    Exchange,
    /// A person waits for the result.
    Interactive,
    /// Bulk work. It keeps the queue short for all others.
    Bulk,
    /// Nobody waits for it. It goes only when there is no queue, and leaves half of the burst.
    Background,
}

impl Urgency {
    /// The name used in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Interactive => "interactive",
            Self::Bulk => "bulk",
            Self::Background => "background",
        }
    }
}

/// The answer to a request for a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The call is reserved and may go after this wait.
    In(Duration),
    /// Nothing was reserved. The queue is short enough after this time, if nobody else joins it.
    NotYet(Duration),
}

/// The queue that bulk work may fill; a more urgent call waits for no more of it.
const BULK_QUEUE: Duration = Duration::milliseconds(250);
/// After a refusal the pace is halved, but not below this many calls a second.
const SLOWEST: f64 = 1.0;
/// How fast the pace comes back: calls a second, per second.
const RECOVERY: f64 = 0.5;
/// After a refusal nobody calls for this long.
const HOLD: Duration = Duration::SECOND;
/// How far the clocks of two nodes may be apart before a row counts as written by a wrong clock.
const CLOCK_TOLERANCE: Duration = Duration::seconds(5);

#[derive(Queryable)]
struct Row {
    next_at: Timestamp,
    rate_milli: i64,
    slowed_at: Timestamp,
}

impl Row {
    /// Without what only a wrong clock can have written: a queue longer than any call may join, or
    /// a slow-down in the future. Such a queue is dropped; what is left of it is a used-up burst, so
    /// that calls go on at the long-run rate.
    fn plausible(mut self, pace: &Pace, now: Timestamp) -> Self {
        let slowest = interval(SLOWEST.min(pace.per_second)).max(HOLD);
        let queue = pace.longest_wait(Urgency::Exchange) + slowest + CLOCK_TOLERANCE;
        if self.next_at > now + tolerance(pace) + queue {
            self.next_at = now + tolerance(pace);
        }
        self.slowed_at = self.slowed_at.min(now);
        self
    }

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
        return Ok(row.plausible(pace, now));
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
    let row = locked(c, name)?.ok_or(StoreError::NotFound)?;
    Ok(row.plausible(pace, now))
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

/// Reserves the next call, unless the queue is longer than a call of this urgency may join.
pub fn reserve(
    c: &mut Conn,
    name: &str,
    pace: &Pace,
    urgency: Urgency,
    now: Timestamp,
) -> Result<Turn, StoreError> {
    let row = lock(c, name, pace, now)?;
    let interval = interval(row.rate(pace, now));
    let ahead = match urgency {
        Urgency::Background => tolerance(pace) / 2,
        Urgency::Exchange | Urgency::Interactive | Urgency::Bulk => tolerance(pace),
    };
    let wait = (row.next_at - ahead - now).max(Duration::ZERO);
    let queue = pace.longest_queue(urgency);
    if wait > queue {
        return Ok(Turn::NotYet(wait - queue));
    }
    let next_at = row.next_at.max(now) + interval;
    diesel::update(limiter::table.find(name))
        .set((
            limiter::next_at.eq(next_at),
            limiter::slowed_at.eq(row.slowed_at),
        ))
        .execute(c)?;
    Ok(Turn::In(wait))
}

/// The other side said it is overloaded: halves the pace, which recovers with time, and holds
/// everybody back for a second.
pub fn slow_down(c: &mut Conn, name: &str, pace: &Pace, now: Timestamp) -> Result<(), StoreError> {
    let row = lock(c, name, pace, now)?;
    // Many calls in flight are refused at once; that is one overload, not many.
    if now - row.slowed_at < HOLD && row.rate(pace, now) < pace.per_second {
        return Ok(());
    }
    let rate = (row.rate(pace, now) / 2.0).max(SLOWEST.min(pace.per_second));
    let next_at = row.next_at.max(now + HOLD + tolerance(pace));
    diesel::update(limiter::table.find(name))
        .set((
            limiter::rate_milli.eq(milli(rate)),
            limiter::slowed_at.eq(now),
            limiter::next_at.eq(next_at),
        ))
        .execute(c)?;
    Ok(())
}
