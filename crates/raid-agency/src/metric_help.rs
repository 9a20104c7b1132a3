//! What each metric counts, as `/metrics` tells it.

/// What kind of metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

use Kind::{Counter, Gauge, Histogram};

/// Every metric of this program.
const METRICS: &[(&str, Kind, &str)] = &[
    (
        "process_cpu_seconds_total",
        Counter,
        "CPU time used by this process, in whole seconds.",
    ),
    (
        "process_max_fds",
        Gauge,
        "Most file descriptors that this process may open.",
    ),
    (
        "process_open_fds",
        Gauge,
        "File descriptors that this process has open.",
    ),
    (
        "process_resident_memory_bytes",
        Gauge,
        "Resident memory of this process, in bytes.",
    ),
    (
        "process_start_time_seconds",
        Gauge,
        "When this process started, in seconds since 1970.",
    ),
    ("process_threads", Gauge, "Threads of this process."),
    (
        "process_virtual_memory_bytes",
        Gauge,
        "Virtual memory of this process, in bytes.",
    ),
    (
        "raid_announcements_total",
        Counter,
        "Messages about a first entry, by outcome (posted, failed).",
    ),
    (
        "raid_build_info",
        Gauge,
        "Always 1; the label tells the version that runs.",
    ),
    (
        "raid_bulk_lines_total",
        Counter,
        "Lines of bulk requests, by HTTP status.",
    ),
    (
        "raid_cache_bytes",
        Gauge,
        "Memory that a cache takes, in bytes.",
    ),
    (
        "raid_cache_max_bytes",
        Gauge,
        "Memory that a cache may take, in bytes.",
    ),
    (
        "raid_damaged_records_left_out_total",
        Counter,
        "Damaged records that were left out of an answer.",
    ),
    (
        "raid_http_request_seconds",
        Histogram,
        "How long requests take, by route.",
    ),
    (
        "raid_http_requests_total",
        Counter,
        "HTTP requests, by method, route and status.",
    ),
    (
        "raid_large_answers",
        Gauge,
        "Large answers that are being sent.",
    ),
    (
        "raid_large_answers_refused_total",
        Counter,
        "Large answers refused since their caller had too many.",
    ),
    (
        "raid_limiter_refusals_total",
        Counter,
        "How often ORCID said that calls come too fast.",
    ),
    (
        "raid_limiter_wait_seconds",
        Histogram,
        "How long calls to ORCID wait for their turn, by urgency.",
    ),
    (
        "raid_log_lines_lost_total",
        Counter,
        "Log lines lost since the log is read too slowly.",
    ),
    (
        "raid_mails_total",
        Counter,
        "Mails handed over, by outcome and SMTP reply code.",
    ),
    (
        "raid_memberships",
        Gauge,
        "Entries on ORCID records, by state.",
    ),
    (
        "raid_namings",
        Gauge,
        "People named by service points, by state.",
    ),
    (
        "raid_new_people_total",
        Counter,
        "People whom a service point named for the first time.",
    ),
    (
        "raid_objection_alarms_total",
        Counter,
        "Service points about which many people objected in a day.",
    ),
    (
        "raid_objections_total",
        Counter,
        "People who said that a project is not theirs.",
    ),
    (
        "raid_oldest_overdue_task_seconds",
        Gauge,
        "How long the oldest overdue task has been due, by kind; 0 if none.",
    ),
    (
        "raid_orcid_call_seconds",
        Histogram,
        "How long calls to ORCID take, by kind.",
    ),
    (
        "raid_orcid_calls_total",
        Counter,
        "Calls to ORCID, by kind and outcome.",
    ),
    (
        "raid_orcid_calls_unlogged_total",
        Counter,
        "Calls to ORCID that are missing in the log of calls.",
    ),
    (
        "raid_orcid_client_usable",
        Gauge,
        "Whether ORCID accepts our client (0 or 1).",
    ),
    (
        "raid_people_held_total",
        Counter,
        "People held back, by reason.",
    ),
    (
        "raid_permission_breaker_open",
        Gauge,
        "Whether ORCID refuses so many tokens that none is judged (0 or 1).",
    ),
    (
        "raid_permissions",
        Gauge,
        "People, by the state of their permission.",
    ),
    (
        "raid_rate_limited_total",
        Counter,
        "Requests refused since they came too fast.",
    ),
    (
        "raid_resolver_calls_total",
        Counter,
        "Calls to other registries, by resolver and outcome.",
    ),
    (
        "raid_sweep_repairs_total",
        Counter,
        "What the sweep repaired, by what it was.",
    ),
    (
        "raid_sweeps_total",
        Counter,
        "Complete sweeps over the database.",
    ),
    (
        "raid_tasks",
        Gauge,
        "Tasks in the queue, by kind and state (due, dead).",
    ),
    (
        "raid_tasks_brought_forward_total",
        Counter,
        "Tasks that waited for ORCID and became due when it was back.",
    ),
    (
        "raid_tasks_overdue",
        Gauge,
        "Tasks that are due now and that no worker holds, by kind.",
    ),
    (
        "raid_tasks_total",
        Counter,
        "Tries of tasks, by kind and outcome.",
    ),
    (
        "raid_unchecked_ids_total",
        Counter,
        "Identifiers accepted while their registry did not answer.",
    ),
];

/// Tells the recorder what each metric counts.
pub(crate) fn describe() {
    for (name, kind, help) in METRICS.iter().copied() {
        match kind {
            Counter => metrics::describe_counter!(name, help),
            Gauge => metrics::describe_gauge!(name, help),
            Histogram => metrics::describe_histogram!(name, help),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Histogram, METRICS};
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    /// The files below a folder with this ending.
    fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, ending, found);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }

    /// The names of metrics in a text.
    fn names(text: &str) -> BTreeSet<&str> {
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        text.split(|c: char| !is_part(c))
            .filter(|word| word.starts_with("raid_") || word.starts_with("process_"))
            .collect()
    }

    #[test]
    fn every_metric_in_the_source_is_described() {
        let mut sources = Vec::new();
        for entry in std::fs::read_dir(root().join("crates")).unwrap() {
            let folder = entry.unwrap().path().join("src");
            if folder.is_dir() {
                files(&folder, "rs", &mut sources);
            }
        }
        let known: BTreeSet<_> = METRICS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(known.len(), METRICS.len(), "a metric is described twice");
        let mut counted = BTreeSet::new();
        for source in sources {
            let text = std::fs::read_to_string(&source).unwrap();
            for kind in ["counter", "gauge", "histogram"] {
                for after in text.split(&format!("metrics::{kind}!(")).skip(1) {
                    let name = after.split('"').nth(1).unwrap().to_owned();
                    assert!(
                        known.contains(name.as_str()),
                        "{name} of {} has no help text",
                        source.display()
                    );
                    counted.insert(name);
                }
            }
        }
        for name in known {
            assert!(
                counted.contains(name),
                "{name} is described and not counted"
            );
        }
    }

    #[test]
    fn the_alerts_and_the_dashboard_name_metrics_that_are_there() {
        let mut known = BTreeSet::new();
        for (name, kind, _) in METRICS {
            known.insert((*name).to_owned());
            if *kind == Histogram {
                known.extend(["bucket", "sum", "count"].map(|part| format!("{name}_{part}")));
            }
        }
        let mut named = 0;
        for file in [
            "ops/prometheus/alerts.yml",
            "ops/prometheus/alerts_test.yml",
            "ops/grafana/raid-agency.json",
        ] {
            let text = std::fs::read_to_string(root().join(file)).unwrap();
            for name in names(&text) {
                assert!(known.contains(name), "{file}: there is no metric {name}");
                named += 1;
            }
        }
        assert!(named > 20, "{named}");
    }

    #[test]
    fn the_dashboard_is_json_whose_panels_have_queries() {
        let text = std::fs::read_to_string(root().join("ops/grafana/raid-agency.json")).unwrap();
        let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
        let panels = dashboard["panels"].as_array().unwrap();
        let mut ids = BTreeSet::new();
        for panel in panels {
            assert!(ids.insert(panel["id"].as_u64().unwrap()));
            let targets = panel["targets"].as_array().unwrap();
            assert!(targets.iter().all(|target| target["expr"].is_string()));
        }
    }
}
