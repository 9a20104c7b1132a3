//! Time comes from here, so that tests can move it.

use crate::types::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use time::{Duration, OffsetDateTime};

/// Where the program's "now" comes from: the system's clock, plus an offset that tests move.
#[derive(Debug, Clone)]
pub struct Clock {
    offset_micros: Arc<AtomicI64>,
    started: Instant,
    stopped: Arc<OnceLock<Reading>>,
}

/// What the system's clocks said.
#[derive(Debug, Clone, Copy)]
struct Reading {
    instant: Instant,
    utc: OffsetDateTime,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self {
            offset_micros: Arc::default(),
            started: Instant::now(),
            stopped: Arc::default(),
        }
    }

    /// How long there is this clock, whatever happens to the system's own.
    pub fn elapsed(&self) -> std::time::Duration {
        let offset = Duration::microseconds(self.offset_micros.load(Ordering::Relaxed));
        let now = self
            .stopped
            .get()
            .map_or_else(Instant::now, |at| at.instant);
        let elapsed = now.saturating_duration_since(self.started);
        if offset.is_negative() {
            elapsed.saturating_sub(offset.unsigned_abs())
        } else {
            elapsed.saturating_add(offset.unsigned_abs())
        }
    }

    /// Now, in UTC, cut to the microseconds that both databases keep.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's clock"
    )]
    pub fn now(&self) -> Timestamp {
        let offset = Duration::microseconds(self.offset_micros.load(Ordering::Relaxed));
        let now = self
            .stopped
            .get()
            .map_or_else(OffsetDateTime::now_utc, |at| at.utc)
            + offset;
        let micros = now.microsecond();
        let time = now.time().replace_microsecond(micros).unwrap_or(now.time());
        Timestamp::new(now.date(), time)
    }

    /// Stops this clock, and every clone of it: from here on it only moves by [`Self::advance`].
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's clock"
    )]
    pub fn stop(&self) {
        self.stopped.get_or_init(|| Reading {
            instant: Instant::now(),
            utc: OffsetDateTime::now_utc(),
        });
    }

    /// Moves this clock, and every clone of it, by `by`.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX);
        self.offset_micros.fetch_add(micros, Ordering::Relaxed);
    }
}
