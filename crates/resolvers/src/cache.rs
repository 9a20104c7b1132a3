//! What was learnt, for a while.

use std::time::{Duration, Instant};

use bounded_cache::{CacheSize, weight};
use moka::Expiry;
use moka::sync::Cache;
use raid_model::{ExternalId, IsniId};

/// Whether an identifier exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existence {
    Exists,
    Missing,
}

/// Identifiers that were asked about a moment ago.
pub(crate) struct Known(Cache<ExternalId, Existence>);

impl Known {
    /// Keeps identifiers in `memory` bytes.
    pub(crate) fn new(found_ttl: Duration, missing_ttl: Duration, memory: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(memory)
            .weigher(|id: &ExternalId, _: &Existence| {
                weight(size_of::<ExternalId>() + id.value.len())
            })
            .expire_after(Lifetimes {
                found: found_ttl,
                missing: missing_ttl,
            })
            .build();
        Self(cache)
    }

    pub(crate) fn get(&self, id: &ExternalId) -> Option<Existence> {
        self.0.get(id)
    }

    pub(crate) fn size(&self) -> CacheSize {
        CacheSize::of("identifiers", &self.0)
    }

    pub(crate) fn learn(&self, id: &ExternalId, existence: Existence) {
        self.0.insert(id.clone(), existence);
    }
}

/// Names that were asked for a moment ago, in `memory` bytes.
pub(crate) fn names(ttl: Duration, memory: u64) -> Cache<IsniId, String> {
    Cache::builder()
        .max_capacity(memory)
        .weigher(|_: &IsniId, name: &String| weight(size_of::<(IsniId, String)>() + name.len()))
        .time_to_live(ttl)
        .build()
}

struct Lifetimes {
    found: Duration,
    missing: Duration,
}

impl Lifetimes {
    fn of(&self, existence: Existence) -> Duration {
        match existence {
            Existence::Exists => self.found,
            Existence::Missing => self.missing,
        }
    }
}

impl Expiry<ExternalId, Existence> for Lifetimes {
    fn expire_after_create(
        &self,
        _: &ExternalId,
        existence: &Existence,
        _: Instant,
    ) -> Option<Duration> {
        Some(self.of(*existence))
    }

    fn expire_after_update(
        &self,
        _: &ExternalId,
        existence: &Existence,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(self.of(*existence))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use raid_model::{ExternalId, Resolver};

    use super::{Existence, Known};

    /// What a client makes up costs no more memory than is set.
    #[test]
    fn identifiers_take_no_more_memory_than_they_may() {
        let known = Known::new(Duration::from_hours(1), Duration::from_hours(1), 1 << 20);
        for n in 0..20_000 {
            let id = ExternalId {
                resolver: Resolver::Doi,
                value: format!("https://doi.org/10.1000/{n}-{}", "x".repeat(n % 500)),
            };
            known.learn(&id, Existence::Missing);
        }
        let size = known.size();
        assert!(size.held <= 1 << 20, "{size:?}");
        assert!(size.held > 1 << 19, "{size:?}");
    }
}
