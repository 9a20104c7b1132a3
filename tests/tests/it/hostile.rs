//! What somebody means who sends others links, or their browsers.

use crate::mail::{letters, link_in};
use crate::steps::granted_project;
use raid_tests::examples::{self, OKAFOR, handle_of};
use raid_tests::{Browser, Stage, eventually};
use serde_json::json;

raid_tests::on_both_databases!(nobody_joins_without_pressing_our_button);

/// ORCID asks nothing of a person who granted before. A page of somebody else, which has their
/// browser press the button of an invitation, must not get them into a project.
async fn nobody_joins_without_pressing_our_button(stage: &Stage) {
    let agency = stage.agency().await;
    let victim = granted_project(stage, &agency).await;
    let raid = agency
        .client()
        .mint(&examples::with_people("Of another", [OKAFOR]))
        .await;
    let handle = handle_of(&raid);
    let invitation = json!({
        "email": "somebody@example.org",
        "position": raid["contributor"][0]["position"],
        "role": [],
    });
    let path = format!("/v1/raids/{handle}/invitations");
    agency.client().post(&path, &invitation).await.expect(201);
    let letter = eventually("the mail", async || letters(stage).pop()).await;
    let page = Browser::new().open(&link_in(&letter)).await;

    let answer = victim.browser.press(&page, "Continue to ORCID").await;
    assert_eq!(answer.status, 400, "{}", answer.html);
    assert_eq!(answer.heading(), "please start from our page");
    let standing = agency.client().raid(&handle).await;
    assert_eq!(standing["contributor"].as_array().unwrap().len(), 1);
    assert_eq!(standing["identifier"]["version"], 1);

    // Their own press on our own page counts.
    let own = victim.browser.open(&link_in(&letter)).await;
    let answer = victim.browser.press(&own, "Continue to ORCID").await;
    assert!(
        answer.heading().starts_with("Thank you"),
        "{}",
        answer.heading()
    );
}
