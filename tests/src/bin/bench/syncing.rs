//! Memberships written to a local ORCID that is as slow and as strict as the real one.

use crate::figures::{bar, figure, heading};
use crate::requests::{CONTRIBUTORS, people, requests};
use crate::{name_of, runtime, shipped};
use futures::StreamExt as _;
use raid_model::OrcidId;
use raid_tests::examples::with_people;
use raid_tests::{Agency, Backend, Browser, Orcid, Stage, eventually_within};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PEOPLE: usize = 60;
/// RAiDs of the backlog; each is one membership for each contributor.
const RAIDS: usize = 120;
const BACKLOG: u64 = (RAIDS * CONTRIBUTORS) as u64;
/// What ORCID documents: requests a second, and how many may queue beyond that.
const PER_SECOND: f64 = 24.0;
const QUEUE: f64 = 40.0;
const LATENCY_MS: u64 = 150;
/// The share of the backlog between which the rate is taken. The first part holds what goes at
/// once after a pause; in the last the backlog has no work left for every slot.
const MIDDLE: (f64, f64) = (0.15, 0.95);
/// Longest wait for the backlog; then what was seen is printed.
const DEADLINE: Duration = Duration::from_mins(3);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Seconds in one bar of the plot.
const BAR: f64 = 2.0;
/// People who go through ORCID's pages at the same time.
const BROWSERS: usize = 4;

/// Prints how fast a backlog is written on this database.
pub fn measure(backend: Backend) {
    heading(&format!(
        "Memberships on {}: backlog of {BACKLOG} over {PEOPLE} people, {LATENCY_MS} ms, \
         {PER_SECOND}/s with a queue of {QUEUE}",
        name_of(backend)
    ));
    let stage = Stage::new(backend);
    runtime().block_on(async {
        let people = people(PEOPLE);
        grant(&stage, &people).await;
        pile_up(&stage, &people).await;
        stage
            .orcid
            .fault(json!([
                { "kind": "latency", "ms": LATENCY_MS },
                { "kind": "rate_limit", "per_second": PER_SECOND, "burst": QUEUE, "delay": true },
            ]))
            .await;
        stage.orcid.reset_counters().await;
        let _agency: Agency<'_> = stage.agency_with(&shipped::settings("own")).await;
        let seen = watch(&stage.orcid).await;
        print(&seen, &stage.orcid.counters().await);
    });
}

/// Everybody grants, and what they granted is written.
async fn grant(stage: &Stage, people: &[OrcidId]) {
    let names: Vec<String> = people.iter().map(ToString::to_string).collect();
    for name in &names {
        stage.orcid.add_researcher(name, "A Researcher").await;
    }
    let agency = stage.agency().await;
    let everybody = with_people("The first", names.iter().map(String::as_str));
    agency.client().mint(&everybody).await;
    let mut granting = futures::stream::iter(&names)
        .map(|name| async move {
            Browser::new().grant(&stage.orcid, name).await;
        })
        .buffer_unordered(BROWSERS);
    while granting.next().await.is_some() {}
    agency.rest().await;
    let asked = names.len() as u64;
    eventually_within(DEADLINE, "the questions to be archived", async || {
        let archived = stage.orcid.answers("notification_archive", 200).await;
        (archived >= asked).then_some(())
    })
    .await;
}

/// Mints while nobody writes to ORCID.
async fn pile_up(stage: &Stage, people: &[OrcidId]) {
    let agency = stage.agency_with(&shipped::settings("off")).await;
    let client = agency.client();
    for request in requests(people).iter().cycle().take(RAIDS) {
        client.mint(request).await;
    }
}

/// After how many seconds there were how many entries.
type Seen = Vec<(f64, u64)>;

async fn watch(orcid: &Orcid) -> Seen {
    let mut seen = Seen::new();
    let started = Instant::now();
    let mut every = tokio::time::interval(LOOK_EVERY);
    loop {
        every.tick().await;
        let written = orcid.answers("membership_create", 201).await;
        let passed = started.elapsed();
        seen.push((passed.as_secs_f64(), written));
        if written >= BACKLOG || passed > DEADLINE {
            return seen;
        }
    }
}

fn print(seen: &Seen, counters: &Value) {
    plot(seen);
    let written = seen.last().map_or(0, |(_, written)| *written);
    if written < BACKLOG {
        println!("  only {written} of {BACKLOG} were written in {DEADLINE:?}");
    }
    let reached = |share: f64| {
        let wanted = BACKLOG as f64 * share;
        seen.iter().find(|(_, written)| *written as f64 >= wanted)
    };
    let rate = match (reached(MIDDLE.0), reached(MIDDLE.1)) {
        (Some((from, before)), Some((to, after))) => (after - before) as f64 / (to - from),
        _ => 0.0,
    };
    let count = |name: &str| counters[name].as_u64().unwrap_or_default() as f64;
    let calls = count("total") / written.max(1) as f64;
    let refused = count("refused_by_limiter");
    figure(
        "memberships a second, steady",
        rate,
        rate >= 23.0,
        "at least 23",
    );
    let share = rate / PER_SECOND;
    figure("of the limit", share, share >= 23.0 / 24.0, "at least 0.96");
    figure("refusals (503)", refused, refused == 0.0, "0");
    figure("calls a write", calls, calls <= 1.02, "at most 1.02");
    let twice = count("duplicates_standing") + count("duplicates_refused");
    figure("entries that were sent twice", twice, twice == 0.0, "0");
}

fn plot(seen: &Seen) {
    let (mut from, mut before) = (0.0, 0);
    for (at, written) in seen {
        let passed = at - from;
        if passed >= BAR {
            let rate = (written - before) as f64 / passed;
            println!(
                "  {:>5.0} s {rate:>6.1}/s {}",
                at,
                bar(rate, PER_SECOND * 1.5)
            );
            (from, before) = (*at, *written);
        }
    }
}
