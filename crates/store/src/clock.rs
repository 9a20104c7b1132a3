//! Time comes from here, so that tests can move it and a wrong wall clock does not.

use crate::types::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;
use time::{Duration, OffsetDateTime};

/// A correction up to this is made at once; a larger one when two readings agree on it.
const SMALL: Duration = Duration::SECOND;
/// Two readings agree on a correction when they differ by less than this.
const AGREEMENT: Duration = Duration::milliseconds(500);

/// Where the program's "now" comes from: an anchor in UTC plus the time that the monotonic clock
/// counted since, plus an offset that tests move.
///
/// A wall clock that jumps for some seconds changes nothing. The anchor follows the database's clock
/// on PostgreSQL, so that all nodes agree, and this machine's on SQLite; see
/// [`crate::Store::correct_clock`].
#[derive(Debug, Clone)]
pub struct Clock {
    offset_micros: Arc<AtomicI64>,
    started: Instant,
    /// UTC at `started`, in microseconds since 1970.
    anchor_micros: Arc<AtomicI64>,
    /// The last correction that was too large to be believed at once.
    doubtful: Arc<Mutex<Option<Duration>>>,
    /// How wrong this machine's wall clock is. Only tests know.
    wall_error: Duration,
    /// What the monotonic clock and the anchor said.
    stopped: Arc<OnceLock<(Instant, i64)>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::system_off_by(Duration::ZERO)
    }

    /// The clock of a system whose wall clock is wrong by `error`. For tests.
    pub fn system_off_by(error: Duration) -> Self {
        Self {
            offset_micros: Arc::default(),
            started: Instant::now(),
            anchor_micros: Arc::new(AtomicI64::new(micros(wall(error)))),
            doubtful: Arc::default(),
            wall_error: error,
            stopped: Arc::default(),
        }
    }

    /// How long there is this clock, whatever happens to the system's own.
    pub fn elapsed(&self) -> std::time::Duration {
        let offset = self.offset();
        let elapsed = self.reading().0.saturating_duration_since(self.started);
        if offset.is_negative() {
            elapsed.saturating_sub(offset.unsigned_abs())
        } else {
            elapsed.saturating_add(offset.unsigned_abs())
        }
    }

    /// Now, in UTC, cut to the microseconds that both databases keep.
    pub fn now(&self) -> Timestamp {
        let (instant, anchor) = self.reading();
        self.at(instant, anchor) + self.offset()
    }

    /// Stops this clock, and every clone of it: from here on it only moves by [`Self::advance`].
    pub fn stop(&self) {
        let now = (Instant::now(), self.anchor_micros.load(Ordering::Relaxed));
        self.stopped.get_or_init(|| now);
    }

    /// Moves this clock, and every clone of it, by `by`.
    pub fn advance(&self, by: Duration) {
        self.offset_micros
            .fetch_add(whole_micros(by), Ordering::Relaxed);
    }

    /// Follows this machine's wall clock.
    pub(crate) fn follow_system(&self) {
        let read_at = Instant::now();
        self.correct(timestamp(micros(wall(self.wall_error))), read_at);
    }

    /// Follows another clock, which said `reading` at `read_at`.
    pub(crate) fn correct(&self, reading: Timestamp, read_at: Instant) {
        let anchor = self.anchor_micros.load(Ordering::Relaxed);
        let correction = reading - self.at(read_at, anchor);
        let mut doubtful = self.doubtful.lock().unwrap_or_else(PoisonError::into_inner);
        let agreed = doubtful.is_some_and(|before| (before - correction).abs() < AGREEMENT);
        if correction.abs() > SMALL && !agreed {
            *doubtful = Some(correction);
            return;
        }
        *doubtful = None;
        self.anchor_micros
            .store(anchor + whole_micros(correction), Ordering::Relaxed);
        if correction.abs() > SMALL {
            tracing::warn!(%correction, "the clock was wrong and is corrected");
        }
    }

    /// Takes over another clock, whatever this one said: for the start, before anything is stamped.
    pub(crate) fn set(&self, reading: Timestamp, read_at: Instant) {
        let anchor = self.anchor_micros.load(Ordering::Relaxed);
        let correction = whole_micros(reading - self.at(read_at, anchor));
        self.anchor_micros
            .store(anchor + correction, Ordering::Relaxed);
    }

    fn reading(&self) -> (Instant, i64) {
        self.stopped.get().copied().unwrap_or_else(|| {
            let anchor = self.anchor_micros.load(Ordering::Relaxed);
            (Instant::now(), anchor)
        })
    }

    fn at(&self, instant: Instant, anchor: i64) -> Timestamp {
        let elapsed = instant.saturating_duration_since(self.started).as_micros();
        timestamp(anchor.saturating_add(i64::try_from(elapsed).unwrap_or(i64::MAX)))
    }

    fn offset(&self) -> Duration {
        Duration::microseconds(self.offset_micros.load(Ordering::Relaxed))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the system's clock"
)]
fn wall(error: Duration) -> OffsetDateTime {
    OffsetDateTime::now_utc() + error
}

fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or(i64::MAX)
}

fn whole_micros(by: Duration) -> i64 {
    i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX)
}

fn timestamp(micros: i64) -> Timestamp {
    let at = OffsetDateTime::UNIX_EPOCH.saturating_add(Duration::microseconds(micros));
    Timestamp::new(at.date(), at.time())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a right clock says at this moment, and when it said so.
    fn right() -> (Timestamp, Instant) {
        let now = Clock::system().now();
        (now, Instant::now())
    }

    fn is_off_by(clock: &Clock, error: Duration) -> bool {
        let measured = clock.now() - Clock::system().now();
        (measured - error).abs() < Duration::milliseconds(400)
    }

    #[test]
    fn one_reading_that_is_far_off_changes_nothing() {
        let clock = Clock::system();
        let (now, at) = right();
        clock.correct(now + Duration::HOUR, at);
        assert!(is_off_by(&clock, Duration::ZERO));
        // Back to normal: the earlier reading counts for nothing.
        let (now, at) = right();
        clock.correct(now, at);
        let (now, at) = right();
        clock.correct(now + Duration::HOUR, at);
        assert!(is_off_by(&clock, Duration::ZERO));
    }

    #[test]
    fn two_readings_that_agree_are_believed() {
        let clock = Clock::system();
        for error in [Duration::HOUR, Duration::seconds(-90)] {
            for _ in 0..2 {
                let (now, at) = right();
                clock.correct(now + error, at);
            }
            assert!(is_off_by(&clock, error), "{error}");
        }
        // Two that do not agree are not.
        for error in [Duration::DAY, Duration::MINUTE] {
            let (now, at) = right();
            clock.correct(now + error, at);
        }
        assert!(is_off_by(&clock, Duration::seconds(-90)));
    }

    #[test]
    fn a_small_correction_is_made_at_once() {
        let clock = Clock::system();
        let (now, at) = right();
        clock.correct(now - Duration::milliseconds(900), at);
        assert!(is_off_by(&clock, Duration::milliseconds(-900)));
    }

    #[test]
    fn the_wall_clock_is_followed_when_it_stays_wrong() {
        let clock = Clock::system();
        let error = Duration::minutes(5);
        let jumped = Clock {
            wall_error: error,
            ..clock.clone()
        };
        jumped.follow_system();
        assert!(is_off_by(&clock, Duration::ZERO));
        jumped.follow_system();
        assert!(is_off_by(&clock, error));
    }

    #[test]
    fn a_stopped_clock_moves_by_hand_only() {
        let clock = Clock::system();
        clock.stop();
        let before = clock.now();
        clock.set(before + Duration::HOUR, Instant::now());
        assert_eq!(clock.now(), before);
        clock.advance(Duration::SECOND);
        assert_eq!(clock.now(), before + Duration::SECOND);
    }
}
