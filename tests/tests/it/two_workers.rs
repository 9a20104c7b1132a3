//! Several worker processes on one PostgreSQL: each entry is written by one of them, once.

use crate::cast::Cast;
use raid_tests::{Agency, Backend, Orcid, Stage, eventually, run};
use serde_json::{Value, json};

const SETTINGS: &str = r#"
[orcid]
call_timeout = "1s"
per_second = 24.0
burst = 20
[worker]
lease = "4s"
[log]
filter = "info"
"#;

#[test]
fn two_workers_share_the_work() {
    run(Backend::Postgres, async |stage| share(stage, 2).await);
}

#[test]
fn three_workers_share_the_work() {
    run(Backend::Postgres, async |stage| share(stage, 3).await);
}

#[test]
fn one_finishes_what_a_killed_one_began() {
    run(Backend::Postgres, one_is_killed);
}

#[test]
fn one_that_stood_still_does_no_harm() {
    run(Backend::Postgres, one_stands_still);
}

/// So many that, at that distance, more writes could go out than the limit lets through.
const PEOPLE: u32 = 12;
const PROJECTS: usize = 72;

/// ORCID as it is seen from far: slow, and with its limit.
async fn far_away(orcid: &Orcid) {
    orcid
        .fault(json!([
            { "kind": "latency", "ms": 150 },
            { "kind": "rate_limit", "per_second": 24.0, "burst": 40.0 },
        ]))
        .await;
}

/// People who granted, before anything is written.
async fn prepare<'a>(stage: &'a Stage, registry: &Agency<'_>, projects: usize) -> Cast<'a> {
    let cast = Cast::of_people(stage, registry, PEOPLE, projects).await;
    // Requests for permission follow from tasks of memberships, so one worker is there for a while.
    let mut asking = registry.second("worker").await;
    cast.grant().await;
    asking.terminate().await;
    cast
}

async fn share(stage: &Stage, count: usize) {
    let registry = stage.agency_in_roles_with("registry,inbox", SETTINGS).await;
    far_away(&stage.orcid).await;
    let mut cast = prepare(stage, &registry, PEOPLE as usize).await;
    // Nobody works, so that there is more to do at once than the limit lets through.
    for number in cast.handles.len()..PROJECTS {
        cast.mint(number).await;
    }
    let mut workers = Vec::new();
    for _ in 0..count {
        workers.push(registry.second("worker").await);
    }
    cast.agree().await;
    let created = created(&stage.orcid).await;
    assert_eq!(
        created,
        2 * PROJECTS as u64,
        "one POST for each person and project"
    );
    let updated = stage.orcid.calls("membership_update").await;
    assert_eq!(updated, 0, "nothing was edited");
    cast.edit_all("Edited").await;
    cast.agree().await;
    shared(&cast, count).await;
    cast.assert_nothing_doubled().await;
}

async fn created(orcid: &Orcid) -> u64 {
    let calls = orcid.calls("membership_create").await;
    assert_eq!(orcid.answers("membership_create", 201).await, calls);
    calls
}

/// Every worker took its part, and the limit was kept by all together.
async fn shared(cast: &Cast<'_>, count: usize) {
    let by_node = eventually("the log of calls to be written", async || {
        let by_node = cast.sides.writes_by_node(&cast.people).await;
        (by_node.len() >= count).then_some(by_node)
    })
    .await;
    let counters = cast.orcid.counters().await;
    println!("{count} workers: writes by node {by_node:?}");
    summary(&counters);
    assert_eq!(counters["refused_by_limiter"], 0);
    assert_eq!(counters["max_writes_in_flight_any"], 1);
    assert_eq!(counters["duplicates_refused"], 0);
}

fn summary(counters: &Value) {
    println!(
        "{} calls, {} created, {} updated, {} deleted, {} looks, {} refused, {} duplicates refused, \
         {} writes at once for one person",
        counters["total"],
        counters["calls"]["membership_create"]["total"],
        counters["calls"]["membership_update"]["total"],
        counters["calls"]["membership_delete"]["total"],
        counters["calls"]["membership_list"]["total"],
        counters["refused_by_limiter"],
        counters["duplicates_refused"],
        counters["max_writes_in_flight_any"],
    );
}

async fn one_is_killed(stage: &Stage) {
    let registry = stage.agency_in_roles_with("registry,inbox", SETTINGS).await;
    far_away(&stage.orcid).await;
    let cast = prepare(stage, &registry, 24).await;
    let before = stage.orcid.calls("membership_create").await;
    let mut first = registry.second("worker").await;
    let second = registry.second("worker").await;
    eventually("both to be at work", async || {
        (stage.orcid.calls("membership_create").await >= before + 10).then_some(())
    })
    .await;
    first.kill_9();
    cast.agree().await;
    summary(&stage.orcid.counters().await);
    cast.assert_nothing_doubled().await;
    drop(second);
}

/// A worker stands still in the middle of its calls for longer than its leases last, and then goes
/// on: what it held is another's by then.
async fn one_stands_still(stage: &Stage) {
    let registry = stage.agency_in_roles_with("registry,inbox", SETTINGS).await;
    far_away(&stage.orcid).await;
    let mut cast = prepare(stage, &registry, 12).await;
    let first = registry.second("worker").await;
    let _second = registry.second("worker").await;
    for round in 1..=4 {
        let before = stage.orcid.calls("membership_create").await;
        for number in 0..6 {
            cast.mint(12 * round + number).await;
        }
        eventually("both to be at work", async || {
            (stage.orcid.calls("membership_create").await > before + 2).then_some(())
        })
        .await;
        first.freeze();
        cast.edit_all(&format!("Round {round}")).await;
        // The other waits for the leases to end, and does all of it.
        cast.agree().await;
        cast.edit_all(&format!("Back in round {round}")).await;
        first.thaw();
        cast.agree().await;
    }
    summary(&stage.orcid.counters().await);
    cast.assert_nothing_doubled().await;
}
