//! Lists in pages.

use actix_web::test::TestRequest;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{HOME_GROUP, Server, cursor, embargoed, minimal, path_of, serve};

store::on_both_databases!(
    pages_of_every_list_are_the_list,
    pages_stay_whole_while_others_mint,
    a_bad_page_is_named,
);

/// The items of all pages, as `Link` leads from one to the next.
async fn pages(server: &Server, token: &str, path: &str) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut next = path.to_owned();
    loop {
        let reply = server.get(token, &next).await;
        pages.push(reply.expect(200).as_array().unwrap().clone());
        let link = reply.header("link").to_owned();
        let Some((address, _)) = link.strip_prefix('<').and_then(|l| l.split_once('>')) else {
            return pages;
        };
        assert!(pages.len() < 100, "it ends");
        address.clone_into(&mut next);
    }
}

async fn pages_of_every_list_are_the_list(db: &TestDb) {
    let server = serve(db).await;
    let mut raid = server.mint(&minimal()).await;
    for n in 0..6 {
        let body = if n % 2 == 0 {
            minimal()
        } else {
            embargoed(&server)
        };
        server.mint(&body).await;
        raid["title"][0]["text"] = json!(format!("Version {n}"));
        raid = server
            .put(&server.user(), &path_of(&raid), &raid)
            .await
            .expect(200);
        server.clock.advance(time::Duration::seconds(1));
    }
    let all = server.token(Role::ALL, Some(HOME_GROUP));
    for (path, count) in [
        ("/raid/".to_owned(), 7),
        ("/raid/all-public".to_owned(), 4),
        ("/raid/all-embargoed".to_owned(), 3),
        (format!("{}/history", path_of(&raid)), 7),
        ("/service-point/".to_owned(), 3),
    ] {
        let whole = server.get(&all, &path).await;
        assert_eq!(whole.header("link"), "", "a whole list has no next page");
        let whole = whole.expect(200).as_array().unwrap().clone();
        assert_eq!(whole.len(), count, "{path}");
        for limit in 1..=count + 1 {
            let paged = pages(&server, &all, &format!("{path}?limit={limit}")).await;
            assert_eq!(paged.len(), count.div_ceil(limit), "{path} by {limit}");
            assert!(paged.iter().all(|page| page.len() <= limit));
            assert_eq!(paged.concat(), whole, "{path} by {limit}");
        }
    }
    let two = "/raid/?limit=2&includeFields=identifier";
    for item in pages(&server, &all, two).await.concat() {
        assert!(
            item.get("date").is_none() && item.get("identifier").is_some(),
            "on each page"
        );
    }
    let anonymous = server.send(TestRequest::get().uri("/raid/?limit=3")).await;
    assert_eq!(anonymous.expect(200).as_array().unwrap().len(), 3);
    assert!(anonymous.header("link").contains("cursor="));
}

async fn pages_stay_whole_while_others_mint(db: &TestDb) {
    let server = serve(db).await;
    for _ in 0..9 {
        // Several in the same moment.
        server.mint(&minimal()).await;
    }
    let whole = server.get(&server.user(), "/raid/").await.expect(200);
    let stood: Vec<_> = whole.as_array().unwrap().iter().map(path_of).collect();
    let mut seen = Vec::new();
    let mut next = "/raid/?limit=2".to_owned();
    while !next.is_empty() {
        let reply = server.get(&server.user(), &next).await;
        seen.extend(reply.expect(200).as_array().unwrap().iter().map(path_of));
        let link = reply.header("link").to_owned();
        next = link
            .strip_prefix('<')
            .and_then(|l| l.split_once('>'))
            .map_or("", |l| l.0)
            .to_owned();
        server.clock.advance(time::Duration::seconds(1));
        server.mint(&minimal()).await;
    }
    assert_eq!(seen, stood);
}

async fn a_bad_page_is_named(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let all = server.token(Role::ALL, Some(HOME_GROUP));
    let history = format!("{}/history", path_of(&raid));
    for path in [
        "/raid/",
        "/raid/all-public",
        "/raid/all-embargoed",
        &history,
        "/service-point/",
    ] {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=x", "limit"),
            ("limit=501", "limit"),
            ("cursor=x", "cursor"),
            ("limit=3&cursor=WyJ4IiwxXQ", "cursor"),
        ] {
            let reply = server.get(&all, &format!("{path}?{query}")).await;
            reply.expect(400);
            assert_eq!(reply.fields(), [field], "{path} {query}");
        }
    }
    let after_the_end = server
        .get(
            &all,
            &format!("{history}?limit=5&cursor={}", cursor("history/1", "9")),
        )
        .await;
    assert_eq!(after_the_end.expect(200), json!([]));
}
