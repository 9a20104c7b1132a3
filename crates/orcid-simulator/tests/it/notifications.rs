//! Permission notifications: reading, archiving, ageing.

use reqwest::Method;
use serde_json::json;

use crate::documents::NOTIFICATION;
use crate::harness::{Browser, CARBERRY, CLIENT, OTHER_CLIENT, SECRET, Sim, send, settings, text};
use orcid_simulator::Settings;

const PATH: &str = "/v3.0/0000-0002-1825-0097/notification-permission";

async fn invited(sim: &Sim) -> (String, String) {
    let token = sim.client_token("/premium-notification").await;
    let put_code = sim.post(PATH, &token, NOTIFICATION).await.put_code();
    (token, format!("{PATH}/{put_code}"))
}

#[tokio::test]
async fn it_reads_back_as_it_was_sent() {
    let sim = Sim::start();
    let (token, own) = invited(&sim).await;
    let read = sim.get(&own, &token).await;
    assert_eq!(read.status, 200);
    let uri = "https://raid.example/orcid/grant?state=v1.abc";
    assert_eq!(read.element("uri").as_deref(), Some(uri));
    assert_eq!(
        read.element("notification-subject").as_deref(),
        Some("Add your projects")
    );
    assert!(read.element("created-date").is_some());
    for unset in ["sent-date", "read-date", "actioned-date", "archived-date"] {
        assert!(read.element(unset).is_none(), "{unset}");
    }
    sim.operator(Method::POST, "digest", json!({})).await;
    assert!(sim.get(&own, &token).await.element("sent-date").is_some());
    let list = sim.get(PATH, &token).await;
    assert_eq!(list.body.matches("<notification:notification ").count(), 1);
    let request = sim.http.get(sim.api(&own)).bearer_auth(&token);
    let json = send(request.header("accept", "application/json"))
        .await
        .json();
    assert_eq!(
        json["items"]["item"][0]["external-id"]["external-id-type"],
        "raid"
    );
}

#[tokio::test]
async fn a_read_one_cannot_be_archived_by_the_client() {
    let sim = Sim::start();
    let (token, own) = invited(&sim).await;
    let browser = Browser::signed_in(&sim, CARBERRY).await;
    let id = own.rsplit('/').next().unwrap();
    assert_eq!(
        browser
            .submit(&format!("/inbox/{id}/read"), &[])
            .await
            .status,
        302
    );
    assert!(sim.get(&own, &token).await.element("read-date").is_some());
    assert_eq!(sim.delete(&own, &token).await.error(), (403, 9009));
    browser.submit(&format!("/inbox/{id}/archive"), &[]).await;
    assert!(
        sim.get(&own, &token)
            .await
            .element("archived-date")
            .is_some()
    );
}

#[tokio::test]
async fn other_clients_and_unknown_ids() {
    let sim = Sim::start();
    let (token, own) = invited(&sim).await;
    let form = [
        ("client_id", OTHER_CLIENT),
        ("client_secret", SECRET),
        ("grant_type", "client_credentials"),
        ("scope", "/premium-notification"),
    ];
    let other = send(sim.http.post(sim.api("/oauth/token")).form(&form))
        .await
        .json();
    let other = text(&other["access_token"]);
    assert_eq!(sim.get(&own, &other).await.error(), (403, 9004));
    assert_eq!(sim.delete(&own, &other).await.error(), (403, 9010));
    assert!(
        !sim.get(PATH, &other)
            .await
            .body
            .contains("<notification:notification ")
    );
    assert_eq!(
        sim.get(&format!("{PATH}/1"), &token).await.error(),
        (404, 9029)
    );
    assert_eq!(
        sim.get(&format!("{PATH}/abc"), &token).await.error(),
        (404, 9001)
    );
    let nobody = "/v3.0/0000-0003-0000-0000/notification-permission";
    assert_eq!(
        sim.post(nobody, &token, NOTIFICATION).await.error(),
        (404, 9016)
    );
}

#[tokio::test]
async fn the_scope_is_needed_and_can_be_taken_away() {
    let sim = Sim::start();
    let reader = sim.client_token("/read-public").await;
    assert_eq!(
        sim.post(PATH, &reader, NOTIFICATION).await.error(),
        (403, 9004)
    );
    let (token, own) = invited(&sim).await;
    let client = format!("clients/{CLIENT}");
    sim.operator(Method::POST, &client, json!({ "premium": false }))
        .await;
    assert_eq!(sim.get(&own, &token).await.error(), (403, 9004));

    let lax = Sim::with(Settings {
        enforce_notification_scope: false,
        ..settings()
    });
    let reader = lax.client_token("/read-public").await;
    assert_eq!(lax.post(PATH, &reader, NOTIFICATION).await.status, 201);
}

#[tokio::test]
async fn they_are_archived_after_half_a_year_and_deleted_after_one() {
    let sim = Sim::start();
    let (token, own) = invited(&sim).await;
    let days = |n: u32| json!({ "advance_seconds": n * 86_400 });
    sim.operator(Method::POST, "clock", days(180)).await;
    assert!(
        sim.get(&own, &token)
            .await
            .element("archived-date")
            .is_none()
    );
    sim.operator(Method::POST, "clock", days(2)).await;
    assert!(
        sim.get(&own, &token)
            .await
            .element("archived-date")
            .is_some()
    );
    sim.operator(Method::POST, "clock", days(184)).await;
    assert_eq!(sim.get(&own, &token).await.error(), (404, 9029));
}
