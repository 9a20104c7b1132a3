//! Requests that nobody answers: repeated a few times, and then never again.

use crate::steps::people_are;
use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Browser, Stage};
use serde_json::Value;

raid_tests::on_both_databases!(
    an_unanswered_request_is_repeated_within_the_budget,
    who_archives_the_request_is_not_asked_again,
);

const SOON: &str = "[permissions]\nremind_after = \"500ms\"\nrequests = 3";

fn is_open(request: &Value) -> bool {
    request["archived"].is_null()
}

async fn an_unanswered_request_is_repeated_within_the_budget(stage: &Stage) {
    let agency = stage.agency_with(SOON).await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    people_are(&agency, 1, "ignored").await;
    let requests = stage.orcid.requests(CARBERRY).await;
    assert_eq!(requests.len(), 3, "{requests:#?}");
    assert_eq!(
        requests.iter().filter(|r| is_open(r)).count(),
        1,
        "one at a time"
    );

    // Another project is no reason to ask more often.
    agency.client().mint(&examples::titled("Another one")).await;
    agency.rest().await;
    assert_eq!(stage.orcid.requests(CARBERRY).await.len(), 3);
    assert!(stage.orcid.memberships(CARBERRY).await.is_empty());

    // The last one still works.
    let result = Browser::new().grant(&stage.orcid, CARBERRY).await;
    assert_eq!(
        result.heading(),
        "Thank you: your projects go to your ORCID record"
    );
    stage.orcid.membership(CARBERRY, &handle).await;
    agency.rest().await;
    assert_eq!(stage.orcid.memberships(CARBERRY).await.len(), 2);
    stage.orcid.assert_written_once().await;
}

async fn who_archives_the_request_is_not_asked_again(stage: &Stage) {
    let agency = stage
        .agency_with("[permissions]\nremind_after = \"4s\"\nrequests = 3")
        .await;
    agency.client().mint(&examples::minimal()).await;
    stage.orcid.request(CARBERRY).await;
    let browser = Browser::new();
    let inbox = browser.open_inbox(&stage.orcid, CARBERRY).await;
    browser
        .press(&inbox, "Archive without granting permissions")
        .await;
    people_are(&agency, 1, "ignored").await;
    agency.client().mint(&examples::titled("Another one")).await;
    agency.rest().await;
    let requests = stage.orcid.requests(CARBERRY).await;
    assert_eq!(requests.len(), 1, "asked again");
    assert!(!is_open(&requests[0]));
}
