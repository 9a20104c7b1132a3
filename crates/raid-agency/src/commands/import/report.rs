//! What became of each line, written down as soon as it is known.

use super::source::Source;
use anyhow::{bail, ensure};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;

/// A report, which is a file of lines itself: first the file that it is about, then a result for
/// each line. Of several for one line the last counts.
pub(super) struct Report {
    file: File,
    statuses: HashMap<u64, u16>,
    /// The status of a line that succeeded.
    success: u16,
}

/// A line was minted.
const MINTED: u16 = 201;
/// A line that was tried can be minted.
const MINTABLE: u16 = 200;

impl Report {
    /// Opens the report at `path`, or begins it.
    pub(super) fn open(path: &Path, source: &Source) -> anyhow::Result<Self> {
        let file = open_locked(path)?;
        let head = json!({ "sha256": source.hash, "lines": source.lines });
        let mut statuses = HashMap::new();
        let mut reader = BufReader::new(&file);
        let (mut whole, mut text) = (0, Vec::new());
        loop {
            text.clear();
            let n = reader.read_until(b'\n', &mut text)?;
            // A line that a crash cut off is as if it were not there.
            if text.last() != Some(&b'\n') {
                break;
            }
            let result: Value = serde_json::from_slice(&text)?;
            if whole == 0 {
                ensure!(
                    result == head,
                    "this report is about another file, or the file has changed since. Put the \
                     lines that are left into a file of their own, or name another --report"
                );
            } else if let Some((line, status)) = line_and_status(&result) {
                statuses.insert(line, status);
            }
            whole += n as u64;
        }
        file.set_len(whole)?;
        let mut report = Self {
            file,
            statuses,
            success: MINTED,
        };
        if whole == 0 {
            report.append(&head)?;
        }
        Ok(report)
    }

    /// Begins the report of a dry run, in place of the one of an earlier dry run.
    pub(super) fn of_trial(path: &Path, source: &Source) -> anyhow::Result<Self> {
        let file = open_locked(path)?;
        let mut first = String::new();
        BufReader::new(&file).read_line(&mut first)?;
        let before: Option<Value> = serde_json::from_str(&first).ok();
        ensure!(
            first.is_empty() || before.is_some_and(|head| head["dryRun"] == true),
            "this file is no report of a dry run: name another --report"
        );
        file.set_len(0)?;
        let mut report = Self {
            file,
            statuses: HashMap::new(),
            success: MINTABLE,
        };
        let head = json!({ "sha256": source.hash, "lines": source.lines, "dryRun": true });
        report.append(&head)?;
        Ok(report)
    }

    /// How many lines succeeded.
    pub(super) fn succeeded(&self) -> usize {
        let successes = self.statuses.values().filter(|s| **s == self.success);
        successes.count()
    }

    /// Whether a line succeeded, if that is known.
    pub(super) fn success_of(&self, line: u64) -> Option<bool> {
        self.statuses
            .get(&line)
            .map(|status| *status == self.success)
    }

    /// How many were refused.
    pub(super) fn failed(&self) -> usize {
        self.statuses.len() - self.succeeded()
    }

    /// Writes down what became of a line of the file.
    pub(super) fn write(
        &mut self,
        line: u64,
        status: u16,
        mut result: Value,
    ) -> anyhow::Result<()> {
        result["line"] = line.into();
        self.append(&result)?;
        self.statuses.insert(line, status);
        Ok(())
    }

    fn append(&mut self, result: &Value) -> anyhow::Result<()> {
        // One call, so that a crash leaves whole lines or one that is cut off.
        Ok(self.file.write_all(format!("{result}\n").as_bytes())?)
    }
}

/// Opens a report, which nobody else writes meanwhile.
fn open_locked(path: &Path) -> anyhow::Result<File> {
    let file = File::options()
        .create(true)
        .read(true)
        .append(true)
        .open(path)?;
    if file.try_lock().is_err() {
        bail!("another import is writing this report");
    }
    Ok(file)
}

/// The handles of the RAiDs that an import minted, by its report, in the order of its lines.
pub(crate) fn minted_handles(path: &Path) -> anyhow::Result<Vec<String>> {
    let mut handles = std::collections::BTreeMap::new();
    let mut head = None;
    for text in BufReader::new(File::open(path)?).lines() {
        // A line that a crash cut off is as if it were not there.
        let Ok(result) = serde_json::from_str::<Value>(&text?) else {
            continue;
        };
        let head = head.get_or_insert_with(|| result.clone());
        ensure!(
            head["sha256"].is_string() && head["dryRun"] != true,
            "this is no report of an import"
        );
        if let Some((line, MINTED)) = line_and_status(&result)
            && let Some(handle) = result["handle"].as_str()
        {
            handles.insert(line, handle.to_owned());
        }
    }
    Ok(handles.into_values().collect())
}

/// The line that a result is about, and its status.
pub(super) fn line_and_status(result: &Value) -> Option<(u64, u16)> {
    let status = result["status"].as_u64()?;
    Some((result["line"].as_u64()?, u16::try_from(status).ok()?))
}
