//! Switches about people: whose tokens are refused, what a permission covers, what they read, and
//! records that close and open again.

use reqwest::Method;
use serde_json::{Value, json};

use crate::documents::{MEMBERSHIP, NOTIFICATION};
use crate::harness::{Answer, CARBERRY, CLIENT, OKAFOR, Sim, send};

fn memberships_of(orcid: &str) -> String {
    format!("/v3.0/{orcid}/membership")
}

fn inbox_of(orcid: &str) -> String {
    format!("/v3.0/{orcid}/notification-permission")
}

async fn write(sim: &Sim, orcid: &str, token: &str) -> Answer {
    sim.post(&memberships_of(orcid), token, MEMBERSHIP).await
}

#[tokio::test]
async fn peoples_tokens_are_refused_while_ours_go_on() {
    let sim = Sim::start();
    let (carberry, okafor) = (sim.grant(CARBERRY).await, sim.grant(OKAFOR).await);
    let own = sim.client_token("/premium-notification").await;
    sim.fault(json!({ "kind": "user_token_401" })).await;
    for (orcid, token) in [(CARBERRY, &carberry), (OKAFOR, &okafor)] {
        let refused = write(&sim, orcid, token).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.json()["error"], "invalid_token");
    }
    assert_eq!(
        sim.post(&inbox_of(CARBERRY), &own, NOTIFICATION)
            .await
            .status,
        201
    );
    assert_eq!(sim.get(&inbox_of(CARBERRY), &own).await.status, 200);
    // A grant is still possible, and the new token is refused as well.
    let another = sim.grant(CARBERRY).await;
    let list = format!("/v3.0/{CARBERRY}/memberships");
    assert_eq!(sim.get(&list, &another).await.status, 401);
    sim.operator(Method::DELETE, "faults", Value::Null).await;
    assert_eq!(sim.get(&list, &carberry).await.status, 200);
}

#[tokio::test]
async fn the_tokens_of_one_person_are_refused() {
    let sim = Sim::start();
    let (carberry, okafor) = (sim.grant(CARBERRY).await, sim.grant(OKAFOR).await);
    sim.fault(json!({ "kind": "user_token_401", "orcids": [CARBERRY] }))
        .await;
    let refused = write(&sim, CARBERRY, &carberry).await;
    assert_eq!(refused.status, 401);
    let written = write(&sim, OKAFOR, &okafor).await;
    assert_eq!(written.status, 201);
}

#[tokio::test]
async fn a_permission_without_the_scope_to_write() {
    let sim = Sim::start();
    let (carberry, okafor) = (sim.grant(CARBERRY).await, sim.grant(OKAFOR).await);
    let narrow = json!({ "client_id": CLIENT, "scope": "/read-limited" });
    let path = format!("records/{CARBERRY}/scope");
    let narrowed = sim.operator(Method::POST, &path, narrow.clone()).await;
    assert_eq!(narrowed["narrowed_tokens"], 1);
    let refused = write(&sim, CARBERRY, &carberry).await;
    assert_eq!(refused.error(), (403, 9038));
    let text = refused.element("developer-message").unwrap();
    assert!(text.starts_with("409 Conflict:"), "{text}");
    let list = format!("/v3.0/{CARBERRY}/memberships");
    assert_eq!(sim.get(&list, &carberry).await.status, 200);
    // Others are not met, and a new grant heals it.
    let written = write(&sim, OKAFOR, &okafor).await;
    assert_eq!(written.status, 201);
    let another = sim.grant(CARBERRY).await;
    let written = write(&sim, CARBERRY, &another).await;
    assert_eq!(written.status, 201);
    let again = sim.operator(Method::POST, &path, narrow).await;
    assert_eq!(again["narrowed_tokens"], 1, "the new one only");
}

#[tokio::test]
async fn all_permissions_without_the_scope_to_write() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    sim.fault(json!({ "kind": "missing_scope", "when": { "next": 1 } }))
        .await;
    let list = format!("/v3.0/{CARBERRY}/memberships");
    assert_eq!(sim.get(&list, &token).await.status, 200);
    let path = memberships_of(CARBERRY);
    let refused = sim.post(&path, &token, MEMBERSHIP).await;
    assert_eq!(refused.error(), (403, 9038));
    assert_eq!(sim.post(&path, &token, MEMBERSHIP).await.status, 201);
}

#[tokio::test]
async fn the_token_endpoint_is_throttled_by_itself() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    sim.fault(json!({
        "kind": "rate_limit", "per_second": 0.001, "burst": 1, "status": 429,
        "calls": ["token_client", "token_code"]
    }))
    .await;
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "/read-public"),
    ];
    assert_eq!(sim.token(&form).await.status, 200);
    assert_eq!(sim.token(&form).await.status, 429);
    // A code that is refused by the edge was not used up.
    let code = [("grant_type", "authorization_code"), ("code", "XXXXXX")];
    assert_eq!(sim.token(&code).await.status, 429);
    let list = format!("/v3.0/{CARBERRY}/memberships");
    for _ in 0..3 {
        assert_eq!(sim.get(&list, &token).await.status, 200);
    }
    assert_eq!(sim.counters().await["refused_by_limiter"], 2);
}

#[tokio::test]
async fn the_operator_reads_and_archives_as_the_researcher() {
    let sim = Sim::start();
    let own = sim.client_token("/premium-notification").await;
    let inbox = inbox_of(CARBERRY);
    let put_code = sim.post(&inbox, &own, NOTIFICATION).await.put_code();
    let at = format!("{inbox}/{put_code}");
    let switch = |what: &str| format!("records/{CARBERRY}/notifications/{put_code}/{what}");

    let read = sim.operator(Method::POST, &switch("read"), json!({})).await;
    assert!(read["read"].is_string());
    assert!(read["archived"].is_null());
    assert!(sim.get(&at, &own).await.element("read-date").is_some());
    assert_eq!(sim.delete(&at, &own).await.error(), (403, 9009));

    let archived = switch("archive");
    let archived = sim.operator(Method::POST, &archived, json!({})).await;
    assert_eq!(archived["read"], read["read"]);
    assert!(archived["archived"].is_string());
    assert!(sim.get(&at, &own).await.element("archived-date").is_some());

    let unknown = sim.web(&format!(
        "/operator/records/{CARBERRY}/notifications/1/read"
    ));
    assert_eq!(send(sim.http.post(unknown)).await.status, 404);
}

/// On deactivation all items, notifications and tokens of the record go for good.
#[tokio::test]
async fn a_record_that_comes_back_from_deactivation_is_empty() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let own = sim.client_token("/premium-notification").await;
    let memberships = memberships_of(CARBERRY);
    let item = sim.post(&memberships, &token, MEMBERSHIP).await.put_code();
    let inbox = inbox_of(CARBERRY);
    let asked = sim.post(&inbox, &own, NOTIFICATION).await.put_code();

    sim.set_state(CARBERRY, json!({ "state": "deactivated" }))
        .await;
    sim.set_state(CARBERRY, json!({ "state": "active" })).await;
    let record = sim.record(CARBERRY).await;
    assert_eq!(record["memberships"], json!([]));
    assert_eq!(record["notifications"], json!([]));
    let path = format!("{memberships}/{item}");
    assert_eq!(sim.get(&path, &token).await.status, 401);
    assert_eq!(sim.delete(&path, &token).await.status, 401);
    let notification = format!("{inbox}/{asked}");
    assert_eq!(sim.get(&notification, &own).await.error(), (404, 9029));

    let another = sim.grant(CARBERRY).await;
    assert_eq!(sim.get(&path, &another).await.error(), (404, 9016));
    let fresh = sim.post(&memberships, &another, MEMBERSHIP).await;
    assert_ne!(fresh.put_code(), item);
}

/// A merged record loses its items and notifications, but no token.
#[tokio::test]
async fn a_merged_record_is_emptied_and_names_the_other() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let own = sim.client_token("/premium-notification").await;
    let memberships = memberships_of(CARBERRY);
    sim.post(&memberships, &token, MEMBERSHIP).await.put_code();
    sim.post(&inbox_of(CARBERRY), &own, NOTIFICATION)
        .await
        .put_code();
    sim.set_state(CARBERRY, json!({ "state": "deprecated", "into": OKAFOR }))
        .await;
    let record = sim.record(CARBERRY).await;
    assert_eq!(record["memberships"], json!([]));
    assert_eq!(record["notifications"], json!([]));
    assert_eq!(record["tokens"][0]["live"], true);
    let asked = sim.post(&inbox_of(CARBERRY), &own, NOTIFICATION).await;
    assert_eq!(asked.error(), (409, 9007));
    let list = sim.get(&inbox_of(CARBERRY), &own).await;
    assert_eq!(list.error(), (301, 9007));
}
