//! Minting many RAiDs with one request: lines in, lines out.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use actix_web::http::Method;
use futures::stream::{self, StreamExt as _};
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::Conn;
use store::tasks::{self, Kind, Room};
use store::testing::TestDb;

use crate::harness::{
    AWAY_GROUP, BODY_LIMIT, HOME, HOME_GROUP, OFF_GROUP, Reply, Server, minimal, path_of, request,
    serve,
};

store::on_both_databases!(
    each_line_is_minted_or_told_why_not,
    lines_can_be_sent_again_with_a_key,
    lines_wait_for_those_who_are_waited_for,
    a_long_body_may_take_its_time_while_it_goes_on,
    a_body_that_stalls_ends_with_a_word_about_it,
    who_may_not_mint_is_told_at_once,
    each_line_asks_anew_whether_it_may_be_minted,
    lines_can_be_tried,
    a_line_of_failures_has_a_short_answer,
);

const PATH: &str = "/v1/raids/bulk";

fn titled(title: &str) -> Value {
    let mut body = minimal();
    body["title"][0]["text"] = json!(title);
    body
}

/// The answer's lines.
fn results(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    assert_eq!(reply.header("content-type"), "application/x-ndjson");
    let text = std::str::from_utf8(&reply.body).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn send(server: &Server, token: &str, key: Option<&str>, body: String) -> Reply {
    send_to(server, PATH, token, key, body).await
}

async fn send_to(
    server: &Server,
    path: &str,
    token: &str,
    key: Option<&str>,
    body: String,
) -> Reply {
    let mut post = request(Method::POST, path, token)
        .insert_header(("Content-Type", "application/x-ndjson"))
        .set_payload(body);
    if let Some(key) = key {
        post = post.insert_header(("Idempotency-Key", key));
    }
    server.send(post).await
}

async fn each_line_is_minted_or_told_why_not(db: &TestDb) {
    let server = serve(db).await;
    let user = server.user();
    let too_long = titled(&"x".repeat(BODY_LIMIT));
    let body = format!(
        "{}\n\n  \r\n{}\r\n{{\"title\":\n{too_long}\n{}",
        titled("First"),
        titled(""),
        titled("Last"),
    );
    let found = results(&send(&server, &user, None, body).await);
    let numbers: Vec<_> = found
        .iter()
        .map(|it| (&it["line"], &it["status"]))
        .collect();
    let wanted = [(1, 201), (4, 400), (5, 400), (6, 413), (7, 201)].map(|(line, status)| {
        let pair: (Value, Value) = (json!(line), json!(status));
        pair
    });
    assert_eq!(numbers, wanted.each_ref().map(|(a, b)| (a, b)));

    let handle = found[0]["handle"].as_str().unwrap();
    let id = format!("https://raid.org/{handle}");
    let first = json!({"line": 1, "status": 201, "handle": handle, "id": id, "version": 1});
    assert_eq!(found[0], first);
    let raid = server.get(&user, &format!("/raid/{handle}")).await;
    let raid = raid.expect(200);
    assert_eq!(raid["title"][0]["text"], "First");
    assert_eq!(raid["identifier"]["owner"]["servicePoint"], HOME);
    // The same problem as for a request of its own.
    let single = server.post(&user, "/raid/", &titled("")).await;
    let refused = json!({"line": 4, "status": 400, "problem": single.expect(400)});
    assert_eq!(found[1], refused);
    assert_eq!(found[2]["problem"]["title"], "Invalid JSON");
    let detail = found[3]["problem"]["detail"].to_string();
    assert!(detail.contains(&BODY_LIMIT.to_string()), "{detail}");
    assert_eq!(server.count().await, 2);

    let empty = send(&server, &user, None, "\n\n".to_owned()).await;
    assert_eq!(results(&empty), Vec::<Value>::new());
}

async fn lines_can_be_sent_again_with_a_key(db: &TestDb) {
    let server = serve(db).await;
    let user = server.user();
    let lines: Vec<String> = (0..40)
        .map(|n| titled(&format!("{n}")).to_string())
        .collect();
    // The first time the body broke off.
    let first = send(&server, &user, Some("k"), lines[..25].join("\n")).await;
    let first = results(&first);
    let all = results(&send(&server, &user, Some("k"), lines.join("\n")).await);
    assert_eq!(all[..25], first);
    let handles: BTreeSet<_> = all.iter().map(|it| it["handle"].to_string()).collect();
    assert_eq!(handles.len(), 40);
    assert_eq!(server.count().await, 40);
    // A key's line stands for one request, and is none of the keys of single requests.
    let swapped = send(&server, &user, Some("k"), lines[1].clone()).await;
    assert_eq!(results(&swapped)[0]["status"], 422);
    let single = request(Method::POST, "/raid/", &user).set_payload(lines[0].clone());
    let single = single.insert_header(("Content-Type", "application/json"));
    let single = single.insert_header(("Idempotency-Key", "k"));
    server.send(single).await.expect(201);
    assert_eq!(server.count().await, 41);
    // Lines that are left out leave the numbers of the others.
    let gap = format!("\n\n{}", lines[2]);
    let gap = results(&send(&server, &user, Some("k"), gap).await);
    assert_eq!(gap, [all[2].clone()]);
}

async fn lines_wait_for_those_who_are_waited_for(db: &TestDb) {
    let server = serve(db).await;
    send(&server, &server.user(), None, minimal().to_string()).await;
    server.clock.advance(time::Duration::seconds(1));
    let raid = server.mint(&minimal()).await;
    server.clock.advance(time::Duration::seconds(1));
    let now = server.clock.now();
    let until = now + time::Duration::seconds(30);
    let claim =
        move |c: &mut Conn| tasks::claim(c, "test", &[Kind::Membership], Room::any(1), now, until);
    let claimed = server.store.write(claim).await.unwrap();
    let handle = path_of(&raid).replace("/raid/", "");
    assert!(claimed[0].work.key().ends_with(&handle), "{claimed:?}");
}

async fn a_long_body_may_take_its_time_while_it_goes_on(db: &TestDb) {
    let server = serve(db).await;
    // Longer than any body may take as a whole.
    let pause = Duration::from_millis(120);
    let chunks = stream::iter(0..6).then(move |n| async move {
        tokio::time::sleep(pause).await;
        Ok(format!("{}\n", titled(&format!("{n}"))).into())
    });
    let post = request(Method::POST, PATH, &server.user())
        .insert_header(("Content-Type", "application/x-ndjson"));
    let reply = server.send_stream(post, Box::pin(chunks)).await;
    let statuses: Vec<_> = results(&reply)
        .iter()
        .map(|it| it["status"].clone())
        .collect();
    assert_eq!(statuses, vec![json!(201); 6]);
}

async fn a_body_that_stalls_ends_with_a_word_about_it(db: &TestDb) {
    let server = serve(db).await;
    let sent = Cell::new(false);
    let chunks = stream::poll_fn(move |_| {
        if sent.replace(true) {
            return std::task::Poll::Pending;
        }
        let start = format!("{}\n{{\"tit", minimal());
        std::task::Poll::Ready(Some(Ok(start.into())))
    });
    let post = request(Method::POST, PATH, &server.user())
        .insert_header(("Content-Type", "application/x-ndjson"));
    let reply = server.send_stream(post, Box::pin(chunks)).await;
    let found = results(&reply);
    assert_eq!(
        (&found[0]["status"], &found[1]["status"]),
        (&json!(201), &json!(408))
    );
    assert_eq!(found[1]["line"], 2);
    assert_eq!(server.count().await, 1);
}

async fn who_may_not_mint_is_told_at_once(db: &TestDb) {
    let server = serve(db).await;
    let user = [Role::ServicePointUser];
    let line = minimal().to_string();
    for token in [
        server.operator(),
        server.token(&user, None),
        server.token(&user, Some(OFF_GROUP)),
    ] {
        send(&server, &token, None, line.clone()).await.expect(403);
    }
    let key = send(&server, &server.user(), Some("two words"), line.clone()).await;
    assert_eq!(key.fields(), ["Idempotency-Key"]);
    let away = server.token(&user, Some(AWAY_GROUP));
    let found = send(&server, &away, None, line.clone()).await;
    assert_eq!(results(&found)[0]["status"], 201);
    assert_eq!(server.count().await, 1);
}

async fn each_line_asks_anew_whether_it_may_be_minted(db: &TestDb) {
    let server = Rc::new(serve(db).await);
    let sender = server.clone();
    let chunks = stream::iter(0..2).then(move |n| {
        let server = sender.clone();
        async move {
            if n == 1 {
                while server.count().await == 0 {}
                let off = json!({
                    "id": HOME, "name": "Home", "groupId": HOME_GROUP, "enabled": false,
                    "identifierOwner": "https://ror.org/02stey378",
                });
                let path = format!("/service-point/{HOME}");
                server
                    .put(&server.operator(), &path, &off)
                    .await
                    .expect(200);
            }
            Ok(format!("{}\n", minimal()).into())
        }
    });
    let post = request(Method::POST, PATH, &server.user())
        .insert_header(("Content-Type", "application/x-ndjson"));
    let found = results(&server.send_stream(post, Box::pin(chunks)).await);
    assert_eq!(found[0]["status"], 201);
    assert_eq!(found[1]["status"], 403);
    let kind = found[1]["problem"]["type"].to_string();
    assert!(kind.contains("ServicePointDisabledException"), "{kind}");
}

async fn lines_can_be_tried(db: &TestDb) {
    let server = serve(db).await;
    let user = server.user();
    let path = format!("{PATH}?dryRun=true");
    let body = format!("{}\n\n{}\n{{", titled("First"), titled(""));
    let reply = send_to(&server, &path, &user, Some("tried"), body.clone()).await;
    let tried = results(&reply);
    let line = &tried[0];
    assert_eq!(line["line"], 1);
    assert_eq!(
        (&line["status"], &line["dryRun"]),
        (&json!(200), &json!(true))
    );
    assert_eq!(line["orcid"][0]["orcid"], "0000-0002-1825-0097");
    assert_eq!(line["orcid"][0]["change"], "unknown");
    assert_eq!(line["orcid"][0]["entry"]["title"], "First");
    assert!(line.get("handle").is_none(), "{line}");
    assert_eq!(
        (&tried[1]["line"], &tried[1]["status"]),
        (&json!(3), &json!(400))
    );
    assert_eq!(
        tried[1]["problem"]["failures"][0]["fieldId"],
        "title[0].text"
    );
    assert_eq!(
        (&tried[2]["line"], &tried[2]["status"]),
        (&json!(4), &json!(400))
    );

    // Nothing was written, and the key is not used up.
    let listed = server.get(&user, "/raid/").await.expect(200);
    assert_eq!(listed, json!([]));
    let minted = results(&send(&server, &user, Some("tried"), titled("Another").to_string()).await);
    assert_eq!(minted[0]["status"], 201);
    let reply = send_to(&server, &format!("{PATH}?dryRun="), &user, None, body).await;
    assert_eq!(reply.status, 400);
}

/// Each line is as long as a line may be and wrong in thousands of places.
async fn a_line_of_failures_has_a_short_answer(db: &TestDb) {
    let server = serve(db).await;
    let mut body = minimal();
    body["contributor"] = vec![json!({}); BODY_LIMIT / 4].into();
    let line = body.to_string();
    assert!(line.len() < BODY_LIMIT);
    for path in [PATH, "/v1/raids/bulk?dryRun=true"] {
        let sent = format!("{line}\n{line}\n");
        let reply = send_to(&server, path, &server.user(), None, sent).await;
        let results = results(&reply);
        assert_eq!(results.len(), 2);
        for result in results {
            let problem = &result["problem"];
            assert_eq!(problem["failures"].as_array().unwrap().len(), 100);
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.starts_with("Request had 16384 "), "{detail}");
            assert!(detail.ends_with("The first 100 are listed."), "{detail}");
        }
        assert!(reply.body.len() < 64 * 1024, "{} bytes", reply.body.len());
    }
    let reply = server.post(&server.user(), "/raid/", &body).await;
    assert_eq!(reply.expect(400)["failures"].as_array().unwrap().len(), 100);
}
