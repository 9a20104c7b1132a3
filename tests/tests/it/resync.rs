//! Commands that look at every entry: after a setting changed, and after our client at ORCID did.

use crate::agreement::Sides;
use crate::steps::{granted_project, retitle};
use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Browser, Orcid, Stage, eventually};
use store::memberships::State;

raid_tests::on_both_databases!(
    a_changed_address_is_written_to_every_entry,
    put_codes_are_forgotten_without_harm,
    a_new_client_writes_entries_of_its_own,
);

const MOVED: &str = "[agency]\nlanding_prefix = \"https://moved.example/raids/\"\n";
const RENAMED: &str = "[agency]\nname = \"Another Name of the Agency\"\n";

async fn a_changed_address_is_written_to_every_entry(stage: &Stage) {
    let mut agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    agency.terminate().await;
    let dry_run = ["resync", "--dry-run"];
    for settings in ["", RENAMED] {
        let told = stage.command_with(settings, &dry_run).output();
        assert!(told.contains("without --dry-run 0 entries are"), "{told}");
    }
    let told = stage.command_with(MOVED, &dry_run).output();
    assert!(told.contains("1 entries would be changed"), "{told}");
    let agency = stage.agency_with(MOVED).await;
    agency.rest().await;
    let before = stage.orcid.membership(CARBERRY, &project.handle).await;
    assert_eq!(before, project.entry, "a dry run sets nothing");
    let told = stage.command_with(MOVED, &["resync"]).output();
    assert!(told.contains("1 entries are set"), "{told}");
    let url = format!("https://moved.example/raids/{}", project.handle);
    stage
        .orcid
        .membership_that(CARBERRY, &project.handle, |entry| entry["url"] == *url)
        .await;
    agency.rest().await;
    let told = stage.command_with(MOVED, &["resync"]).output();
    assert!(told.contains("0 entries are set"), "{told}");
    stage.orcid.assert_written_once().await;
}

/// Also where the client is the same as before: the entry is found on the record, and adopted.
async fn put_codes_are_forgotten_without_harm(stage: &Stage) {
    let mut agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let sides = Sides::of(stage, agency.client());
    let stands = async || {
        let known = sides.known(CARBERRY, &project.handle).await;
        known.unwrap().state
    };
    agency.terminate().await;
    let told = stage.command(&["forget-put-codes", "--dry-run"]).output();
    assert!(told.contains("forgets: 1"), "{told}");
    assert_eq!(stands().await, State::Written);
    let told = stage.command(&["forget-put-codes"]).output();
    assert!(told.contains("Put-codes forgotten: 1."), "{told}");
    assert_eq!(stands().await, State::Posting, "in doubt");
    agency.restart().await;
    eventually("the entry to be known again", async || {
        (stands().await == State::Written).then_some(())
    })
    .await;
    let after = stage.orcid.membership(CARBERRY, &project.handle).await;
    assert_eq!(after, project.entry);
    stage.orcid.assert_written_once().await;
}

/// The person granted to both clients, so that only the put-code is in the way.
async fn a_new_client_writes_entries_of_its_own(stage: &Stage) {
    let mut agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let other = Browser::new();
    let landing = other.open_request(&stage.orcid, CARBERRY).await;
    Browser::new().grant(&stage.orcid, CARBERRY).await;
    let old = stage.orcid.membership(CARBERRY, &handle).await;
    agency.rest().await;
    agency.terminate().await;

    let next = format!("[orcid]\nclient_id = \"{}\"\n", Orcid::NEXT_CLIENT_ID);
    let agency = stage.agency_with(&next).await;
    let consent = other.press(&landing, "Continue to ORCID").await;
    other.press(&consent, "Authorize access").await;
    retitle(&agency, &handle, "By the new client").await;
    let dead = r#"raid_tasks{kind="membership",state="dead"}"#;
    eventually("the entry to be given up", async || {
        (agency.metric(dead).await == 1).then_some(())
    })
    .await;
    let letters = stage.command_with(&next, &["dead-letters"]).output();
    assert!(letters.contains("9010"), "{letters}");

    let forgotten = stage.command_with(&next, &["forget-put-codes"]).output();
    assert!(forgotten.contains("Put-codes forgotten: 1."), "{forgotten}");
    let new = eventually("an entry of the new client", async || {
        let entries = stage.orcid.memberships_of(CARBERRY, &handle).await;
        entries
            .into_iter()
            .find(|entry| entry["department_name"] == "By the new client")
    })
    .await;
    assert_ne!(new["put_code"], old["put_code"]);
    assert_eq!(agency.metric(dead).await, 0);
}
