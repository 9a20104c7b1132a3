//! What a test stands on: a database, a local ORCID, a folder.

use crate::agency::Agency;
use crate::binary::{Finished, finish, program};
use crate::orcid::Orcid;
use crate::port::free_port;
use crate::wait::DEADLINE;
use futures::FutureExt as _;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::testing::TestDb;
use store::{Conn, StoreError};
use tempfile::TempDir;

/// Where the messages to ORCID are kept for `scripts/check-messages`.
const MESSAGES: &str = "RAID_ORCID_MESSAGES";
/// The agency is registered at ORCID with so many places to come back to: where a port turns out
/// to be taken, the next one is tried.
const PORTS: usize = 5;

const ALL_ROLES: &str = "registry,inbox,worker";

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A file of its own.
    Sqlite,
    /// A schema of its own on the server that `RAID_TEST_POSTGRES` names.
    Postgres,
}

/// A database, a local ORCID and a folder. All of it is gone when the test is.
pub struct Stage {
    /// Which database this is.
    pub backend: Backend,
    /// The local ORCID.
    pub orcid: Orcid,
    schema: Option<TestDb>,
    folder: TempDir,
    ports: Vec<u16>,
    processes: AtomicUsize,
}

/// Runs a test on a stage of its own. When it fails, what the processes logged is printed.
///
/// # Panics
/// When the test does.
pub fn run(backend: Backend, test: impl AsyncFnOnce(&Stage)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let stage = Stage::new(backend);
    runtime.block_on(async {
        let outcome = AssertUnwindSafe(test(&stage)).catch_unwind().await;
        stage.save_messages().await;
        if let Err(panic) = outcome {
            stage.print_logs();
            resume_unwind(panic);
        }
    });
}

impl Stage {
    /// A new stage, for a benchmark; tests get theirs from [`run`].
    ///
    /// # Panics
    /// When it cannot be had.
    pub fn new(backend: Backend) -> Self {
        let schema = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(TestDb::postgres()),
        };
        let mut ports: Vec<u16> = Vec::new();
        while ports.len() < PORTS {
            let port = free_port();
            if !ports.contains(&port) {
                ports.push(port);
            }
        }
        let callback = |port: &u16| format!("http://127.0.0.1:{port}/orcid/callback");
        Self {
            backend,
            orcid: Orcid::start(&ports.iter().map(callback).collect::<Vec<_>>()),
            schema,
            folder: tempfile::Builder::new()
                .prefix("raid-test-")
                .tempdir()
                .expect("a folder"),
            ports,
            processes: AtomicUsize::new(0),
        }
    }

    /// Starts an agency that runs all roles.
    pub async fn agency(&self) -> Agency<'_> {
        self.agency_with("").await
    }

    /// Starts an agency with further settings, in TOML, which override the stage's own.
    pub async fn agency_with(&self, settings: &str) -> Agency<'_> {
        Agency::first(self, ALL_ROLES, settings).await
    }

    /// Starts an agency that runs some roles only, for instance `registry,inbox`.
    pub async fn agency_in_roles(&self, roles: &str) -> Agency<'_> {
        self.agency_in_roles_with(roles, "").await
    }

    /// As [`Self::agency_in_roles`], with further settings in TOML.
    pub async fn agency_in_roles_with(&self, roles: &str, settings: &str) -> Agency<'_> {
        Agency::first(self, roles, settings).await
    }

    /// Starts an agency with further settings, or gives what it complained about.
    ///
    /// # Errors
    /// What it complained about when it refused to start.
    pub fn try_agency_with(&self, settings: &str) -> Result<Agency<'_>, String> {
        Agency::try_first(self, ALL_ROLES, settings)
    }

    /// Starts an agency that must refuse to start, and gives what it complained about.
    ///
    /// # Panics
    /// When it starts.
    pub fn refused_start(&self, settings: &str) -> String {
        match self.try_agency_with(settings) {
            Ok(agency) => panic!("it serves at {}", agency.url()),
            Err(refused) => refused,
        }
    }

    /// The folder of the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The agency's data folder.
    pub fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// The SQLite file, or the address of the PostgreSQL schema.
    pub fn database_url(&self) -> String {
        match &self.schema {
            Some(schema) => schema.settings().url.clone(),
            None => self.data().join("raid.sqlite").display().to_string(),
        }
    }

    /// Runs a command of the agency's, which must end by itself, with the stage's configuration.
    pub fn command(&self, arguments: &[&str]) -> Finished {
        finish(self.program(""), arguments)
    }

    /// As [`Self::command`], with further settings in TOML.
    pub fn command_with(&self, settings: &str, arguments: &[&str]) -> Finished {
        finish(self.program(settings), arguments)
    }

    /// The program with the stage's configuration and further settings, for a command of which
    /// more is to be chosen.
    pub fn program(&self, settings: &str) -> Command {
        let number = self.next_number();
        let configs = [
            self.write_config("command", number, &self.base_config(self.ports[0])),
            self.write_config("command-more", number, settings),
        ];
        program(self.folder(), &configs)
    }

    /// Everything that the database holds: the files of SQLite, or a dump. Bytes that are no text
    /// are replaced; no ASCII character is.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn database_content(&self) -> String {
        let bytes = match &self.schema {
            None => ["", "-wal", "-shm"]
                .iter()
                .flat_map(|end| {
                    let file = self.data().join(format!("raid.sqlite{end}"));
                    std::fs::read(file).unwrap_or_default()
                })
                .collect(),
            Some(schema) => dump(&schema.settings().url),
        };
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads the database by a connection of its own.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn with_database<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T, StoreError>) -> T {
        let settings = store::Settings {
            url: self.database_url(),
            connections: 1,
            wait: DEADLINE,
            long_connections: 1,
            long_deadline: DEADLINE,
            page_cache: 8 << 20,
        };
        store::migrate::with_connection(&settings, f).expect("the database")
    }

    /// What the processes logged so far.
    pub fn logs(&self) -> String {
        let mut logs = String::new();
        for path in self.log_files() {
            let text = std::fs::read(&path).unwrap_or_default();
            logs.push_str(&String::from_utf8_lossy(&text));
        }
        logs
    }

    pub(crate) fn ports(&self) -> &[u16] {
        &self.ports
    }

    pub(crate) fn next_number(&self) -> usize {
        self.processes.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn write_config(&self, name: &str, number: usize, text: &str) -> PathBuf {
        let path = self.folder().join(format!("{name}-{number}.toml"));
        std::fs::write(&path, text).expect("a configuration file");
        path
    }

    /// Fast waits, so that tests are; the settings mean what `config/default.toml` says.
    pub(crate) fn base_config(&self, port: u16) -> String {
        let url = match &self.schema {
            Some(schema) => schema.settings().url.clone(),
            None => String::new(),
        };
        format!(
            r#"
[server]
bind = "127.0.0.1:{port}"
internal_bind = "127.0.0.1:0"
public_url = "http://127.0.0.1:{port}"
workers = 2
[limits]
per_second = 1000000
burst = 1000000
anonymous_per_second = 1000000
anonymous_burst = 1000000
large_answers = 0
long_polls = 0
[quotas]
new_people_per_day = 0
new_people_per_raid = 0
mails_per_day = 0
mails_per_address_per_day = 0
[data]
folder = "data"
[store]
url = "{url}"
connections = 4
[simulator]
enabled = false
[orcid]
web_url = "{web}"
api_url = "{api}"
client_id = "{client}"
client_secret = "{secret}"
connect_timeout = "1s"
call_timeout = "2s"
per_second = 500.0
burst = 500
[permissions]
confirm_after = ["300ms", "300ms", "300ms"]
[sync]
settle_delay = "100ms"
ask_delay = "100ms"
[worker]
lease = "6s"
poll = "50ms"
retry = ["200ms", "500ms", "1s"]
[log]
filter = "debug"
"#,
            web = self.orcid.web_url(),
            api = self.orcid.api_url(),
            client = Orcid::CLIENT_ID,
            secret = self.orcid.client_secret(),
        )
    }

    fn log_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder()).expect("the folder of the test");
        let mut files: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|e| e == "log"))
            .collect();
        files.sort();
        files
    }

    fn print_logs(&self) {
        for path in self.log_files() {
            let text = std::fs::read(&path).unwrap_or_default();
            eprintln!("--- {}\n{}", path.display(), String::from_utf8_lossy(&text));
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own switch, not the program's"
    )]
    async fn save_messages(&self) {
        if let Some(folder) = std::env::var(MESSAGES).ok().filter(|f| !f.is_empty()) {
            let folder = PathBuf::from(folder);
            std::fs::create_dir_all(&folder).expect("the folder for messages");
            let test = self
                .folder()
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            self.orcid.save_messages(&folder, &test).await;
        }
    }
}

/// A dump of the one schema that the URL's search path names. Two dumps of the same content are
/// equal.
fn dump(url: &str) -> Vec<u8> {
    let (_, schema) = url.rsplit_once("search_path%3D").expect("a search path");
    let output = Command::new("pg_dump")
        .args(["--data-only", "--schema", schema, "--dbname", url])
        .output()
        .expect("pg_dump, which comes with the server");
    assert!(
        output.status.success(),
        "pg_dump: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Each dump has a key of its own against what the content might make psql do.
    let lines = output.stdout.split_inclusive(|byte| *byte == b'\n');
    let of_the_dump =
        |line: &&[u8]| !(line.starts_with(b"\\restrict") || line.starts_with(b"\\unrestrict"));
    lines.filter(of_the_dump).flatten().copied().collect()
}
