//! How much memory caches take. Each is bounded in bytes, so every entry has a weight.

use moka::sync::Cache;
use std::hash::Hash;

/// What an entry takes beside its key and value, in bytes: moka keeps it in a map and in queues by age and
/// by use. Measured with moka 0.12.
const ENTRY: usize = 320;

/// What a cache holds now, and what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSize {
    /// The label of the cache in `raid_cache_bytes`.
    pub name: &'static str,
    /// Bytes that it holds.
    pub held: u64,
    /// Bytes that it may hold.
    pub most: u64,
}

impl CacheSize {
    /// The size of a cache, after it dropped what is too old or too much. Without this call it drops
    /// nothing while nobody uses it.
    pub fn of<K, V>(name: &'static str, cache: &Cache<K, V>) -> Self
    where
        K: Hash + Eq + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        cache.run_pending_tasks();
        Self {
            name,
            held: cache.weighted_size(),
            most: cache.policy().max_capacity().unwrap_or(u64::MAX),
        }
    }

    /// Two caches as one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            held: self.held + other.held,
            most: self.most + other.most,
            ..self
        }
    }
}

/// The weight of an entry whose key and value take so many bytes.
pub fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes.saturating_add(ENTRY)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::{CacheSize, weight};
    use moka::sync::Cache;

    const MOST: u64 = 1 << 20;

    fn cache() -> Cache<u64, String> {
        Cache::builder()
            .max_capacity(MOST)
            .weigher(|_, value: &String| weight(value.len()))
            .build()
    }

    #[test]
    fn a_cache_never_holds_more_bytes_than_it_may() {
        let cache = cache();
        for key in 0..50_000 {
            cache.insert(key, "x".repeat(usize::try_from(key % 2000).unwrap()));
            if key % 1000 == 0 {
                assert!(CacheSize::of("test", &cache).held <= MOST);
            }
        }
        let size = CacheSize::of("test", &cache);
        assert_eq!((size.name, size.most), ("test", MOST));
        assert!(size.held <= MOST, "{size:?}");
        assert!(size.held > MOST / 2, "{size:?}");
    }

    #[test]
    fn what_is_larger_than_the_cache_is_not_kept() {
        let cache = cache();
        cache.insert(1, "x".repeat(2 << 20));
        assert_eq!(CacheSize::of("test", &cache).held, 0);
        assert!(cache.get(&1).is_none());
    }
}
