//! `read` and `write` take a synchronous closure over [`Conn`], so no `.await` can happen
//! inside a transaction. SQLite writes share one thread that commits in groups.

use crate::clock::Clock;
use crate::conn::Conn;
use crate::error::StoreError;
use crate::mints::MintQueue;
use crate::seal::KeyRing;
use diesel::Connection as _;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{ManageConnection, Pool};
use rand::RngExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `postgres://…`, or the path of a SQLite file.
    pub url: String,
    /// Connections for reads (SQLite) or for everything (PostgreSQL).
    pub connections: u32,
    /// How long a caller waits for its turn before [`StoreError::Overloaded`].
    pub wait: Duration,
}

impl Settings {
    /// Whether the URL names PostgreSQL (or an engine that speaks its protocol).
    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres://") || self.url.starts_with("postgresql://")
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Option<crossbeam_channel::Sender<Job>>,
    mints: Option<MintQueue>,
    pool: Pool<Manager>,
    slots: Arc<Semaphore>,
    wait: Duration,
    clock: Clock,
    keys: KeyRing,
}

type Finish = Box<dyn FnOnce(Result<(), String>) + Send>;
/// Runs on the connection of an open transaction, or learns why there is none.
type Job = Box<dyn FnOnce(Result<&mut Conn, String>) -> Finish + Send>;

/// Opens connections of the configured kind.
#[derive(Clone)]
pub(crate) enum Manager {
    Postgres(String),
    Sqlite(String),
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> Result<Conn, StoreError> {
        // A connection error may quote the URL, and with it the password.
        let failed = |e: diesel::ConnectionError| {
            StoreError::Connect(without_password(&e.to_string(), self))
        };
        Ok(match self {
            Self::Postgres(url) => {
                Conn::Postgres(diesel::PgConnection::establish(url).map_err(failed)?)
            }
            Self::Sqlite(path) => {
                let mut c = diesel::SqliteConnection::establish(path).map_err(failed)?;
                c.batch_execute(SQLITE_PRAGMAS)?;
                Conn::Sqlite(c)
            }
        })
    }

    fn is_valid(&self, c: &mut Conn) -> Result<(), StoreError> {
        Ok(c.batch_execute("SELECT 1")?)
    }

    fn has_broken(&self, c: &mut Conn) -> bool {
        match c {
            _ if std::thread::panicking() => true,
            Conn::Postgres(p) => AnsiTransactionManager::is_broken_transaction_manager(p),
            Conn::Sqlite(s) => AnsiTransactionManager::is_broken_transaction_manager(s),
        }
    }
}

fn without_password(text: &str, manager: &Manager) -> String {
    let password = match manager {
        Manager::Postgres(url) => url
            .split_once("://")
            .and_then(|(_, rest)| rest.rsplit_once('@'))
            .and_then(|(user, _)| user.split_once(':'))
            .map(|(_, password)| password),
        Manager::Sqlite(_) => None,
    };
    match password {
        Some(p) if !p.is_empty() => text.replace(p, "…"),
        _ => text.to_owned(),
    }
}

// FULL: an acknowledged write survives a power cut; group commit makes it affordable.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; \
    PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536; \
    PRAGMA mmap_size=268435456;";
/// Jobs that share one commit. Larger groups gained 3 % in measurements.
const MAX_GROUP: usize = 64;
/// Jobs that may wait for the writer before callers are told to come back.
const MAX_QUEUE: usize = 4096;
/// How often a PostgreSQL transaction is tried when it collides with others.
const MAX_TRIES: u32 = 10;

impl Store {
    /// Opens the database. Does not touch the schema: see [`crate::migrate`].
    ///
    /// # Errors
    /// [`StoreError::Connect`] when no connection can be had.
    pub fn open(settings: &Settings, clock: Clock, keys: KeyRing) -> Result<Self, StoreError> {
        let postgres = settings.is_postgres();
        let manager = if postgres {
            Manager::Postgres(settings.url.clone())
        } else {
            Manager::Sqlite(settings.url.clone())
        };
        let writer = if postgres {
            None
        } else {
            Some(spawn_writer(manager.clone())?)
        };
        let extra = if postgres { MintQueue::WRITERS } else { 0 };
        let pool = Pool::builder()
            .max_size(settings.connections + extra)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(settings.wait)
            .build(manager)
            .map_err(|e| StoreError::Connect(e.to_string()))?;
        let mints = if postgres {
            Some(MintQueue::start(&pool)?)
        } else {
            None
        };
        Ok(Self {
            writer,
            mints,
            pool,
            slots: Arc::new(Semaphore::new(settings.connections as usize)),
            wait: settings.wait,
            clock,
            keys,
        })
    }

    /// The clock that stamps what is written.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The keys that seal secrets at rest.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    pub(crate) fn mint_queue(&self) -> Option<&MintQueue> {
        self.mints.as_ref()
    }

    /// Runs `f` on a connection, outside a transaction.
    ///
    /// # Errors
    /// What `f` answers, or [`StoreError::Overloaded`] when no connection came free in time.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.on_pool(f).await
    }

    /// Runs `f` in a transaction that is committed, durably, before this returns `Ok`.
    /// `f` may run again after a collision with another transaction.
    ///
    /// # Errors
    /// What `f` answers (then nothing was written), or why the commit failed.
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Some(writer) = &self.writer else {
            return self.on_pool(move |c| in_transaction(c, &f)).await;
        };
        let (tx, rx) = oneshot::channel();
        let job: Job = Box::new(move |c| {
            // The panic is caught inside the savepoint, so that diesel sees an error, rolls the
            // savepoint back and keeps its depth counter right.
            let result = c.map_err(StoreError::Commit).and_then(|c| {
                c.transaction(|c| {
                    catch_unwind(AssertUnwindSafe(|| f(c))).unwrap_or(Err(StoreError::Panicked))
                })
            });
            Box::new(move |committed| {
                // The caller may have gone away; then nobody waits for the answer.
                let _ = tx.send(committed.map_err(StoreError::Commit).and(result));
            })
        });
        writer.try_send(job).map_err(|_| StoreError::Overloaded)?;
        rx.await.map_err(|_| StoreError::Panicked)?
    }

    async fn on_pool<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        // The permit comes before the pool, so that no thread waits in it.
        let permit = tokio::time::timeout(self.wait, self.slots.clone().acquire_owned())
            .await
            .map_err(|_| StoreError::Overloaded)?
            .map_err(|_| StoreError::Overloaded)?;
        let pool = self.pool.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut c = pool.get().map_err(|e| StoreError::Connect(e.to_string()))?;
            f(&mut c)
        })
        .await
        .map_err(|_| StoreError::Panicked)?
    }
}

/// Runs `f` in a transaction of its own and tries again after collisions.
pub(crate) fn in_transaction<T>(
    c: &mut Conn,
    f: &impl Fn(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let result = c.transaction(|c| {
            catch_unwind(AssertUnwindSafe(|| f(c))).unwrap_or(Err(StoreError::Panicked))
        });
        match result {
            Err(e) if e.is_retryable() && attempt < MAX_TRIES => {
                let most = 5u64 << attempt.min(5);
                std::thread::sleep(Duration::from_millis(rand::rng().random_range(1..=most)));
            }
            other => return other,
        }
    }
}

fn spawn_writer(manager: Manager) -> Result<crossbeam_channel::Sender<Job>, StoreError> {
    let mut c = manager.connect()?;
    let (tx, rx) = crossbeam_channel::bounded::<Job>(MAX_QUEUE);
    std::thread::Builder::new()
        .name("sqlite-writer".into())
        .spawn(move || {
            while let Ok(first) = rx.recv() {
                if commit_group(&mut c, first, &rx).is_err() {
                    // A failed commit leaves the connection in doubt; a fresh one is not.
                    match manager.connect() {
                        Ok(fresh) => c = fresh,
                        Err(e) => tracing::error!(error = %e, "the writer cannot reconnect"),
                    }
                }
            }
        })
        .map_err(|e| StoreError::Connect(e.to_string()))?;
    Ok(tx)
}

/// Runs `first` and whatever else already waits as one commit, each job in its own savepoint.
fn commit_group(
    c: &mut Conn,
    first: Job,
    rx: &crossbeam_channel::Receiver<Job>,
) -> Result<(), String> {
    let begun = match c {
        Conn::Sqlite(s) => AnsiTransactionManager::begin_transaction_sql(s, "BEGIN IMMEDIATE"),
        Conn::Postgres(p) => AnsiTransactionManager::begin_transaction(p),
    }
    .map_err(|e| e.to_string());
    let mut done = Vec::with_capacity(MAX_GROUP);
    let mut next = Some(first);
    while let Some(job) = next {
        done.push(match &begun {
            Ok(()) => job(Ok(&mut *c)),
            Err(e) => job(Err(e.clone())),
        });
        next = if done.len() < MAX_GROUP {
            rx.try_recv().ok()
        } else {
            None
        };
    }
    let committed = begun.and_then(|()| {
        match c {
            Conn::Sqlite(s) => AnsiTransactionManager::commit_transaction(s),
            Conn::Postgres(p) => AnsiTransactionManager::commit_transaction(p),
        }
        .map_err(|e| e.to_string())
    });
    for finish in done {
        finish(committed.clone());
    }
    committed
}
