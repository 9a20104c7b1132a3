//! Dead letters, as operators see and settle them.

use actix_web::http::Method;
use raid_model::{Handle, OrcidId};
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::tasks::{self, Lane, NewTask, Room, Settle, State, Work};
use store::testing::TestDb;
use store::{Conn, Id};

use crate::harness::{HOME_GROUP, Server, request, serve};

store::on_both_databases!(
    dead_letters_say_what_they_are_about,
    dead_letters_are_settled_one_by_one,
    nobody_else_sees_dead_letters,
);

pub const LETTERS: &str = "/v1/dead-letters";
const PERSON: &str = "0000-0002-1825-0097";

/// Makes dead letters of these.
pub async fn dead(server: &Server, works: Vec<Work>) {
    let now = server.clock.now();
    let make = move |c: &mut Conn| {
        for work in &works {
            let task = NewTask {
                work: work.clone(),
                lane: Lane::Bulk,
                due_at: now,
                at: now,
            };
            tasks::enqueue(c, &[task])?;
            let until = now + time::Duration::minutes(1);
            for held in tasks::claim(c, "a", &[work.kind()], Room::any(1), now, until)? {
                let end = Settle::Dead("it is wrong".to_owned());
                tasks::settle(c, "a", &held, &end, now)?;
            }
        }
        Ok(())
    };
    server.store.write(make).await.unwrap();
}

/// One about a person and a RAiD, one about a service point, and a mail.
pub async fn three(server: &Server) {
    let orcid: OrcidId = PERSON.parse().unwrap();
    let handle: Handle = "10.82841/abc".parse().unwrap();
    let works = vec![
        Work::Membership(orcid, handle),
        Work::Announcement(orcid, 20_000_001),
        Work::Email(Id::new(server.clock.now())),
    ];
    dead(server, works).await;
}

async fn list(server: &Server, query: &str) -> Vec<Value> {
    let path = format!("{LETTERS}{query}");
    let found = server.get(&server.operator(), &path).await.expect(200);
    found.as_array().unwrap().clone()
}

async fn dead_letters_say_what_they_are_about(db: &TestDb) {
    let server = serve(db).await;
    three(&server).await;
    assert_eq!(list(&server, "").await.len(), 3);
    let entry = list(&server, "?kind=membership").await.remove(0);
    assert_eq!(entry["orcid"], PERSON);
    assert_eq!(entry["handle"], "10.82841/abc");
    assert_eq!(entry["kind"], "membership");
    assert_eq!(entry["reason"], "it is wrong");
    assert_eq!(entry["attempts"], 1);
    let about = list(&server, &format!("?orcid=https://orcid.org/{PERSON}")).await;
    assert_eq!(about.len(), 2);
    let message = list(&server, "?kind=announcement").await.remove(0);
    assert_eq!(message["servicePoint"], 20_000_001);
    let mut next = Some(format!("{LETTERS}?limit=1"));
    let mut seen = Vec::new();
    while let Some(page) = next {
        let reply = server.get(&server.operator(), &page).await;
        seen.push(reply.expect(200)[0]["id"].clone());
        let link = reply.header("link");
        next = link.split(['<', '>']).nth(1).map(str::to_owned);
    }
    let ids: Vec<_> = list(&server, "")
        .await
        .iter()
        .map(|it| it["id"].clone())
        .collect();
    assert_eq!(seen, ids);
    for query in ["?kind=letter", "?orcid=x", "?limit=0", "?raid=x"] {
        let path = format!("{LETTERS}{query}");
        server.get(&server.operator(), &path).await.expect(400);
    }
}

async fn dead_letters_are_settled_one_by_one(db: &TestDb) {
    let server = serve(db).await;
    three(&server).await;
    let operator = server.operator();
    let letters = list(&server, "").await;
    let address = |n: usize| format!("{LETTERS}/{}", letters[n]["id"].as_str().unwrap());
    let redrive = request(Method::POST, &format!("{}/redrive", address(0)), &operator);
    server.send(redrive).await.expect(204);
    let drop = || request(Method::DELETE, &address(1), &operator);
    server.send(drop()).await.expect(204);
    server.send(drop()).await.expect(404);
    let left = list(&server, "").await;
    assert_eq!(left, letters[2..]);
    let counts = server.store.read(tasks::counts).await.unwrap();
    let due: i64 = counts
        .iter()
        .filter(|(_, state, _)| *state == State::Due)
        .map(|it| it.2)
        .sum();
    assert_eq!(due, 1);
}

async fn nobody_else_sees_dead_letters(db: &TestDb) {
    let server = serve(db).await;
    three(&server).await;
    let others = Role::ALL.iter().filter(|role| **role != Role::Operator);
    let others: Vec<_> = others.copied().collect();
    let others = server.token(&others, Some(HOME_GROUP));
    assert_eq!(server.get(&others, LETTERS).await.expect(403), json!(null));
    let id = list(&server, "").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let drop = request(Method::DELETE, &format!("{LETTERS}/{id}"), &others);
    server.send(drop).await.expect(403);
}
