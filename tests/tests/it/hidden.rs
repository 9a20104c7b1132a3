//! RAiDs that are not shown any more, or again: withdrawal, and the end of an embargo.

use crate::steps::{granted_project, operator, withdraw};
use raid_model::Raid;
use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Agency, Browser, Stage, eventually};
use serde_json::json;
use std::time::Duration;
use store::raids::{self, Actor, RaidWrite};
use store::tasks::Lane;
use store::testing::TestDb;
use store::{Clock, Store};

raid_tests::on_both_databases!(
    a_withdrawn_raid_leaves_the_record,
    a_reinstated_raid_is_back_on_the_record,
    a_request_does_not_name_what_is_withdrawn,
    an_embargo_that_ends_brings_the_entry,
    embargoes_end_without_orcid_too,
    the_agency_may_write_what_is_embargoed,
    a_transferred_raid_stays_on_the_record,
);

async fn is_off_the_record(stage: &Stage, handle: &str) {
    eventually("the entry to be gone", async || {
        let left = stage.orcid.memberships_of(CARBERRY, handle).await;
        left.is_empty().then_some(())
    })
    .await;
}

async fn a_withdrawn_raid_leaves_the_record(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let kept = handle_of(&agency.client().mint(&examples::titled("Kept")).await);
    stage.orcid.membership(CARBERRY, &kept).await;
    withdraw(stage, &agency, &project.handle).await;
    is_off_the_record(stage, &project.handle).await;
    agency.rest().await;
    stage.orcid.membership(CARBERRY, &kept).await;
    let path = format!("/raid/{}", project.handle);
    agency.client().get(&path).await.expect(410);
    let page = Browser::new();
    let page = page
        .open(&format!("{}/raids/{}", agency.url(), project.handle))
        .await;
    assert!(page.text().contains("Registered twice"), "{}", page.text());
    stage.orcid.assert_written_once().await;
}

/// The last project of the person, too: the permission is still there.
async fn a_reinstated_raid_is_back_on_the_record(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    withdraw(stage, &agency, &project.handle).await;
    is_off_the_record(stage, &project.handle).await;
    agency.rest().await;
    let path = format!("/v1/raids/{}/reinstatement", project.handle);
    let reason = json!({"reason": "It was the other one"});
    let back = operator(stage, &agency).post(&path, &reason).await;
    back.expect(200);
    let entry = stage.orcid.membership(CARBERRY, &project.handle).await;
    assert_eq!(entry["department_name"], project.entry["department_name"]);
    agency.rest().await;
    let entries = stage.orcid.memberships_of(CARBERRY, &project.handle).await;
    assert_eq!(entries.len(), 1);
    assert_eq!(
        stage.orcid.requests(CARBERRY).await.len(),
        1,
        "nobody is asked again"
    );
}

async fn a_request_does_not_name_what_is_withdrawn(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.reset_counters().await;
    // Minted and withdrawn before the entry can be written.
    stage
        .orcid
        .fault(json!({"kind": "server_error", "when": {"next": 3}}))
        .await;
    let handle = handle_of(&agency.client().mint(&examples::titled("In error")).await);
    withdraw(stage, &agency, &handle).await;
    stage.orcid.heal().await;
    agency.rest().await;
    assert_eq!(stage.orcid.memberships_of(CARBERRY, &handle).await.len(), 0);
    assert_eq!(stage.orcid.memberships(CARBERRY).await, [project.entry]);
}

/// Mints a RAiD under embargo, and lets the embargo end today, on which no request may let one end.
async fn minted_until_today(stage: &Stage, agency: &Agency<'_>, title: &str) -> String {
    let mut request = examples::titled(title);
    request["access"] = examples::embargo("Until today");
    let minted = agency.client().mint(&request).await;
    let settings = store::Settings {
        url: stage.database_url(),
        connections: 1,
        wait: Duration::from_secs(30),
        long_connections: 1,
        long_deadline: std::time::Duration::from_secs(30),
        page_cache: 8 << 20,
    };
    let store = Store::open(&settings, Clock::system(), TestDb::keys()).unwrap();
    let mut raid: Raid = serde_json::from_value(minted.clone()).unwrap();
    let now = store.clock().now();
    raid.access.embargo_expiry = Some(now.date());
    raid.identifier.version += 1;
    let actor = Actor::system("test");
    let write = RaidWrite::of(&raid, actor, now, now, Lane::Interactive).unwrap();
    let written = store.write(move |c| raids::amend(c, &write)).await;
    written.unwrap();
    handle_of(&minted)
}

/// RAiD API, section on access types: there an embargo never ends.
async fn an_embargo_that_ends_brings_the_entry(stage: &Stage) {
    let agency = stage.agency().await;
    granted_project(stage, &agency).await;
    let handle = minted_until_today(stage, &agency, "Over").await;
    let entry = stage.orcid.membership(CARBERRY, &handle).await;
    assert!(entry.to_string().contains("Over"), "{entry}");
    let path = format!("/raid/{handle}");
    let open = eventually("the RAiD to be open", async || {
        let reply = agency.client().anonymous().get(&path).await;
        (reply.status == 200).then(|| reply.json())
    })
    .await;
    assert_eq!(open["identifier"]["version"], 3);
    stage.orcid.assert_written_once().await;
}

async fn embargoes_end_without_orcid_too(stage: &Stage) {
    let agency = stage.agency_with("[orcid]\nmode = \"off\"").await;
    let handle = minted_until_today(stage, &agency, "Over").await;
    let path = format!("/raid/{handle}");
    eventually("the RAiD to be open", async || {
        let reply = agency.client().anonymous().get(&path).await;
        (reply.status == 200).then_some(())
    })
    .await;
}

async fn the_agency_may_write_what_is_embargoed(stage: &Stage) {
    let agency = stage.agency_with("[sync]\nwrite_embargoed = true").await;
    granted_project(stage, &agency).await;
    let mut request = examples::titled("Secret");
    request["access"] = examples::embargo("After the patent");
    let handle = handle_of(&agency.client().mint(&request).await);
    stage.orcid.membership(CARBERRY, &handle).await;
    withdraw(stage, &agency, &handle).await;
    is_off_the_record(stage, &handle).await;
}

async fn a_transferred_raid_stays_on_the_record(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let operator = operator(stage, &agency);
    let new = json!({
        "name": "Another",
        "identifierOwner": "https://ror.org/00rqy9422",
        "groupId": "another-group",
    });
    let point = operator.post("/service-point/", &new).await.expect(201);
    let path = format!("/v1/raids/{}/transfer", project.handle);
    let to = json!({"servicePoint": point["id"]});
    let after = operator.post(&path, &to).await.expect(200);
    assert_eq!(after["identifier"]["owner"]["servicePoint"], point["id"]);
    agency.rest().await;
    assert_eq!(stage.orcid.memberships(CARBERRY).await, [project.entry]);
    stage.orcid.assert_written_once().await;
}
