//! Token buckets, one for each caller.

use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::Arc;
use std::time::Duration;

use bounded_cache::{CacheSize, weight};
use governor::clock::{Clock as _, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::sync::Cache;

use super::caller_key::CallerKey;
use crate::settings::{Limits, Rate};

/// One that is silent for so long is forgotten. By then it has its whole burst back.
const SILENCE: Duration = Duration::from_mins(10);

/// The buckets of all callers: those with a token have another rate than addresses.
pub(super) struct Buckets {
    clients: Option<Keyed>,
    addresses: Option<Keyed>,
}

impl Buckets {
    /// Remembers callers in `memory` bytes.
    pub(super) fn new(limits: &Limits, memory: u64, clock: &store::Clock) -> Self {
        // Half for each kind, so that neither pushes the other out.
        Self {
            clients: Keyed::new(limits.clients, memory / 2, clock),
            addresses: Keyed::new(limits.anonymous, memory / 2, clock),
        }
    }

    pub(super) fn cache_sizes(&self) -> impl Iterator<Item = CacheSize> {
        let both = [&self.clients, &self.addresses].into_iter().flatten();
        both.map(|keyed| CacheSize::of("callers", &keyed.known))
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
    fn new(rate: Rate, memory: u64, clock: &store::Clock) -> Option<Self> {
        let per_second = NonZeroU32::new(rate.per_second)?;
        let burst = NonZeroU32::new(rate.burst).unwrap_or(per_second);
        Some(Self {
            quota: Quota::per_second(per_second).allow_burst(burst),
            clock: Clock(clock.clone()),
            known: Cache::builder()
                .max_capacity(memory)
                .weigher(|who: &CallerKey, _: &Arc<Limiter>| {
                    weight(who.bytes() + size_of::<Limiter>())
                })
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::{Buckets, CacheSize, CallerKey};
    use crate::settings::{Limits, Rate};

    /// Neither a network with many addresses nor a provider with many people makes this process grow.
    #[test]
    fn callers_take_no_more_memory_than_they_may() {
        let rate = Rate {
            per_second: 1,
            burst: 1,
        };
        let limits = Limits {
            clients: rate,
            anonymous: rate,
            large_answers: 0,
            memory: 0,
            trusted_proxy: false,
        };
        let buckets = Buckets::new(&limits, 2 << 20, &store::Clock::system());
        for n in 0..20_000_u32 {
            let address = CallerKey::Address(Ipv4Addr::from_bits(n).into());
            buckets.take(&address, 1).unwrap();
            let client = CallerKey::Client(format!("https://iam.example.org\nclient\n{n}"));
            buckets.take(&client, 1).unwrap();
        }
        for size in buckets.cache_sizes() {
            assert_eq!(size.most, 1 << 20);
            assert!(size.held <= size.most, "{size:?}");
            assert!(size.held > size.most / 2, "{size:?}");
        }
        let both = buckets.cache_sizes().reduce(CacheSize::and).unwrap();
        assert_eq!((both.name, both.most), ("callers", 2 << 20));
    }
}
