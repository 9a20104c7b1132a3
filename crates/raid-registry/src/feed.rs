//! Waiting for the next change. Who waits holds no connection to the database: one small query, for
//! all who wait in this process, looks for news.

use std::time::Duration;

use store::{Store, StoreError};
use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::settings::ChangeFeed;

/// The readers who wait for the next change.
pub(crate) struct Feed {
    poll: Duration,
    places: Semaphore,
    /// Where the feed ended, and when that was seen.
    end: Mutex<Option<(Instant, i64)>>,
}

impl Feed {
    pub(crate) fn new(settings: ChangeFeed) -> Self {
        Self {
            poll: settings.poll,
            places: Semaphore::new(settings.waiting),
            end: Mutex::new(None),
        }
    }

    /// A place among those who wait, until it is dropped.
    pub(crate) fn place(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.places.try_acquire().map_err(|_| {
            let detail = "So many readers wait for changes that no more may. Ask again in a \
                          moment, or without `wait`.";
            Problem::unavailable(detail).into()
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
