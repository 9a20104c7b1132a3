//! `raid-agency check`: everything that a configuration needs, looked at without changing anything.
//!
//! Each look adds rows to the report. Whoever adds a part of the agency that can be misconfigured adds
//! its look here.

mod configuration;
mod database;
mod files;
mod report;
mod services;

use crate::settings::Settings;
use anyhow::bail;
use report::Report;
use std::path::PathBuf;

/// Looks at everything, prints a table, and fails if a row of it does.
///
/// # Errors
/// Says how many rows failed.
pub(crate) async fn check(
    files: &[PathBuf],
    environment: Vec<(String, String)>,
) -> anyhow::Result<()> {
    let mut report = Report::default();
    if let Some(settings) = configuration::read(files, environment, &mut report) {
        look_at(&settings, &mut report).await;
    } else {
        report.skipped("all others", "the configuration cannot be used");
    }
    print!("{report}");
    match report.failures() {
        0 => Ok(()),
        1 => bail!("1 check failed"),
        several => bail!("{several} checks failed"),
    }
}

async fn look_at(settings: &Settings, report: &mut Report) {
    files::look(settings, report);
    database::look(settings, report).await;
    services::look(settings, report).await;
}
