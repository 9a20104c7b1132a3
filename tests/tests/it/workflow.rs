//! From minting a RAiD to its entry on the contributor's ORCID record, and what follows.

use crate::steps::{granted_project, people_are, retitle, shows_status};
use raid_tests::examples::{self, CARBERRY, OKAFOR, handle_of, version_of};
use raid_tests::{Agency, Browser, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    a_minted_raid_asks_its_contributor_once,
    a_grant_writes_the_project_to_the_record,
    later_projects_appear_without_a_question,
    each_change_is_written_once,
    an_update_that_changes_nothing_calls_nobody,
    many_edits_make_few_writes,
    who_leaves_the_project_loses_the_entry,
    what_is_under_embargo_stays_off_the_record,
    a_stale_version_is_refused,
    every_version_is_kept,
);

async fn a_minted_raid_asks_its_contributor_once(stage: &Stage) {
    let agency = stage.agency().await;
    let client = agency.client();
    let reply = client.post("/raid/", &examples::minimal()).await;
    let raid = reply.expect(201);
    let handle = handle_of(&raid);
    assert!(handle.starts_with("10.82841/"), "{handle}");
    assert_eq!(raid["identifier"]["id"], reply.header("Location"));
    assert_eq!(version_of(&raid), 1);
    assert_eq!(raid["title"], examples::minimal()["title"]);
    assert_eq!(raid["identifier"]["license"], "Creative Commons CC-0");
    assert_eq!(raid["contributor"][0]["status"], "AWAITING_AUTHENTICATION");
    let mut read = client.raid(&handle).await;
    assert_eq!(read, raid, "what was answered is what is kept");

    let request = stage.orcid.request(CARBERRY).await;
    let item = &request["items"][0];
    assert_eq!(item["external_id"]["value"], *handle, "{request:#}");
    let name = item["name"].as_str().unwrap();
    assert!(name.starts_with("Night sounds of the city parks"), "{name}");
    let intro = request["intro"].as_str().unwrap();
    for told in [
        "RAiD Demo Agency",
        "stop this",
        "title, your role, dates",
        "support@",
    ] {
        assert!(intro.contains(told), "{told} is not in: {intro}");
    }
    people_are(&agency, 1, "asked").await;
    assert_eq!(stage.orcid.requests(CARBERRY).await.len(), 1);
    assert!(
        stage.orcid.memberships(CARBERRY).await.is_empty(),
        "written without a grant"
    );
    read = client.raid(&handle).await;
    assert_eq!(read["contributor"][0]["status"], "AWAITING_AUTHENTICATION");
    stage.orcid.assert_written_once().await;
}

async fn a_grant_writes_the_project_to_the_record(stage: &Stage) {
    let agency = stage.agency().await;
    let raid = agency.client().mint(&examples::minimal()).await;
    let handle = handle_of(&raid);
    let browser = Browser::new();
    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    assert!(
        landing.url.as_str().starts_with(agency.url()),
        "{}",
        landing.url
    );
    assert!(landing.text().contains("Night sounds of the city parks"));
    assert!(landing.text().contains(&handle));
    let consent = browser.press(&landing, "Continue to ORCID").await;
    assert_eq!(consent.heading(), "Authorize access");
    let scopes = consent.texts("ul.scopes code");
    assert_eq!(
        scopes,
        ["/activities/update", "/read-limited"],
        "what the person is asked for"
    );
    let result = browser.press(&consent, "Authorize access").await;
    assert_eq!(result.status, 200);
    assert_eq!(
        result.heading(),
        "Thank you: your projects go to your ORCID record"
    );
    assert!(result.text().contains("Night sounds of the city parks"));
    assert!(
        !result.url.as_str().contains("code="),
        "a code in the address bar"
    );

    let entry = stage.orcid.membership(CARBERRY, &handle).await;
    assert_eq!(entry["department_name"], "Night sounds of the city parks");
    assert_eq!(
        entry["organization"]["name"],
        "Night sounds of the city parks"
    );
    assert_eq!(entry["start_date"], "2025-02");
    assert_eq!(entry["end_date"], Value::Null);
    let role = entry["role_title"].as_str().unwrap();
    for part in ["Principal", "Conceptualization", "Software"] {
        assert!(role.contains(part), "{part} is not in: {role}");
    }
    assert_eq!(entry["url"], raid["identifier"]["raidAgencyUrl"]);
    let raid_url = format!("https://raid.org/{handle}");
    let id = json!([
        { "type": "raid", "value": handle, "url": raid_url, "relationship": "self" }
    ]);
    assert_eq!(entry["external_ids"], id);
    agency.rest().await;
    shows_status(&agency, &handle, "AUTHENTICATED").await;
    assert_eq!(
        agency.client().raid(&handle).await["identifier"]["version"],
        1
    );
    assert_eq!(stage.orcid.calls("token_code").await, 1);
    assert_eq!(stage.orcid.calls("membership_create").await, 1);
    stage.orcid.assert_written_once().await;
}

async fn later_projects_appear_without_a_question(stage: &Stage) {
    let agency = stage.agency().await;
    let first = granted_project(stage, &agency).await;
    let second = agency
        .client()
        .mint(&examples::titled("Second project"))
        .await;
    let entry = stage.orcid.membership(CARBERRY, &handle_of(&second)).await;
    assert_eq!(entry["department_name"], "Second project");
    assert_eq!(second["contributor"][0]["status"], "AUTHENTICATED");
    agency.rest().await;
    assert_eq!(stage.orcid.memberships(CARBERRY).await.len(), 2);
    assert_eq!(
        stage.orcid.memberships_of(CARBERRY, &first.handle).await,
        [first.entry]
    );
    assert_eq!(
        stage.orcid.calls("notification_create").await,
        1,
        "asked again"
    );
    assert_eq!(stage.orcid.calls("membership_create").await, 2);
    stage.orcid.assert_written_once().await;
}

async fn each_change_is_written_once(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let (handle, put_code) = (project.handle.as_str(), &project.entry["put_code"]);
    let updates = async || stage.orcid.calls("membership_update").await;

    retitle(&agency, handle, "Day sounds").await;
    let follows = |e: &Value| e["department_name"] == "Day sounds";
    let entry = stage.orcid.membership_that(CARBERRY, handle, follows).await;
    assert_eq!(entry["organization"]["name"], "Day sounds");
    assert_eq!(entry["put_code"], *put_code, "the entry, not another one");
    agency.rest().await;
    assert_eq!(updates().await, 1);

    let one_role = |raid: &mut Value| {
        let roles = raid["contributor"][0]["role"].as_array_mut().unwrap();
        roles.truncate(1);
    };
    agency.client().edit(handle, one_role).await;
    let follows = |e: &Value| !e["role_title"].as_str().unwrap().contains("Software");
    stage.orcid.membership_that(CARBERRY, handle, follows).await;
    agency.rest().await;
    assert_eq!(updates().await, 2);

    let end = |raid: &mut Value| {
        raid["contributor"][0]["position"][0]["endDate"] = json!("2026-01");
    };
    agency.client().edit(handle, end).await;
    let follows = |e: &Value| e["end_date"] == "2026-01";
    stage.orcid.membership_that(CARBERRY, handle, follows).await;
    agency.rest().await;
    assert_eq!(updates().await, 3);
    assert_eq!(stage.orcid.calls("membership_create").await, 1);
    assert_eq!(stage.orcid.calls("membership_delete").await, 0);
    stage.orcid.assert_written_once().await;
}

async fn an_update_that_changes_nothing_calls_nobody(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let before = stage.orcid.counters().await["total"].clone();
    let client = agency.client();
    let raid = client.raid(&project.handle).await;
    assert_eq!(client.update(&raid).await, raid, "the same version");
    // Something that ORCID need not know is a new version, and no call either.
    let described = client
        .edit(&project.handle, |raid| {
            raid["alternateUrl"] = json!([{ "url": "https://example.org/parks" }]);
        })
        .await;
    assert_eq!(version_of(&described), 2);
    agency.rest().await;
    assert_eq!(
        stage.orcid.counters().await["total"],
        before,
        "calls for nothing"
    );
}

async fn many_edits_make_few_writes(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    // Each write takes so long that many edits fall into it.
    stage
        .orcid
        .fault(json!({ "kind": "latency", "ms": 300 }))
        .await;
    for number in 1..=30 {
        retitle(&agency, &project.handle, &format!("Title {number}")).await;
    }
    let last = |e: &Value| e["department_name"] == "Title 30";
    stage
        .orcid
        .membership_that(CARBERRY, &project.handle, last)
        .await;
    agency.rest().await;
    assert_eq!(version_of(&agency.client().raid(&project.handle).await), 31);
    let updates = stage.orcid.calls("membership_update").await;
    assert!(updates < 15, "{updates} writes for thirty edits");
    stage.orcid.assert_written_once().await;
}

async fn who_leaves_the_project_loses_the_entry(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let handle = &project.handle;
    let others = examples::with_people("", [OKAFOR])["contributor"].take();
    agency
        .client()
        .edit(handle, |raid| raid["contributor"] = others)
        .await;
    no_entry(stage, CARBERRY).await;
    stage.orcid.request(OKAFOR).await;
    agency.rest().await;
    assert_eq!(stage.orcid.calls("membership_delete").await, 1);

    // Who comes back is written again: it was not the researcher who removed the entry.
    let people = examples::with_people("", [CARBERRY, OKAFOR])["contributor"].take();
    agency
        .client()
        .edit(handle, |raid| raid["contributor"] = people)
        .await;
    let entry = stage.orcid.membership(CARBERRY, handle).await;
    assert_ne!(entry["put_code"], project.entry["put_code"]);
    agency.rest().await;
    assert_eq!(stage.orcid.calls("membership_create").await, 2);
    assert!(
        stage.orcid.memberships(OKAFOR).await.is_empty(),
        "written without a grant"
    );
    stage.orcid.assert_written_once().await;
}

async fn no_entry(stage: &Stage, orcid: &str) {
    eventually("the entry to be gone", async || {
        stage
            .orcid
            .memberships(orcid)
            .await
            .is_empty()
            .then_some(())
    })
    .await;
}

async fn what_is_under_embargo_stays_off_the_record(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let mut secret = examples::titled("Not to be told");
    secret["access"] = examples::embargo("After the patent");
    let handle = handle_of(&agency.client().mint(&secret).await);
    agency.rest().await;
    assert_eq!(
        stage.orcid.memberships(CARBERRY).await,
        [project.entry],
        "the open one only"
    );

    // Once it is open it appears; once an open one is not any more, it goes.
    let open = examples::minimal()["access"].take();
    agency
        .client()
        .edit(&handle, |raid| raid["access"] = open)
        .await;
    stage.orcid.membership(CARBERRY, &handle).await;
    let closed = examples::embargo("After all");
    agency
        .client()
        .edit(&project.handle, |raid| raid["access"] = closed)
        .await;
    eventually("the entry to be gone", async || {
        let left = stage.orcid.memberships_of(CARBERRY, &project.handle).await;
        left.is_empty().then_some(())
    })
    .await;
    agency.rest().await;
    assert_eq!(stage.orcid.memberships(CARBERRY).await.len(), 1);
    stage.orcid.assert_written_once().await;
}

async fn a_stale_version_is_refused(stage: &Stage) {
    let agency = stage.agency().await;
    let client = agency.client();
    let first = client.mint(&examples::minimal()).await;
    let path = format!("/raid/{}", handle_of(&first));
    retitle(&agency, &handle_of(&first), "Newer").await;
    let mut outdated = first.clone();
    outdated["title"][0]["text"] = json!("Built on the old one");
    let problem = client.put(&path, &outdated).await.expect(409);
    assert_eq!(problem["currentVersion"], 2, "{problem:#}");
    assert_eq!(
        client.raid(&handle_of(&first)).await["title"][0]["text"],
        "Newer"
    );
}

async fn every_version_is_kept(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::titled("Version 1")).await);
    for version in 2..=5 {
        retitle(&agency, &handle, &format!("Version {version}")).await;
    }
    let restarted = restart(agency).await;
    for version in 1..=5 {
        let raid = restarted.client().version(&handle, version).await;
        assert_eq!(version_of(&raid), version);
        assert_eq!(raid["title"][0]["text"], format!("Version {version}"));
    }
    let path = format!("/raid/{handle}/6");
    restarted.client().get(&path).await.expect(404);
    assert_eq!(restarted.client().list().await.len(), 1);
}

async fn restart(mut agency: Agency<'_>) -> Agency<'_> {
    agency.terminate().await;
    agency.restart().await;
    agency
}
