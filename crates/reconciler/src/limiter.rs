//! One budget of calls for all nodes, kept in the store.

use std::sync::Arc;
use std::time::Duration;
use store::limiter::{self, Pace, Turn, Urgency};
use store::{Store, StoreError};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout_at};

/// The longest extra pause, by chance, before a call asks again: nodes that wait for the same
/// moment do not ask all at once. Shorter than the queue of bulk work, so that the limit is used
/// up.
const JITTER: Duration = Duration::from_millis(100);

/// Lets calls go at the pace that the other side allows, together with all other nodes.
#[derive(Clone)]
pub struct SharedLimiter {
    store: Store,
    name: String,
    pace: Pace,
    lines: Arc<Lines>,
}

/// Of the calls of this process that could not reserve a turn, one of each kind asks again; the
/// others wait for it, in the order in which they came.
#[derive(Default)]
struct Lines {
    bulk: Mutex<()>,
    background: Mutex<()>,
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
            lines: Arc::default(),
        }
    }

    /// Waits for this call's turn, for at most [`Pace::longest_wait`]. A bulk or background call
    /// waits here until the queue is short, so that its task need not start again.
    ///
    /// # Errors
    /// [`Busy::Full`] when the turn would come later.
    pub async fn acquire(&self, urgency: Urgency) -> Result<(), Busy> {
        let asked = Instant::now();
        let wait = self.reserved(urgency, asked).await?;
        if !wait.is_zero() {
            sleep(wait).await;
        }
        metrics::histogram!("raid_limiter_wait_seconds", "limiter" => self.name.clone(), "urgency" => urgency.as_str())
            .record(asked.elapsed().as_secs_f64());
        Ok(())
    }

    /// Reserves the turn and says how long to wait for it.
    async fn reserved(&self, urgency: Urgency, asked: Instant) -> Result<Duration, Busy> {
        let line = match urgency {
            Urgency::Exchange | Urgency::Interactive => {
                return match self.reserve(urgency).await? {
                    Turn::In(wait) => Ok(unsigned(wait)),
                    Turn::NotYet(_) => Err(Busy::Full),
                };
            }
            Urgency::Bulk => &self.lines.bulk,
            Urgency::Background => &self.lines.background,
        };
        let end = asked + unsigned(self.pace.longest_wait(urgency));
        let _first = timeout_at(end, line.lock()).await.map_err(|_| Busy::Full)?;
        loop {
            match self.reserve(urgency).await? {
                Turn::In(wait) => return Ok(unsigned(wait)),
                Turn::NotYet(missing) => {
                    let pause = unsigned(missing) + JITTER.mul_f64(rand::random());
                    if Instant::now() + pause > end {
                        return Err(Busy::Full);
                    }
                    sleep(pause).await;
                }
            }
        }
    }

    async fn reserve(&self, urgency: Urgency) -> Result<Turn, StoreError> {
        let (name, pace, clock) = (self.name.clone(), self.pace, self.store.clock().clone());
        self.store
            .write(move |c| limiter::reserve(c, &name, &pace, urgency, clock.now()))
            .await
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

fn unsigned(wait: time::Duration) -> Duration {
    Duration::try_from(wait).unwrap_or_default()
}
