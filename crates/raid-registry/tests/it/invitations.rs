//! Inviting by e-mail.

use raid_model::Contributor;
use raid_registry::auth::Role;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use store::invitations::{self, State};
use store::tasks::{self, Kind, Room, Work};
use store::testing::TestDb;
use store::{Conn, Id};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::{AWAY_GROUP, minimal, path_of, serve};

store::on_both_databases!(
    an_invitation_is_kept_sealed_and_its_mail_is_due,
    an_invitation_that_cannot_be_is_refused,
);

const ADDRESS: &str = "colleague@example.org";

fn body() -> Value {
    json!({
        "email": ADDRESS,
        "position": [{
            "id": "https://vocabulary.raid.org/contributor.position.schema/308",
            "schemaUri": "https://vocabulary.raid.org/contributor.position.schema/305",
            "startDate": "2025-03",
        }],
        "role": [{
            "id": "https://credit.niso.org/contributor-roles/software/",
            "schemaUri": "https://credit.niso.org/",
        }],
        "contact": true,
    })
}

fn invitations_of(raid: &Value) -> String {
    format!(
        "{}/invitations",
        path_of(raid).replace("/raid/", "/v1/raids/")
    )
}

async fn an_invitation_is_kept_sealed_and_its_mail_is_due(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = invitations_of(&raid);
    let reply = server.post(&server.user(), &path, &body()).await;
    let answer = reply.expect(201);
    assert!(!String::from_utf8_lossy(&reply.body).contains('@'));
    let members: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["expiresAt", "handle", "id", "state"]);
    assert_eq!(answer["state"], "open");
    let handle = path_of(&raid).replace("/raid/", "");
    assert_eq!(answer["handle"], handle.as_str());
    let expires = OffsetDateTime::parse(answer["expiresAt"].as_str().unwrap(), &Rfc3339).unwrap();
    let days = (expires - server.clock.now().assume_utc()).whole_hours();
    assert!((29 * 24..=30 * 24).contains(&days), "{days}");

    let id: Id = answer["id"].as_str().unwrap().parse().unwrap();
    let find = move |c: &mut Conn| invitations::find(c, id);
    let row = server.store.read(find).await.unwrap().unwrap();
    assert_eq!(row.state, State::Open);
    assert_eq!(row.invited_by, "user-1");
    let sealed = row.email.clone().unwrap();
    assert!(!sealed.windows(9).any(|part| part == b"colleague"));
    assert_eq!(
        row.address(server.store.keys()).unwrap().expose_secret(),
        ADDRESS
    );
    let contribution: Contributor = serde_json::from_str(&row.contribution.0).unwrap();
    assert_eq!(contribution.positions().len(), 1);
    assert_eq!(contribution.roles().len(), 1);
    assert_eq!(contribution.contact, Some(true));
    assert_eq!(contribution.leader, None);

    let now = server.clock.now();
    let until = now + time::Duration::seconds(30);
    let claim =
        move |c: &mut Conn| tasks::claim(c, "test", &[Kind::Email], Room::any(10), now, until);
    let due = server.store.write(claim).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].work, Work::Email(id));
}

async fn an_invitation_that_cannot_be_is_refused(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = invitations_of(&raid);
    let user = server.user();
    let with = |member: &str, value: Value| {
        let mut body = body();
        body[member] = value;
        body
    };
    for (body, field) in [
        (with("email", json!(null)), "email"),
        (with("email", json!("")), "email"),
        (with("email", json!("colleague@example")), "email"),
        (
            with("email", json!("a@example.org\r\nBcc: b@example.org")),
            "email",
        ),
        (with("position", json!(null)), "position"),
        (with("position", json!([{}])), "position[0].id"),
        (with("role", json!([{"id": null}])), "role[0].id"),
    ] {
        let reply = server.post(&user, &path, &body).await;
        reply.expect(400);
        assert!(
            reply.fields().contains(&field.to_owned()),
            "{body}: {:?}",
            reply.fields()
        );
    }
    for body in [
        with("position", json!([{"id": "https://example.org/boss"}])),
        with("email", json!({"a": 1})),
        with("leader", json!("perhaps")),
        json!([]),
    ] {
        let problem = server.post(&user, &path, &body).await.expect(400);
        assert_eq!(problem["title"], "Invalid JSON", "{body}");
    }
    let foreign = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    assert_eq!(
        server.post(&foreign, &path, &body()).await.expect(403),
        Value::Null
    );
    let nowhere = "/v1/raids/10.82841/nowhere/invitations";
    assert_eq!(
        server.post(&user, nowhere, &body()).await.expect(403),
        Value::Null
    );
    server
        .post(&server.operator(), nowhere, &body())
        .await
        .expect(404);

    let now = server.clock.now();
    let until = now + time::Duration::seconds(30);
    let claim =
        move |c: &mut Conn| tasks::claim(c, "test", &[Kind::Email], Room::any(10), now, until);
    assert!(server.store.write(claim).await.unwrap().is_empty());
}
