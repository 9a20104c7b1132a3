//! What redactions and reinstatements give as statuses.

use actix_web::http::Method;
use serde_json::json;

use crate::addresses::{REDACTION, REINSTATEMENT, here};
use crate::harness::{Server, minimal, path_of, request};
use crate::notes::Notes;

/// What they give for a RAiD with two versions.
pub async fn what_corrections_give(notes: &mut Notes, server: &Server, token: &str) {
    let mut raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    raid["title"][0]["text"] = json!("The second version");
    server.put(token, &path, &raid).await.expect(200);
    let reason = json!({"reason": "Wrong iD"});
    let redact = |version: &str| {
        let address = here(REDACTION, &path).replace("/1/", &format!("/{version}/"));
        request(Method::POST, &address, token).set_json(&reason)
    };
    for (version, status) in [("x", 400), ("9", 404), ("2", 409), ("1", 200), ("1", 200)] {
        notes.send(server, redact(version)).await.expect(status);
    }
    let reinstate = || {
        let address = here(REINSTATEMENT, &path);
        request(Method::POST, &address, token).set_json(&reason)
    };
    notes.send(server, reinstate()).await.expect(409);
    let withdrawal = here("/v1/raids/10.82841/nowhere/withdrawal", &path);
    let withdrawal = request(Method::POST, &withdrawal, token).set_json(&reason);
    notes.send(server, withdrawal).await.expect(200);
    notes.send(server, reinstate()).await.expect(200);
}
