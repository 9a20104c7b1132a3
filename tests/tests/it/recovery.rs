//! ORCID is away for a while. When it is back the backlog goes, whatever the schedule says.

use crate::cast::Cast;
use raid_model::permission::PermissionState as State;
use raid_tests::{Agency, Stage, eventually};
use serde_json::json;

raid_tests::on_both_databases!(
    the_backlog_goes_when_orcid_is_back,
    a_process_that_starts_after_the_outage_takes_it_up,
);

/// The second failure of a task has to wait for an hour.
const SLOW: &str = r#"
[orcid]
call_timeout = "500ms"
[worker]
lease = "4s"
retry = ["200ms", "1h"]
max_tries = 200
outage_probe = "300ms"
"#;
/// People who granted before the outage; each project has two of them.
const GRANTED: u32 = 4;
/// Projects before and during the outage.
const BEFORE: usize = 4;
const DURING: usize = 10;

/// People who granted have entries for all projects, and one who did not was asked. Most did not wait
/// to be tried one by one.
async fn all_is_done(cast: &Cast<'_>, agency: &Agency<'_>, stranger: &str) {
    cast.agree().await;
    eventually("the stranger to be asked", async || {
        (cast.sides.permission(stranger).await == State::Asked).then_some(())
    })
    .await;
    cast.orcid.assert_written_once().await;
    cast.orcid.assert_nothing_sent_twice().await;
    let forward = agency.metric("raid_tasks_brought_forward_total").await;
    assert!(forward >= DURING as u64, "{forward} were brought forward");
}

/// Mints while ORCID is away, until each task has failed so often that its next try is far off.
async fn mint_while_away(cast: &mut Cast<'_>) -> String {
    cast.orcid.reset_counters().await;
    cast.orcid.fault(json!({ "kind": "html_502" })).await;
    for number in BEFORE..BEFORE + DURING {
        cast.mint(number).await;
    }
    let stranger = "0000-0002-1825-0097";
    let request = raid_tests::examples::with_people("Stranger", [stranger]);
    cast.client.mint(&request).await;
    let entries = 2 * DURING as u64;
    eventually("all entries to fail twice", async || {
        let created = cast.orcid.calls("membership_create").await;
        let looked = cast.orcid.calls("membership_list").await;
        (created >= entries && looked >= entries).then_some(())
    })
    .await;
    eventually("the question to fail twice", async || {
        (cast.orcid.calls("notification_list").await > 0).then_some(())
    })
    .await;
    stranger.to_owned()
}

async fn the_backlog_goes_when_orcid_is_back(stage: &Stage) {
    let agency = stage.agency_with(SLOW).await;
    let mut cast = Cast::of_people(stage, &agency, GRANTED, BEFORE).await;
    cast.grant().await;
    cast.agree().await;
    let stranger = mint_while_away(&mut cast).await;
    cast.orcid.heal().await;
    all_is_done(&cast, &agency, &stranger).await;
}

/// What waits is known from the database, not from what a process remembers.
async fn a_process_that_starts_after_the_outage_takes_it_up(stage: &Stage) {
    let mut agency = stage.agency_with(SLOW).await;
    let mut cast = Cast::of_people(stage, &agency, GRANTED, BEFORE).await;
    cast.grant().await;
    cast.agree().await;
    let stranger = mint_while_away(&mut cast).await;
    agency.kill_9();
    cast.orcid.heal().await;
    agency.restart().await;
    all_is_done(&cast, &agency, &stranger).await;
}
