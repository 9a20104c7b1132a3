//! What those who look after a RAiD do about its contributors: see how they stand, have them asked
//! again, and accept that ORCID merged a record.

use crate::steps::{granted_project, people_are};
use raid_tests::examples::{self, CARBERRY, OKAFOR, handle_of};
use raid_tests::{Browser, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    who_archived_the_request_is_asked_again_when_the_owner_wants_it,
    an_accepted_merge_brings_the_entry_to_the_other_record,
    why_tells_how_people_stand,
);

async fn who_archived_the_request_is_asked_again_when_the_owner_wants_it(stage: &Stage) {
    let agency = stage
        .agency_with("[permissions]\nremind_after = \"1s\"\nrequests = 2")
        .await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let request = stage.orcid.request(CARBERRY).await;
    stage.orcid.archive_notification(CARBERRY, &request).await;
    people_are(&agency, 1, "ignored").await;
    let client = agency.client();
    let contributors = format!("/v1/raids/{handle}/contributors");
    let ask = format!("{contributors}/{CARBERRY}/ask");
    let asked = client.post(&ask, &Value::Null).await.expect(202);
    assert_eq!(asked["permission"]["state"], "unasked");
    eventually("a second question", async || {
        let requests = stage.orcid.requests(CARBERRY).await;
        (requests.len() == 2).then_some(())
    })
    .await;
    Browser::new().grant(&stage.orcid, CARBERRY).await;
    stage.orcid.membership(CARBERRY, &handle).await;
    agency.rest().await;
    let shown = eventually("the question to be closed", async || {
        let shown = client.get(&contributors).await.expect(200);
        (shown[0]["notification"]["state"] == "closed").then_some(shown)
    })
    .await;
    assert_eq!(shown[0]["permission"]["state"], "granted");
    assert_eq!(shown[0]["entry"]["state"], "written");
    client.post(&ask, &Value::Null).await.expect(409);
}

async fn an_accepted_merge_brings_the_entry_to_the_other_record(stage: &Stage) {
    let agency = stage.agency().await;
    let merged = json!({ "state": "deprecated", "into": OKAFOR });
    stage.orcid.set_state(CARBERRY, merged).await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    people_are(&agency, 1, "deprecated").await;
    Browser::new().grant(&stage.orcid, OKAFOR).await;
    people_are(&agency, 1, "granted").await;
    agency.rest().await;
    // The owner decides what the RAiD says.
    assert_eq!(
        agency.client().raid(&handle).await["identifier"]["version"],
        1
    );
    assert!(stage.orcid.memberships(OKAFOR).await.is_empty());
    let accept = format!("/v1/raids/{handle}/contributors/{CARBERRY}/accept-merge");
    let raid = agency.client().post(&accept, &Value::Null).await;
    let raid = raid.expect(200);
    let id = raid["contributor"][0]["id"].as_str().unwrap();
    assert!(id.ends_with(OKAFOR), "{id}");
    stage.orcid.membership(OKAFOR, &handle).await;
}

async fn why_tells_how_people_stand(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    for subject in [CARBERRY, &project.handle] {
        let told = stage.command(&["why", subject]).output();
        for words in [
            &format!("{CARBERRY} in {}", project.handle),
            "permission: granted",
            "They granted permission.",
            "entry: written",
            "put-code ",
        ] {
            assert!(told.contains(words), "{words} is not in:\n{told}");
        }
    }
    let nobody = stage.command(&["why", OKAFOR]).output();
    assert_eq!(nobody, format!("{OKAFOR}: nothing is known\n"));
    let complaint = stage.command(&["why", "nonsense"]).complaint();
    assert!(complaint.contains("neither an ORCID iD"), "{complaint}");
}
