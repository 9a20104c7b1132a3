//! Permissions that are withdrawn, and refusals that only look like it.

use crate::agreement::Sides;
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
    refusals_of_all_of_few_are_orcids_trouble,
    many_who_withdraw_are_believed,
    a_wrong_withdrawal_heals_by_itself,
    a_dead_token_is_given_up,
    what_has_to_go_after_a_withdrawal_is_removed,
    a_refused_removal_after_a_withdrawal_is_tried_once,
    with_the_last_project_the_permission_goes,
    a_missing_scope_is_asked_for_again,
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
    assert_eq!(refused, 4, "confirmed by three more refusals, and judged");

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

/// Short waits between judgements.
const SOON: &str = r#"
[permissions]
breaker_window = "500ms"
confirm_after = ["300ms", "300ms"]
"#;

/// Everybody's project, on the records of so many people.
async fn granted_by(stage: &Stage, agency: &Agency<'_>, people: &[&str]) -> String {
    let request = examples::with_people("Everybody's", people.iter().copied());
    let handle = handle_of(&agency.client().mint(&request).await);
    for orcid in people {
        Browser::new().grant(&stage.orcid, orcid).await;
        stage.orcid.membership(orcid, &handle).await;
    }
    agency.rest().await;
    handle
}

async fn many_refusals_at_once_are_orcids_trouble(stage: &Stage) {
    let agency = stage.agency_with(SOON).await;
    let handle = granted_by(stage, &agency, &EIGHT).await;
    nobody_is_downgraded(stage, &agency, &handle, &EIGHT).await;
}

/// Also an agency with few people has somebody to compare with.
async fn refusals_of_all_of_few_are_orcids_trouble(stage: &Stage) {
    let agency = stage.agency_with(SOON).await;
    let few = &EIGHT[..3];
    let handle = granted_by(stage, &agency, few).await;
    nobody_is_downgraded(stage, &agency, &handle, few).await;
}

async fn nobody_is_downgraded(stage: &Stage, agency: &Agency<'_>, handle: &str, people: &[&str]) {
    let count = u64::try_from(people.len()).unwrap();
    stage.orcid.refuse_user_tokens().await;
    retitle(agency, handle, "Through the trouble").await;
    // Each is refused more often than one alone would have to be, to count as withdrawn.
    eventually("everybody to be judged twice", async || {
        let refused = stage.orcid.answers("membership_list", 401).await;
        (refused >= 6 * count).then_some(())
    })
    .await;
    people_are(agency, count, "suspect").await;
    for orcid in people {
        assert_eq!(status_of(agency, handle, orcid).await, "AUTHENTICATED");
    }
    stage.orcid.heal().await;
    for orcid in people {
        let follows = |e: &Value| e["department_name"] == "Through the trouble";
        stage.orcid.membership_that(orcid, handle, follows).await;
    }
    people_are(agency, count, "granted").await;
    stage.orcid.assert_written_once().await;
}

/// However many withdraw: when ORCID accepts the tokens of others, they are believed.
async fn many_who_withdraw_are_believed(stage: &Stage) {
    let agency = stage.agency_with(SOON).await;
    let handle = granted_by(stage, &agency, &EIGHT).await;
    for orcid in &EIGHT[..6] {
        stage.orcid.revoke(orcid).await;
    }
    retitle(&agency, &handle, "After six withdrew").await;
    people_are(&agency, 6, "revoked").await;
    people_are(&agency, 2, "granted").await;
    for orcid in &EIGHT[6..] {
        let follows = |e: &Value| e["department_name"] == "After six withdrew";
        stage.orcid.membership_that(orcid, &handle, follows).await;
    }
    stage.orcid.assert_written_once().await;
}

/// Somebody alone cannot be compared with anybody. What was believed wrongly heals by itself.
async fn a_wrong_withdrawal_heals_by_itself(stage: &Stage) {
    let heals = format!("{SOON}retry_revoked_after = [\"1s\", \"1s\", \"1s\"]\n");
    let agency = stage.agency_with(&heals).await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.refuse_user_tokens().await;
    retitle(&agency, &project.handle, "Through the trouble").await;
    people_are(&agency, 1, "revoked").await;
    stage.orcid.heal().await;
    let follows = |e: &Value| e["department_name"] == "Through the trouble";
    let entry = stage
        .orcid
        .membership_that(CARBERRY, &project.handle, follows)
        .await;
    assert_eq!(entry["put_code"], project.entry["put_code"]);
    people_are(&agency, 1, "granted").await;
    assert_eq!(stage.orcid.requests(CARBERRY).await.len(), 1, "asked again");
    stage.orcid.assert_written_once().await;
}

/// A token that stays refused is given up: revoked at ORCID, and forgotten.
async fn a_dead_token_is_given_up(stage: &Stage) {
    let soon = format!("{SOON}retry_revoked_after = [\"300ms\"]\n");
    let agency = stage.agency_with(&soon).await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.revoke(CARBERRY).await;
    retitle(&agency, &project.handle, "After the withdrawal").await;
    eventually("the pair to be revoked by us, too", async || {
        (stage.orcid.answers("revoke", 200).await == 1).then_some(())
    })
    .await;
    people_are(&agency, 1, "revoked").await;
}

/// In Carberry's place somebody else contributes.
async fn replace_carberry(agency: &Agency<'_>, handle: &str) {
    agency
        .client()
        .edit(handle, |raid| {
            let mut other = raid["contributor"][0].clone();
            other["id"] = format!("https://orcid.org/{OKAFOR}").into();
            raid["contributor"] = json!([other]);
        })
        .await;
}

/// ORCID lets us remove what is ours also after a withdrawal.
async fn what_has_to_go_after_a_withdrawal_is_removed(stage: &Stage) {
    let agency = stage.agency_with(SOON).await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.revoke(CARBERRY).await;
    retitle(&agency, &project.handle, "After the withdrawal").await;
    people_are(&agency, 1, "revoked").await;
    replace_carberry(&agency, &project.handle).await;
    eventually("the entry to be removed", async || {
        stage
            .orcid
            .memberships(CARBERRY)
            .await
            .is_empty()
            .then_some(())
    })
    .await;
    stage.orcid.assert_written_once().await;
}

/// Where ORCID refuses the removal, that is kept, and it is not tried for ever.
async fn a_refused_removal_after_a_withdrawal_is_tried_once(stage: &Stage) {
    let agency = stage.agency_with(SOON).await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.refuse_tokens_of(&[CARBERRY]).await;
    retitle(&agency, &project.handle, "After the withdrawal").await;
    people_are(&agency, 1, "revoked").await;
    replace_carberry(&agency, &project.handle).await;
    eventually("the removal to be tried", async || {
        (stage.orcid.answers("membership_delete", 401).await == 1).then_some(())
    })
    .await;
    agency.rest().await;
    another_persons_workflow(stage, &agency).await;
    assert_eq!(stage.orcid.answers("membership_delete", 401).await, 1);
    let sides = Sides::of(stage, agency.client());
    let known = sides.known(CARBERRY, &project.handle).await.unwrap();
    assert!(known.refusal.is_some(), "{known:?}");
}

/// The person's last project goes: the entry, then the permission, at ORCID too.
async fn with_the_last_project_the_permission_goes(stage: &Stage) {
    let agency = stage
        .agency_with("[permissions]\nforget_after = \"300ms\"")
        .await;
    let project = granted_project(stage, &agency).await;
    replace_carberry(&agency, &project.handle).await;
    eventually("the permission to be handed back", async || {
        (!stage.orcid.holds_a_token_of(CARBERRY).await).then_some(())
    })
    .await;
    assert!(stage.orcid.memberships(CARBERRY).await.is_empty());
    people_are(&agency, 0, "granted").await;
    // A later project is a reason to ask again.
    agency.client().mint(&examples::titled("A later one")).await;
    eventually("a new question", async || {
        (stage.orcid.requests(CARBERRY).await.len() == 2).then_some(())
    })
    .await;
}

/// A token without the scope to write: the person is asked again, once.
async fn a_missing_scope_is_asked_for_again(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.narrow_scope(CARBERRY, "/read-limited").await;
    retitle(&agency, &project.handle, "Without the scope").await;
    eventually("a new question", async || {
        (stage.orcid.requests(CARBERRY).await.len() == 2).then_some(())
    })
    .await;
    agency.rest().await;
    assert_eq!(
        agency
            .metric(r#"raid_tasks{kind="membership",state="dead"}"#)
            .await,
        0
    );
    Browser::new().grant(&stage.orcid, CARBERRY).await;
    let follows = |e: &Value| e["department_name"] == "Without the scope";
    let entry = stage
        .orcid
        .membership_that(CARBERRY, &project.handle, follows)
        .await;
    assert_eq!(entry["put_code"], project.entry["put_code"]);
    stage.orcid.assert_written_once().await;
}
