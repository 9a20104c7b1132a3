//! For tests only: a database of its own for each test, on SQLite and on PostgreSQL alike.
//!
//! ```ignore
//! store::on_both_databases!(a_new_raid_is_found);
//!
//! async fn a_new_raid_is_found(db: &TestDb) {
//!     let store = db.store();
//!     // …
//! }
//! ```

#![expect(
    clippy::expect_used,
    reason = "a test that has no database has nothing else to do"
)]

use crate::clock::Clock;
use crate::conn::Conn;
use crate::engine::{Settings, Store, in_transaction};
use crate::error::StoreError;
use crate::migrate;
use crate::pool::{Manager, SqliteFile};
use crate::raids::{RaidWrite, insert};
use crate::seal::KeyRing;
use crate::types::Timestamp;
use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::r2d2::ManageConnection as _;
use raid_model::OrcidId;
use raid_model::permission::PermissionState;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

/// The variable that holds the URL of a PostgreSQL server whose role may create schemas.
pub const SERVER: &str = "RAID_TEST_POSTGRES";

/// Memory for pages of a SQLite file, in bytes: the program's share of a budget of 256 MB.
const PAGE_CACHE: u64 = 128 << 20;

/// Drops every check and reference in the schema of a test.
const DROP_CONSTRAINTS: &str = "DO $$ DECLARE it RECORD; BEGIN FOR it IN \
     SELECT conrelid::regclass AS of_table, conname FROM pg_constraint \
     WHERE contype IN ('c', 'f') AND connamespace = current_schema()::text::regnamespace \
     LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', it.of_table, it.conname); \
     END LOOP; END $$";

/// A database that is gone when the test is.
pub struct TestDb {
    store: OnceLock<Store>,
    settings: Settings,
    clock: Clock,
    home: Home,
}

enum Home {
    Folder(PathBuf),
    Schema { server: String, name: String },
}

impl TestDb {
    /// A new, empty SQLite file in a folder of its own.
    ///
    /// # Panics
    /// When the folder cannot be made.
    pub fn sqlite() -> Self {
        let folder = std::env::temp_dir().join(format!("raid-store-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).expect("a folder for the test");
        let url = folder.join("store.db").display().to_string();
        Self::at(url, Home::Folder(folder))
    }

    /// A new, empty schema on the PostgreSQL server that [`SERVER`] names.
    ///
    /// # Panics
    /// When there is no server: a test that is not run must not look like one that passed.
    #[expect(
        clippy::disallowed_methods,
        reason = "the address of the test server is no configuration of the program"
    )]
    pub fn postgres() -> Self {
        let server = std::env::var(SERVER).expect(
            "RAID_TEST_POSTGRES is not set, so there is no PostgreSQL: run `make test`, or \
             `scripts/postgres run cargo nextest run -p CRATE`",
        );
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mut c = diesel::PgConnection::establish(&server).expect("the test server");
        c.batch_execute(&format!("CREATE SCHEMA {name}"))
            .expect("a schema for the test");
        let mark = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{mark}application_name={name}&options=-csearch_path%3D{name}");
        Self::at(url, Home::Schema { server, name })
    }

    fn at(url: String, home: Home) -> Self {
        Self {
            store: OnceLock::new(),
            settings: Settings {
                url,
                connections: 4,
                wait: Duration::from_secs(30),
                long_connections: 2,
                long_deadline: Duration::from_secs(30),
                page_cache: PAGE_CACHE,
            },
            clock: Clock::system(),
            home,
        }
    }

    /// How to reach it, for a program under test.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock of every store that is opened here.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The keys of every store that is opened here.
    pub fn keys() -> KeyRing {
        KeyRing::new(&[7; 32], &[])
    }

    /// The store, with its schema; it is made at the first call.
    ///
    /// # Panics
    /// When the migrations fail.
    pub fn store(&self) -> &Store {
        self.store.get_or_init(|| {
            migrate::migrate(&self.settings).expect("migrations");
            self.another_node()
        })
    }

    /// A further store on the same database, as another process would have.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn another_node(&self) -> Store {
        self.node_with(self.clock.clone())
    }

    /// A further store on the same database, as a process on a machine with this clock would have.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn node_with(&self, clock: Clock) -> Store {
        Store::open(&self.settings, clock, Self::keys()).expect("a store")
    }

    /// One more connection, which writes one RAiD a transaction: what the store's own ways of
    /// writing are measured against.
    ///
    /// # Panics
    /// When it cannot be had.
    pub fn single_writer(&self) -> SingleWriter {
        let url = self.settings.url.clone();
        let manager = if self.settings.is_postgres() {
            Manager::Postgres {
                url,
                deadline: None,
            }
        } else {
            Manager::SqliteWriter(SqliteFile::new(&url, PAGE_CACHE / 2))
        };
        SingleWriter(manager.connect().expect("a connection"))
    }

    /// Runs statements that damage what they find: checks and references do not hold for them.
    ///
    /// # Panics
    /// When one of them fails.
    pub fn damage(&self, statements: &str) {
        let url = &self.settings.url;
        if self.settings.is_postgres() {
            let mut c = diesel::PgConnection::establish(url).expect("a connection");
            c.batch_execute(DROP_CONSTRAINTS).expect("no constraints");
            c.batch_execute(statements).expect("damage");
        } else {
            let mut c = diesel::SqliteConnection::establish(url).expect("a connection");
            c.batch_execute(
                "PRAGMA busy_timeout = 30000; PRAGMA foreign_keys = OFF; \
                 PRAGMA ignore_check_constraints = ON",
            )
            .expect("no constraints");
            c.batch_execute(statements).expect("damage");
        }
    }

    /// Whether it is on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.settings.is_postgres()
    }

    /// Runs a test on this database.
    ///
    /// # Panics
    /// When the test does.
    pub fn run(self, test: impl AsyncFnOnce(&TestDb)) {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .enable_all()
            .build()
            .expect("a runtime")
            .block_on(test(&self));
    }
}

/// Puts a person into a state, whatever they were before and whether or not an event leads there.
///
/// # Errors
/// When the database refuses.
pub fn put_in_state(
    c: &mut Conn,
    orcid: &OrcidId,
    state: PermissionState,
    now: Timestamp,
) -> Result<(), StoreError> {
    use crate::schema::permission;
    use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
    crate::permissions::ensure(c, orcid, now)?;
    diesel::update(permission::table.find(orcid.to_string()))
        .set((
            permission::state.eq(state.as_str()),
            permission::since.eq(now),
            permission::updated_at.eq(now),
            permission::version.eq(permission::version + 1),
        ))
        .execute(c)?;
    Ok(())
}

/// Loses the tasks of a subject, as damage would.
///
/// # Errors
/// When the database refuses.
pub fn lose_tasks(c: &mut Conn, subject: &str) -> Result<(), StoreError> {
    use crate::schema::task;
    use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
    diesel::delete(task::table.filter(task::subject.eq(subject))).execute(c)?;
    Ok(())
}

/// Leaves a database as versions of this program did that stored no issuers.
pub fn forget_issuers(c: &mut Conn) -> Result<(), StoreError> {
    use crate::schema::{installation, invitation, raid_holder, raid_version};
    use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _};
    let none = None::<String>;
    diesel::update(raid_holder::table)
        .set((
            raid_holder::issuer.eq(""),
            raid_holder::given_by_issuer.eq(""),
        ))
        .execute(c)?;
    diesel::update(raid_version::table)
        .set(raid_version::issuer.eq(&none))
        .execute(c)?;
    diesel::update(invitation::table)
        .set((
            invitation::inviter_issuer.eq(&none),
            invitation::inviter_right.eq(&none),
            invitation::service_point_id.eq(None::<i64>),
        ))
        .execute(c)?;
    let environment = installation::name.eq("orcid_environment");
    diesel::delete(installation::table.filter(diesel::dsl::not(environment))).execute(c)?;
    Ok(())
}

/// How often a database was written to only to prove that it can be.
pub fn proofs(c: &mut Conn) -> Result<i64, StoreError> {
    use crate::schema::write_probe;
    use diesel::{OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
    let count = write_probe::table.select(write_probe::count).first(c);
    Ok(count.optional()?.unwrap_or_default())
}

/// Damages what invitations say, so that nobody can join by one.
pub fn spoil_invitations(c: &mut Conn) -> Result<(), StoreError> {
    use crate::schema::invitation;
    use diesel::{ExpressionMethods as _, RunQueryDsl as _};
    let nonsense = crate::types::Json("7".to_owned());
    diesel::update(invitation::table)
        .set(invitation::contribution.eq(nonsense))
        .execute(c)?;
    Ok(())
}

/// See [`TestDb::single_writer`].
pub struct SingleWriter(Conn);

impl SingleWriter {
    /// Mints a RAiD, with the same statements as [`Store::mint`].
    ///
    /// # Errors
    /// When the database refuses.
    pub fn mint(&mut self, write: &RaidWrite) -> Result<(), StoreError> {
        in_transaction(&mut self.0, &|c| insert(c, std::slice::from_ref(write)))
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        self.store.take();
        // What cannot be removed does no harm to the next test.
        match &self.home {
            Home::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Home::Schema { server, name } => {
                if let Ok(mut c) = diesel::PgConnection::establish(server) {
                    drop(c.batch_execute(&format!(
                        "SET lock_timeout = '5s'; DROP SCHEMA {name} CASCADE"
                    )));
                }
            }
        }
    }
}

/// Makes a test on SQLite and one on PostgreSQL of each `async fn name(db: &TestDb)`.
#[macro_export]
macro_rules! on_both_databases {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[test]
            fn sqlite() {
                $crate::testing::TestDb::sqlite().run(super::$test);
            }
            #[test]
            fn postgres() {
                $crate::testing::TestDb::postgres().run(super::$test);
            }
        }
    )+};
}
