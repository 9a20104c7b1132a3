//! What most tests do first.

use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Agency, Browser, Client, Stage, eventually};
use serde_json::{Value, json};

/// A project of Carberry's that stands on his record.
pub struct Granted {
    pub handle: String,
    pub entry: Value,
    /// The browser in which he granted.
    pub browser: Browser,
}

/// Waits until no question stands in an inbox.
pub async fn question_is_archived(stage: &Stage, orcid: &str) {
    eventually("the question to be archived", async || {
        let requests = stage.orcid.requests(orcid).await;
        let stands = requests.iter().any(|request| request["archived"].is_null());
        (!stands).then_some(())
    })
    .await;
}

/// Mints the small example, grants, and waits for the entry and for the question to go.
pub async fn granted_project(stage: &Stage, agency: &Agency<'_>) -> Granted {
    let raid = agency.client().mint(&examples::minimal()).await;
    let handle = handle_of(&raid);
    let browser = Browser::new();
    browser.grant(&stage.orcid, CARBERRY).await;
    let entry = stage.orcid.membership(CARBERRY, &handle).await;
    question_is_archived(stage, CARBERRY).await;
    agency.rest().await;
    Granted {
        handle,
        entry,
        browser,
    }
}

/// Changes the title of a RAiD.
pub async fn retitle(agency: &Agency<'_>, handle: &str, title: &str) -> Value {
    agency
        .client()
        .edit(handle, |raid| raid["title"][0]["text"] = title.into())
        .await
}

/// A client in the role of an operator.
pub fn operator(stage: &Stage, agency: &Agency<'_>) -> Client {
    let token = stage.command(&["token", "--role", "operator"]).output();
    agency.client().with_token(token.trim())
}

/// Withdraws a RAiD.
pub async fn withdraw(stage: &Stage, agency: &Agency<'_>, handle: &str) {
    let path = format!("/v1/raids/{handle}/withdrawal");
    let reason = json!({"reason": "Registered twice"});
    operator(stage, agency)
        .post(&path, &reason)
        .await
        .expect(200);
}

/// Waits until that many people are in a state.
pub async fn people_are(agency: &Agency<'_>, count: u64, state: &str) {
    let sample = format!(r#"raid_permissions{{state="{state}"}}"#);
    eventually(&format!("{count} people to be {state}"), async || {
        (agency.metric(&sample).await == count).then_some(())
    })
    .await;
}

/// The status that the record of a RAiD shows for a person. The list is never from a cache.
pub async fn status_of(agency: &Agency<'_>, handle: &str, orcid: &str) -> Value {
    let all = agency.client().list().await;
    let raid = all
        .into_iter()
        .find(|raid| handle_of(raid) == handle)
        .unwrap();
    let people = raid["contributor"].as_array().unwrap();
    let id = format!("https://orcid.org/{orcid}");
    people.iter().find(|p| p["id"] == *id).unwrap()["status"].clone()
}

/// Waits until the RAiD, read by itself, shows a status for its first contributor. Answers may be
/// remembered for a moment, so the status of a person can lag behind their answer.
pub async fn shows_status(agency: &Agency<'_>, handle: &str, status: &str) {
    eventually(&format!("the status {status}"), async || {
        let raid = agency.client().raid(handle).await;
        (raid["contributor"][0]["status"] == status).then_some(())
    })
    .await;
}

/// What works and what does not, as operators see it.
pub async fn details(agency: &Agency<'_>) -> Value {
    agency.watcher().get("/health/details").await.expect(200)
}
