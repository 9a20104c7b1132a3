//! Token buckets, one for each caller.

use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use super::caller_key::CallerKey;
use crate::settings::{Limits, Rate};

/// Callers that are remembered of each kind. One that is forgotten has its whole burst again.
const REMEMBERED: u64 = 50_000;
/// One that is silent for so long is forgotten. By then it has its whole burst back.
const SILENCE: Duration = Duration::from_mins(10);

/// The buckets of all callers: those with a token have another rate than addresses.
pub(super) struct Buckets {
    clients: Option<Keyed>,
    addresses: Option<Keyed>,
}

impl Buckets {
    pub(super) fn new(limits: &Limits, clock: &store::Clock) -> Self {
        Self {
            clients: Keyed::new(limits.clients, clock),
            addresses: Keyed::new(limits.anonymous, clock),
        }
    }

    /// Takes tokens from a caller's bucket; a whole bucket pays for whatever costs more. Without
    /// enough of them nothing is taken, and the error is how long it takes until there are.
    pub(super) fn take(&self, who: &CallerKey, tokens: u32) -> Result<(), Duration> {
        let keyed = match who {
            CallerKey::Client(_) => &self.clients,
            CallerKey::Address(_) => &self.addresses,
        };
        keyed.as_ref().map_or(Ok(()), |it| it.take(who, tokens))
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, Clock, NoOpMiddleware<Moment>>;

/// A bucket for each caller of one kind.
struct Keyed {
    quota: Quota,
    clock: Clock,
    known: Cache<CallerKey, Arc<Limiter>>,
}

impl Keyed {
    /// None if the rate is off.
    fn new(rate: Rate, clock: &store::Clock) -> Option<Self> {
        let per_second = NonZeroU32::new(rate.per_second)?;
        let burst = NonZeroU32::new(rate.burst).unwrap_or(per_second);
        Some(Self {
            quota: Quota::per_second(per_second).allow_burst(burst),
            clock: Clock(clock.clone()),
            known: Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_idle(SILENCE)
                .build(),
        })
    }

    fn take(&self, who: &CallerKey, tokens: u32) -> Result<(), Duration> {
        let Some(tokens) = NonZeroU32::new(tokens.min(self.quota.burst_size().get())) else {
            return Ok(());
        };
        let new = || {
            Arc::new(RateLimiter::direct_with_clock(
                self.quota,
                self.clock.clone(),
            ))
        };
        let limiter = match self.known.get(who) {
            Some(known) => known,
            None => self.known.get_with_by_ref(who, new),
        };
        match limiter.check_n(tokens) {
            Ok(Err(refused)) => Err(refused.wait_time_from(self.clock.now())),
            // More than the burst, which is an error of its own, is never asked for.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

/// The store's clock, as limiters read it.
#[derive(Debug, Clone)]
struct Clock(store::Clock);

/// Nanoseconds since the clock was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

impl governor::clock::Clock for Clock {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

impl Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, span: Nanos) -> Self {
        Self(self.0.saturating_add(span.as_u64()))
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_sub(earlier.0).into()
    }

    fn saturating_sub(&self, span: Nanos) -> Self {
        Self(self.0.checked_sub(span.as_u64()).unwrap_or(self.0))
    }
}
