//! `raid-agency import`: many RAiDs from a file into a running agency.
//!
//! The file goes out in chunks that are always cut in the same places, each with an idempotency key
//! of its own; what became of each line is written down before the next chunk goes out. So an import
//! that dies anywhere goes on where it was, and mints nothing twice. Old vocabularies are replaced by
//! their successors on the way, and the report says so.

mod agency;
mod progress;
pub(super) mod report;
mod source;
mod upgrade;

use crate::settings::{Settings, WebAddress};
use agency::Agency;
use anyhow::{Context as _, bail};
use clap::Args;
use progress::Progress;
use report::Report;
use secrecy::SecretString;
use source::{Chunk, Source};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The environment variable that may hold the token.
pub(crate) const TOKEN: &str = "RAID_TOKEN";
/// How often a chunk is sent before giving up. The pauses between add up to about two minutes.
const TRIES: u32 = 8;
/// The first pause; it doubles.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause, whatever the agency asks for.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What, and where to.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file: one request to mint a line, as JSON.
    file: PathBuf,
    /// Where the agency runs; the configured address by default.
    #[arg(long)]
    url: Option<WebAddress>,
    /// A file that holds the token, unless `RAID_TOKEN` in the environment does.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Where to write down what became of each line; FILE.report.ndjson by default. An import that
    /// was broken off goes on from there.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Send the lines again that were refused before.
    #[arg(long, conflicts_with = "dry_run")]
    retry_failed: bool,
    /// Check every line, and mint nothing. What would become of each line is written to
    /// FILE.dry-run.ndjson, in place of an earlier dry run.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) async fn import(
    settings: &Settings,
    arguments: &Arguments,
    token: Option<SecretString>,
) -> anyhow::Result<()> {
    let token = token_of(arguments.token_file.as_deref(), token)?;
    let url = arguments
        .url
        .as_ref()
        .unwrap_or(&settings.server.public_url);
    let agency = Agency::new(url, token, arguments.dry_run)?;
    let shown = arguments.file.display().to_string();
    let mut source = Source::open(&arguments.file).with_context(|| shown.clone())?;
    let end = if arguments.dry_run {
        ".dry-run.ndjson"
    } else {
        ".report.ndjson"
    };
    let path = arguments
        .report
        .clone()
        .unwrap_or_else(|| beside(&arguments.file, end));
    let opened = if arguments.dry_run {
        Report::of_trial(&path, &source)
    } else {
        Report::open(&path, &source)
    };
    let mut report = opened.with_context(|| path.display().to_string())?;
    let before = report.succeeded();
    let mut progress = Progress::new(source.lines);
    while let Some(chunk) = source.next_chunk().with_context(|| shown.clone())? {
        let wanted = |line: &u64| match report.success_of(*line) {
            None => true,
            Some(true) => false,
            Some(false) => arguments.retry_failed,
        };
        let open: BTreeSet<u64> = chunk.filled_lines().filter(wanted).collect();
        send(&agency, &chunk, open, &mut report, &mut progress).await?;
        progress.show(chunk.last_line(), report.failed());
    }
    progress.end();
    let (minted, failed) = (report.succeeded(), report.failed());
    let path = path.display();
    if arguments.dry_run {
        println!(
            "{minted} lines can be minted, {failed} would be refused; nothing was minted. The \
             report: {path}"
        );
        if failed > 0 {
            bail!("{failed} lines would be refused: the report says why");
        }
        return Ok(());
    }
    println!(
        "{minted} RAiDs minted, {} of them now; {failed} lines were refused. The report: {path}",
        minted - before,
    );
    if failed > 0 {
        bail!("{failed} lines were not minted: the report says why");
    }
    Ok(())
}

/// Never from the command line, which every user of the machine can read.
pub(super) fn token_of(
    file: Option<&Path>,
    token: Option<SecretString>,
) -> anyhow::Result<SecretString> {
    match (file, token) {
        (Some(file), _) => {
            let token =
                std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            Ok(token.trim().to_owned().into())
        }
        (None, Some(token)) => Ok(token),
        (None, None) => bail!("no token: set {TOKEN}, or name a file with --token-file"),
    }
}

/// `records.ndjson.report.ndjson` for `records.ndjson`.
fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(end);
    file.with_file_name(name)
}

/// Sends what is open of a chunk until it is settled, and reports each line as soon as it is.
async fn send(
    agency: &Agency,
    chunk: &Chunk,
    mut open: BTreeSet<u64>,
    report: &mut Report,
    progress: &mut Progress,
) -> anyhow::Result<()> {
    let mut pause = PAUSE;
    for attempt in 1..=TRIES {
        if open.is_empty() {
            return Ok(());
        }
        let is_last = attempt == TRIES;
        let body = chunk.body(&open);
        let settle = |line: u64, status: u16, mut result: serde_json::Value| {
            let changes = chunk.changes(line);
            if !changes.is_empty() {
                result["changes"] = changes.into();
            }
            if is_last || !may_heal(status) {
                report.write(line, status, result)?;
                open.remove(&line);
                progress.show(line, report.failed());
            }
            Ok(())
        };
        let trouble = agency
            .send(&chunk.key, body, chunk.first_line, settle)
            .await?;
        if open.is_empty() {
            return Ok(());
        }
        if is_last {
            let trouble = trouble.map_or_else(String::new, |t| format!(" ({})", t.why));
            bail!("the agency does not answer{trouble}: run the same command again later to go on");
        }
        let asked = trouble.and_then(|trouble| trouble.retry_after);
        tokio::time::sleep(asked.unwrap_or(pause).min(LONGEST_PAUSE)).await;
        pause *= 2;
    }
    Ok(())
}

/// Whether a line that was answered so may be minted when it is sent again. With its key that is
/// safe also where nothing tells whether it was minted.
fn may_heal(status: u16) -> bool {
    matches!(status, 408 | 409 | 429) || status >= 500
}
