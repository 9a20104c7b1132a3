//! How fast the agency is, as ratios from one run. `docs/BENCHMARKS.md` says how to read them.
//!
//! `bench [sqlite|postgres] [mints|bulk|reads|search|syncing|fairness]`: without arguments everything is measured.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a measurement that cannot go on says so and ends; its numbers are small; it prints"
)]

mod bulk;
mod fairness;
mod figures;
mod load;
mod mints;
mod pgbench;
mod reads;
mod requests;
mod search;
mod syncing;

use raid_tests::{Backend, shipped};
use std::process::ExitCode;

/// What can be named on the command line: databases, and parts.
const DATABASES: [&str; 2] = ["sqlite", "postgres"];
const PARTS: [&str; 6] = ["mints", "bulk", "reads", "search", "syncing", "fairness"];

fn main() -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).collect();
    let known =
        |name: &&String| DATABASES.contains(&name.as_str()) || PARTS.contains(&name.as_str());
    if let Some(stranger) = named.iter().find(|name| !known(name)) {
        eprintln!("{stranger} cannot be measured: name {DATABASES:?} or {PARTS:?}");
        return ExitCode::from(2);
    }
    let wanted = |all: &[&str], one: &str| {
        let mut chosen = named
            .iter()
            .filter(|name| all.contains(&name.as_str()))
            .peekable();
        chosen.peek().is_none() || chosen.any(|name| name == one)
    };
    println!("{}", machine());
    for (backend, name) in [
        (Backend::Sqlite, DATABASES[0]),
        (Backend::Postgres, DATABASES[1]),
    ] {
        if !wanted(&DATABASES, name) {
            continue;
        }
        if wanted(&PARTS, PARTS[0]) {
            mints::measure(backend);
        }
        if wanted(&PARTS, PARTS[1]) {
            bulk::measure(backend);
        }
        if wanted(&PARTS, PARTS[2]) {
            reads::measure(backend);
        }
        if wanted(&PARTS, PARTS[3]) {
            search::measure(backend);
        }
        if wanted(&PARTS, PARTS[4]) {
            syncing::measure(backend);
        }
        if wanted(&PARTS, PARTS[5]) {
            fairness::measure(backend);
        }
    }
    println!("\n{}", machine());
    ExitCode::SUCCESS
}

/// Cores and load: other work on the machine makes all numbers smaller, and the ratios noisier.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    format!("{cores} cores, load average {}", load.join(" "))
}

/// How a database is called in headings.
fn name_of(backend: Backend) -> &'static str {
    match backend {
        Backend::Sqlite => "SQLite",
        Backend::Postgres => "PostgreSQL",
    }
}

/// The runtime of a part. The programs under test have their own.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}
