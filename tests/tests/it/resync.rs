//! Commands that look at every entry: after a setting changed, and after our client at ORCID did.

use crate::agreement::Sides;
use crate::steps::granted_project;
use raid_tests::examples::CARBERRY;
use raid_tests::{Stage, eventually};
use store::memberships::State;

raid_tests::on_both_databases!(
    a_changed_address_is_written_to_every_entry,
    put_codes_are_forgotten_without_harm,
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
    let state = async || {
        let known = sides.known(CARBERRY, &project.handle).await;
        known.unwrap().state
    };
    agency.terminate().await;
    let told = stage.command(&["forget-put-codes", "--dry-run"]).output();
    assert!(told.contains("without --dry-run 1 put-codes are"), "{told}");
    assert_eq!(state().await, State::Written);
    let told = stage.command(&["forget-put-codes"]).output();
    assert!(told.contains("1 put-codes are forgotten"), "{told}");
    assert_eq!(state().await, State::Posting, "in doubt");
    agency.restart().await;
    eventually("the entry to be known again", async || {
        (state().await == State::Written).then_some(())
    })
    .await;
    let after = stage.orcid.membership(CARBERRY, &project.handle).await;
    assert_eq!(after, project.entry);
    stage.orcid.assert_written_once().await;
}
