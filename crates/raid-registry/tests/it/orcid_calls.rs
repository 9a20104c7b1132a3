//! The log of calls to ORCID, as operators read it.

use raid_model::{Handle, OrcidId};
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::calls::{self, CallRow};
use store::testing::TestDb;
use store::{AsText, Conn, Id};
use time::macros::datetime;

use crate::harness::{HOME_GROUP, Server, serve};

store::on_both_databases!(
    operators_read_the_log_of_calls,
    nobody_else_reads_the_log,
    what_cannot_be_asked_of_the_log_is_refused,
);

const LOG: &str = "/v1/orcid-calls";
const PERSON: &str = "0000-0002-1825-0097";

/// Five calls, a second apart; the last two failed.
async fn log(server: &Server) {
    let rows: Vec<_> = (0..5)
        .map(|n| {
            let at = datetime!(2026-06-22 10:00:00) + time::Duration::seconds(n);
            let is_write = n != 0;
            CallRow {
                id: Id::new(at),
                at,
                kind: if is_write {
                    "create-membership"
                } else {
                    "record-status"
                }
                .into(),
                orcid: Some(AsText::from(PERSON.parse::<OrcidId>().unwrap())),
                outcome: if n < 3 { calls::DONE } else { "refused" }.into(),
                status: Some(if n < 3 { 201 } else { 409 }),
                error_code: (n >= 3).then_some(9021),
                millis: 12,
                node: "node".into(),
                handle: is_write.then(|| AsText::from("10.82841/abc".parse::<Handle>().unwrap())),
            }
        })
        .collect();
    let append = move |c: &mut Conn| calls::append(c, &rows);
    server.store.write(append).await.unwrap();
}

async fn operators_read_the_log_of_calls(db: &TestDb) {
    let server = serve(db).await;
    log(&server).await;
    let operator = server.operator();
    let all = server.get(&operator, LOG).await;
    assert_eq!(all.header("link"), "");
    let all = all.expect(200);
    assert_eq!(all.as_array().unwrap().len(), 5);
    let newest = json!({
        "at": "2026-06-22T10:00:04Z",
        "errorCode": 9021,
        "handle": "10.82841/abc",
        "kind": "create-membership",
        "millis": 12,
        "node": "node",
        "orcid": PERSON,
        "outcome": "refused",
        "status": 409,
    });
    assert_eq!(all[0], newest);
    for (query, count) in [
        ("orcid=0000-0002-1825-0097", 5),
        ("orcid=https://orcid.org/0000-0001-5109-3700", 0),
        ("handle=10.82841/abc", 4),
        ("handle=10.82841/abc&outcome=refused", 2),
        ("kind=record-status", 1),
        ("after=2026-06-22T10:00:01Z&before=2026-06-22T10:00:03Z", 2),
        ("after=2026-06-23", 0),
    ] {
        let found = server.get(&operator, &format!("{LOG}?{query}")).await;
        let found = found.expect(200);
        assert_eq!(found.as_array().unwrap().len(), count, "{query}");
    }
    let mut next = Some(format!("{LOG}?handle=10.82841/abc&limit=3"));
    let mut seen = Vec::new();
    while let Some(page) = next {
        let reply = server.get(&operator, &page).await;
        let listed = reply.expect(200);
        seen.extend(
            listed
                .as_array()
                .unwrap()
                .iter()
                .map(|call| call["at"].clone()),
        );
        next = reply
            .header("link")
            .split(['<', '>'])
            .nth(1)
            .map(str::to_owned);
    }
    let moments = [4, 3, 2, 1].map(|n| json!(format!("2026-06-22T10:00:0{n}Z")));
    assert_eq!(seen, moments);
}

async fn nobody_else_reads_the_log(db: &TestDb) {
    let server = serve(db).await;
    log(&server).await;
    let others: Vec<_> = Role::ALL
        .iter()
        .copied()
        .filter(|role| *role != Role::Operator)
        .collect();
    let others = server.token(&others, Some(HOME_GROUP));
    assert_eq!(server.get(&others, LOG).await.expect(403), Value::Null);
}

async fn what_cannot_be_asked_of_the_log_is_refused(db: &TestDb) {
    let server = serve(db).await;
    for (query, field) in [
        ("orcid=0000-0002-1825-0098", "orcid"),
        ("handle=abc", "handle"),
        ("outcome=fine", "outcome"),
        ("after=yesterday", "after"),
        ("before=x", "before"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
        ("person=x", "person"),
    ] {
        let reply = server
            .get(&server.operator(), &format!("{LOG}?{query}"))
            .await;
        reply.expect(400);
        assert_eq!(reply.fields(), [field]);
    }
}
