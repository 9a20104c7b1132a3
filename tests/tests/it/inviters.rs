//! Invitations end with the right of who sent them: nobody joins by one, and its page tells nothing
//! of an embargoed project.

use crate::invitation::invite_as;
use crate::mail::letters;
use crate::steps::operator;
use raid_tests::examples::{self, OKAFOR, handle_of, version_of};
use raid_tests::{Agency, Browser, Client, Page, Stage, eventually};
use reqwest::Method;
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    a_disabled_service_point_invites_nobody,
    who_lost_the_raid_invites_nobody,
    a_transfer_ends_the_invitations_from_before,
    a_mail_waits_for_no_right_that_is_gone,
);

const TITLE: &str = "Unpublished whispers";
const GONE: &str = "This invitation does not count any more";
const CANCELLED: &str = "This invitation was withdrawn by the project";

/// An embargoed RAiD.
async fn mint(agency: &Agency<'_>) -> String {
    let mut request = examples::titled(TITLE);
    request["access"] = examples::embargo("Until the paper is out");
    handle_of(&agency.client().mint(&request).await)
}

async fn enable(operator: &Client, enabled: bool) {
    let path = "/service-point/10000000";
    let mut point = operator.get(path).await.expect(200);
    point["enabled"] = json!(enabled);
    operator.put(path, &point).await.expect(200);
}

/// The page behind a link, which must show that nobody can accept, and nothing else.
async fn is_gone(link: &str, heading: &str) {
    let page = Browser::new().open(link).await;
    assert_eq!(
        (page.status.as_u16(), page.heading().as_str()),
        (410, heading)
    );
    assert!(!page.html.contains("whispers"), "{}", page.html);
}

/// Somebody who opened a link while it counted, and went on to ORCID, gives consent there: the result. Whoever
/// only goes on now gets the same answer before.
async fn too_late(browser: &Browser, (landing, consent): &(Page, Page)) -> Page {
    let stopped = browser.press(landing, "Continue to ORCID").await;
    let refused = browser.press(consent, "Authorize access").await;
    assert_eq!(
        (stopped.status.as_u16(), stopped.heading()),
        (410, refused.heading())
    );
    refused
}

/// Nobody joined, and what ORCID gave was handed back.
async fn nobody_joined(
    stage: &Stage,
    agency: &Agency<'_>,
    reader: &Client,
    handle: &str,
    version: u64,
) {
    eventually("the pair to be revoked", async || {
        (!stage.orcid.holds_a_token_of(OKAFOR).await).then_some(())
    })
    .await;
    agency.rest().await;
    let raid = reader.raid(handle).await;
    assert_eq!(version_of(&raid), version);
    assert_eq!(raid["contributor"].as_array().unwrap().len(), 1);
    assert!(stage.orcid.memberships(OKAFOR).await.is_empty());
}

async fn opened(stage: &Stage, link: &str) -> (Browser, (Page, Page)) {
    let browser = Browser::new();
    browser.sign_in_as(&stage.orcid, OKAFOR).await;
    let landing = browser.open(link).await;
    assert_eq!(landing.heading(), format!("Join “{TITLE}”"));
    let consent = browser.press(&landing, "Continue to ORCID").await;
    (browser, (landing, consent))
}

async fn a_disabled_service_point_invites_nobody(stage: &Stage) {
    let agency = stage.agency().await;
    let operator = operator(stage, &agency);
    let handle = mint(&agency).await;
    let link = invite_as(stage, &agency.client(), &handle).await;
    let (browser, pages) = opened(stage, &link).await;
    enable(&operator, false).await;
    is_gone(&link, GONE).await;
    let refused = too_late(&browser, &pages).await;
    assert_eq!(refused.heading(), GONE);
    assert!(!refused.html.contains("whispers"), "{}", refused.html);
    nobody_joined(stage, &agency, &operator, &handle, 1).await;
    // It counts again with the service point.
    enable(&operator, true).await;
    opened(stage, &link).await;
}

async fn who_lost_the_raid_invites_nobody(stage: &Stage) {
    let agency = stage.agency().await;
    let user = agency.client();
    let handle = mint(&agency).await;
    let holder = format!("/v1/raids/{handle}/holders/raid-user/ada");
    user.send(Method::PUT, &holder, None)
        .await
        .unwrap()
        .expect(204);
    let arguments = ["token", "--role", "raid-user", "--subject", "ada"];
    let ada = user.with_token(stage.command(&arguments).output().trim());
    let link = invite_as(stage, &ada, &handle).await;
    let (browser, pages) = opened(stage, &link).await;
    user.send(Method::DELETE, &holder, None)
        .await
        .unwrap()
        .expect(204);
    ada.get(&format!("/raid/{handle}")).await.expect(403);
    is_gone(&link, CANCELLED).await;
    let refused = too_late(&browser, &pages).await;
    assert_eq!(refused.heading(), CANCELLED);
    nobody_joined(stage, &agency, &user, &handle, 1).await;
}

async fn a_transfer_ends_the_invitations_from_before(stage: &Stage) {
    let agency = stage.agency().await;
    let operator = operator(stage, &agency);
    let handle = mint(&agency).await;
    let link = invite_as(stage, &agency.client(), &handle).await;
    let (browser, pages) = opened(stage, &link).await;
    let point = json!({
        "name": "Elsewhere",
        "identifierOwner": "https://ror.org/038sjwq14",
        "groupId": "elsewhere",
    });
    let other = operator.post("/service-point/", &point).await.expect(201);
    let to = json!({"servicePoint": other["id"]});
    let path = format!("/v1/raids/{handle}/transfer");
    operator.post(&path, &to).await.expect(200);
    is_gone(&link, CANCELLED).await;
    let refused = too_late(&browser, &pages).await;
    assert_eq!(refused.heading(), CANCELLED);
    nobody_joined(stage, &agency, &operator, &handle, 2).await;
}

/// The right goes while the mail is due: it is not sent.
async fn a_mail_waits_for_no_right_that_is_gone(stage: &Stage) {
    let agency = stage.agency_in_roles("registry").await;
    let operator = operator(stage, &agency);
    let handle = mint(&agency).await;
    let person = examples::minimal()["contributor"][0].clone();
    let request = json!({
        "email": "amara.okafor@university.example",
        "position": person["position"],
        "role": [person["role"][1]],
    });
    let path = format!("/v1/raids/{handle}/invitations");
    agency.client().post(&path, &request).await.expect(201);
    enable(&operator, false).await;
    let worker = agency.second("inbox,worker").await;
    worker.rest().await;
    assert_eq!(letters(stage), [""; 0]);
    let listed: Value = operator.get(&path).await.expect(200);
    assert_eq!(listed[0]["state"], "cancelled");
}
