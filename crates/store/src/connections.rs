//! Connections to the database, and turns at them.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::load::Load;
use crate::pool::{Manager, with_connection};
use diesel::r2d2::Pool;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Callers that may wait for each connection, before others are refused at once.
const WAITING_A_CONNECTION: usize = 512;

/// Some connections, for one kind of work. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Connections {
    pool: Pool<Manager>,
    turns: Arc<Semaphore>,
    /// Places of all who work or wait.
    places: Arc<Semaphore>,
    load: Arc<Load>,
    deadline: Option<Duration>,
}

/// How many connections, and how long callers may take.
pub(crate) struct Bounds {
    /// Callers that work at the same time.
    pub(crate) turns: u32,
    /// Connections beside theirs, for threads of our own.
    pub(crate) extra: u32,
    /// How long a caller waits for its turn.
    pub(crate) wait: Duration,
    /// After this the database ends a query (PostgreSQL only). None: it may take as long as it takes.
    pub(crate) deadline: Option<Duration>,
}

impl Connections {
    /// Opens the first of them.
    pub(crate) fn open(manager: Manager, bounds: &Bounds) -> Result<Self, StoreError> {
        let turns = usize::try_from(bounds.turns).unwrap_or(Semaphore::MAX_PERMITS);
        let pool = Pool::builder()
            .max_size(bounds.turns.saturating_add(bounds.extra))
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(bounds.wait)
            .build(manager)
            .map_err(|e| StoreError::Connect(e.to_string()))?;
        let places = turns.saturating_mul(1 + WAITING_A_CONNECTION);
        Ok(Self {
            pool,
            turns: Arc::new(Semaphore::new(turns)),
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            load: Load::new(bounds.wait, turns, 1),
            deadline: bounds.deadline,
        })
    }

    /// The pool itself, for threads of our own.
    pub(crate) fn pool(&self) -> &Pool<Manager> {
        &self.pool
    }

    /// Runs `f` on a connection when it is the caller's turn.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| StoreError::Overloaded)?;
        let waiting = self.load.enter()?;
        // The turn comes before the pool, so that no thread waits in it.
        let turn = timeout(self.load.wait(), self.turns.clone().acquire_owned())
            .await
            .map_err(|_| StoreError::Overloaded)?
            .map_err(|_| StoreError::Overloaded)?;
        let working = self.load.begin();
        drop(waiting);
        let (pool, deadline) = (self.pool.clone(), self.deadline);
        tokio::task::spawn_blocking(move || {
            let _held = (place, turn, working);
            let begun = Instant::now();
            match with_connection(&pool, f) {
                // Its text depends on the language of the server.
                Err(StoreError::Database(_))
                    if deadline.is_some_and(|it| begun.elapsed() >= it) =>
                {
                    Err(StoreError::TookTooLong)
                }
                result => result,
            }
        })
        .await
        .map_err(|_| StoreError::Panicked)?
    }
}
