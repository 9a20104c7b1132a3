//! The state that all requests share.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use bounded_cache::{CacheSize, weight};
use moka::ops::compute::Op;
use moka::sync::Cache;
use raid_model::{Handle, ValidationContext};
use resolvers::Resolvers;
use store::service_points::{self, ServicePointRow};
use store::{Store, StoreError, Timestamp};
use tokio::time::sleep;

use crate::auth::{ApiTokens, Verifier, VerifierError};
use crate::feed::Feed;
use crate::idempotency::InHand;
use crate::record::Record;
use crate::settings::{Existence, Settings};

/// The registry: its store, its settings, and what it remembers for a moment.
pub struct Registry {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) verifier: Verifier,
    pub(crate) api_tokens: ApiTokens,
    pub(crate) resolvers: Resolvers,
    pub(crate) feed: Feed,
    pub(crate) in_hand: InHand,
    records: Option<Cache<Handle, Kept<Record>>>,
    service_points: Option<Cache<String, Kept<ServicePointRow>>>,
}

/// Something that was read. Its age counts from before it was read: a reader may be slow, and what was
/// committed since then is not in it.
struct Kept<T> {
    value: Arc<T>,
    since: Instant,
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            since: self.since,
        }
    }
}

/// Why a registry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The settings for tokens cannot be used.
    #[error("the settings for tokens cannot be used")]
    Tokens(#[from] VerifierError),
    /// The settings for resolvers cannot be used.
    #[error("the settings for resolvers cannot be used")]
    Resolvers(#[from] resolvers::SettingsError),
}

impl Registry {
    /// A registry over a store.
    ///
    /// # Errors
    /// [`RegistryError`] tells which settings cannot be used.
    pub fn new(store: Store, settings: Settings) -> Result<Self, RegistryError> {
        let memory = settings.memory;
        let clock = store.clock().clone();
        let verifier = Verifier::new(&settings.auth, memory.signed_tokens, clock)?;
        let resolvers = match &settings.existence {
            Existence::Offline => Resolvers::offline(),
            Existence::Online { resolvers, .. } => Resolvers::online((**resolvers).clone())?,
        };
        let cache = settings.read_cache;
        Ok(Self {
            records: cache.is_on().then(|| {
                Cache::builder()
                    .max_capacity(memory.records)
                    .weigher(|handle: &Handle, kept: &Kept<Record>| {
                        weight(handle.to_string().len() + kept.value.bytes())
                    })
                    .time_to_live(cache.ttl)
                    .build()
            }),
            service_points: cache.is_on().then(|| {
                Cache::builder()
                    .max_capacity(memory.service_points)
                    .weigher(|group: &String, kept: &Kept<ServicePointRow>| {
                        weight(group.len() + bytes_of(&kept.value))
                    })
                    .time_to_live(cache.ttl)
                    .build()
            }),
            feed: Feed::new(settings.change_feed),
            api_tokens: ApiTokens::new(settings.auth.api_token_issuer.clone(), cache, memory),
            store,
            settings,
            verifier,
            resolvers,
            in_hand: InHand::default(),
        })
    }

    /// The size of each cache, which drops what is too old.
    pub fn cache_sizes(&self) -> Vec<CacheSize> {
        let records = self.records.as_ref();
        let service_points = self.service_points.as_ref();
        let mut sizes = vec![self.verifier.cache_size()];
        sizes.extend(records.map(|it| CacheSize::of("records", it)));
        sizes.extend(service_points.map(|it| CacheSize::of("service_points", it)));
        sizes.extend(self.api_tokens.cache_sizes());
        sizes.extend(self.resolvers.cache_sizes());
        sizes
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.store.clock().now()
    }

    /// When contributors' ORCID records are to follow an edit made at `now`.
    pub(crate) fn settled(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(saturating(self.settings.settle_delay))
    }

    /// What validation needs to know, at `now`.
    pub(crate) fn context(
        &self,
        now: Timestamp,
        registered: Option<Timestamp>,
    ) -> ValidationContext {
        ValidationContext {
            today: now.date(),
            registered: registered.map(Timestamp::date),
            orcid_prefix: self.settings.orcid_prefix.clone(),
            other_orcid_prefix: self.settings.other_orcid_prefix.clone(),
            isni_prefix: self.settings.isni_prefix.clone(),
            missing: BTreeSet::new(),
            limits: self.settings.limits,
            person_ids: self.settings.person_ids,
        }
    }

    /// A RAiD as it is answered, from the cache if it was read a moment ago.
    pub(crate) async fn record(&self, handle: &Handle) -> Result<Option<Arc<Record>>, StoreError> {
        let kept = self.records.as_ref().and_then(|cache| cache.get(handle));
        if let Some(record) = kept.and_then(|kept| self.fresh(kept)) {
            return Ok(Some(record));
        }
        let (wanted, since) = (handle.clone(), Instant::now());
        let addresses = self.settings.addresses.clone();
        let found = self
            .store
            .read(move |c| Record::load(c, &wanted, &addresses))
            .await?
            .map(Arc::new);
        if let Some(record) = &found {
            self.remember(handle, record, since);
        }
        Ok(found)
    }

    /// What is kept, if it is not too old.
    fn fresh<T>(&self, kept: Kept<T>) -> Option<Arc<T>> {
        let is_fresh = kept.since.elapsed() < self.settings.read_cache.ttl;
        is_fresh.then_some(kept.value)
    }

    /// Waits, after the commit of a change that closes something, until no node serves what was true
    /// before. Each serves what it keeps for `read_cache.ttl` at most, counted from before it was read.
    /// Nothing is left to do after the wait, so a client that hangs up undoes nothing.
    pub(crate) async fn closed_everywhere(&self) {
        if self.records.is_some() {
            sleep(self.settings.read_cache.ttl).await;
        }
    }

    /// Keeps a record for the next readers, unless a newer version is kept already: a reader that
    /// was slow must not hide what a writer has written meanwhile. The read began at `since`.
    pub(crate) fn remember(&self, handle: &Handle, record: &Arc<Record>, since: Instant) {
        if let Some(cache) = &self.records {
            cache
                .entry_by_ref(handle)
                .and_compute_with(|kept| match kept {
                    Some(kept) if kept.value().value.version > record.version => Op::Nop,
                    _ => Op::Put(Kept {
                        value: record.clone(),
                        since,
                    }),
                });
        }
    }

    /// Service points have changed: they are read again.
    pub(crate) fn forget_service_points(&self) {
        if let Some(cache) = &self.service_points {
            cache.invalidate_all();
        }
    }

    /// The service point of a group, from the cache if it was asked a moment ago.
    pub(crate) async fn service_point(
        &self,
        group: &str,
    ) -> Result<Option<Arc<ServicePointRow>>, StoreError> {
        let kept = self.service_points.as_ref().and_then(|c| c.get(group));
        if let Some(known) = kept.and_then(|kept| self.fresh(kept)) {
            return Ok(Some(known));
        }
        let (wanted, since) = (group.to_owned(), Instant::now());
        let found = self
            .store
            .read(move |c| service_points::of_group(c, &wanted))
            .await?
            .map(Arc::new);
        if let (Some(row), Some(cache)) = (&found, &self.service_points) {
            let value = row.clone();
            cache.insert(group.to_owned(), Kept { value, since });
        }
        Ok(found)
    }
}

/// What a service point takes, in bytes.
fn bytes_of(row: &ServicePointRow) -> usize {
    let optional = [&row.repository_id, &row.admin_email, &row.tech_email];
    let optional = optional.into_iter().flatten().map(String::len);
    size_of::<ServicePointRow>()
        + [&row.name, &row.identifier_owner, &row.prefix, &row.group_id]
            .map(String::len)
            .iter()
            .sum::<usize>()
        + optional.sum::<usize>()
}

/// A duration as the store's clock counts.
pub(crate) fn saturating(duration: std::time::Duration) -> time::Duration {
    time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)
}

#[cfg(test)]
mod tests;
