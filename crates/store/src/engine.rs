//! `read` and `write` take a synchronous closure over [`Conn`], so no `.await` can happen
//! inside a transaction. SQLite writes share one thread that commits in groups.

use crate::clock::Clock;
use crate::conn::{Conn, per_backend};
use crate::connections::{Bounds, Connections};
use crate::database_clock;
use crate::error::StoreError;
use crate::mints::MintQueue;
use crate::pool::{Manager, SqliteFile, with_connection};
use crate::queue::{Jobs, Queue, queue};
use crate::seal::KeyRing;
use crate::writability::{self, Doubt};
use diesel::Connection as _;
use diesel::QueryResult;
use diesel::RunQueryDsl as _;
use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
use diesel::r2d2::ManageConnection as _;
use rand::RngExt as _;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;
use tokio::sync::oneshot;

/// How to reach the database.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `postgres://…`, or the path of a SQLite file.
    pub url: String,
    /// Connections for reads (SQLite) or for everything (PostgreSQL).
    pub connections: u32,
    /// How long a caller waits for its turn before [`StoreError::Overloaded`]. One who would wait longer is
    /// refused at once.
    pub wait: Duration,
    /// Connections for reads that may take long ([`Store::read_long`]), beside the others.
    pub long_connections: u32,
    /// How long such a read may take (on PostgreSQL) before [`StoreError::TookTooLong`].
    pub long_deadline: Duration,
    /// Memory for pages of a SQLite file, in bytes, over all connections. PostgreSQL keeps its own.
    pub page_cache: u64,
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
    writer: Option<Queue<Job>>,
    mints: Option<MintQueue>,
    connections: Connections,
    long: Connections,
    clock: Clock,
    keys: KeyRing,
    doubt: Doubt,
}

type Finish = Box<dyn FnOnce(Result<(), Uncommitted>) + Send>;
/// Runs on the connection of an open transaction, or learns why there is none.
type Job = Box<dyn FnOnce(Result<&mut Conn, String>) -> Ran + Send>;

/// A job that ran and waits for the commit.
struct Ran {
    finish: Finish,
    /// Why nothing can be written, if the job found that out.
    not_writable: Option<String>,
}

/// Why a group was not committed.
#[derive(Clone)]
enum Uncommitted {
    /// Nothing of it was written.
    NotWritable(String),
    /// Nobody knows.
    InDoubt(String),
}

impl From<Uncommitted> for StoreError {
    fn from(why: Uncommitted) -> Self {
        match why {
            Uncommitted::NotWritable(why) => Self::NotWritable(why),
            Uncommitted::InDoubt(why) => Self::Commit(why),
        }
    }
}

/// Jobs that share one commit. Larger groups gained 3 % in measurements.
const MAX_GROUP: usize = 64;
/// How often a PostgreSQL transaction is tried when it collides with others.
const MAX_TRIES: u32 = 10;

impl Store {
    /// Opens the database. Does not touch the schema: see [`crate::migrate`].
    ///
    /// # Errors
    /// [`StoreError::Connect`] when no connection can be had.
    pub fn open(settings: &Settings, clock: Clock, keys: KeyRing) -> Result<Self, StoreError> {
        let postgres = settings.is_postgres();
        let url = settings.url.clone();
        let writer = if postgres {
            None
        } else {
            let cache = settings.page_cache / 2;
            let manager = Manager::SqliteWriter(SqliteFile::new(&url, cache));
            Some(spawn_writer(manager, settings.wait)?)
        };
        // The writer has the other half, as its pages stay good; a reader's do until the next commit.
        let readers = settings
            .connections
            .saturating_add(settings.long_connections);
        let reader_cache = settings.page_cache / 2 / u64::from(readers.max(1));
        let manager = |deadline| {
            if postgres {
                let url = url.clone();
                Manager::Postgres { url, deadline }
            } else {
                Manager::SqliteReader(SqliteFile::new(&url, reader_cache))
            }
        };
        let bounds = Bounds {
            turns: settings.connections,
            extra: if postgres { MintQueue::WRITERS } else { 0 },
            wait: settings.wait,
            deadline: None,
        };
        let connections = Connections::open(manager(None), &bounds)?;
        let deadline = Some(settings.long_deadline);
        let bounds = Bounds {
            turns: settings.long_connections,
            extra: 0,
            deadline,
            ..bounds
        };
        let long = Connections::open(manager(deadline), &bounds)?;
        let pool = connections.pool();
        let clock_of_all = clock.clone();
        with_connection(pool, move |c| database_clock::set(&clock_of_all, c))?;
        let mints = if postgres {
            Some(MintQueue::start(pool, settings.wait)?)
        } else {
            None
        };
        Ok(Self {
            writer,
            mints,
            connections,
            long,
            clock,
            keys,
            doubt: Doubt::default(),
        })
    }

    /// The clock that stamps what is written.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Lets the clock follow the database's on PostgreSQL, so that all nodes agree, and this
    /// machine's on SQLite. To be called every few seconds: a correction of more than a second is
    /// made when two calls in a row find the same.
    pub async fn correct_clock(&self) -> Result<(), StoreError> {
        let clock = self.clock.clone();
        self.read(move |c| database_clock::correct(&clock, c)).await
    }

    /// The keys that seal secrets at rest.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    pub(crate) fn doubt(&self) -> &Doubt {
        &self.doubt
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
        self.connections.run(f).await
    }

    /// Runs `f`, which only reads and may take long (a search, a count), on a connection that no other
    /// work waits for.
    ///
    /// # Errors
    /// What `f` answers, [`StoreError::Overloaded`] when no such connection came free in time, or
    /// [`StoreError::TookTooLong`].
    pub async fn read_long<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.long.run(f).await
    }

    /// Runs `f`, which only reads, on the state of the database at one moment: no other transaction is
    /// seen in part.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn snapshot<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let at_one_moment = |c: &mut Conn| {
            c.transaction(|c| {
                // A transaction of SQLite reads from one moment anyway.
                if let Conn::Postgres(c) = c {
                    let at_once = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
                    diesel::sql_query(at_once).execute(c)?;
                }
                unless_it_panics(c, f)
            })
        };
        self.connections.run(at_one_moment).await
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
        let written = match &self.writer {
            Some(writer) => write_by(writer, f).await,
            None => self.connections.run(move |c| in_transaction(c, &f)).await,
        };
        self.doubt.note(&written);
        written
    }
}

/// Has `f` run by the one writer of SQLite.
async fn write_by<T: Send + 'static>(
    writer: &Queue<Job>,
    f: impl Fn(&mut Conn) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let (tx, rx) = oneshot::channel();
    let job: Job = Box::new(move |c| {
        let mut not_writable = None;
        let result = c.map_err(StoreError::NotWritable).and_then(|c| {
            c.transaction(|c| {
                let result = unless_it_panics(c, &f);
                // Noted here, since the rollback that follows may fail with an error of its own.
                if let Err(StoreError::NotWritable(why)) = &result {
                    not_writable = Some(why.clone());
                }
                result
            })
        });
        let finish: Finish = Box::new(move |committed| {
            // The caller may have gone away; then nobody waits for the answer.
            let _ = tx.send(committed.map_err(StoreError::from).and(result));
        });
        Ran {
            finish,
            not_writable,
        }
    });
    writer.run(job, rx).await
}

/// Runs `f` in a transaction of its own and tries again after collisions.
pub(crate) fn in_transaction<T>(
    c: &mut Conn,
    f: &impl Fn(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let mut content = false;
        let result = c.transaction(|c| {
            let result = unless_it_panics(c, f);
            content = result.is_ok();
            result
        });
        match result {
            Err(e) if e.is_retryable() && attempt < MAX_TRIES => {
                let most = 5u64 << attempt.min(5);
                std::thread::sleep(Duration::from_millis(rand::rng().random_range(1..=most)));
            }
            // All statements went through, so it is the commit that failed.
            Err(StoreError::Database(e)) if content => {
                return Err(StoreError::Commit(e.to_string()));
            }
            other => return other,
        }
    }
}

/// Runs `f` inside an open transaction. A panic is caught here, so that diesel sees an error,
/// rolls back and keeps its depth counter right; what `f` left open inside is rolled back too.
fn unless_it_panics<T>(
    c: &mut Conn,
    f: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let before = depth(c);
    catch_unwind(AssertUnwindSafe(|| f(c))).unwrap_or_else(|_| {
        while depth(c) > before && rollback(c).is_ok() {}
        Err(StoreError::Panicked)
    })
}

/// How many transactions are open inside each other; none in a broken connection.
fn depth(c: &mut Conn) -> u32 {
    let depth = per_backend!(c, |c| {
        AnsiTransactionManager::transaction_manager_status_mut(c).transaction_depth()
    });
    depth.ok().flatten().map_or(0, NonZeroU32::get)
}

fn rollback(c: &mut Conn) -> QueryResult<()> {
    per_backend!(c, |c| AnsiTransactionManager::rollback_transaction(c))
}

fn spawn_writer(manager: Manager, wait: Duration) -> Result<Queue<Job>, StoreError> {
    let mut c = manager.connect()?;
    let (queue, jobs) = queue::<Job>(wait, 1, MAX_GROUP);
    std::thread::Builder::new()
        .name("sqlite-writer".into())
        .spawn(move || {
            let mut has_failed = false;
            while let Some((first, _working)) = jobs.next() {
                has_failed = commit_group(&mut c, has_failed, first, &jobs).is_err();
                if has_failed {
                    // A failed commit leaves the connection in doubt; a fresh one is not.
                    match manager.connect() {
                        Ok(fresh) => c = fresh,
                        Err(e) => tracing::error!(error = %e, "the writer cannot reconnect"),
                    }
                }
            }
        })
        .map_err(|e| StoreError::Connect(e.to_string()))?;
    Ok(queue)
}

/// Begins a transaction. After a failure something is written alone first: if that fails as well, the
/// jobs are not tried, so that nobody is left in doubt about theirs.
fn begin(c: &mut Conn, after_failure: bool) -> Result<(), StoreError> {
    if after_failure {
        c.transaction(|c| writability::probe(c, None))?;
    }
    match c {
        Conn::Sqlite(s) => AnsiTransactionManager::begin_transaction_sql(s, "BEGIN IMMEDIATE"),
        Conn::Postgres(p) => AnsiTransactionManager::begin_transaction(p),
    }?;
    Ok(())
}

/// Runs `first` and whatever else already waits as one commit, each job in its own savepoint.
fn commit_group(
    c: &mut Conn,
    after_failure: bool,
    first: Job,
    jobs: &Jobs<Job>,
) -> Result<(), Uncommitted> {
    let begun = begin(c, after_failure).map_err(|e| match e {
        StoreError::NotWritable(why) => why,
        other => other.to_string(),
    });
    let mut done = Vec::with_capacity(MAX_GROUP);
    let mut not_writable = None;
    let mut next = Some(first);
    while let Some(job) = next {
        let ran = job(begun.as_ref().map(|()| &mut *c).map_err(Clone::clone));
        done.push(ran.finish);
        not_writable = not_writable.or(ran.not_writable);
        let goes_on = not_writable.is_none();
        next = if goes_on && done.len() < MAX_GROUP {
            jobs.more()
        } else {
            None
        };
    }
    let committed = match begun.err().or(not_writable) {
        // SQLite may have ended the transaction already; the others' work is gone in any case.
        Some(why) => {
            while depth(c) > 0 && rollback(c).is_ok() {}
            Err(Uncommitted::NotWritable(why))
        }
        None => commit(c),
    };
    for finish in done {
        finish(committed.clone());
    }
    committed
}

fn commit(c: &mut Conn) -> Result<(), Uncommitted> {
    let committed = per_backend!(c, |c| AnsiTransactionManager::commit_transaction(c));
    committed.map_err(|error| {
        let why = error.to_string();
        if writability::refuses_commit(&why) {
            Uncommitted::NotWritable(why)
        } else {
            Uncommitted::InDoubt(why)
        }
    })
}
