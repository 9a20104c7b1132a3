//! Records that ORCID locked, or that their owners closed or merged: no write, no endless calls,
//! and a look again later.

use crate::steps::{granted_project, people_are, question_is_archived, retitle, status_of};
use raid_tests::examples::{self, CARBERRY, FERNANDEZ, OKAFOR, handle_of};
use raid_tests::{Agency, Browser, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    a_locked_record_is_left_alone,
    a_deactivated_record_is_left_alone,
    a_merged_record_is_left_alone,
    what_names_a_merged_record_is_not_promised,
    a_granted_record_that_closes_is_left_alone,
    a_record_that_opens_again_is_asked_again,
    an_unlocked_record_goes_on_as_before,
);

async fn a_locked_record_is_left_alone(stage: &Stage) {
    is_left_alone(stage, json!({ "state": "locked" }), "locked").await;
}

async fn a_deactivated_record_is_left_alone(stage: &Stage) {
    is_left_alone(stage, json!({ "state": "deactivated" }), "deactivated").await;
}

async fn a_merged_record_is_left_alone(stage: &Stage) {
    let agency = stage.agency().await;
    let merged = json!({ "state": "deprecated", "into": OKAFOR });
    stage.orcid.set_state(CARBERRY, merged).await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    people_are(&agency, 1, "deprecated").await;
    // Whoever has the record now is asked for its projects, and that question is kept up to date.
    stage.orcid.request(OKAFOR).await;
    edit_and_mint(&agency, &handle).await;
    eventually("the question about both projects", async || {
        let newest = stage.orcid.requests(OKAFOR).await.pop()?;
        let items = newest["items"].to_string();
        let names_both = items.contains("Edited") && items.contains("Another one");
        (newest["archived"].is_null() && names_both).then_some(())
    })
    .await;
    people_are(&agency, 1, "asked").await;
    let asked_instead = stage.orcid.requests(OKAFOR).await.len() as u64;
    assert_eq!(calls_after_somebody_elses_workflow(stage, &agency).await, 0);
    assert_eq!(
        stage.orcid.calls("notification_create").await,
        2 + asked_instead,
        "one each, and those to whoever has the record now"
    );
}

async fn what_names_a_merged_record_is_not_promised(stage: &Stage) {
    let agency = stage.agency().await;
    let merged = json!({ "state": "deprecated", "into": OKAFOR });
    stage.orcid.set_state(CARBERRY, merged).await;
    agency.client().mint(&examples::minimal()).await;
    let browser = Browser::new();
    let granted = browser.grant(&stage.orcid, OKAFOR).await;
    assert_eq!(granted.heading(), "Thank you: you gave permission");
    let text = granted.text();
    assert!(!text.contains("within moments"), "{text}");
    assert!(text.contains(&format!("It names {CARBERRY}")), "{text}");

    // A project that names their present iD is, beside it.
    let own = examples::with_people("Their own", [OKAFOR]);
    let handle = handle_of(&agency.client().mint(&own).await);
    stage.orcid.membership(OKAFOR, &handle).await;
    let both = browser.open(granted.url.as_str()).await;
    let text = both.text();
    assert!(text.contains("within moments"), "{text}");
    assert!(text.contains("Those that name an earlier iD"), "{text}");
    assert_eq!(stage.orcid.memberships(OKAFOR).await.len(), 1);
}

/// Nothing about these changes reaches the record of their contributor.
async fn edit_and_mint(agency: &Agency<'_>, handle: &str) {
    assert_eq!(status_of(agency, handle, CARBERRY).await, "UNAUTHENTICATED");
    retitle(agency, handle, "Edited").await;
    agency.client().mint(&examples::titled("Another one")).await;
    agency.rest().await;
}

/// Calls about Carberry; all others in these tests are about Fernández.
async fn calls_after_somebody_elses_workflow(stage: &Stage, agency: &Agency<'_>) -> u64 {
    let before = stage.orcid.counters().await["total"].as_u64().unwrap();
    let request = examples::with_people("Somebody else's", [FERNANDEZ]);
    let handle = handle_of(&agency.client().mint(&request).await);
    Browser::new().grant(&stage.orcid, FERNANDEZ).await;
    stage.orcid.membership(FERNANDEZ, &handle).await;
    question_is_archived(stage, FERNANDEZ).await;
    agency.rest().await;
    let after = stage.orcid.counters().await["total"].as_u64().unwrap();
    // Of Fernández: the notification, the code, the entry, the notification's archiving.
    after - before - 4
}

async fn is_left_alone(stage: &Stage, closed: Value, name: &str) {
    let agency = stage.agency().await;
    stage.orcid.set_state(CARBERRY, closed).await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    people_are(&agency, 1, name).await;
    edit_and_mint(&agency, &handle).await;
    assert_eq!(calls_after_somebody_elses_workflow(stage, &agency).await, 0);
    assert_eq!(
        stage.orcid.calls("notification_create").await,
        2,
        "one each"
    );
}

async fn a_granted_record_that_closes_is_left_alone(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    stage
        .orcid
        .set_state(CARBERRY, json!({ "state": "deactivated" }))
        .await;
    retitle(&agency, &project.handle, "After the closing").await;
    people_are(&agency, 1, "deactivated").await;
    agency.rest().await;
    retitle(&agency, &project.handle, "And later").await;
    agency.rest().await;
    assert_eq!(calls_after_somebody_elses_workflow(stage, &agency).await, 0);
    stage.orcid.assert_written_once().await;
}

async fn a_record_that_opens_again_is_asked_again(stage: &Stage) {
    let agency = stage
        .agency_with("[permissions]\nrecheck_after = \"1s\"")
        .await;
    stage
        .orcid
        .set_state(CARBERRY, json!({ "state": "deactivated" }))
        .await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    people_are(&agency, 1, "deactivated").await;
    stage
        .orcid
        .set_state(CARBERRY, json!({ "state": "active" }))
        .await;
    Browser::new().grant(&stage.orcid, CARBERRY).await;
    stage.orcid.membership(CARBERRY, &handle).await;
    stage.orcid.assert_written_once().await;
}

async fn an_unlocked_record_goes_on_as_before(stage: &Stage) {
    let agency = stage
        .agency_with("[permissions]\nrecheck_after = \"1s\"")
        .await;
    let project = granted_project(stage, &agency).await;
    stage
        .orcid
        .set_state(CARBERRY, json!({ "state": "locked" }))
        .await;
    retitle(&agency, &project.handle, "While locked").await;
    people_are(&agency, 1, "locked").await;
    stage
        .orcid
        .set_state(CARBERRY, json!({ "state": "active" }))
        .await;
    let follows = |e: &Value| e["department_name"] == "While locked";
    let entry = stage
        .orcid
        .membership_that(CARBERRY, &project.handle, follows)
        .await;
    assert_eq!(entry["put_code"], project.entry["put_code"]);
    assert_eq!(stage.orcid.requests(CARBERRY).await.len(), 1, "asked again");
    stage.orcid.assert_written_once().await;
}
