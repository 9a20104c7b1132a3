//! Rights end with their source: who may not change a RAiD any more gave nobody a right to it.

use actix_web::http::Method;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::Conn;
use store::service_points;
use store::testing::TestDb;

use crate::harness::{AWAY, AWAY_GROUP, HOME, Server, embargoed, minimal, path_of, request, serve};
use crate::invitations::body;

store::on_both_databases!(
    a_transfer_ends_invitations_and_holders,
    a_transfer_can_keep_the_holders,
    an_inviter_who_lost_the_raid_is_replaced,
    a_disabled_service_point_gives_nothing,
);

fn below(path: &str, what: &str) -> String {
    format!("{}/{what}", path.replace("/raid/", "/v1/raids/"))
}

async fn give(server: &Server, token: &str, path: &str) -> u16 {
    let path = below(path, "holders/raid-admin/ada");
    let reply = server.send(request(Method::PUT, &path, token)).await;
    reply.status.as_u16()
}

async fn take(server: &Server, token: &str, path: &str) -> u16 {
    let path = below(path, "holders/raid-admin/ada");
    let reply = server.send(request(Method::DELETE, &path, token)).await;
    reply.status.as_u16()
}

async fn invite(server: &Server, token: &str, path: &str, status: u16) -> Value {
    let path = below(path, "invitations");
    server.post(token, &path, &body()).await.expect(status)
}

async fn states(server: &Server, token: &str, path: &str) -> Vec<String> {
    let listed = server.get(token, &below(path, "invitations")).await;
    let listed = listed.expect(200);
    let states = listed.as_array().unwrap().iter();
    states
        .map(|it| it["state"].as_str().unwrap().to_owned())
        .collect()
}

async fn enable(server: &Server, enabled: bool) {
    let change = move |c: &mut Conn| {
        let mut row = service_points::find(c, HOME)?.unwrap();
        row.enabled = enabled;
        service_points::change(c, &row)
    };
    assert_eq!(server.store.write(change).await.unwrap(), None);
}

/// An embargoed RAiD that somebody holds, and to which they and a user invited.
async fn held_and_invited_to(server: &Server) -> (String, String) {
    let ada = server.token_of("ada", &[Role::RaidAdmin], None);
    let path = path_of(&server.mint(&embargoed(server)).await);
    assert_eq!(give(server, &server.user(), &path).await, 204);
    invite(server, &ada, &path, 201).await;
    (ada, path)
}

async fn transfer(server: &Server, path: &str, request: &Value) {
    let to = below(path, "transfer");
    server
        .post(&server.operator(), &to, request)
        .await
        .expect(200);
}

async fn a_transfer_ends_invitations_and_holders(db: &TestDb) {
    let server = serve(db).await;
    let (ada, path) = held_and_invited_to(&server).await;
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    transfer(&server, &path, &json!({"servicePoint": AWAY})).await;
    assert_eq!(states(&server, &away, &path).await, ["cancelled"]);
    server.get(&ada, &path).await.expect(403);
    let held = server.get(&away, &below(&path, "holders")).await;
    assert_eq!(held.expect(200), json!([]));
    // The new owner invites the same address, and gives the RAiD to whom it likes.
    invite(&server, &away, &path, 201).await;
    assert_eq!(give(&server, &away, &path).await, 204);
    server.get(&ada, &path).await.expect(200);
    // To give it to its owner once more changes nothing.
    transfer(&server, &path, &json!({"servicePoint": AWAY})).await;
    assert_eq!(states(&server, &away, &path).await, ["open", "cancelled"]);
    server.get(&ada, &path).await.expect(200);
}

async fn a_transfer_can_keep_the_holders(db: &TestDb) {
    let server = serve(db).await;
    let (ada, path) = held_and_invited_to(&server).await;
    let request = json!({"servicePoint": AWAY, "keepHolders": true});
    transfer(&server, &path, &request).await;
    server.get(&ada, &path).await.expect(200);
    assert_eq!(states(&server, &ada, &path).await, ["cancelled"]);
}

async fn an_inviter_who_lost_the_raid_is_replaced(db: &TestDb) {
    let server = serve(db).await;
    let (_, path) = held_and_invited_to(&server).await;
    let user = server.user();
    // The invitation that stands is the answer, whoever invites.
    invite(&server, &user, &path, 200).await;
    assert_eq!(take(&server, &user, &path).await, 204);
    assert_eq!(states(&server, &user, &path).await, ["cancelled"]);
    invite(&server, &user, &path, 201).await;
    assert_eq!(states(&server, &user, &path).await, ["open", "cancelled"]);
}

async fn a_disabled_service_point_gives_nothing(db: &TestDb) {
    let server = serve(db).await;
    let (ada, path) = held_and_invited_to(&server).await;
    let (user, operator) = (server.user(), server.operator());
    enable(&server, false).await;
    for token in [&user, &ada] {
        assert_eq!(give(&server, token, &path).await, 403);
        invite(&server, token, &path, 403).await;
    }
    assert_eq!(give(&server, &operator, &path).await, 204);
    // To take a right is always possible.
    assert_eq!(take(&server, &user, &path).await, 204);
    // An operator's invitation takes the place of one that does not count now.
    let closed = path_of(&{
        enable(&server, true).await;
        server.mint(&minimal()).await
    });
    invite(&server, &user, &closed, 201).await;
    enable(&server, false).await;
    invite(&server, &operator, &closed, 201).await;
    assert_eq!(
        states(&server, &operator, &closed).await,
        ["open", "cancelled"]
    );
}
