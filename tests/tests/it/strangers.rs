//! Somebody holds the link of a person's question, from a log or a forwarded message: they can close
//! that question, and say nothing else for the person.

use crate::steps::{granted_project, people_are, question_is_archived, retitle, status_of};
use raid_tests::examples::{self, CARBERRY, OKAFOR, handle_of, titled};
use raid_tests::{Browser, Page, Stage, eventually};
use serde_json::Value;

raid_tests::on_both_databases!(
    a_forged_no_closes_one_question,
    a_no_counts_for_good_when_the_person_signs_in,
    a_forged_not_me_removes_nothing,
    a_not_me_that_nobody_signed_is_shown_as_that,
    a_not_me_that_nobody_signed_can_be_taken_back,
    not_me_is_for_what_the_page_shows,
    a_button_on_another_site_does_nothing,
);

const NOT_ME: &str = "I am not part of this project";
const PART_OF: &str = "I am part of this project";
const REFUSE: &str = "Do not ask me again";

async fn landing(stage: &Stage, browser: &Browser) -> Page {
    let request = stage.orcid.request(CARBERRY).await;
    browser
        .open(request["authorization_url"].as_str().unwrap())
        .await
}

/// Comes back from ORCID with a no, without ever having been there.
async fn forge_a_no(stage: &Stage, browser: &Browser) -> Page {
    let landing = landing(stage, browser).await;
    let sent_to = browser.press_to(&landing, "Continue to ORCID").await;
    let mut back = landing.url.clone();
    back.set_path("/orcid/callback");
    let (_, visit) = sent_to.query_pairs().find(|(k, _)| k == "state").unwrap();
    back.query_pairs_mut()
        .clear()
        .append_pair("error", "access_denied")
        .append_pair("state", &visit);
    browser.open(back.as_str()).await
}

async fn questions(stage: &Stage, at_least: usize) {
    eventually("another question", async || {
        (stage.orcid.requests(CARBERRY).await.len() >= at_least).then_some(())
    })
    .await;
}

async fn a_forged_no_closes_one_question(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    people_are(&agency, 1, "asked").await;
    let stranger = Browser::new();
    let closed = forge_a_no(stage, &stranger).await;
    assert_eq!(closed.heading(), "You did not give permission");
    question_is_archived(stage, CARBERRY).await;
    people_are(&agency, 1, "ignored").await;
    people_are(&agency, 0, "denied").await;
    let status = status_of(&agency, &handle, CARBERRY).await;
    assert_ne!(status, "AUTHENTICATION_FAILED");
    let public = agency.client().anonymous().raid(&handle).await;
    let status = &public["contributor"][0]["status"];
    assert_eq!(*status, "AWAITING_AUTHENTICATION");

    // For good they would have to be the person.
    stranger.sign_in_as(&stage.orcid, OKAFOR).await;
    let consent = stranger.press(&closed, REFUSE).await;
    let other = stranger.press(&consent, "Authorize access").await;
    assert_eq!(other.heading(), "This was another ORCID account");
    // The button counts in their browser, and about a no.
    let elsewhere = Browser::new().press(&closed, REFUSE).await;
    assert_eq!(elsewhere.status, 400);
    people_are(&agency, 1, "ignored").await;

    // An edit reminds nobody, and the next project is asked about.
    retitle(&agency, &handle, "Edited").await;
    agency.rest().await;
    assert_eq!(stage.orcid.requests(CARBERRY).await.len(), 1);
    let later = handle_of(&agency.client().mint(&titled("Later")).await);
    questions(stage, 2).await;
    Browser::new().grant(&stage.orcid, CARBERRY).await;
    stage.orcid.membership(CARBERRY, &later).await;
    stage.orcid.membership(CARBERRY, &handle).await;
}

async fn a_no_counts_for_good_when_the_person_signs_in(stage: &Stage) {
    let agency = stage.agency().await;
    agency.client().mint(&examples::minimal()).await;
    let browser = Browser::new();
    let denied = browser.deny(&stage.orcid, CARBERRY).await;
    people_are(&agency, 1, "ignored").await;
    let consent = browser.press(&denied, REFUSE).await;
    // They are asked who they are, and for nothing else.
    assert!(consent.text().contains("Get your ORCID iD"));
    assert!(!consent.text().contains("Add/update"), "{}", consent.text());
    let refused = browser.press(&consent, "Authorize access").await;
    assert_eq!(refused.heading(), "We do not ask you again");
    assert!(refused.texts("button").is_empty());
    people_are(&agency, 1, "denied").await;
    eventually("the pair of the sign-in to be revoked", async || {
        (!stage.orcid.holds_a_token_of(CARBERRY).await).then_some(())
    })
    .await;
    question_is_archived(stage, CARBERRY).await;
    agency.client().mint(&titled("Later")).await;
    agency.rest().await;
    people_are(&agency, 1, "denied").await;
    assert_eq!(stage.orcid.requests(CARBERRY).await.len(), 1);
}

async fn a_forged_not_me_removes_nothing(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let stranger = Browser::new();
    stranger.sign_in_as(&stage.orcid, OKAFOR).await;
    let page = landing(stage, &stranger).await;
    let consent = stranger.press(&page, NOT_ME).await;
    let other = stranger.press(&consent, "Authorize access").await;
    assert_eq!(other.heading(), "This was another ORCID account");
    eventually("the stranger's pair to be revoked", async || {
        (!stage.orcid.holds_a_token_of(OKAFOR).await).then_some(())
    })
    .await;
    let consent = stranger.press(&other, "Continue to ORCID").await;
    let denied = stranger.press(&consent, "Deny access").await;
    assert_eq!(denied.heading(), "ORCID did not confirm that it is you");
    // What is written later shows that nothing was recorded.
    retitle(&agency, &project.handle, "Still mine").await;
    let follows = |entry: &Value| entry["department_name"] == "Still mine";
    stage
        .orcid
        .membership_that(CARBERRY, &project.handle, follows)
        .await;
}

async fn a_not_me_that_nobody_signed_is_shown_as_that(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    people_are(&agency, 1, "asked").await;
    let stranger = Browser::new();
    let page = landing(stage, &stranger).await;
    let noted = stranger.press(&page, NOT_ME).await;
    assert!(noted.text().contains("nobody signed in to say it"));
    question_is_archived(stage, CARBERRY).await;
    let path = format!("/v1/raids/{handle}/contributors");
    let seen = agency.client().get(&path).await.expect(200);
    let permission = &seen[0]["permission"];
    assert_eq!(permission["disclaimerConfirmed"], false, "{seen:#}");
    assert!(permission["disclaimedAt"].is_string());
    let why = stage.command(&["why", &handle]).output();
    assert!(why.contains("not confirmed by a sign-in"), "{why}");
}

async fn a_not_me_that_nobody_signed_can_be_taken_back(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    people_are(&agency, 1, "asked").await;
    let stranger = Browser::new();
    let page = landing(stage, &stranger).await;
    stranger.press(&page, NOT_ME).await;
    question_is_archived(stage, CARBERRY).await;
    // The person comes with the link that they were sent. Nobody takes it back for them.
    let nothing = landing(stage, &stranger).await;
    assert_eq!(nothing.heading(), "There is nothing to give permission for");
    stranger.sign_in_as(&stage.orcid, OKAFOR).await;
    let consent = stranger.press(&nothing, PART_OF).await;
    let other = stranger.press(&consent, "Authorize access").await;
    assert_eq!(other.heading(), "This was another ORCID account");
    let person = Browser::new();
    person.sign_in_as(&stage.orcid, CARBERRY).await;
    let nothing = landing(stage, &person).await;
    let consent = person.press(&nothing, PART_OF).await;
    assert!(!consent.text().contains("Add/update"), "{}", consent.text());
    let back = person.press(&consent, "Authorize access").await;
    assert_eq!(back.heading(), "Thank you: it is taken back");
    // They are asked again, and their grant covers the project.
    let later = handle_of(&agency.client().mint(&titled("Later")).await);
    questions(stage, 2).await;
    person.grant(&stage.orcid, CARBERRY).await;
    stage.orcid.membership(CARBERRY, &handle).await;
    stage.orcid.membership(CARBERRY, &later).await;
}

/// With a link nobody learns whether a project that is not public names the person.
async fn not_me_is_for_what_the_page_shows(stage: &Stage) {
    let agency = stage.agency().await;
    let client = agency.client();
    let mut secret = titled("Secret");
    secret["access"] = examples::embargo("Until the patent");
    let secret = handle_of(&client.mint(&secret).await);
    let withdrawn = handle_of(&client.mint(&titled("Withdrawn")).await);
    let shown = handle_of(&client.mint(&titled("Shown")).await);
    people_are(&agency, 1, "asked").await;
    crate::steps::withdraw(stage, &agency, &withdrawn).await;
    agency.rest().await;
    let stranger = Browser::new();
    let page = landing(stage, &stranger).await;
    for handle in [&secret, &withdrawn] {
        let field = |handle: &str| format!("value=\"{handle}\"");
        let html = page.html.replace(&field(&shown), &field(handle));
        let forged = Page {
            html,
            ..page.clone()
        };
        let refused = stranger.press(&forged, NOT_ME).await;
        assert_eq!(refused.heading(), "This project does not name you");
    }
    let operator = crate::steps::operator(stage, &agency);
    let contributors = format!("/v1/raids/{secret}/contributors");
    let seen = operator.get(&contributors).await.expect(200);
    assert!(seen[0]["permission"]["disclaimedAt"].is_null(), "{seen:#}");
}

async fn a_button_on_another_site_does_nothing(stage: &Stage) {
    let agency = stage.agency().await;
    agency.client().mint(&examples::minimal()).await;
    people_are(&agency, 1, "asked").await;
    let browser = Browser::new();
    let page = landing(stage, &browser).await;
    for headers in [
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
        [("Origin", "https://evil.example")],
    ] {
        for button in ["Continue to ORCID", NOT_ME] {
            let refused = browser.press_from(&page, button, &headers).await;
            assert_eq!(refused.status, 400, "{headers:?}");
            assert_eq!(refused.heading(), "Please start from our page");
        }
    }
    people_are(&agency, 1, "asked").await;
    let ours = [("Sec-Fetch-Site", "same-origin"), ("Origin", "null")];
    let sent = browser.press_from(&page, NOT_ME, &ours).await;
    assert_eq!(sent.status, 200);
}
