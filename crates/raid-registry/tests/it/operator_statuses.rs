//! What the endpoints for tokens and dead letters give as statuses.

use actix_web::http::Method;
use serde_json::json;
use store::tasks::Work;

use crate::dead_letters::dead;
use crate::harness::{HOME, Server, request};
use crate::notes::Notes;

const LETTER: &str = "/v1/dead-letters/c3dlZXAgYWxs";
const REDRIVE: &str = "/v1/dead-letters/c3dlZXAgYWxs/redrive";

/// What is changed without a body, of a token and a dead letter that are not there.
pub const SETTLED: [(Method, &str); 3] = [
    (
        Method::DELETE,
        "/v1/tokens/019a0000-0000-7000-8000-000000000000",
    ),
    (Method::DELETE, LETTER),
    (Method::POST, REDRIVE),
];

/// What they give.
pub async fn what_operators_give(notes: &mut Notes, server: &Server, token: &str) {
    let new = json!({ "name": "new", "servicePoint": HOME });
    let issue = request(Method::POST, "/v1/tokens", token).set_json(new);
    let issued = notes.send(server, issue).await.expect(201);
    let issued = format!("/v1/tokens/{}", issued["id"].as_str().unwrap());
    let revoke = request(Method::DELETE, &issued, token);
    notes.send(server, revoke).await.expect(204);
    for (method, path) in [(Method::POST, REDRIVE), (Method::DELETE, LETTER)] {
        dead(server, vec![Work::Sweep]).await;
        let settle = request(method, path, token);
        notes.send(server, settle).await.expect(204);
    }
}

/// What they lack, and what they cannot read.
pub async fn what_operators_lack(notes: &mut Notes, server: &Server, token: &str) {
    for (method, path) in SETTLED {
        let unknown = request(method, path, token);
        notes.send(server, unknown).await.expect(404);
    }
    for path in ["/v1/dead-letters?kind=x", "/v1/tokens?cursor=x"] {
        notes.get(server, token, path).await.expect(400);
    }
}
