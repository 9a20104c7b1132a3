//! Entries that were missing once, and come back: by a new permission, or with the whole record.

use crate::steps::{granted_project, people_are, retitle};
use raid_tests::examples::{self, CARBERRY, FERNANDEZ, OKAFOR, handle_of};
use raid_tests::{Agency, Browser, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    a_new_grant_brings_back_what_was_deleted,
    what_was_deleted_stays_away_without_a_new_grant,
    a_record_that_was_deactivated_and_is_back_is_asked_again,
    a_record_that_was_noticed_deactivated_is_asked_again,
    the_primary_record_of_a_merged_one_is_asked,
);

const SOON: &str = r#"
[permissions]
confirm_after = ["300ms"]
recheck_after = "1s"
"#;

/// A project of Carberry's, and of somebody whose token ORCID accepts.
async fn with_a_companion(stage: &Stage, agency: &Agency<'_>) -> String {
    let request = examples::with_people("Of both", [CARBERRY, FERNANDEZ]);
    let handle = handle_of(&agency.client().mint(&request).await);
    for orcid in [CARBERRY, FERNANDEZ] {
        Browser::new().grant(&stage.orcid, orcid).await;
        stage.orcid.membership(orcid, &handle).await;
    }
    agency.rest().await;
    handle
}

async fn new_question(stage: &Stage, orcid: &str, count: usize) {
    eventually("a new question", async || {
        let requests = stage.orcid.requests(orcid).await;
        let open = requests.iter().filter(|r| r["archived"].is_null()).count();
        (requests.len() == count && open == 1).then_some(())
    })
    .await;
}

async fn a_new_grant_brings_back_what_was_deleted(stage: &Stage) {
    let agency = stage.agency_with(SOON).await;
    let handle = with_a_companion(stage, &agency).await;
    let entry = stage.orcid.membership(CARBERRY, &handle).await;
    stage.orcid.revoke(CARBERRY).await;
    stage.orcid.delete_entry(CARBERRY, &entry).await;
    retitle(&agency, &handle, "After the withdrawal").await;
    people_are(&agency, 1, "revoked").await;
    let result = Browser::new()
        .grant_by_old_link(&stage.orcid, CARBERRY)
        .await;
    assert_eq!(
        result.heading(),
        "Thank you: your projects go to your ORCID record"
    );
    let follows = |e: &Value| e["department_name"] == "After the withdrawal";
    stage
        .orcid
        .membership_that(CARBERRY, &handle, follows)
        .await;
    agency.rest().await;
    stage.orcid.assert_written_once().await;
}

async fn what_was_deleted_stays_away_without_a_new_grant(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.delete_entry(CARBERRY, &project.entry).await;
    retitle(&agency, &project.handle, "After the deletion").await;
    agency.rest().await;
    retitle(&agency, &project.handle, "And once more").await;
    agency.rest().await;
    assert!(stage.orcid.memberships(CARBERRY).await.is_empty());
    let browser = &project.browser;
    browser.grant_by_old_link(&stage.orcid, CARBERRY).await;
    let follows = |e: &Value| e["department_name"] == "And once more";
    stage
        .orcid
        .membership_that(CARBERRY, &project.handle, follows)
        .await;
    stage.orcid.assert_written_once().await;
}

/// Nobody noticed that the record was deactivated: its token is dead, its inbox and entries gone.
async fn a_record_that_was_deactivated_and_is_back_is_asked_again(stage: &Stage) {
    let agency = stage.agency_with(SOON).await;
    let handle = with_a_companion(stage, &agency).await;
    for state in ["deactivated", "active"] {
        stage
            .orcid
            .set_state(CARBERRY, json!({ "state": state }))
            .await;
    }
    retitle(&agency, &handle, "Back again").await;
    all_of_it_returns(stage, &agency, &handle).await;
}

/// The person is asked again, and after their grant the entry stands as the RAiD says.
async fn all_of_it_returns(stage: &Stage, agency: &Agency<'_>, handle: &str) {
    new_question(stage, CARBERRY, 1).await;
    Browser::new().grant(&stage.orcid, CARBERRY).await;
    let follows = |e: &Value| e["department_name"] == "Back again";
    stage.orcid.membership_that(CARBERRY, handle, follows).await;
    agency.rest().await;
    stage.orcid.assert_written_once().await;
}

async fn a_record_that_was_noticed_deactivated_is_asked_again(stage: &Stage) {
    let agency = stage.agency_with(SOON).await;
    let handle = with_a_companion(stage, &agency).await;
    stage
        .orcid
        .set_state(CARBERRY, json!({ "state": "deactivated" }))
        .await;
    retitle(&agency, &handle, "Back again").await;
    people_are(&agency, 1, "deactivated").await;
    stage
        .orcid
        .set_state(CARBERRY, json!({ "state": "active" }))
        .await;
    all_of_it_returns(stage, &agency, &handle).await;
}

/// The primary record gets a question of its own. Until the RAiD names it, nothing is written.
async fn the_primary_record_of_a_merged_one_is_asked(stage: &Stage) {
    let agency = stage.agency_with(SOON).await;
    let handle = with_a_companion(stage, &agency).await;
    let merged = json!({ "state": "deprecated", "into": OKAFOR });
    stage.orcid.set_state(CARBERRY, merged).await;
    retitle(&agency, &handle, "After the merge").await;
    people_are(&agency, 1, "deprecated").await;
    let question = stage.orcid.request(OKAFOR).await;
    let items = question["items"].to_string();
    assert!(items.contains(&handle), "{question:#}");
    Browser::new().grant(&stage.orcid, OKAFOR).await;
    people_are(&agency, 2, "granted").await;
    agency.rest().await;
    assert!(stage.orcid.memberships(OKAFOR).await.is_empty());
    let raid = agency.client().raid(&handle).await;
    assert!(raid.to_string().contains(CARBERRY), "altered: {raid:#}");

    // The RAiD's owner names the primary iD.
    agency
        .client()
        .edit(&handle, |raid| {
            let old = format!("https://orcid.org/{CARBERRY}");
            for person in raid["contributor"].as_array_mut().unwrap() {
                if person["id"] == old.as_str() {
                    person["id"] = format!("https://orcid.org/{OKAFOR}").into();
                }
            }
        })
        .await;
    stage.orcid.membership(OKAFOR, &handle).await;
    agency.rest().await;
    stage.orcid.assert_written_once().await;
}
