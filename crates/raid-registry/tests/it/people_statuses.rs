//! What the endpoints of contributors give as statuses.

use actix_web::http::Method;
use raid_model::permission::PermissionState as State;

use crate::addresses::{ACCEPT_MERGE, ASK, here};
use crate::harness::{Server, minimal, path_of, request};
use crate::notes::Notes;
use crate::people::{is_in, is_merged};

/// What these endpoints give, in the order that is easiest.
pub async fn what_contributors_give(notes: &mut Notes, server: &Server) {
    let user = server.user();
    let path = path_of(&server.mint(&minimal()).await);
    let post = |address| request(Method::POST, &here(address, &path), &user);
    is_in(server, State::Denied).await;
    notes.send(server, post(ASK)).await.expect(409);
    notes.send(server, post(ACCEPT_MERGE)).await.expect(409);
    is_in(server, State::Ignored).await;
    notes.send(server, post(ASK)).await.expect(202);
    notes.send(server, post(ASK)).await.expect(200);
    is_merged(server).await;
    notes.send(server, post(ACCEPT_MERGE)).await.expect(200);
    // So that the statuses of others are as they were.
    is_in(server, State::Unasked).await;
}

/// What they lack, and for no JSON.
pub async fn what_contributors_lack(notes: &mut Notes, server: &Server, token: &str) {
    for address in [ASK, ACCEPT_MERGE] {
        let unknown = request(Method::POST, address, token);
        notes.send(server, unknown).await.expect(404);
        let html = request(Method::POST, address, token).insert_header(("Accept", "text/html"));
        notes.send(server, html).await.expect(406);
    }
}

/// What they are for a withdrawn RAiD.
pub async fn what_contributors_end_as(notes: &mut Notes, server: &Server, path: &str) {
    for address in [ASK, ACCEPT_MERGE] {
        let post = request(Method::POST, &here(address, path), &server.user());
        notes.send(server, post).await.expect(410);
    }
}
