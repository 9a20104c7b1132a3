//! Faults, as a client meets them.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::documents::{MEMBERSHIP, NOTIFICATION, membership_for, with_put_code};
use crate::harness::{CARBERRY, Sim, send};

const POST: &str = "/v3.0/0000-0002-1825-0097/membership";
const LIST: &str = "/v3.0/0000-0002-1825-0097/memberships";

#[tokio::test]
async fn the_answer_is_dropped_after_the_work() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    sim.fault(json!({ "kind": "drop_after_commit" })).await;
    let dropped = sim
        .request(Method::POST, POST, &token)
        .body(MEMBERSHIP)
        .send()
        .await;
    let error = dropped.expect_err("no answer must arrive");
    assert!(error.status().is_none(), "{error}");
    // The work is done, reading is not met, and the put-code can be found.
    let list = sim.get(LIST, &token).await;
    assert_eq!(
        list.body.matches("<membership:membership-summary ").count(),
        1
    );
    let put_code = sim.record(CARBERRY).await["memberships"][0]["put_code"]
        .as_i64()
        .unwrap();
    let own = format!("{POST}/{put_code}");
    let changed = with_put_code(MEMBERSHIP, put_code).replace("Principal", "Chief");
    assert!(
        sim.request(Method::PUT, &own, &token)
            .body(changed)
            .send()
            .await
            .is_err()
    );
    assert_eq!(
        sim.record(CARBERRY).await["memberships"][0]["role_title"],
        "Chief Investigator"
    );
    assert!(
        sim.request(Method::DELETE, &own, &token)
            .send()
            .await
            .is_err()
    );
    assert_eq!(sim.record(CARBERRY).await["memberships"], json!([]));
    let counters = sim.counters().await;
    assert_eq!(counters["calls"]["membership_create"]["dropped_after"], 1);
    assert_eq!(
        counters["calls"]["membership_create"]["by_status"]["201"],
        1
    );
    assert_eq!(counters["in_flight"], json!({}));
}

#[tokio::test]
async fn not_one_byte_of_a_dropped_answer_is_sent() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    sim.fault(json!({ "kind": "drop_after_commit" })).await;
    let address = sim.simulator.api_url();
    let host = address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!(
        "POST {POST} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/vnd.orcid+xml\r\nContent-Length: {}\r\n\r\n{MEMBERSHIP}",
        MEMBERSHIP.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut received = Vec::new();
    let ended = stream.read_to_end(&mut received);
    let open =
        ended.is_err_and(|e| matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert!(!open, "the connection must end");
    assert_eq!(received, b"");
    assert_eq!(
        sim.record(CARBERRY).await["memberships"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn the_connection_is_dropped_before_the_work() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    sim.fault(json!({ "kind": "drop_before_commit", "when": { "next": 1 } }))
        .await;
    assert!(
        sim.request(Method::POST, POST, &token)
            .body(MEMBERSHIP)
            .send()
            .await
            .is_err()
    );
    assert_eq!(sim.record(CARBERRY).await["memberships"], json!([]));
    assert_eq!(
        sim.post(POST, &token, MEMBERSHIP).await.status,
        201,
        "healed"
    );
}

#[tokio::test]
async fn a_named_kind_of_call_loses_its_answer() {
    let sim = Sim::start();
    let premium = sim.client_token("/premium-notification").await;
    let path = format!("/v3.0/{CARBERRY}/notification-permission");
    sim.fault(json!({
        "kind": "drop_after_commit", "calls": ["notification_create"], "when": { "next": 1 }
    }))
    .await;
    assert!(
        sim.request(Method::POST, &path, &premium)
            .body(NOTIFICATION)
            .send()
            .await
            .is_err()
    );
    assert_eq!(sim.post(&path, &premium, NOTIFICATION).await.status, 201);
    assert_eq!(
        sim.counters().await["notifications"][CARBERRY],
        2,
        "ORCID does not compare them"
    );
}

#[tokio::test]
async fn beyond_the_rate_the_edge_answers_503() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    sim.fault(json!({ "kind": "rate_limit", "per_second": 0.001, "burst": 3 }))
        .await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let answer = sim.get(LIST, &token).await;
        statuses.push(answer.status);
        if answer.status == 503 {
            assert_eq!(answer.header("content-type"), "text/html");
            assert_eq!(answer.header("retry-after"), "");
        }
    }
    assert_eq!(statuses, [200, 200, 200, 503, 503]);
    let counters = sim.counters().await;
    assert_eq!(counters["refused_by_limiter"], 2);
    assert_eq!(counters["calls"]["membership_list"]["refused"], 2);
    sim.operator(Method::DELETE, "faults", json!(null)).await;
    assert_eq!(sim.get(LIST, &token).await.status, 200);
}

#[tokio::test]
async fn errors_of_the_server_and_of_the_edge() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let one = json!({ "next": 1 });
    sim.fault(json!({ "kind": "server_error", "when": one }))
        .await;
    assert_eq!(
        sim.post(POST, &token, MEMBERSHIP).await.error(),
        (500, 9008)
    );
    sim.fault(json!({ "kind": "html_502", "when": one })).await;
    let answer = sim.post(POST, &token, MEMBERSHIP).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (502, "text/html")
    );
    assert!(answer.body.starts_with("<html>"));
    sim.fault(json!({ "kind": "too_many_requests", "when": one }))
        .await;
    let answer = sim.post(POST, &token, MEMBERSHIP).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (429, "text/plain")
    );
    assert_eq!(
        sim.record(CARBERRY).await["memberships"],
        json!([]),
        "nothing was done"
    );
    assert_eq!(sim.post(POST, &token, MEMBERSHIP).await.status, 201);
}

#[tokio::test]
async fn a_401_that_heals_looks_like_a_revocation() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    sim.fault(json!({ "kind": "spurious_401", "when": { "next": 2 } }))
        .await;
    for _ in 0..2 {
        let answer = sim.get(LIST, &token).await;
        assert_eq!(answer.status, 401);
        let text = format!("Invalid access token: {token}");
        assert_eq!(answer.json()["error_description"], text);
    }
    assert_eq!(sim.get(LIST, &token).await.status, 200);
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_although_all_is_well() {
    let sim = Sim::start();
    sim.fault(json!({ "kind": "token_401", "when": { "next": 1 } }))
        .await;
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "/read-public"),
    ];
    assert_eq!(sim.token(&form).await.status, 401);
    assert_eq!(sim.token(&form).await.status, 200);
    let counters = sim.counters().await;
    assert_eq!(
        counters["calls"]["token_client"]["by_status"],
        json!({ "200": 1, "401": 1 })
    );
}

#[tokio::test]
async fn a_dropped_token_answer_has_used_the_code_up() {
    let sim = Sim::start();
    sim.grant(CARBERRY).await;
    sim.fault(json!({ "kind": "drop_after_commit", "calls": ["token_code"] }))
        .await;
    let form = [("grant_type", "authorization_code"), ("code", "XXXXXX")];
    let request = sim.http.post(sim.web("/oauth/token")).form(&form);
    assert!(request.send().await.is_err());
}

#[tokio::test]
async fn many_slow_calls_run_side_by_side_and_are_counted_per_id() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    sim.fault(json!({ "kind": "latency", "ms": 150 })).await;
    let started = std::time::Instant::now();
    let calls = (0..60).map(|n| {
        let body = membership_for(&format!("10.82841/p{n}"));
        let request = sim.request(Method::POST, POST, &token).body(body);
        async move { send(request).await.status }
    });
    let statuses = join_all(calls).await;
    assert!(statuses.iter().all(|s| *s == 201), "{statuses:?}");
    println!(
        "60 calls of 150 ms side by side took {:?}",
        started.elapsed()
    );
    let counters = sim.counters().await;
    let most = counters["max_writes_in_flight"][CARBERRY].as_u64().unwrap();
    assert!(most > 1, "overlapping writes to one iD are seen: {most}");
    assert_eq!(counters["max_writes_in_flight_any"], most);
    assert_eq!(counters["in_flight"], json!({}));
    assert_eq!(
        counters["total"],
        counters["calls"]
            .as_object()
            .unwrap()
            .values()
            .map(|c| c["total"].as_u64().unwrap())
            .sum::<u64>()
    );
}

#[tokio::test]
async fn writes_one_after_the_other_do_not_overlap() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    for n in 0..20 {
        sim.post(POST, &token, &membership_for(&format!("10.82841/s{n}")))
            .await
            .put_code();
    }
    assert_eq!(sim.counters().await["max_writes_in_flight_any"], 1);
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_is_refused() {
    let sim = Sim::start();
    for fault in [
        json!({ "kind": "earthquake" }),
        json!({ "kind": "latency" }),
        json!({ "kind": "html_502", "wen": "every" }),
        json!({ "kind": "html_502", "calls": ["nothing"] }),
        json!("latency"),
    ] {
        let answer = send(sim.http.post(sim.web("/operator/faults")).json(&fault)).await;
        assert_eq!(answer.status, 400, "{fault}");
        assert!(answer.json()["error"].is_string());
    }
    let active = sim.operator(Method::GET, "faults", Value::Null).await;
    assert_eq!(active, json!({ "active": [] }));
}
