//! One budget of calls for all nodes, kept in the store.

use std::time::Duration;
use store::limiter::{self, Pace};
use store::{Store, StoreError};

/// Lets calls go at the pace that the other side allows, together with all other nodes.
#[derive(Clone)]
pub struct SharedLimiter {
    store: Store,
    name: String,
    pace: Pace,
}

/// Why a call may not go now.
#[derive(Debug, thiserror::Error)]
pub enum Busy {
    /// Too many calls wait already; come back later.
    #[error("too many calls wait for their turn")]
    Full,
    /// The budget cannot be read.
    #[error("the limiter cannot be asked: {0}")]
    Store(#[from] StoreError),
}

impl SharedLimiter {
    /// A budget under this name.
    pub fn new(store: Store, name: impl Into<String>, pace: Pace) -> Self {
        Self {
            store,
            name: name.into(),
            pace,
        }
    }

    /// Waits for this call's turn.
    ///
    /// # Errors
    /// [`Busy::Full`] when the turn would come later than the pace's longest wait.
    pub async fn acquire(&self) -> Result<(), Busy> {
        let (name, pace, clock) = (self.name.clone(), self.pace, self.store.clock().clone());
        let wait = self
            .store
            .write(move |c| limiter::reserve(c, &name, &pace, clock.now()))
            .await?
            .ok_or(Busy::Full)?;
        let wait = Duration::try_from(wait).unwrap_or_default();
        metrics::histogram!("raid_limiter_wait_seconds", "limiter" => self.name.clone())
            .record(wait.as_secs_f64());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// The other side said it is overloaded: everybody slows down.
    pub async fn slow_down(&self) {
        metrics::counter!("raid_limiter_refusals_total", "limiter" => self.name.clone())
            .increment(1);
        let (name, pace, clock) = (self.name.clone(), self.pace, self.store.clock().clone());
        let slowed = self
            .store
            .write(move |c| limiter::slow_down(c, &name, &pace, clock.now()))
            .await;
        if let Err(e) = slowed {
            tracing::warn!(error = %e, "the shared pace could not be slowed down");
        }
    }
}
