//! Waiting for the next change. Who waits holds no connection to the database: one small query, for
//! all who wait in this process, looks for news.

use std::time::Duration;

use store::{Store, StoreError};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::limits::{CallerKey, Place, Places};
use crate::settings::ChangeFeed;

/// The readers who wait for the next change.
pub(crate) struct Feed {
    poll: Duration,
    /// For all who wait.
    places: Semaphore,
    /// Those of them that callers without a token may take.
    open_places: Semaphore,
    /// Those of each caller.
    own_places: Places,
    /// Where the feed ended, and when that was seen.
    end: Mutex<Option<(Instant, i64)>>,
}

/// A place among the readers who wait.
pub(crate) struct FeedPlace<'a> {
    _own: Place,
    _open: Option<SemaphorePermit<'a>>,
    _any: SemaphorePermit<'a>,
}

impl Feed {
    pub(crate) fn new(settings: ChangeFeed) -> Self {
        Self {
            poll: settings.poll,
            places: Semaphore::new(settings.waiting),
            open_places: Semaphore::new(settings.waiting / 2),
            own_places: Places::new(settings.waiting_each),
            end: Mutex::new(None),
        }
    }

    /// A place among those who wait, until it is dropped; none when there is none for this caller.
    pub(crate) fn place(&self, who: &CallerKey) -> Option<FeedPlace<'_>> {
        let own = self.own_places.take(who)?;
        let open = if who.has_token() {
            None
        } else {
            Some(self.open_places.try_acquire().ok()?)
        };
        Some(FeedPlace {
            _own: own,
            _open: open,
            _any: self.places.try_acquire().ok()?,
        })
    }

    /// Waits until the feed reaches beyond a position, or for as long as it may. Says whether it
    /// does.
    pub(crate) async fn passes(
        &self,
        store: &Store,
        position: i64,
        until: Instant,
    ) -> Result<bool, StoreError> {
        while Instant::now() < until {
            sleep_until((Instant::now() + self.poll).min(until)).await;
            if self.end(store).await? > position {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where the feed ended at most one interval ago.
    async fn end(&self, store: &Store) -> Result<i64, StoreError> {
        let mut seen = self.end.lock().await;
        if let Some((at, end)) = *seen
            && at.elapsed() < self.poll
        {
            return Ok(end);
        }
        let end = store.changes_reach().await?.end;
        *seen = Some((Instant::now(), end));
        Ok(end)
    }
}
