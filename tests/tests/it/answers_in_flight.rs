//! A person answers while a worker's call about them is in flight: the answer counts.

use crate::steps::{granted_project, people_are, retitle};
use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Browser, Stage, eventually};
use serde_json::Value;
use std::time::Duration;

raid_tests::on_both_databases!(
    a_grant_during_a_reminder_counts,
    a_grant_during_the_last_confirmation_counts,
    a_denial_during_a_reminder_counts,
);

/// One reminder is due at once, calls may be slow, and nothing else is tried.
const ONE_REQUEST: &str = r#"
[permissions]
remind_after = "500ms"
requests = 1
confirm_after = ["300ms"]
[orcid]
call_timeout = "20s"
[worker]
lease = "60s"
"#;
const SLOW: Duration = Duration::from_secs(4);

/// Waits until a call is in flight that the simulator slows down.
async fn call_in_flight(stage: &Stage) {
    eventually("a slow call", async || {
        (stage.orcid.struck().await > 0).then_some(())
    })
    .await;
}

async fn a_grant_during_a_reminder_counts(stage: &Stage) {
    let agency = stage.agency_with(ONE_REQUEST).await;
    stage.orcid.slow_down(&["notification_read"], SLOW).await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    stage.orcid.request(CARBERRY).await;
    call_in_flight(stage).await;
    Browser::new().grant(&stage.orcid, CARBERRY).await;
    stage.orcid.membership(CARBERRY, &handle).await;
    people_are(&agency, 1, "granted").await;
    // And it stays so when the slow answer has come.
    eventually("the slow answer", async || {
        (stage.orcid.answers("notification_read", 200).await > 0).then_some(())
    })
    .await;
    agency.rest().await;
    people_are(&agency, 1, "granted").await;
    stage.orcid.assert_written_once().await;
}

async fn a_grant_during_the_last_confirmation_counts(stage: &Stage) {
    let agency = stage.agency_with(ONE_REQUEST).await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.revoke(CARBERRY).await;
    stage.orcid.slow_down(&["membership_list"], SLOW).await;
    retitle(&agency, &project.handle, "During the confirmation").await;
    call_in_flight(stage).await;
    let browser = &project.browser;
    browser.grant_by_old_link(&stage.orcid, CARBERRY).await;
    let follows = |e: &Value| e["department_name"] == "During the confirmation";
    stage
        .orcid
        .membership_that(CARBERRY, &project.handle, follows)
        .await;
    people_are(&agency, 1, "granted").await;
    agency.rest().await;
    people_are(&agency, 1, "granted").await;
    stage.orcid.assert_written_once().await;
}

async fn a_denial_during_a_reminder_counts(stage: &Stage) {
    let agency = stage.agency_with(ONE_REQUEST).await;
    stage.orcid.slow_down(&["notification_read"], SLOW).await;
    agency.client().mint(&examples::minimal()).await;
    stage.orcid.request(CARBERRY).await;
    call_in_flight(stage).await;
    Browser::new().refuse(&stage.orcid, CARBERRY).await;
    people_are(&agency, 1, "denied").await;
    eventually("the slow answer", async || {
        (stage.orcid.answers("notification_read", 200).await > 0).then_some(())
    })
    .await;
    agency.rest().await;
    people_are(&agency, 1, "denied").await;
}
