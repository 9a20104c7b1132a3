//! Connections: how they are opened, and when they are thrown away.

use crate::conn::Conn;
use crate::error::StoreError;
use diesel::Connection as _;
use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::r2d2::{ManageConnection, Pool};
use std::time::Duration;

/// Opens connections of the configured kind.
#[derive(Clone)]
pub(crate) enum Manager {
    Postgres {
        url: String,
        /// After this the server ends a query.
        deadline: Option<Duration>,
    },
    /// The one connection that writes.
    SqliteWriter(SqliteFile),
    SqliteReader(SqliteFile),
}

/// A SQLite file.
#[derive(Clone)]
pub(crate) struct SqliteFile {
    path: String,
    /// Memory of one connection for pages of the file, in KiB.
    cache: u64,
}

impl SqliteFile {
    /// `cache` is the memory of one connection for pages, in bytes.
    pub(crate) fn new(path: &str, cache: u64) -> Self {
        Self {
            path: path.to_owned(),
            cache: (cache / 1024).max(LEAST_CACHE),
        }
    }
}

/// Below this, in KiB, a statement has no room for the pages that it works with.
const LEAST_CACHE: u64 = 256;

// FULL: an acknowledged write survives a power cut; group commit makes it affordable. Nothing is mapped:
// each connection would map the file again, and every page that it touched would count as memory of this
// process, beyond its budget. The system's own cache of the file serves all connections.
const SQLITE_PRAGMAS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; \
    PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA mmap_size=0;";

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> Result<Conn, StoreError> {
        match self {
            Self::Postgres { url, deadline } => {
                let mut c = postgres(url)?;
                if let Some(deadline) = deadline {
                    let deadline = deadline.as_millis();
                    c.batch_execute(&format!("SET statement_timeout = {deadline}"))?;
                }
                Ok(Conn::Postgres(c))
            }
            Self::SqliteWriter(file) => Ok(Conn::Sqlite(sqlite(file)?)),
            Self::SqliteReader(file) => {
                let mut c = sqlite(file)?;
                // Two connections that write would wait for each other, unfairly.
                c.batch_execute("PRAGMA query_only=ON")?;
                Ok(Conn::Sqlite(c))
            }
        }
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

fn sqlite(file: &SqliteFile) -> Result<diesel::SqliteConnection, StoreError> {
    let mut c = diesel::SqliteConnection::establish(&file.path)
        .map_err(|e| StoreError::Connect(e.to_string()))?;
    c.batch_execute(SQLITE_PRAGMAS)?;
    // Negative: in KiB.
    c.batch_execute(&format!("PRAGMA cache_size = -{}", file.cache))?;
    Ok(c)
}

/// A process that stands still in the middle of a transaction (stopped, or cut off) must not hold
/// its locks against all others, such as the one on the shared limiter. Ours never wait between two
/// statements.
const POSTGRES_SETTINGS: &str = "SET idle_in_transaction_session_timeout = '5s'";

/// Connects to PostgreSQL; the error shows no part of the password.
pub(crate) fn postgres(url: &str) -> Result<diesel::PgConnection, StoreError> {
    let mut c = diesel::PgConnection::establish(url).map_err(|e| {
        let text = e.to_string();
        // The library quotes what it cannot read in a URL, be it the password or a part of it.
        StoreError::Connect(if password_parts(url).any(|part| text.contains(part)) {
            "PostgreSQL cannot be reached with the URL configured: check it, and that every \
             character of the password but letters and digits is percent-encoded"
                .to_owned()
        } else {
            text
        })
    })?;
    c.batch_execute(POSTGRES_SETTINGS)?;
    Ok(c)
}

/// The runs of letters and digits in all that may be a password, well written or not.
fn password_parts(url: &str) -> impl Iterator<Item = &str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let in_authority = rest
        .rsplit_once('@')
        .and_then(|(user, _)| user.split_once(':'))
        .map(|(_, password)| password);
    let in_query = rest.split_once("password=").map(|(_, password)| password);
    in_authority
        .into_iter()
        .chain(in_query)
        .flat_map(|secret| secret.split(|c: char| !c.is_alphanumeric()))
        .filter(|part| part.len() > 2)
}

/// Runs `f` on a connection of the pool, and sees to it that a dead one does not go back: each
/// costs one caller an error, and no more.
pub(crate) fn with_connection<T>(
    pool: &Pool<Manager>,
    f: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut c = pool.get().map_err(|e| StoreError::Connect(e.to_string()))?;
    let result = f(&mut c);
    if let (Err(StoreError::NotWritable(_)), Conn::Postgres(p)) = (&result, &mut *c) {
        // It is not used again: the next one may lead to a server that takes writes, or to settings
        // that allow them.
        AnsiTransactionManager::transaction_manager_status_mut(p).set_in_error();
    }
    if matches!(result, Err(StoreError::Database(_) | StoreError::Commit(_))) {
        // A query that finds the server gone does not mark the connection as broken, which is
        // what `has_broken` asks for; this statement does.
        drop(c.batch_execute("SELECT 1"));
    }
    result
}
