//! The configuration itself: syntax, unknown keys and variables, refused settings.

use super::report::Report;
use crate::settings::{Settings, SettingsError, Variables, paths};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Settings below which names are free.
const FREE: [&str; 1] = ["keys.sealing."];
/// Settings that are lists of sections, whose keys are checked when they are read.
const LISTS: [&str; 2] = ["service_points", "auth.issuers"];

/// Reads it as the agency does, and tells all that is wrong.
pub(super) fn read(
    files: &[PathBuf],
    environment: Vec<(String, String)>,
    report: &mut Report,
) -> Option<Settings> {
    let failures = report.failures();
    let known = match Settings::demo() {
        Ok(demo) => paths(&demo),
        Err(error) => {
            report.failed("configuration", error);
            return None;
        }
    };
    for file in files {
        look_at_file(file, &known, report);
    }
    let variables = Variables::of(environment.iter().cloned());
    for name in &variables.unknown {
        report.warning(name, "looks like a setting, and is not read");
    }
    for (name, _) in &variables.settings {
        let path = path_of(name);
        if !is_known(&path, &known) {
            report.failed(name, format!("there is no setting {path}"));
        }
    }
    if report.failures() > failures {
        return None;
    }
    match Settings::load(files, environment) {
        Ok(settings) => {
            let (files, variables) = (files.len(), variables.settings.len());
            let text = format!("read; files: {files}, variables: {variables}");
            report.fine("configuration", text);
            match settings.of_example() {
                Ok(found) => {
                    for setting in found {
                        report.warning(
                            setting,
                            "is still the example's, which is nobody's: set your own",
                        );
                    }
                }
                Err(error) => report.failed("configuration", error),
            }
            Some(settings)
        }
        Err(SettingsError::Refused(mistakes)) => {
            for mistake in mistakes.iter() {
                report.failed(&mistake.setting, &mistake.why);
            }
            None
        }
        Err(error) => {
            report.failed("configuration", error);
            None
        }
    }
}

/// `orcid.client_id` for `RAID_ORCID__CLIENT_ID`.
fn path_of(variable: &str) -> String {
    let name = variable.strip_prefix("RAID_").unwrap_or(variable);
    name.to_lowercase().replace("__", ".")
}

fn is_known(path: &str, known: &BTreeSet<String>) -> bool {
    known.contains(path) || FREE.iter().any(|free| path.starts_with(free))
}

fn look_at_file(file: &Path, known: &BTreeSet<String>, report: &mut Report) {
    let shown = file.display().to_string();
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return report.failed(shown, error),
    };
    match text.parse::<Table>() {
        Ok(table) => {
            let mut unknown = Vec::new();
            collect(&table, "", known, &mut unknown);
            for path in &unknown {
                report.failed(path, format!("there is no such setting ({shown})"));
            }
            if unknown.is_empty() {
                report.fine(shown, "every setting in it is known");
            }
        }
        // Without the line itself, which may hold a secret.
        Err(error) => {
            let line = error.span().map_or(1, |span| {
                1 + text[..span.start.min(text.len())].matches('\n').count()
            });
            report.failed(shown, format!("line {line}: {}", error.message()));
        }
    }
}

fn collect(table: &Table, above: &str, known: &BTreeSet<String>, unknown: &mut Vec<String>) {
    for (name, value) in table {
        let path = format!("{above}{name}");
        if !is_known(&path, known) {
            unknown.push(path);
        } else if let Value::Table(below) = value
            && !LISTS.contains(&path.as_str())
        {
            collect(below, &format!("{path}."), known, unknown);
        }
    }
}
