//! The checks that tell a real sandbox from a simulator, and the record of what happened.

use serde_json::json;

use crate::documents::{MEMBERSHIP, NOTIFICATION, with, with_put_code};
use crate::harness::{CARBERRY, CLIENT, Sim, XML};
use reqwest::Method;

#[tokio::test]
async fn posting_twice_names_the_put_code() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let path = format!("/v3.0/{CARBERRY}/membership");
    let created = sim.post(&path, &token, MEMBERSHIP).await;
    let put_code = created.put_code();
    assert_eq!(created.body, "");
    let expected = format!(
        "{}/v3.0/{CARBERRY}/membership/{put_code}",
        sim.simulator.api_url()
    );
    assert_eq!(created.header("location"), expected);
    assert!(put_code > i64::from(u32::MAX), "put-codes are 64 bits wide");

    let again = sim.post(&path, &token, MEMBERSHIP).await;
    assert_eq!(again.error(), (409, 9021));
    assert_eq!(again.header("content-type"), XML);
    let message = again.element("developer-message").unwrap();
    assert_eq!(
        message,
        format!(
            "409 Conflict: You have already added this activity (matched by external identifiers), \
             please see element with put-code {put_code}. If you are trying to edit the item, \
             please use PUT instead of POST."
        )
    );
    let counters = sim.counters().await;
    assert_eq!(counters["duplicates_refused"], 1);
    assert_eq!(counters["duplicates_standing"], 0);
    assert_eq!(
        counters["calls"]["membership_create"]["by_error_code"],
        json!({"9021": 1})
    );
}

#[tokio::test]
async fn put_needs_the_put_code_in_the_body() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let path = format!("/v3.0/{CARBERRY}/membership");
    let put_code = sim.post(&path, &token, MEMBERSHIP).await.put_code();
    let own = format!("{path}/{put_code}");
    let missing = sim.put(&own, &token, MEMBERSHIP).await;
    assert_eq!(missing.error(), (400, 9019));
    let wrong = sim.put(&own, &token, &with_put_code(MEMBERSHIP, 7)).await;
    let text = format!("The put code in the URL was {put_code} whereas the one in the body was 7.");
    assert!(wrong.body.contains(&text), "{}", wrong.body);
}

#[tokio::test]
async fn months_have_two_digits() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let one_digit = with(MEMBERSHIP, "<c:month>03</c:month>", "<c:month>3</c:month>");
    let answer = sim
        .post(&format!("/v3.0/{CARBERRY}/membership"), &token, &one_digit)
        .await;
    assert_eq!(answer.error(), (400, 9049));
    assert!(
        answer
            .body
            .contains("400 Bad request: invalid date: 2024-3-01 "),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn the_address_must_be_there() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let address = "<c:address><c:city>Brisbane</c:city><c:country>AU</c:country></c:address>";
    let without = with(MEMBERSHIP, address, "");
    let answer = sim
        .post(&format!("/v3.0/{CARBERRY}/membership"), &token, &without)
        .await;
    assert_eq!(answer.error(), (400, 9012));
    assert!(
        answer.body.contains("cvc-complex-type.2.4"),
        "{}",
        answer.body
    );
    let empty = with(MEMBERSHIP, address, "<c:address/>");
    sim.post(&format!("/v3.0/{CARBERRY}/membership"), &token, &empty)
        .await
        .put_code();
}

#[tokio::test]
async fn funded_by_fits_memberships_and_not_notifications() {
    let sim = Sim::start();
    let premium = sim.client_token("/premium-notification").await;
    let token = sim.grant(CARBERRY).await;
    let path = format!("/v3.0/{CARBERRY}/notification-permission");
    let funded = |document| with(document, ">self<", ">funded-by<");
    let refused = sim.post(&path, &premium, &funded(NOTIFICATION)).await;
    assert_eq!(refused.error(), (400, 9012));
    let membership = funded(MEMBERSHIP);
    sim.post(&format!("/v3.0/{CARBERRY}/membership"), &token, &membership)
        .await
        .put_code();
}

#[tokio::test]
async fn deleting_a_notification_answers_200_with_its_content() {
    let sim = Sim::start();
    let premium = sim.client_token("/premium-notification").await;
    let path = format!("/v3.0/{CARBERRY}/notification-permission");
    let put_code = sim.post(&path, &premium, NOTIFICATION).await.put_code();
    let own = format!("{path}/{put_code}");
    let archived = sim.delete(&own, &premium).await;
    assert_eq!(archived.status, 200);
    assert!(
        archived.element("archived-date").is_some(),
        "{}",
        archived.body
    );
    let again = sim.delete(&own, &premium).await;
    assert_eq!(again.status, 200, "archiving twice is fine");
    assert_eq!(
        again.element("archived-date"),
        archived.element("archived-date")
    );
}

#[tokio::test]
async fn a_revoked_token_still_deletes_and_does_nothing_else() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let path = format!("/v3.0/{CARBERRY}/membership");
    let put_code = sim.post(&path, &token, MEMBERSHIP).await.put_code();
    let own = format!("{path}/{put_code}");
    let revoke = format!("records/{CARBERRY}/revoke");
    let revoked = sim
        .operator(Method::POST, &revoke, json!({ "client_id": CLIENT }))
        .await;
    assert_eq!(revoked["disabled_tokens"], 1);

    for answer in [
        sim.get(&own, &token).await,
        sim.put(&own, &token, &with_put_code(MEMBERSHIP, put_code))
            .await,
        sim.post(&path, &token, MEMBERSHIP).await,
    ] {
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.header("content-type"),
            "application/json;charset=UTF-8"
        );
        let expected = json!({
            "error": "invalid_token",
            "error_description": format!("Invalid access token: {token}"),
        });
        assert_eq!(answer.json(), expected);
    }
    assert_eq!(sim.delete(&own, &token).await.status, 204);
    assert_eq!(sim.get(&own, &token).await.status, 401);
    assert_eq!(sim.record(CARBERRY).await["memberships"], json!([]));
    let revoked = &sim.record(CARBERRY).await["tokens"][0];
    assert_eq!(
        (&revoked["live"], &revoked["disabled"]),
        (&json!(false), &json!("USER_REVOKED"))
    );
}
