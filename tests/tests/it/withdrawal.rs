//! Permissions that are withdrawn, and refusals that only look like it.

use crate::steps::{granted_project, people_are, retitle, status_of};
use raid_tests::examples::{self, CARBERRY, FERNANDEZ, OKAFOR, handle_of};
use raid_tests::{Agency, Browser, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    a_withdrawn_permission_is_found_and_respected,
    a_withdrawal_is_found_without_an_edit,
    who_withdrew_can_grant_again,
    a_spurious_refusal_downgrades_nobody,
    many_refusals_at_once_are_orcids_trouble,
);

/// Lets somebody else go through the whole workflow, so that all that was due has run.
async fn another_persons_workflow(stage: &Stage, agency: &Agency<'_>) {
    let request = examples::with_people("Somebody else's", [FERNANDEZ]);
    let handle = handle_of(&agency.client().mint(&request).await);
    Browser::new().grant(&stage.orcid, FERNANDEZ).await;
    stage.orcid.membership(FERNANDEZ, &handle).await;
    agency.rest().await;
}

async fn a_withdrawn_permission_is_found_and_respected(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.revoke(CARBERRY).await;
    retitle(&agency, &project.handle, "After the withdrawal").await;
    people_are(&agency, 1, "revoked").await;
    let status = status_of(&agency, &project.handle, CARBERRY).await;
    assert_eq!(status, "AUTHENTICATION_REVOKED");
    let refused = stage.orcid.answers("membership_list", 401).await;
    assert_eq!(refused, 4, "three more refusals, and one for the judgement");

    // From then on nothing is tried, and nobody is asked.
    let touched = async || {
        let mut calls = 0;
        for kind in [
            "membership_create",
            "membership_update",
            "membership_delete",
        ] {
            calls += stage.orcid.answers(kind, 401).await;
        }
        calls + stage.orcid.answers("membership_list", 401).await
    };
    let before = touched().await;
    retitle(&agency, &project.handle, "Later still").await;
    agency
        .client()
        .mint(&examples::titled("A new project"))
        .await;
    another_persons_workflow(stage, &agency).await;
    assert_eq!(touched().await, before);
    assert_eq!(stage.orcid.requests(CARBERRY).await.len(), 1);
    stage.orcid.assert_written_once().await;
}

async fn a_withdrawal_is_found_without_an_edit(stage: &Stage) {
    let agency = stage
        .agency_with("[permissions]\nprobe_every = \"1s\"")
        .await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.revoke(CARBERRY).await;
    people_are(&agency, 1, "revoked").await;
    let status = status_of(&agency, &project.handle, CARBERRY).await;
    assert_eq!(status, "AUTHENTICATION_REVOKED");
    assert_eq!(stage.orcid.calls("membership_update").await, 0);
}

async fn who_withdrew_can_grant_again(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.revoke(CARBERRY).await;
    retitle(&agency, &project.handle, "After the withdrawal").await;
    people_are(&agency, 1, "revoked").await;
    // The request is archived, but its link is still good.
    let request = stage.orcid.request(CARBERRY).await;
    let link = request["authorization_url"].as_str().unwrap();
    let landing = project.browser.open(link).await;
    let consent = project.browser.press(&landing, "Continue to ORCID").await;
    project.browser.press(&consent, "Authorize access").await;
    let follows = |e: &Value| e["department_name"] == "After the withdrawal";
    let entry = stage
        .orcid
        .membership_that(CARBERRY, &project.handle, follows)
        .await;
    assert_eq!(
        entry["put_code"], project.entry["put_code"],
        "the entry, not another one"
    );
    let status = status_of(&agency, &project.handle, CARBERRY).await;
    assert_eq!(status, "AUTHENTICATED");
    stage.orcid.assert_written_once().await;
}

async fn a_spurious_refusal_downgrades_nobody(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let fault = json!({ "kind": "spurious_401", "when": { "next": 2 } });
    stage.orcid.fault(fault).await;
    retitle(&agency, &project.handle, "Through the trouble").await;
    let follows = |e: &Value| e["department_name"] == "Through the trouble";
    stage
        .orcid
        .membership_that(CARBERRY, &project.handle, follows)
        .await;
    people_are(&agency, 1, "granted").await;
    let status = status_of(&agency, &project.handle, CARBERRY).await;
    assert_eq!(status, "AUTHENTICATED");
    assert_eq!(stage.orcid.answers("membership_update", 401).await, 1);
    stage.orcid.assert_written_once().await;
}

/// All whom the simulator knows.
const EIGHT: [&str; 8] = [
    CARBERRY,
    OKAFOR,
    FERNANDEZ,
    "0000-0002-9079-593X",
    "0000-0003-1415-9269",
    "0000-0001-2345-6789",
    "0000-0003-5000-0001",
    "0000-0001-5000-0007",
];

/// As in the default configuration, a suspicion takes longer to confirm than the window in which
/// people must come under it to be many at once.
const LONG_CONFIRMATION: &str = r#"
[permissions]
breaker_window = "5s"
confirm_after = ["2s", "2s", "2s"]
"#;

async fn many_refusals_at_once_are_orcids_trouble(stage: &Stage) {
    let agency = stage.agency_with(LONG_CONFIRMATION).await;
    let request = examples::with_people("Everybody's", EIGHT);
    let handle = handle_of(&agency.client().mint(&request).await);
    for orcid in EIGHT {
        Browser::new().grant(&stage.orcid, orcid).await;
        stage.orcid.membership(orcid, &handle).await;
    }
    agency.rest().await;

    let calls = ["membership_update", "membership_list"];
    stage
        .orcid
        .fault(json!({ "kind": "spurious_401", "calls": calls }))
        .await;
    retitle(&agency, &handle, "Through the trouble").await;
    // Each is refused as often as one alone would have to be, to count as withdrawn.
    eventually("everybody to be refused four times", async || {
        (stage.orcid.answers("membership_list", 401).await >= 3 * 8).then_some(())
    })
    .await;
    people_are(&agency, 8, "suspect").await;
    for orcid in EIGHT {
        assert_eq!(status_of(&agency, &handle, orcid).await, "AUTHENTICATED");
    }
    stage.orcid.heal().await;
    for orcid in EIGHT {
        let follows = |e: &Value| e["department_name"] == "Through the trouble";
        stage.orcid.membership_that(orcid, &handle, follows).await;
    }
    people_are(&agency, 8, "granted").await;
    stage.orcid.assert_written_once().await;
}
