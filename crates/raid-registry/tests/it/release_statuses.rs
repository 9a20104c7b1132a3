//! What releasing gives as statuses.

use actix_web::http::Method;

use crate::addresses::{RELEASE_POINT, RELEASE_RAID, here};
use crate::harness::{HOME, Server, request};
use crate::notes::Notes;

/// What it gives for a RAiD, and for its service point.
pub async fn what_releases_give(notes: &mut Notes, server: &Server, token: &str, path: &str) {
    let point = RELEASE_POINT.replace('7', &HOME.to_string());
    for address in [here(RELEASE_RAID, path), point] {
        let post = request(Method::POST, &address, token);
        notes.send(server, post).await.expect(200);
    }
}

/// What it lacks, and for no JSON.
pub async fn what_releases_lack(notes: &mut Notes, server: &Server, token: &str) {
    for address in [RELEASE_RAID, RELEASE_POINT] {
        let post = || request(Method::POST, address, token);
        notes.send(server, post()).await.expect(404);
        let html = post().insert_header(("Accept", "text/html"));
        notes.send(server, html).await.expect(406);
    }
    let odd = request(Method::POST, "/v1/service-points/x/release", token);
    notes.send(server, odd).await.expect(400);
}

/// What it is for a withdrawn RAiD.
pub async fn what_releases_end_as(notes: &mut Notes, server: &Server, token: &str, path: &str) {
    let post = request(Method::POST, &here(RELEASE_RAID, path), token);
    notes.send(server, post).await.expect(410);
}
