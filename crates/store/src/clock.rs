//! Time comes from here, so that tests can move it.

use crate::types::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use time::{Duration, OffsetDateTime};

/// Where the program's "now" comes from: the system's clock, plus an offset that tests move.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_micros: Arc<AtomicI64>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// Now, in UTC, cut to the microseconds that both databases keep.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's clock"
    )]
    pub fn now(&self) -> Timestamp {
        let offset = Duration::microseconds(self.offset_micros.load(Ordering::Relaxed));
        let now = OffsetDateTime::now_utc() + offset;
        let micros = now.microsecond();
        let time = now.time().replace_microsecond(micros).unwrap_or(now.time());
        Timestamp::new(now.date(), time)
    }

    /// Moves this clock, and every clone of it, by `by`.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX);
        self.offset_micros.fetch_add(micros, Ordering::Relaxed);
    }
}
