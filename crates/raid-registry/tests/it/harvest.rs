//! What somebody reads who keeps a copy of all RAiDs.

use actix_web::test::TestRequest;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;
use time::format_description::well_known::Rfc3339;
use time::macros::offset;

use crate::harness::{Server, embargoed, minimal, path_of, serve};

store::on_both_databases!(
    what_changed_after_a_moment_is_listed,
    everybody_lists_all_open_raids,
);

/// In whole seconds and UTC.
fn moment(seconds: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    at.format(&Rfc3339).unwrap()
}

async fn paths(server: &Server, token: &str, path: &str) -> Vec<String> {
    let list = server.get(token, path).await.expect(200);
    list.as_array().unwrap().iter().map(path_of).collect()
}

fn updated(raid: &Value) -> i64 {
    raid["metadata"]["updated"].as_i64().unwrap()
}

/// RAiD API, section on what changed: `updatedSince` is compared with `metadata.updated`, which has whole seconds,
/// and what is not after it is left out.
async fn what_changed_after_a_moment_is_listed(db: &TestDb) {
    let server = serve(db).await;
    server.clock.stop();
    let dumper = server.token(&[Role::RaidDumper], None);
    let handler = server.token(&[Role::RaidAccessHandler], None);
    let mut raids = Vec::new();
    for n in 0..6 {
        let body = if n == 4 {
            embargoed(&server)
        } else {
            minimal()
        };
        raids.push(server.mint(&body).await);
        server.clock.advance(time::Duration::milliseconds(700));
    }
    // The second one changes last, in a second of its own.
    server.clock.advance(time::Duration::seconds(1));
    let mut changed = raids[1].clone();
    changed["title"][0]["text"] = json!("Changed");
    let path = path_of(&changed);
    raids[1] = server
        .put(&server.user(), &path, &changed)
        .await
        .expect(200);
    let mut in_order = raids.clone();
    in_order.sort_by_key(updated);
    for since in updated(&raids[0]) - 1..=updated(&raids[1]) {
        for (token, list, is_embargoed) in [
            (&dumper, "all-public", false),
            (&handler, "all-embargoed", true),
        ] {
            let after = |raid: &&Value| {
                let is_closed = path_of(raid) == path_of(&raids[4]);
                updated(raid) > since && is_closed == is_embargoed
            };
            let mut expected: Vec<_> = in_order.iter().filter(after).map(path_of).collect();
            let since = moment(since);
            let all = format!("/raid/{list}?updatedSince={since}");
            let mut found = paths(&server, token, &all).await;
            assert_eq!(
                found.last(),
                expected.last(),
                "what changed last comes last"
            );
            // The same in pages.
            let (mut paged, mut next) = (Vec::new(), format!("{all}&limit=1"));
            while !next.is_empty() {
                let page = server.get(token, &next).await;
                paged.extend(page.expect(200).as_array().unwrap().iter().map(path_of));
                let link = page.header("link").split(['<', '>']).nth(1);
                link.unwrap_or_default().clone_into(&mut next);
            }
            assert_eq!(paged, found);
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{list} since {since}");
        }
    }
    let since = updated(&raids[1]) - 1;
    let all = async |value: &str| {
        let path = format!("/raid/all-public?updatedSince={value}");
        server.get(&dumper, &path).await
    };
    // With an offset, and with a part of a second.
    let at = time::OffsetDateTime::from_unix_timestamp(since).unwrap();
    let elsewhere = at.to_offset(offset!(+10)).format(&Rfc3339).unwrap();
    let part = moment(since).replace('Z', ".9Z");
    for value in [elsewhere.replace('+', "%2B"), part, moment(since)] {
        let found = all(&value).await.expect(200);
        assert_eq!(
            found.as_array().unwrap().last().map(path_of),
            Some(path.clone()),
            "{value}"
        );
    }
    assert_eq!(all("").await.expect(200).as_array().unwrap().len(), 5);
    assert_eq!(all("9999-12-31T23:59:59Z").await.expect(200), json!([]));
    for value in [
        "2026-09-24T01:02:03",
        "2026-09-24",
        &elsewhere,
        "9999-12-31T23:59:59-01:00",
    ] {
        assert_eq!(
            all(value).await.expect(400)["title"],
            "Invalid parameter format",
            "{value}"
        );
    }
    // A cursor of the whole list does not fit.
    let whole = server.get(&dumper, "/raid/all-public?limit=1").await;
    let cursor = whole.header("link").split(['=', '>']).nth(2).unwrap();
    let mixed = all(&format!("{}&cursor={cursor}", moment(since))).await;
    assert_eq!(mixed.fields(), ["cursor"]);
}

/// RAiD API, section on `GET /raid/all-public`, which is for dumpers alone there.
async fn everybody_lists_all_open_raids(db: &TestDb) {
    let server = serve(db).await;
    for n in 0..5 {
        let body = if n == 2 {
            embargoed(&server)
        } else {
            minimal()
        };
        server.mint(&body).await;
    }
    let read = async |path: &str| server.send(TestRequest::get().uri(path)).await;
    for query in ["", "?includeFields=date", "?limit=2"] {
        let all = read(&format!("/raid/all-public{query}")).await;
        let listed = read(&format!("/raid/{query}")).await;
        assert_eq!(all.expect(200), listed.expect(200), "{query}");
        assert!(query.contains("limit") || all.json().as_array().unwrap().len() == 4);
    }
    assert_eq!(read("/raid/all-embargoed").await.status, 401);
}
