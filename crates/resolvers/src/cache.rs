//! What was learnt, for a while.

use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;
use raid_model::ExternalId;

/// What is kept at most, in bytes: some hundred thousand identifiers.
const CAPACITY: u64 = 16 << 20;
/// What an entry takes besides the identifier's own text, in bytes, roughly.
const OVERHEAD: usize = 128;

/// Whether an identifier exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existence {
    Exists,
    Missing,
}

/// Identifiers that were asked about a moment ago.
pub(crate) struct Known(Cache<ExternalId, Existence>);

impl Known {
    pub(crate) fn new(found_ttl: Duration, missing_ttl: Duration) -> Self {
        let cache = Cache::builder()
            .max_capacity(CAPACITY)
            .weigher(|id: &ExternalId, _: &Existence| {
                u32::try_from(id.value.len() + OVERHEAD).unwrap_or(u32::MAX)
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

    pub(crate) fn learn(&self, id: &ExternalId, existence: Existence) {
        self.0.insert(id.clone(), existence);
    }
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
