//! What people answer, and what becomes of it.

use crate::steps::{granted_project, people_are, retitle, status_of};
use raid_tests::examples::{self, CARBERRY, OKAFOR, handle_of};
use raid_tests::{Browser, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    who_denies_can_still_grant_later,
    another_persons_grant_is_handed_back,
    a_mistaken_grant_leaves_ones_own_alone,
    a_reloaded_callback_exchanges_nothing,
    a_code_opened_elsewhere_is_not_exchanged,
    a_button_pressed_on_another_site_begins_nothing,
    a_failed_exchange_can_be_tried_again,
    what_the_researcher_deletes_is_not_added_again,
);

async fn who_denies_can_still_grant_later(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let browser = Browser::new();
    let denied = browser.deny(&stage.orcid, CARBERRY).await;
    assert_eq!(denied.heading(), "You did not give permission");
    let sign_in = browser.press(&denied, "Do not ask me again").await;
    let refused = browser.press(&sign_in, "Authorize access").await;
    assert_eq!(refused.heading(), "We do not ask you again");
    people_are(&agency, 1, "denied").await;
    eventually("the pair of the sign-in to be revoked", async || {
        (!stage.orcid.holds_a_token_of(CARBERRY).await).then_some(())
    })
    .await;
    assert_eq!(
        status_of(&agency, &handle, CARBERRY).await,
        "AUTHENTICATION_FAILED"
    );

    // Neither an edit nor another project brings a write or another question.
    retitle(&agency, &handle, "Edited after the denial").await;
    agency.client().mint(&examples::titled("Another one")).await;
    agency.rest().await;
    assert!(stage.orcid.memberships(CARBERRY).await.is_empty());
    assert_eq!(stage.orcid.calls("membership_create").await, 0);
    assert_eq!(stage.orcid.requests(CARBERRY).await.len(), 1);

    // The page that told so leaves a way back.
    let consent = browser.press(&denied, "Continue to ORCID").await;
    let granted = browser.press(&consent, "Authorize access").await;
    assert_eq!(
        granted.heading(),
        "Thank you: your projects go to your ORCID record"
    );
    let entry = stage.orcid.membership(CARBERRY, &handle).await;
    assert_eq!(entry["department_name"], "Edited after the denial");
    agency.rest().await;
    assert_eq!(stage.orcid.memberships(CARBERRY).await.len(), 2);
    assert_eq!(status_of(&agency, &handle, CARBERRY).await, "AUTHENTICATED");
    stage.orcid.assert_written_once().await;
}

/// Carberry's link, in a browser that is signed in as somebody else: the result.
async fn grant_as_another(stage: &Stage, browser: &Browser, other: &str) -> raid_tests::Page {
    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    browser.sign_in_as(&stage.orcid, other).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    if consent.heading() == "Authorize access" {
        browser.press(&consent, "Authorize access").await
    } else {
        consent
    }
}

async fn another_persons_grant_is_handed_back(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let browser = Browser::new();
    let result = grant_as_another(stage, &browser, OKAFOR).await;
    assert_eq!(result.heading(), "This was another ORCID account");
    eventually("Okafor's pair to be revoked", async || {
        (!stage.orcid.holds_a_token_of(OKAFOR).await).then_some(())
    })
    .await;
    agency.rest().await;
    for orcid in [CARBERRY, OKAFOR] {
        assert!(
            stage.orcid.memberships(orcid).await.is_empty(),
            "written to {orcid}"
        );
    }
    assert_eq!(stage.orcid.calls("membership_create").await, 0);
    assert_eq!(
        status_of(&agency, &handle, CARBERRY).await,
        "AWAITING_AUTHENTICATION"
    );

    // The right person can go on from that page.
    browser.sign_in_as(&stage.orcid, CARBERRY).await;
    let consent = browser.press(&result, "Continue to ORCID").await;
    browser.press(&consent, "Authorize access").await;
    stage.orcid.membership(CARBERRY, &handle).await;
    agency.rest().await;
    assert!(stage.orcid.memberships(OKAFOR).await.is_empty());
    stage.orcid.assert_written_once().await;
}

async fn a_mistaken_grant_leaves_ones_own_alone(stage: &Stage) {
    let agency = stage.agency().await;
    let client = agency.client();
    let own = handle_of(
        &client
            .mint(&examples::with_people("Okafor's own", [OKAFOR]))
            .await,
    );
    Browser::new().grant(&stage.orcid, OKAFOR).await;
    stage.orcid.membership(OKAFOR, &own).await;

    client.mint(&examples::minimal()).await;
    let result = grant_as_another(stage, &Browser::new(), OKAFOR).await;
    assert_eq!(result.heading(), "This was another ORCID account");
    eventually("the second pair to be revoked", async || {
        (stage.orcid.answers("revoke", 200).await == 1).then_some(())
    })
    .await;
    // Her own permission still stands, and works.
    retitle(&agency, &own, "Still followed").await;
    let follows = |e: &Value| e["department_name"] == "Still followed";
    stage.orcid.membership_that(OKAFOR, &own, follows).await;
    agency.rest().await;
    assert_eq!(status_of(&agency, &own, OKAFOR).await, "AUTHENTICATED");
    assert!(stage.orcid.memberships(CARBERRY).await.is_empty());
    stage.orcid.assert_written_once().await;
}

async fn a_reloaded_callback_exchanges_nothing(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let browser = Browser::new();
    let result = browser.grant(&stage.orcid, CARBERRY).await;
    let callback = result
        .trail
        .iter()
        .find(|u| u.path() == "/orcid/callback")
        .unwrap();
    for _ in 0..3 {
        let again = browser.open(callback.as_str()).await;
        assert_eq!(again.url, result.url);
        assert_eq!(again.heading(), result.heading());
    }
    // A second exchange would have made ORCID disable the tokens of the first.
    assert_eq!(stage.orcid.calls("token_code").await, 1);
    assert!(stage.orcid.holds_a_token_of(CARBERRY).await);
    stage.orcid.membership(CARBERRY, &handle).await;
    stage.orcid.assert_written_once().await;
}

async fn a_code_opened_elsewhere_is_not_exchanged(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let browser = Browser::new();
    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    let callback = browser.press_to(&consent, "Authorize access").await;
    let elsewhere = Browser::new().open(callback.as_str()).await;
    assert_eq!(elsewhere.status, 400);
    assert_eq!(elsewhere.heading(), "You came back in another browser");
    assert_eq!(stage.orcid.calls("token_code").await, 0);
    // It did not spoil the way of the person themselves.
    let result = browser.open(callback.as_str()).await;
    assert_eq!(
        result.heading(),
        "Thank you: your projects go to your ORCID record"
    );
    let other = Browser::new().open(result.url.as_str()).await;
    assert_eq!(other.status, 400, "somebody else sees the result");
    stage.orcid.membership(CARBERRY, &handle).await;
}

async fn a_button_pressed_on_another_site_begins_nothing(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let browser = Browser::new();
    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    // A victim's browser, which was never on our page, but is signed in at ORCID.
    let victim = Browser::new();
    victim.sign_in_as(&stage.orcid, OKAFOR).await;
    let refused = victim.press(&landing, "Continue to ORCID").await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.url.as_str().starts_with(agency.url()),
        "sent on to {}",
        refused.url
    );
    assert!(
        refused.text().contains("press the button there"),
        "{}",
        refused.text()
    );
    // On the page itself it counts.
    let consent = browser.press(&landing, "Continue to ORCID").await;
    browser.press(&consent, "Authorize access").await;
    stage.orcid.membership(CARBERRY, &handle).await;
}

async fn a_failed_exchange_can_be_tried_again(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let browser = Browser::new();
    let fault =
        json!({ "kind": "drop_after_commit", "calls": ["token_code"], "when": { "next": 1 } });
    stage.orcid.fault(fault).await;
    let failed = browser.grant(&stage.orcid, CARBERRY).await;
    assert_eq!(failed.heading(), "ORCID did not confirm your permission");
    assert_eq!(
        stage.orcid.calls("token_code").await,
        1,
        "a code is not sent twice while somebody may use what it gave"
    );
    assert!(stage.orcid.memberships(CARBERRY).await.is_empty());
    // ORCID holds a live pair by now, so it asks no more.
    let next = browser.press(&failed, "Continue to ORCID").await;
    let result = if next.heading() == "Authorize access" {
        browser.press(&next, "Authorize access").await
    } else {
        next
    };
    assert_eq!(
        result.heading(),
        "Thank you: your projects go to your ORCID record"
    );
    stage.orcid.membership(CARBERRY, &handle).await;
    stage.orcid.assert_written_once().await;
}

async fn what_the_researcher_deletes_is_not_added_again(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    stage.orcid.delete_entry(CARBERRY, &project.entry).await;
    retitle(&agency, &project.handle, "After the deletion").await;
    eventually("the next write to find out", async || {
        (stage.orcid.answers("membership_update", 404).await == 1).then_some(())
    })
    .await;
    agency.rest().await;
    assert_eq!(
        agency
            .metric(r#"raid_memberships{state="removed_by_researcher"}"#)
            .await,
        1
    );

    let before = stage.orcid.counters().await["total"].clone();
    retitle(&agency, &project.handle, "And again").await;
    agency.rest().await;
    assert_eq!(
        stage.orcid.counters().await["total"],
        before,
        "calls about a deleted entry"
    );
    // Their other projects are still theirs to see.
    let other = agency
        .client()
        .mint(&examples::titled("Another project"))
        .await;
    stage.orcid.membership(CARBERRY, &handle_of(&other)).await;
    assert!(
        stage
            .orcid
            .memberships_of(CARBERRY, &project.handle)
            .await
            .is_empty()
    );
    stage.orcid.assert_written_once().await;
}
