//! What PostgreSQL's own benchmark makes of the statements of a mint, one transaction a mint.

use crate::figures::Slice;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use store::Settings;
use store::raids::RaidWrite;
use url::Url;

/// A script, and the values that are sent.
pub struct Pgbench {
    environment: Vec<(&'static str, String)>,
    variables: Vec<String>,
    script: tempfile::NamedTempFile,
}

impl Pgbench {
    /// Mints of this RAiD, under other names, into the database.
    pub fn new(database: &Settings, pattern: &RaidWrite) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a file for the script");
        std::fs::write(file.path(), script(pattern)).expect("the script");
        Self {
            environment: environment(&database.url),
            variables: vec![
                format!("prefix={}/", prefix_of(pattern)),
                format!("point={}", pattern.service_point_id),
                format!("document={}", pattern.document.0),
                format!("words={}", words_of(pattern)),
            ],
            script: file,
        }
    }

    /// Runs it for as long as `time`.
    ///
    /// # Panics
    /// When pgbench cannot be run.
    pub fn run(&self, clients: usize, time: Duration) -> Slice {
        let mut command = Command::new("pgbench");
        command
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={}", time.as_secs()))
            .arg(file_option(self.script.path()))
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        for variable in &self.variables {
            command.arg("--define").arg(variable);
        }
        let output = command.output().expect("pgbench: run `make bench`");
        let text = String::from_utf8_lossy(&output.stdout);
        let rate = text
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "pgbench failed: {complaint}");
        Slice {
            rate: rate.unwrap_or_else(|| panic!("pgbench says no rate: {text}{complaint}")),
            latencies: Vec::new(),
        }
    }
}

/// The statements of a mint, as the store makes them for one RAiD. The document and the like are
/// sent each time, as the store does.
fn script(pattern: &RaidWrite) -> String {
    let handle = ":prefix || (:number)::text";
    let now = "localtimestamp";
    let rows = |row: &dyn Fn(String) -> String| {
        let people = pattern.contributors.iter().map(ToString::to_string);
        people.map(row).collect::<Vec<_>>().join(",\n  ")
    };
    let contributions = rows(&|orcid| format!("('{orcid}', {handle})"));
    let tasks = rows(&|orcid| {
        format!("('membership', '{orcid} ' || {handle}, '{orcid}', 0, 'due', {now}, 0, 1, {now})")
    });
    let terms = pattern.search.terms.iter().map(|term| {
        let (kind, value) = (term.kind().as_str(), term.value());
        format!("({handle}, '{kind}', '{value}')")
    });
    let terms = terms.collect::<Vec<_>>().join(",\n  ");
    let (title, starts_on) = (&pattern.search.sort_title, pattern.search.starts_on);
    format!(
        "\
\\set number random(1000000000000, 9999999999999)
BEGIN;
INSERT INTO raid (handle, version, service_point_id, access, document, created_at, updated_at,
  sort_title, starts_on, ends_on, indexed_version)
  VALUES ({handle}, 1, (:point)::bigint, 'open', (:document)::jsonb, {now}, {now},
  '{title}', '{starts_on}', NULL, 1);
INSERT INTO raid_words (handle, words) VALUES ({handle}, (:words)::tsvector);
INSERT INTO raid_term (handle, kind, value) VALUES
  {terms};
INSERT INTO raid_version (handle, version, document, actor, client, created_at)
  VALUES ({handle}, 1, (:document)::jsonb, 'bench', NULL, {now});
INSERT INTO change_pending (handle, version, access, service_point_id, at)
  VALUES ({handle}, 1, 'open', (:point)::bigint, {now});
INSERT INTO contribution (orcid, handle) VALUES
  {contributions};
INSERT INTO task (kind, key, subject, lane, state, due_at, attempts, generation, created_at) VALUES
  {tasks}
  ON CONFLICT (kind, key) DO UPDATE SET generation = task.generation + 1,
  due_at = CASE WHEN task.state = 'due' AND task.due_at < excluded.due_at
    THEN task.due_at ELSE excluded.due_at END,
  attempts = CASE WHEN task.state = 'dead' THEN 0 ELSE task.attempts END,
  lane = CASE WHEN task.lane < excluded.lane THEN task.lane ELSE excluded.lane END,
  state = 'due';
COMMIT;
"
    )
}

/// The words of a RAiD with their places. Those of titles have weight A.
fn words_of(pattern: &RaidWrite) -> String {
    let search = &pattern.search;
    let mut words = Vec::new();
    for (text, weight) in [(&search.titles, "A"), (&search.texts, "")] {
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            words.push(format!("'{word}':{}{weight}", words.len() + 1));
        }
    }
    words.join(" ")
}

fn prefix_of(pattern: &RaidWrite) -> &str {
    let handle = pattern.handle.as_str();
    handle.split_once('/').map_or(handle, |(prefix, _)| prefix)
}

fn file_option(path: &Path) -> String {
    format!("--file={}", path.display())
}

/// The parts of the address as pgbench takes them, so that the password is on no command line.
fn environment(url: &str) -> Vec<(&'static str, String)> {
    let url = Url::parse(url).expect("the address of the database");
    let options = url.query_pairs().find(|(name, _)| name == "options");
    vec![
        ("PGHOST", url.host_str().unwrap_or_default().to_owned()),
        ("PGPORT", url.port().unwrap_or(5432).to_string()),
        ("PGUSER", url.username().to_owned()),
        ("PGPASSWORD", url.password().unwrap_or_default().to_owned()),
        ("PGDATABASE", url.path().trim_start_matches('/').to_owned()),
        (
            "PGOPTIONS",
            options.map_or_else(String::new, |(_, value)| value.into_owned()),
        ),
    ]
}
