//! Inviting by e-mail.

use actix_web::http::Method;
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

use crate::addresses::{INVITATION, RESEND};
use crate::harness::{AWAY_GROUP, Server, minimal, path_of, request, serve};
use crate::notes::Notes;

store::on_both_databases!(
    an_invitation_is_kept_sealed_and_its_mail_is_due,
    an_invitation_that_cannot_be_is_refused,
    an_address_is_invited_once,
    two_who_invite_at_once_send_one_mail,
    an_invitation_is_sent_again_within_bounds,
    a_cancelled_invitation_stays_so,
    invitations_are_listed_in_pages,
);

const ADDRESS: &str = "colleague@example.org";

pub fn body() -> Value {
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
    let expected = [
        "contact",
        "createdAt",
        "expiresAt",
        "handle",
        "id",
        "leader",
        "mails",
        "position",
        "role",
        "state",
    ];
    assert_eq!(members, expected);
    assert_eq!(answer["position"], body()["position"]);
    assert_eq!(
        (&answer["contact"], &answer["mails"]),
        (&json!(true), &json!(0))
    );
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

/// A RAiD, where its invitations are, and one of them.
async fn invited(server: &Server) -> (String, Value) {
    let raid = server.mint(&minimal()).await;
    let path = invitations_of(&raid);
    let made = server.post(&server.user(), &path, &body()).await;
    (path, made.expect(201))
}

/// What a worker does when the mail is handed over.
async fn mail_goes_out(server: &Server, invitation: &Value) {
    let id: Id = invitation["id"].as_str().unwrap().parse().unwrap();
    let at = server.clock.now();
    let mailed = move |c: &mut Conn| invitations::mailed(c, id, at);
    server.store.write(mailed).await.unwrap();
}

async fn an_address_is_invited_once(db: &TestDb) {
    let server = serve(db).await;
    let (path, first) = invited(&server).await;
    let user = server.user();
    mail_goes_out(&server, &first).await;
    let mut again = body();
    again["email"] = json!("colleague@EXAMPLE.org");
    again["leader"] = json!(false);
    let standing = server.post(&user, &path, &again).await.expect(200);
    assert_eq!(standing["id"], first["id"]);
    assert_eq!(
        (&standing["state"], &standing["mails"]),
        (&json!("sent"), &json!(1))
    );
    // For something else: nothing is changed behind the back of who is invited.
    again["leader"] = json!(true);
    let refused = server.post(&user, &path, &again).await.expect(409);
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains(first["id"].as_str().unwrap()), "{detail}");
    assert!(!detail.contains('@'), "{detail}");
    // Another person, and another RAiD.
    again["email"] = json!("other@example.org");
    server.post(&user, &path, &again).await.expect(201);
    invited(&server).await;
    // When its time is over, the person may be invited again.
    server.clock.advance(time::Duration::days(31));
    let user = server.user();
    server.post(&user, &path, &body()).await.expect(201);
    let listed = server.get(&user, &path).await.expect(200);
    let states: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|i| &i["state"])
        .collect();
    assert_eq!(states, ["open", "expired", "expired"]);
}

async fn two_who_invite_at_once_send_one_mail(db: &TestDb) {
    let server = serve(db).await;
    let path = invitations_of(&server.mint(&minimal()).await);
    let (user, body) = (server.user(), body());
    let posts = (0..6).map(|_| server.post(&user, &path, &body));
    let replies = futures::future::join_all(posts).await;
    let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 201]);
    let listed = server.get(&user, &path).await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

async fn an_invitation_is_sent_again_within_bounds(db: &TestDb) {
    let server = serve(db).await;
    server.clock.stop();
    let (path, first) = invited(&server).await;
    let user = server.user();
    let resend = format!("{path}/{}/resend", first["id"].as_str().unwrap());
    let send = async || server.post(&user, &resend, &json!(null)).await;
    send().await.expect(409);
    mail_goes_out(&server, &first).await;
    let soon = send().await;
    soon.expect(429);
    let seconds: u64 = soon.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&seconds), "{seconds}");
    for mails in 1..3 {
        server.clock.advance(time::Duration::seconds(61));
        let again = send().await.expect(200);
        assert_eq!(
            (&again["state"], &again["mails"]),
            (&json!("open"), &json!(mails))
        );
        mail_goes_out(&server, &first).await;
    }
    server.clock.advance(time::Duration::seconds(61));
    let enough = send().await.expect(409);
    assert!(enough["detail"].as_str().unwrap().contains("3 mails"));
    // Nor is cancelling a way around.
    let cancel = format!("{path}/{}", first["id"].as_str().unwrap());
    let cancel = request(Method::DELETE, &cancel, &user);
    server.send(cancel).await.expect(204);
    server.post(&user, &path, &body()).await.expect(409);
    let other = invitations_of(&server.mint(&minimal()).await);
    let elsewhere = resend.replace(&path, &other);
    server
        .post(&user, &elsewhere, &json!(null))
        .await
        .expect(404);
}

async fn a_cancelled_invitation_stays_so(db: &TestDb) {
    let server = serve(db).await;
    let (path, first) = invited(&server).await;
    let user = server.user();
    let id: Id = first["id"].as_str().unwrap().parse().unwrap();
    let cancel = async || {
        let cancel = request(Method::DELETE, &format!("{path}/{id}"), &user);
        server.send(cancel).await
    };
    cancel().await.expect(204);
    cancel().await.expect(204);
    let listed = server.get(&user, &path).await.expect(200);
    assert_eq!(listed[0]["state"], "cancelled");
    let resend = format!("{path}/{id}/resend");
    server.post(&user, &resend, &json!(null)).await.expect(409);
    // The person can be invited again, and who accepted is not cancelled.
    let second = server.post(&user, &path, &body()).await.expect(201);
    let id: Id = second["id"].as_str().unwrap().parse().unwrap();
    let orcid = "0000-0002-1825-0097".parse().unwrap();
    let accept = move |c: &mut Conn| invitations::accept(c, id, &orcid);
    assert!(server.store.write(accept).await.unwrap());
    let cancel = request(Method::DELETE, &format!("{path}/{id}"), &user);
    server.send(cancel).await.expect(409);
    let listed = server.get(&user, &path).await.expect(200);
    assert_eq!(listed[0]["state"], "accepted");
    assert_eq!(
        listed[0]["acceptedBy"],
        "https://orcid.org/0000-0002-1825-0097"
    );
    let foreign = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    server.get(&foreign, &path).await.expect(403);
}

async fn invitations_are_listed_in_pages(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let (path, user) = (invitations_of(&raid), server.user());
    let mut made = Vec::new();
    for n in 0..5 {
        let mut body = body();
        body["email"] = json!(format!("colleague{n}@example.org"));
        made.push(server.post(&user, &path, &body).await.expect(201)["id"].clone());
    }
    let mut next = Some(format!("{path}?limit=2"));
    let mut seen = Vec::new();
    while let Some(page) = next {
        let reply = server.get(&user, &page).await;
        assert!(!String::from_utf8_lossy(&reply.body).contains('@'));
        let listed = reply.expect(200);
        let listed = listed.as_array().unwrap();
        assert!(listed.len() <= 2);
        seen.extend(listed.iter().map(|i| i["id"].clone()));
        let link = reply.header("link").split(['<', '>']).nth(1);
        next = link.map(str::to_owned);
    }
    let text = |id: &Value| id.as_str().unwrap().to_owned();
    made.sort_by_key(text);
    made.reverse();
    assert_eq!(seen, made);
}

/// The statuses of inviting, of sending again and of cancelling.
pub async fn what_invitations_give(notes: &mut Notes, server: &Server, raid: &Value) {
    let (user, path) = (server.user(), invitations_of(raid));
    let mut invitation = body();
    let invite = |body: &Value| request(Method::POST, &path, &user).set_json(body);
    let first = notes.send(server, invite(&invitation)).await.expect(201);
    notes.send(server, invite(&invitation)).await.expect(200);
    let one = format!("{path}/{}", first["id"].as_str().unwrap());
    let resend = || request(Method::POST, &format!("{one}/resend"), &user);
    notes.send(server, resend()).await.expect(409);
    mail_goes_out(server, &first).await;
    server.clock.advance(time::Duration::seconds(61));
    notes.send(server, resend()).await.expect(200);
    let cancel = || request(Method::DELETE, &one, &user);
    notes.send(server, cancel()).await.expect(204);
    for n in 0..100 {
        invitation["email"] = json!(format!("colleague{n}@example.org"));
        notes.send(server, invite(&invitation)).await.expect(201);
    }
    invitation["email"] = json!("one-more@example.org");
    notes.send(server, invite(&invitation)).await.expect(409);
    let second = server
        .get(&user, &format!("{path}?limit=1"))
        .await
        .expect(200);
    let id: Id = second[0]["id"].as_str().unwrap().parse().unwrap();
    let orcid = "0000-0002-1825-0097".parse().unwrap();
    let accept = move |c: &mut Conn| invitations::accept(c, id, &orcid);
    assert!(server.store.write(accept).await.unwrap());
    let cancel = request(Method::DELETE, &format!("{path}/{id}"), &user);
    notes.send(server, cancel).await.expect(409);
}

/// Requests about invitations that are not there, and for no JSON.
pub async fn what_invitations_lack(notes: &mut Notes, server: &Server, token: &str) {
    for (method, path) in [(Method::DELETE, INVITATION), (Method::POST, RESEND)] {
        let unknown = request(method, path, token);
        notes.send(server, unknown).await.expect(404);
    }
    let html = request(Method::POST, RESEND, token).insert_header(("Accept", "text/html"));
    notes.send(server, html).await.expect(406);
}

/// What invitations to a withdrawn RAiD answer.
pub async fn what_invitations_end_as(notes: &mut Notes, server: &Server, path: &str) {
    let user = server.user();
    let path = format!("{}/invitations", path.replace("/raid/", "/v1/raids/"));
    let one = format!("{path}/019a0000-0000-7000-8000-000000000000");
    notes.get(server, &user, &path).await.expect(410);
    let cancel = request(Method::DELETE, &one, &user);
    notes.send(server, cancel).await.expect(410);
    let resend = request(Method::POST, &format!("{one}/resend"), &user);
    notes.send(server, resend).await.expect(410);
}
