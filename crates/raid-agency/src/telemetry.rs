//! Logs and metrics.

use crate::settings::{Log, LogFormat};
use crate::{metric_help, process_metrics};
use anyhow::Context as _;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
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
    /// Adds up what was observed since the last call. Until then the recorder keeps every single
    /// observation, 16 bytes each: call it often, since perhaps nobody reads the metrics.
    pub fn add_up(&self) {
        self.recorded.run_upkeep();
    }

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
    let exporter = recorder()?;
    let recorded = exporter.handle();
    metrics::set_global_recorder(exporter).context("metrics")?;
    metric_help::describe();
    metrics::gauge!("raid_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(Metrics {
        recorded,
        started: Clock::system().now(),
        lost_log_lines: log.lost.clone(),
    })
}

/// A recorder whose histograms have fixed buckets, in seconds, so that they do not grow.
fn recorder() -> anyhow::Result<PrometheusRecorder> {
    const SECONDS: [f64; 11] = [
        0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0,
    ];
    let builder = PrometheusBuilder::new().set_buckets(&SECONDS);
    Ok(builder.context("metrics")?.build_recorder())
}

#[cfg(test)]
mod tests {
    use super::{Metrics, recorder};
    use store::Clock;
    use tracing_appender::non_blocking;

    const OBSERVATIONS: u32 = 1_000_000;

    /// Resident memory of this process, in KiB.
    fn memory() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.unwrap().parse().unwrap()
    }

    /// A million observations are 16 MB when they are kept one by one.
    #[test]
    fn memory_stays_while_nobody_reads_the_metrics() {
        let recorder = recorder().unwrap();
        let (writer, _writing) = non_blocking(std::io::sink());
        let metrics = Metrics {
            recorded: recorder.handle(),
            started: Clock::system().now(),
            lost_log_lines: writer.error_counter(),
        };
        let rendered = metrics::with_local_recorder(&recorder, || {
            let observe =
                || metrics::histogram!("raid_http_request_seconds", "route" => "/").record(0.02);
            observe();
            metrics.add_up();
            let before = memory();
            for n in 1..OBSERVATIONS {
                observe();
                if n % 10_000 == 0 {
                    metrics.add_up();
                }
            }
            let grown = memory().saturating_sub(before);
            assert!(grown < 8 * 1024, "{grown} KiB more");
            metrics.render()
        });
        // None is lost.
        let count = format!("raid_http_request_seconds_count{{route=\"/\"}} {OBSERVATIONS}");
        assert!(rendered.contains(&count), "{rendered}");
        let bucket =
            format!("raid_http_request_seconds_bucket{{route=\"/\",le=\"0.025\"}} {OBSERVATIONS}");
        assert!(rendered.contains(&bucket), "{rendered}");
    }
}
