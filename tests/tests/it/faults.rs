//! Whatever ORCID does to our calls, in the end each record says what the RAiDs say, once.

use crate::cast::{Cast, FAST, PEOPLE};
use raid_model::permission::PermissionState as State;
use raid_tests::{Orcid, Stage, eventually, eventually_within};
use serde_json::{Value, json};
use std::time::Duration;

/// For what takes many waits in a row.
const LONG: Duration = Duration::from_mins(2);

raid_tests::on_both_databases!(
    every_answer_to_a_write_is_dropped,
    every_answer_is_dropped,
    some_answers_are_dropped,
    every_answer_about_a_notification_is_dropped,
    a_backlog_keeps_within_the_limit,
    a_pace_that_is_too_fast_adapts,
    answers_come_late,
    each_kind_of_trouble_passes,
);

/// Every call of the member API.
pub const MEMBER_CALLS: [&str; 8] = [
    "notification_create",
    "notification_archive",
    "membership_create",
    "membership_update",
    "membership_delete",
    "notification_read",
    "notification_list",
    "membership_list",
];
/// The first of them, which change something.
const WRITES: usize = 5;

/// Dropped answers to each kind of write, so that a test cannot pass without them.
async fn dropped(orcid: &Orcid, kind: &str) -> u64 {
    orcid.counters().await["calls"][kind]["dropped_after"]
        .as_u64()
        .unwrap_or_default()
}

async fn report(orcid: &Orcid, what: &str) {
    let counters = orcid.counters().await;
    println!(
        "{what}: {} calls, {} duplicates stood, {} refused, {} refused by the limiter",
        counters["total"],
        counters["duplicates_standing"],
        counters["duplicates_refused"],
        counters["refused_by_limiter"]
    );
    for kind in MEMBER_CALLS {
        println!("  {kind}: {}", counters["calls"][kind]);
    }
}

async fn every_answer_to_a_write_is_dropped(stage: &Stage) {
    let agency = stage.agency_with(FAST).await;
    stage
        .orcid
        .fault(json!({ "kind": "drop_after_commit" }))
        .await;
    let cast = Cast::of(stage, &agency, 12).await;
    // Looking at the record, or the inbox, is enough: nothing has to heal.
    cast.asked().await;
    cast.grant().await;
    cast.agree().await;
    cast.edit_all("Edited").await;
    cast.agree().await;
    for kind in [
        "notification_create",
        "membership_create",
        "membership_update",
        "membership_delete",
    ] {
        assert!(dropped(cast.orcid, kind).await > 0, "{kind}");
    }
    cast.orcid.heal().await;
    cast.edit_all("Healed").await;
    cast.agree().await;
    report(cast.orcid, "every answer to a write").await;
    cast.assert_nothing_doubled().await;
}

async fn every_answer_is_dropped(stage: &Stage) {
    let agency = stage.agency_with(FAST).await;
    let cast = Cast::of(stage, &agency, 12).await;
    cast.grant().await;
    cast.agree().await;
    let before = cast.records().await;
    stage
        .orcid
        .fault(json!({ "kind": "drop_after_commit", "calls": MEMBER_CALLS }))
        .await;
    cast.edit_all("Unheard").await;
    for kind in [
        "membership_create",
        "membership_update",
        "membership_delete",
        "membership_list",
    ] {
        eventually(&format!("an unheard {kind}"), async || {
            (dropped(cast.orcid, kind).await > 0).then_some(())
        })
        .await;
    }
    // All is as it was, and what was done unheard has to be undone.
    cast.restore(&before).await;
    cast.orcid.heal().await;
    cast.agree().await;
    report(cast.orcid, "every answer").await;
    cast.assert_nothing_doubled().await;
}

/// ORCID does what it was asked, but after we have ceased to wait.
async fn answers_come_late(stage: &Stage) {
    let agency = stage.agency_with(FAST).await;
    let writes = &MEMBER_CALLS[..WRITES];
    let fault = json!({ "kind": "latency", "ms": 1400, "calls": writes });
    stage.orcid.fault(fault).await;
    let cast = Cast::of(stage, &agency, 12).await;
    cast.asked().await;
    cast.grant().await;
    cast.edit_all("Late").await;
    cast.agree().await;
    assert!(
        stage.orcid.calls("membership_list").await > 0,
        "nothing was late"
    );
    report(cast.orcid, "late answers").await;
    cast.assert_nothing_doubled().await;
}

async fn some_answers_are_dropped(stage: &Stage) {
    let agency = stage.agency_with(FAST).await;
    let seed: u64 = rand::random_range(0..1_000_000);
    println!("seed {seed}");
    let chance = json!({ "chance": { "probability": 0.5, "seed": seed } });
    let fault = json!({ "kind": "drop_after_commit", "calls": MEMBER_CALLS, "when": chance });
    stage.orcid.fault(fault).await;
    let cast = Cast::of(stage, &agency, 12).await;
    cast.grant().await;
    cast.edit_all("Half heard").await;
    cast.agree().await;
    cast.orcid.heal().await;
    report(cast.orcid, "some answers").await;
    cast.assert_nothing_doubled().await;
}

/// Also the reminders arrive, one at a time, and the person's silence is not taken for a no.
async fn every_answer_about_a_notification_is_dropped(stage: &Stage) {
    let settings = FAST.replace("[permissions]", "[permissions]\nremind_after = \"1s\"");
    let agency = stage.agency_with(&settings).await;
    let calls = ["notification_create", "notification_archive"];
    let fault = json!({ "kind": "drop_after_commit", "calls": calls });
    stage.orcid.fault(fault).await;
    let cast = Cast::of(stage, &agency, 6).await;
    for person in &cast.people {
        let ended = format!("{person} to be left alone");
        eventually_within(LONG, &ended, async || {
            (cast.sides.permission(person).await == State::Ignored).then_some(())
        })
        .await;
        let requests = cast.orcid.requests(person).await;
        assert_eq!(requests.len(), 3, "{requests:#?}");
        let open = requests.iter().filter(|r| r["archived"].is_null());
        assert_eq!(open.count(), 1, "{requests:#?}");
    }
    assert!(dropped(cast.orcid, "notification_archive").await >= 12);
    report(cast.orcid, "every answer about a notification").await;
    cast.orcid.assert_written_once().await;
}

/// ORCID's limit for one client, as its edge keeps it.
fn limit_of_orcid() -> Value {
    json!({ "kind": "rate_limit", "per_second": 24.0, "burst": 40.0 })
}

/// More writes than the burst: 60 entries, all changed twice.
async fn a_backlog_keeps_within_the_limit(stage: &Stage) {
    let settings = FAST.replace("[orcid]", "[orcid]\nper_second = 24.0\nburst = 20");
    let agency = stage.agency_with(&settings).await;
    stage.orcid.fault(limit_of_orcid()).await;
    let cast = Cast::of(stage, &agency, 30).await;
    cast.grant().await;
    cast.edit_all("Early").await;
    cast.agree().await;
    cast.edit_all("Late").await;
    cast.agree().await;
    report(cast.orcid, "a backlog within the limit").await;
    assert_eq!(cast.orcid.counters().await["refused_by_limiter"], 0);
    cast.assert_nothing_doubled().await;
}

/// ORCID takes less than we were told, as when other software uses the same client.
async fn a_pace_that_is_too_fast_adapts(stage: &Stage) {
    let settings = FAST.replace("[orcid]", "[orcid]\nper_second = 24.0\nburst = 20");
    let agency = stage.agency_with(&settings).await;
    let slow = json!({ "kind": "rate_limit", "per_second": 6.0, "burst": 10.0 });
    stage.orcid.fault(slow).await;
    let cast = Cast::of(stage, &agency, 18).await;
    cast.grant().await;
    cast.agree().await;
    cast.edit_all("Slower").await;
    cast.agree().await;
    report(cast.orcid, "too fast").await;
    let counters = cast.orcid.counters().await;
    let total = counters["total"].as_u64().unwrap();
    let refused = counters["refused_by_limiter"].as_u64().unwrap();
    assert!(refused > 0, "the limit was never reached");
    // At 24 calls against 6 three of four would be.
    assert!(
        refused * 4 < total,
        "the pace did not adapt: {refused} of {total} refused"
    );
    cast.assert_nothing_doubled().await;
}

/// One kind of trouble after the other, each while everything is edited.
async fn each_kind_of_trouble_passes(stage: &Stage) {
    let agency = stage.agency_with(FAST).await;
    let mut cast = Cast::of(stage, &agency, 12).await;
    cast.grant().await;
    cast.agree().await;
    let of_memberships = [
        "membership_create",
        "membership_update",
        "membership_delete",
        "membership_list",
    ];
    let troubles = [
        json!({ "kind": "server_error" }),
        json!({ "kind": "html_502" }),
        json!({ "kind": "too_many_requests" }),
        json!({ "kind": "drop_before_commit" }),
        // Answers come when nobody waits for them any more.
        json!({ "kind": "latency", "ms": 1500 }),
        json!({ "kind": "spurious_401" }),
        // As if everybody had withdrawn the permission.
        json!({ "kind": "spurious_401", "calls": of_memberships }),
        json!({ "kind": "token_401" }),
    ];
    for (number, trouble) in troubles.into_iter().enumerate() {
        println!("{trouble}");
        cast.orcid.fault(trouble.clone()).await;
        cast.mint(12 + number).await;
        cast.edit_all(&format!("Trouble {number}")).await;
        // Our own tokens are kept, so that nobody needs their endpoint.
        if trouble["kind"] != "token_401" {
            eventually("the trouble to strike", async || {
                (cast.orcid.struck().await >= 3).then_some(())
            })
            .await;
        }
        if trouble["calls"].is_array() {
            suspicions_are_confirmed(&cast).await;
        }
        cast.orcid.heal().await;
        cast.agree().await;
    }
    report(cast.orcid, "each kind of trouble").await;
    cast.assert_nothing_doubled().await;
}

/// Waits until every person's token was refused often enough to count as withdrawn, were they alone.
async fn suspicions_are_confirmed(cast: &Cast<'_>) {
    cast.orcid.reset_counters().await;
    let tries = u64::from(3 * PEOPLE * 2);
    eventually_within(LONG, "each token to be tried again and again", async || {
        (cast.orcid.calls("membership_list").await >= tries).then_some(())
    })
    .await;
}
