//! How long people wait: from a mint to the question in the inbox, and from a grant to the entry on
//! the record; when nothing else is to be done, during a bulk import, and while reminders fall due.

use crate::figures::{figure, heading};
use crate::requests::people;
use crate::{bulk, name_of, runtime, shipped};
use futures::StreamExt as _;
use raid_tests::examples::{handle_of, with_people};
use raid_tests::{Agency, Backend, Browser, Stage, eventually_within};
use serde_json::json;
use std::time::{Duration, Instant};

/// What ORCID documents: requests a second, and how many may queue beyond that.
const PER_SECOND: f64 = 24.0;
const QUEUE: f64 = 40.0;
const LATENCY_MS: u64 = 150;
/// People who are minted for by hand and grant, one after the other every `PACE`.
const PROBES: usize = 40;
const PACE: Duration = Duration::from_millis(1200);
/// New people of the import, each with a RAiD.
const IMPORTED: usize = 5000;
const LINES: usize = 1000;
/// People whose reminders fall due together.
const REMINDED: usize = 1500;
/// Time enough to ask all of them before the first reminder is due.
const ASKED: Duration = Duration::from_secs(40);
/// Longest wait of one person; a figure that large is no figure.
const DEADLINE: Duration = Duration::from_mins(5);
/// What is aimed at, in seconds, for the 99th percentile.
const IDLE_AIM: f64 = 2.0;
const BUSY_AIM: f64 = 3.0;
/// Processes beside the front in the last import.
const WORKERS: usize = 2;

/// Prints how long people wait on this database.
pub fn measure(backend: Backend) {
    let name = name_of(backend);
    runtime().block_on(async {
        scenario(backend, &format!("nothing else to do, {name}"), idle).await;
        let imported = format!("an import of {IMPORTED} people, {name}, one process");
        scenario(backend, &imported, during_an_import).await;
        if backend == Backend::Postgres {
            let many = format!("the same, one front and {WORKERS} workers");
            scenario(backend, &many, during_an_import_with_workers).await;
        }
        let reminded = format!("{REMINDED} reminders due at once, {name}");
        scenario(backend, &reminded, during_reminders).await;
    });
}

async fn scenario(backend: Backend, name: &str, run: impl AsyncFnOnce(&Stage) -> (Waits, f64)) {
    heading(&format!(
        "Waiting people: {name}; ORCID: {LATENCY_MS} ms, {PER_SECOND}/s with a queue of {QUEUE}"
    ));
    let stage = Stage::new(backend);
    let (waits, aim) = run(&stage).await;
    print("mint to notification", waits.asked, aim);
    print("grant to entry", waits.written, aim);
    let counters = stage.orcid.counters().await;
    let refused = counters["refused_by_limiter"].as_f64().unwrap_or_default();
    figure("refusals (503)", refused, refused == 0.0, "0");
    let twice = counters["duplicates_standing"].as_f64().unwrap_or_default();
    figure("entries that stand twice", twice, twice == 0.0, "0");
}

fn print(what: &str, mut waits: Vec<f64>, aim: f64) {
    waits.sort_by(f64::total_cmp);
    let at = |share: usize| waits[(waits.len() * share / 100).min(waits.len() - 1)];
    println!("  {:<40}{:>6.2}", format!("{what}, median s"), at(50));
    let p99 = at(99);
    let wanted = format!("below {aim}");
    figure(&format!("{what}, p99 s"), p99, p99 < aim, &wanted);
}

/// Seconds that each of some people waited.
#[derive(Default)]
struct Waits {
    asked: Vec<f64>,
    written: Vec<f64>,
}

async fn slow_orcid(stage: &Stage) {
    stage
        .orcid
        .fault(json!([
            { "kind": "latency", "ms": LATENCY_MS },
            { "kind": "rate_limit", "per_second": PER_SECOND, "burst": QUEUE, "delay": true },
        ]))
        .await;
    stage.orcid.reset_counters().await;
}

/// People who are minted for by hand, one every `PACE`, each with a project of their own, and grant.
async fn probe(stage: &Stage, agency: &Agency<'_>, names: &[String]) -> Waits {
    let waits: Vec<(f64, f64)> = futures::stream::iter(names.iter().enumerate())
        .map(|(n, name)| async move {
            tokio::time::sleep(PACE * u32::try_from(n).unwrap_or(u32::MAX)).await;
            one(stage, agency, name).await
        })
        .buffer_unordered(names.len())
        .collect()
        .await;
    let (asked, written) = waits.into_iter().unzip();
    Waits { asked, written }
}

/// From the mint to the notification, and from the grant to the entry, in seconds.
async fn one(stage: &Stage, agency: &Agency<'_>, name: &str) -> (f64, f64) {
    let request = with_people("Minted by hand", [name]);
    let handle = handle_of(&agency.client().mint(&request).await);
    let minted = Instant::now();
    eventually_within(DEADLINE, "the notification", async || {
        (!stage.orcid.requests(name).await.is_empty()).then_some(())
    })
    .await;
    let asked = minted.elapsed().as_secs_f64();
    let browser = Browser::new();
    let landing = browser.open_request(&stage.orcid, name).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    let granted = Instant::now();
    browser.press(&consent, "Authorize access").await;
    eventually_within(DEADLINE, "the entry", async || {
        let found = stage.orcid.memberships_of(name, &handle).await;
        (!found.is_empty()).then_some(())
    })
    .await;
    (asked, granted.elapsed().as_secs_f64())
}

async fn add(stage: &Stage, names: &[String]) {
    for name in names {
        stage.orcid.add_researcher(name, "A Researcher").await;
    }
}

fn names(count: usize) -> Vec<String> {
    people(count).iter().map(ToString::to_string).collect()
}

async fn idle(stage: &Stage) -> (Waits, f64) {
    let probes = names(PROBES);
    add(stage, &probes).await;
    let agency = stage.agency_with(&shipped::settings("own")).await;
    slow_orcid(stage).await;
    (probe(stage, &agency, &probes).await, IDLE_AIM)
}

async fn during_an_import(stage: &Stage) -> (Waits, f64) {
    let agency = stage.agency_with(&shipped::settings("own")).await;
    (importing(stage, &agency).await, BUSY_AIM)
}

async fn during_an_import_with_workers(stage: &Stage) -> (Waits, f64) {
    let settings = shipped::settings("own");
    let front = stage
        .agency_in_roles_with("registry,inbox", &settings)
        .await;
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        workers.push(front.second("inbox,worker").await);
    }
    (importing(stage, &front).await, BUSY_AIM)
}

/// The import begins, and while its people are asked others are minted for by hand.
async fn importing(stage: &Stage, agency: &Agency<'_>) -> Waits {
    let all = names(IMPORTED + PROBES);
    let (probes, imported) = all.split_at(PROBES);
    add(stage, &all).await;
    slow_orcid(stage).await;
    let token = std::fs::read_to_string(stage.data().join("demo.token")).expect("a token");
    for part in imported.chunks(LINES) {
        let lines: Vec<String> = part
            .iter()
            .map(|name| with_people("Imported", [name.as_str()]).to_string())
            .collect();
        bulk::post(agency.url(), token.trim(), lines.join("\n")).await;
    }
    probe(stage, agency, probes).await
}

/// Many were asked long ago, and all of their reminders fall due now.
async fn during_reminders(stage: &Stage) -> (Waits, f64) {
    let all = names(REMINDED + PROBES);
    let (probes, asked) = all.split_at(PROBES);
    add(stage, &all).await;
    {
        // Everybody is asked by an agency that may ask as fast as it can.
        let remind_after = format!("[permissions]\nremind_after = \"{}s\"", ASKED.as_secs());
        let agency = stage.agency_with(&remind_after).await;
        let token = std::fs::read_to_string(stage.data().join("demo.token")).expect("a token");
        let lines: Vec<String> = asked
            .iter()
            .map(|name| with_people("Asked before", [name.as_str()]).to_string())
            .collect();
        for part in lines.chunks(LINES) {
            bulk::post(agency.url(), token.trim(), part.join("\n")).await;
        }
        eventually_within(DEADLINE, "everybody to be asked", async || {
            let asked = stage.orcid.answers("notification_create", 201).await;
            (asked >= REMINDED as u64).then_some(())
        })
        .await;
    }
    tokio::time::sleep(ASKED).await;
    slow_orcid(stage).await;
    let mut settings: toml::Table = shipped::settings("own").parse().expect("settings");
    settings["permissions"]["remind_after"] = "1s".into();
    let agency = stage.agency_with(&settings.to_string()).await;
    (probe(stage, &agency, probes).await, BUSY_AIM)
}
