//! The state that all requests share.

use std::collections::BTreeSet;
use std::sync::Arc;

use moka::ops::compute::Op;
use moka::sync::Cache;
use raid_model::{Handle, ValidationContext};
use resolvers::Resolvers;
use store::service_points::{self, ServicePointRow};
use store::{Store, StoreError, Timestamp};

use crate::auth::{Verifier, VerifierError};
use crate::feed::Feed;
use crate::idempotency::InHand;
use crate::record::Record;
use crate::settings::{Existence, Settings};

/// The registry: its store, its settings, and what it remembers for a moment.
pub struct Registry {
    pub(crate) store: Store,
    pub(crate) settings: Settings,
    pub(crate) verifier: Verifier,
    pub(crate) resolvers: Resolvers,
    pub(crate) feed: Feed,
    pub(crate) in_hand: InHand,
    records: Option<Cache<Handle, Arc<Record>>>,
    service_points: Option<Cache<String, Arc<ServicePointRow>>>,
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
        let verifier = Verifier::new(&settings.auth, store.clock().clone())?;
        let resolvers = match &settings.existence {
            Existence::Offline => Resolvers::offline(),
            Existence::Online { resolvers, .. } => Resolvers::online((**resolvers).clone())?,
        };
        let cache = settings.read_cache;
        let is_on = cache.entries > 0;
        Ok(Self {
            records: is_on.then(|| {
                Cache::builder()
                    .max_capacity(cache.entries)
                    .time_to_live(cache.ttl)
                    .build()
            }),
            service_points: is_on.then(|| {
                Cache::builder()
                    .max_capacity(cache.entries)
                    .time_to_live(cache.ttl)
                    .build()
            }),
            feed: Feed::new(settings.change_feed),
            store,
            settings,
            verifier,
            resolvers,
            in_hand: InHand::default(),
        })
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
            isni_prefix: self.settings.isni_prefix.clone(),
            missing: BTreeSet::new(),
        }
    }

    /// A RAiD as it is answered, from the cache if it was read a moment ago.
    pub(crate) async fn record(&self, handle: &Handle) -> Result<Option<Arc<Record>>, StoreError> {
        if let Some(record) = self.records.as_ref().and_then(|cache| cache.get(handle)) {
            return Ok(Some(record));
        }
        let wanted = handle.clone();
        let addresses = self.settings.addresses.clone();
        let found = self
            .store
            .read(move |c| Record::load(c, &wanted, &addresses))
            .await?
            .map(Arc::new);
        if let Some(record) = &found {
            self.remember(handle, record);
        }
        Ok(found)
    }

    /// Keeps a record for the next readers, unless a newer version is kept already: a reader that
    /// was slow must not hide what a writer has written meanwhile.
    pub(crate) fn remember(&self, handle: &Handle, record: &Arc<Record>) {
        if let Some(cache) = &self.records {
            cache
                .entry_by_ref(handle)
                .and_compute_with(|kept| match kept {
                    Some(kept) if kept.value().version > record.version => Op::Nop,
                    _ => Op::Put(record.clone()),
                });
        }
    }

    /// Service points have changed: they are read anew.
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
        if let Some(known) = self.service_points.as_ref().and_then(|c| c.get(group)) {
            return Ok(Some(known));
        }
        let wanted = group.to_owned();
        let found = self
            .store
            .read(move |c| service_points::of_group(c, &wanted))
            .await?
            .map(Arc::new);
        if let (Some(row), Some(cache)) = (&found, &self.service_points) {
            cache.insert(group.to_owned(), row.clone());
        }
        Ok(found)
    }
}

/// A duration as the store's clock counts.
pub(crate) fn saturating(duration: std::time::Duration) -> time::Duration {
    time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)
}

#[cfg(test)]
mod tests;
