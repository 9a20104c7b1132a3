//! ORCID gives a pair of tokens that we do not get to know: it is found out, and handed back.

use crate::agreement::Sides;
use crate::mail::{letters, link_in};
use crate::steps::people_are;
use futures::future::select;
use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Browser, Stage, eventually};
use serde_json::json;
use std::pin::pin;
use std::time::Duration;
use store::testing::spoil_invitations;

raid_tests::on_both_databases!(
    a_process_that_dies_in_the_exchange_leaves_no_pair,
    an_answer_that_is_lost_leaves_no_pair,
    a_permission_that_cannot_be_used_is_handed_back,
);

/// An exchange that takes longer than three seconds is taken for lost.
const SHORT: &str = r#"
[orcid]
exchange_wait = "1s"
call_timeout = "1s"
[worker]
lease = "3s"
"#;

async fn no_pair_is_left(stage: &Stage) {
    eventually("the pair to be dead", async || {
        (!stage.orcid.holds_a_token_of(CARBERRY).await).then_some(())
    })
    .await;
}

async fn a_process_that_dies_in_the_exchange_leaves_no_pair(stage: &Stage) {
    let mut agency = stage.agency_with(SHORT).await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let browser = Browser::new();
    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    people_are(&agency, 1, "asked").await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    let callback = browser.press_to(&consent, "Authorize access").await;
    stage
        .orcid
        .slow_down(&["token_code"], Duration::from_millis(700))
        .await;
    let sent = async {
        eventually("the code to be at ORCID", async || {
            (stage.orcid.calls("token_code").await == 1).then_some(())
        })
        .await;
    };
    select(pin!(browser.open(callback.as_str())), pin!(sent)).await;
    agency.kill_9();
    eventually("ORCID to give a pair to nobody", async || {
        stage.orcid.holds_a_token_of(CARBERRY).await.then_some(())
    })
    .await;
    stage.orcid.heal().await;
    agency.restart().await;
    no_pair_is_left(stage).await;

    // The page says that it did not work, and the person can do it again.
    let mut result = landing.url.clone();
    let (_, visit) = callback.query_pairs().find(|(k, _)| k == "state").unwrap();
    result.set_path("/orcid/callback");
    result
        .query_pairs_mut()
        .clear()
        .append_pair("state", &visit);
    let failed = browser.open(result.as_str()).await;
    assert_eq!(failed.heading(), "ORCID did not confirm your permission");
    let consent = browser.press(&failed, "Continue to ORCID").await;
    browser.press(&consent, "Authorize access").await;
    stage.orcid.membership(CARBERRY, &handle).await;
}

async fn a_permission_that_cannot_be_used_is_handed_back(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let person = examples::minimal()["contributor"][0].clone();
    let request = json!({
        "email": "somebody@university.example",
        "position": person["position"],
        "role": person["role"],
    });
    let path = format!("/v1/raids/{handle}/invitations");
    agency.client().post(&path, &request).await.expect(201);
    let letter = eventually("the mail", async || letters(stage).pop()).await;
    let browser = Browser::new();
    browser.sign_in_as(&stage.orcid, CARBERRY).await;
    let landing = browser.open(&link_in(&letter)).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    let sides = Sides::of(stage, agency.client());
    sides.store.write(spoil_invitations).await.unwrap();
    let result = browser.press(&consent, "Authorize access").await;
    assert_eq!(result.heading(), "Something went wrong on our side");
    let text = result.text();
    assert!(
        text.contains("the permission just given is handed back"),
        "{text}"
    );
    assert_eq!(stage.orcid.answers("token_code", 200).await, 1);
    no_pair_is_left(stage).await;
    assert_eq!(stage.orcid.answers("revoke", 200).await, 1);
}

async fn an_answer_that_is_lost_leaves_no_pair(stage: &Stage) {
    let agency = stage.agency_with(SHORT).await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let fault =
        json!({ "kind": "drop_after_commit", "calls": ["token_code"], "when": { "next": 1 } });
    stage.orcid.fault(fault).await;
    let browser = Browser::new();
    let failed = browser.grant(&stage.orcid, CARBERRY).await;
    assert_eq!(failed.heading(), "ORCID did not confirm your permission");
    assert!(stage.orcid.holds_a_token_of(CARBERRY).await);
    // Whoever starts again at once keeps what they give then.
    let next = browser.press(&failed, "Continue to ORCID").await;
    if next.heading() == "Authorize access" {
        browser.press(&next, "Authorize access").await;
    }
    stage.orcid.membership(CARBERRY, &handle).await;
    eventually("the lost pair to be dead", async || {
        let live = stage.orcid.tokens().await;
        let theirs = live.iter().filter(|t| t["orcid"] == CARBERRY).count();
        (theirs == 1).then_some(())
    })
    .await;
    people_are(&agency, 1, "granted").await;
}
