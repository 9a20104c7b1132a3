//! Errors of a bad request, of a record that is not as usual, and the order of checks.

use reqwest::Method;
use serde_json::json;

use crate::documents::{MEMBERSHIP, NOTIFICATION, with, with_put_code};
use crate::harness::{CARBERRY, CLIENT, OKAFOR, Sim, XML, send};

#[tokio::test]
async fn versions_paths_methods_and_media_types() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let path = format!("/v3.0/{CARBERRY}/membership");
    let no_version = sim
        .post(&format!("/{CARBERRY}/membership"), &token, MEMBERSHIP)
        .await;
    assert_eq!(no_version.error(), (400, 9012));
    assert!(
        no_version
            .body
            .contains("Please specify the API Version you want to")
    );
    assert_eq!(sim.get(&path, &token).await.error(), (405, 9001));
    assert_eq!(
        sim.get(&format!("/v3.0/{CARBERRY}/nothing"), &token)
            .await
            .error(),
        (404, 9001)
    );
    assert_eq!(
        sim.get(&format!("{path}/abc"), &token).await.error(),
        (400, 9034)
    );

    let post = || {
        sim.http
            .post(sim.api(&path))
            .bearer_auth(&token)
            .body(MEMBERSHIP)
    };
    let text_body = send(post().header("content-type", "text/xml")).await;
    assert_eq!(text_body.error(), (415, 9001));
    let no_type = send(post()).await;
    assert_eq!(no_type.error(), (415, 9001));
    let html = send(
        post()
            .header("content-type", XML)
            .header("accept", "text/html"),
    )
    .await;
    assert_eq!(html.error(), (406, 9001));
    let plain = send(post().header("content-type", "application/xml; charset=UTF-8")).await;
    assert_eq!(plain.status, 201);
    let json = post().header("content-type", "application/orcid+xml");
    let json = send(json.header("accept", "application/vnd.orcid+json")).await;
    assert_eq!(
        (json.status, json.header("content-type")),
        (409, "application/vnd.orcid+json")
    );
    assert_eq!(json.json()["error-code"], 9021);
    assert_eq!(json.json()["response-code"], 409);
}

#[tokio::test]
async fn without_a_token_it_is_403_and_with_a_wrong_one_401() {
    let sim = Sim::start();
    let url = sim.api(&format!("/v3.0/{CARBERRY}/memberships"));
    let none = send(sim.http.get(&url).header("accept", XML)).await;
    assert_eq!(none.status, 403);
    let text = "Forbidden: The server understood the request but refuses to authorize it.";
    assert_eq!(
        none.json(),
        json!({ "error": "forbidden", "error_description": text })
    );
    // The token is looked at before the path.
    let wrong = sim.get("/v3.0/nowhere/at/all", "no-such-token").await;
    assert_eq!(wrong.status, 401);
    assert_eq!(
        wrong.json()["error_description"],
        "Invalid access token: no-such-token"
    );
    // The health check needs none.
    assert_eq!(
        send(sim.http.get(sim.api("/v3.0/apiStatus"))).await.status,
        200
    );
}

#[tokio::test]
async fn records_that_are_not_as_usual() {
    let sim = Sim::start();
    let public = sim.client_token("/read-public").await;
    let premium = sim.client_token("/premium-notification").await;
    let token = sim.grant(CARBERRY).await;
    let memberships = format!("/v3.0/{CARBERRY}/membership");
    let invite = format!("/v3.0/{CARBERRY}/notification-permission");
    let record = format!("/v3.0/{CARBERRY}/record");

    for (state, code) in [("locked", 9018), ("unclaimed", 9036)] {
        sim.set_state(CARBERRY, json!({ "state": state })).await;
        assert_eq!(
            sim.post(&memberships, &token, MEMBERSHIP).await.error(),
            (409, code)
        );
        assert_eq!(
            sim.post(&invite, &premium, NOTIFICATION).await.error(),
            (409, code)
        );
        assert_eq!(sim.get(&record, &public).await.error(), (409, code));
    }
    sim.set_state(CARBERRY, json!({ "state": "active" })).await;
    let notification = sim.post(&invite, &premium, NOTIFICATION).await.put_code();
    assert_eq!(sim.post(&memberships, &token, MEMBERSHIP).await.status, 201);

    sim.set_state(CARBERRY, json!({ "state": "deprecated", "into": OKAFOR }))
        .await;
    let write = sim.post(&memberships, &token, MEMBERSHIP).await;
    assert_eq!(write.error(), (409, 9007));
    let primary = sim.web(&format!("/{OKAFOR}"));
    assert_eq!(write.header("location"), primary);
    let text = format!("This account is deprecated. Please refer to account: {primary}.");
    assert_eq!(
        write.element("developer-message").as_deref(),
        Some(text.as_str())
    );
    let read = sim.get(&record, &public).await;
    assert_eq!(
        (read.error(), read.header("location")),
        ((301, 9007), primary.as_str())
    );
    assert_eq!(sim.record(CARBERRY).await["memberships"], json!([]));

    sim.set_state(CARBERRY, json!({ "state": "active" })).await;
    assert_eq!(
        sim.post(&memberships, &token, MEMBERSHIP).await.status,
        201,
        "token still works"
    );
    sim.set_state(CARBERRY, json!({ "state": "deactivated" }))
        .await;
    assert_eq!(sim.post(&memberships, &token, MEMBERSHIP).await.status, 401);
    assert_eq!(
        sim.delete(&format!("{memberships}/1"), &token).await.status,
        401
    );
    assert_eq!(sim.get(&record, &public).await.error(), (409, 9044));
    assert_eq!(
        sim.post(&invite, &premium, NOTIFICATION).await.error(),
        (409, 9044)
    );
    let gone = sim.get(&format!("{invite}/{notification}"), &premium).await;
    assert_eq!(
        gone.error(),
        (404, 9029),
        "notifications of a deactivated record can be asked for"
    );
}

#[tokio::test]
async fn checks_come_in_orcids_order() {
    let sim = Sim::start();
    let other_persons = sim.grant(OKAFOR).await;
    let token = sim.grant(CARBERRY).await;
    let reader = sim.grant_to(CARBERRY, CLIENT, "/read-limited").await;
    let path = format!("/v3.0/{CARBERRY}/membership");
    // Body before record state, state before owner, owner before scope, scope before put-code,
    // put-code before item, item before rules.
    sim.set_state(CARBERRY, json!({ "state": "locked" })).await;
    assert_eq!(
        sim.post(&path, &other_persons, "<x/>").await.error().1,
        9012
    );
    assert_eq!(
        sim.post(&path, &other_persons, MEMBERSHIP).await.error().1,
        9018
    );
    sim.set_state(CARBERRY, json!({ "state": "active" })).await;
    let own = format!("{path}/77");
    let others_reader = sim.grant_to(OKAFOR, CLIENT, "/read-limited").await;
    assert_eq!(
        sim.put(&own, &others_reader, MEMBERSHIP).await.error().1,
        9017
    );
    assert_eq!(
        sim.put(&own, &other_persons, MEMBERSHIP).await.error().1,
        9017
    );
    assert_eq!(sim.put(&own, &reader, MEMBERSHIP).await.error().1, 9038);
    assert_eq!(sim.put(&own, &token, MEMBERSHIP).await.error().1, 9019);
    let bad_date = with(
        &with_put_code(MEMBERSHIP, 77),
        "<c:month>03<",
        "<c:month>3<",
    );
    assert_eq!(sim.put(&own, &token, &bad_date).await.error().1, 9016);
}

#[tokio::test]
async fn a_disabled_client_is_told_so() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let path = format!("clients/{CLIENT}");
    sim.operator(Method::POST, &path, json!({ "disabled": true }))
        .await;
    let answer = sim
        .get(&format!("/v3.0/{CARBERRY}/memberships"), &token)
        .await;
    assert_eq!(answer.error(), (409, 9057));
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "/read-public"),
    ];
    let answer = sim.token(&form).await;
    assert_eq!(answer.status, 401);
    let text = format!("Client ({CLIENT}) is deactivated");
    assert_eq!(answer.json()["error_description"], text);
}
