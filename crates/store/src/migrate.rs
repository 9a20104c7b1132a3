//! The schema, compiled in. Migrations only add, and replace indexes, so that old and new nodes run side by
//! side.

use crate::clock::Clock;
use crate::conn::{Conn, per_backend};
use crate::database_clock;
use crate::engine::Settings;
use crate::error::StoreError;
use crate::pool;
use crate::writability;
use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use diesel::migration::{Migration as _, MigrationSource};
use diesel::{Connection as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub(crate) const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

fn connect(settings: &Settings) -> Result<Conn, StoreError> {
    if settings.is_postgres() {
        return Ok(Conn::Postgres(pool::postgres(&settings.url)?));
    }
    let mut c = diesel::SqliteConnection::establish(&settings.url)
        .map_err(|e| StoreError::Connect(e.to_string()))?;
    c.batch_execute("PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL;")?;
    Ok(Conn::Sqlite(c))
}

/// Runs `f` on a connection of its own, where there is no store (yet).
pub fn with_connection<T>(
    settings: &Settings,
    f: impl FnOnce(&mut Conn) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    f(&mut connect(settings)?)
}

/// Brings the schema up to date and gives the names of the migrations that ran.
///
/// Run it as a step of its own before nodes start: diesel takes no lock, so two at once on
/// PostgreSQL may collide (one of them then fails and changes nothing).
///
/// # Errors
/// [`StoreError::Connect`] or [`StoreError::Schema`] with the migration that failed.
pub fn migrate(settings: &Settings) -> Result<Vec<String>, StoreError> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| StoreError::Schema(e.to_string());
    let ran = match connect(settings)? {
        Conn::Postgres(mut c) => c.run_pending_migrations(POSTGRES).map(|v| names(&v)),
        Conn::Sqlite(mut c) => c.run_pending_migrations(SQLITE).map(|v| names(&v)),
    };
    ran.map_err(failed)
}

fn names(versions: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// The newest migration of this program, such as `0115`.
pub fn newest() -> Result<String, StoreError> {
    let all = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE);
    let all = all.map_err(|e| StoreError::Schema(e.to_string()))?;
    let versions = all.iter().map(|m| m.name().version().to_string());
    Ok(versions.max().unwrap_or_default())
}

/// The newest migration that ran on a database.
pub fn newest_applied(c: &mut Conn) -> Result<String, StoreError> {
    let applied = per_backend!(c, |c| c.applied_migrations());
    let applied = applied.map_err(|e| StoreError::Schema(e.to_string()))?;
    Ok(names(&applied).into_iter().max().unwrap_or_default())
}

/// Fails when migrations are pending.
///
/// # Errors
/// [`StoreError::Schema`] says what to run.
pub fn check(settings: &Settings) -> Result<(), StoreError> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| StoreError::Schema(e.to_string());
    let pending = match connect(settings)? {
        Conn::Postgres(mut c) => c.has_pending_migration(POSTGRES),
        Conn::Sqlite(mut c) => c.has_pending_migration(SQLITE),
    };
    if pending.map_err(failed)? {
        return Err(StoreError::Schema("migrations are pending".into()));
    }
    Ok(())
}

/// What a look at a database found, which changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Whether migrations have to run before this program can use it.
    pub is_pending: bool,
    /// The ORCID environment that it belongs to, if that is known.
    pub environment: Option<String>,
    /// How far its clock is ahead of this machine's. SQLite has none of its own.
    pub clock_ahead: Option<time::Duration>,
}

/// Looks at a database without changing it. A SQLite file must be there, as it would be made.
///
/// # Errors
/// [`StoreError::Connect`] when it cannot be reached, [`StoreError::Database`] when it takes no writes.
pub fn inspect(settings: &Settings) -> Result<Inspection, StoreError> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| StoreError::Schema(e.to_string());
    let mut c = connect(settings)?;
    // Never committed: to look for migrations makes the table of those that ran.
    let is_pending = match &mut c {
        Conn::Postgres(c) => {
            c.begin_test_transaction()?;
            c.has_pending_migration(POSTGRES)
        }
        Conn::Sqlite(c) => {
            c.begin_test_transaction()?;
            c.has_pending_migration(SQLITE)
        }
    };
    let is_pending = is_pending.map_err(failed)?;
    let mut environment = None;
    if !is_pending {
        writability::probe(&mut c, None)?;
        environment = environment_of(&mut c)?;
    }
    let clock = database_clock::read(&mut c)?;
    let clock_ahead = clock.map(|(reading, read_at)| {
        let here = Clock::system().now() - read_at.elapsed();
        reading - here
    });
    Ok(Inspection {
        is_pending,
        environment,
        clock_ahead,
    })
}

fn environment_of(c: &mut Conn) -> Result<Option<String>, StoreError> {
    use crate::schema::installation::dsl::{installation, name, value};
    Ok(installation
        .filter(name.eq("orcid_environment"))
        .select(value)
        .first(c)
        .optional()?)
}

/// Ties the database to one ORCID environment for life, so that a sandbox grant is never used
/// in production: the same digits are another person's record there.
///
/// # Errors
/// [`StoreError::OtherEnvironment`] when it is tied to another one.
pub fn claim_environment(c: &mut Conn, wanted: &str) -> Result<(), StoreError> {
    use crate::schema::installation::dsl::{installation, name, value};
    // Nodes that start at the same time all get here; the first one's row stands.
    let row = (name.eq("orcid_environment"), value.eq(wanted));
    per_backend!(c, |c| diesel::insert_into(installation)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    let found = environment_of(c)?.ok_or(StoreError::NotFound)?;
    if found == wanted {
        return Ok(());
    }
    Err(StoreError::OtherEnvironment {
        found,
        wanted: wanted.to_owned(),
    })
}
