//! Logs and metrics.

use crate::settings::{Log, LogFormat};
use crate::{metric_help, process_metrics};
use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::io::{BufWriter, IsTerminal as _, stderr};
use store::{Clock, Timestamp};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// Lines that wait to be written, at most; beyond that, lines are lost and counted.
const WAITING_LINES: usize = 100_000;

/// Where the HTTP framework reports, as errors, requests that strangers got wrong and connections that
/// they broke. Answers of ours that break off have a line of their own.
const STRANGERS: &str = "actix_http::h1=off";

/// While it lives, the log is written; what waits is written when it is dropped.
#[must_use = "the log ends when this is dropped"]
pub struct LogWriter {
    _writing: WorkerGuard,
    lost: ErrorCounter,
}

/// What this process counts.
pub struct Metrics {
    recorded: PrometheusHandle,
    lost_log_lines: ErrorCounter,
    started: Timestamp,
}

impl Metrics {
    /// In the text format of Prometheus.
    pub fn render(&self) -> String {
        let lost = self.lost_log_lines.dropped_lines();
        metrics::counter!("raid_log_lines_lost_total").absolute(lost as u64);
        process_metrics::record(self.started);
        self.recorded.render()
    }
}

/// Starts logging to standard error, by a thread of its own: nobody who is served waits for a
/// log that is read slowly, or not at all.
///
/// # Errors
/// When `log.filter` cannot be read, or logging was started before.
pub fn start_log(log: &Log) -> anyhow::Result<LogWriter> {
    let mut filter = EnvFilter::builder()
        .parse(&log.filter)
        .context("log.filter")?;
    if !log.filter.contains("actix_http") {
        filter = filter.add_directive(STRANGERS.parse().context("log.filter")?);
    }
    let (writer, writing) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING_LINES)
        .lossy(true)
        .thread_name("log")
        .finish(BufWriter::new(stderr()));
    let lost = writer.error_counter();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        // Losing the log must not stop the service: its own report of that would panic.
        .log_internal_errors(false)
        .with_ansi(stderr().is_terminal());
    let started = match log.format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|e| anyhow::anyhow!("logging cannot be started: {e}"))?;
    Ok(LogWriter {
        _writing: writing,
        lost,
    })
}

/// Starts counting.
///
/// # Errors
/// When counting was started before.
pub fn start_metrics(log: &LogWriter) -> anyhow::Result<Metrics> {
    const SECONDS: [f64; 11] = [
        0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0,
    ];
    let recorded = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .context("metrics")?
        .install_recorder()
        .context("metrics")?;
    metric_help::describe();
    metrics::gauge!("raid_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(Metrics {
        recorded,
        started: Clock::system().now(),
        lost_log_lines: log.lost.clone(),
    })
}
