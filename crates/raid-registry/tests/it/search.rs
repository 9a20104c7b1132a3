//! `GET /v1/raids`: finding RAiDs.

use actix_web::test::TestRequest;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{
    AWAY, AWAY_GROUP, HOME, HOME_GROUP, Reply, Server, embargoed, maximal, minimal, path_of, serve,
};

store::on_both_databases!(
    raids_are_found_by_words_and_connections,
    a_search_pages_to_its_end_and_counts_once,
    nobody_finds_what_they_may_not_see,
    what_cannot_be_read_is_named,
);

fn titled(title: &str) -> Value {
    let mut body = minimal();
    body["title"][0]["text"] = json!(title);
    body
}

async fn visit(server: &Server, query: &str) -> Reply {
    let uri = format!("/v1/raids{query}");
    server.send(TestRequest::get().uri(&uri)).await
}

fn titles(reply: &Reply) -> Vec<String> {
    let body = reply.expect(200);
    let items = body["items"].as_array().unwrap().iter();
    let title = |item: &Value| item["title"][0]["text"].as_str().unwrap().to_owned();
    items.map(title).collect()
}

async fn raids_are_found_by_words_and_connections(db: &TestDb) {
    let server = serve(db).await;
    let old = server.mint(&titled("Parks of Malmö")).await;
    server.clock.advance(time::Duration::days(1));
    let mut other = titled("Sounds");
    other["description"] = json!([{
        "text": "In the parks.",
        "type": {
            "id": "https://vocabulary.raid.org/description.type.schema/318",
            "schemaUri": "https://vocabulary.raid.org/description.type.schema/320",
        },
    }]);
    server.mint(&other).await;
    server.clock.advance(time::Duration::days(1));
    let large = server.mint(&maximal()).await;
    let large_title = large["title"][0]["text"].as_str().unwrap();

    assert_eq!(
        titles(&visit(&server, "?q=parks").await),
        ["Parks of Malmö", "Sounds"]
    );
    assert_eq!(
        titles(&visit(&server, "?q=parks&sort=-created").await),
        ["Sounds", "Parks of Malmö"]
    );
    assert_eq!(
        titles(&visit(&server, "?q=MALMO%20par*").await),
        ["Parks of Malmö"]
    );
    assert_eq!(
        titles(&visit(&server, "?q=%22malmo+parks%22").await),
        Vec::<String>::new()
    );
    assert_eq!(
        titles(&visit(&server, "?sort=title&limit=10").await).len(),
        3
    );
    let first = visit(&server, "?q=malmo").await.expect(200);
    assert_eq!(first["items"][0], old, "as it is read");
    assert_eq!(first["total"], 1);
    assert_eq!(first.as_object().unwrap().len(), 2);

    let text = |value: &Value| {
        value
            .as_str()
            .unwrap()
            .replace(':', "%3A")
            .replace('/', "%2F")
    };
    for query in [
        format!("?organisation={}", text(&large["organisation"][0]["id"])),
        format!("?contributor={}", text(&large["contributor"][1]["id"])),
        format!("?subject={}", text(&large["subject"][0]["id"])),
        format!("?relatedObject={}", text(&large["relatedObject"][0]["id"])),
        format!("?relatedRaid={}", text(&large["relatedRaid"][0]["id"])),
        format!(
            "?startFrom={}",
            large["date"]["startDate"].as_str().unwrap()
        ),
    ] {
        let found = titles(&visit(&server, &query).await);
        assert!(
            found.contains(&large_title.to_owned()),
            "{query}: {found:?}"
        );
        assert!(query.contains("startFrom") || found.len() < 3, "{query}");
    }
    let bare = "?contributor=0000-0002-1825-0097&servicePoint=20000001&status=active&access=open";
    assert!(titles(&visit(&server, bare).await).contains(&"Sounds".to_owned()));
    let since = server.clock.now().date();
    assert_eq!(
        titles(&visit(&server, &format!("?updatedSince={since}T00:00:00Z")).await),
        [large_title]
    );
    assert_eq!(
        titles(&visit(&server, "?startTo=2025&endTo=2000").await),
        Vec::<String>::new()
    );

    let fields = visit(&server, "?q=malmo&includeFields=identifier")
        .await
        .expect(200);
    assert_eq!(fields["items"][0]["identifier"], old["identifier"]);
    assert_eq!(fields["items"][0].get("date"), None);
}

/// Follows `Link` until there is none.
async fn to_the_end(server: &Server, query: &str) -> (Vec<String>, usize) {
    let (mut found, mut pages) = (Vec::new(), 0);
    let mut next = format!("/v1/raids{query}");
    loop {
        let reply = server.send(TestRequest::get().uri(&next)).await;
        found.extend(titles(&reply));
        pages += 1;
        let body = reply.json();
        assert_eq!(body.get("total").is_some(), pages == 1, "counted once");
        assert_eq!(body.get("facets").is_some(), pages == 1, "counted once");
        let link = reply.header("link");
        assert_eq!(link.is_empty(), body.get("next").is_none());
        let Some((address, rel)) = link.strip_prefix('<').and_then(|link| link.split_once('>'))
        else {
            return (found, pages);
        };
        assert_eq!(rel, "; rel=\"next\"");
        address.clone_into(&mut next);
    }
}

async fn a_search_pages_to_its_end_and_counts_once(db: &TestDb) {
    let server = serve(db).await;
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    for n in 0..9 {
        let mut body = titled(&format!("Sound {n}"));
        if n % 3 == 0 {
            body["organisation"] = maximal()["organisation"].clone();
            body["subject"] = maximal()["subject"].clone();
        }
        let minter = if n == 8 { &away } else { &server.user() };
        server.post(minter, "/raid/", &body).await.expect(201);
        server.clock.advance(time::Duration::seconds(1));
    }
    for query in [
        "q=sound",
        "q=sound&sort=title",
        "sort=-start",
        "sort=updated",
        "",
    ] {
        let whole = titles(&visit(&server, &format!("?limit=100&{query}")).await);
        assert_eq!(whole.len(), 9);
        let query = format!("?limit=2&facets=status&{query}");
        assert_eq!(to_the_end(&server, &query).await, (whole, 5), "{query}");
    }
    let all = "?facets=organisation,servicePoint&facets=subject,status,access&limit=1";
    let counted = visit(&server, all).await.expect(200);
    assert_eq!(counted["total"], 9);
    let facets = &counted["facets"];
    assert_eq!(facets.as_object().unwrap().len(), 5);
    assert_eq!(facets["access"], json!([{"value": "open", "count": 9}]));
    assert_eq!(facets["status"], json!([{"value": "active", "count": 9}]));
    let at_home =
        json!({"value": HOME.to_string(), "label": format!("Service point {HOME}"), "count": 8});
    let elsewhere =
        json!({"value": AWAY.to_string(), "label": format!("Service point {AWAY}"), "count": 1});
    assert_eq!(facets["servicePoint"], json!([at_home, elsewhere]));
    assert_eq!(facets["organisation"][0]["count"], 3);
    assert_eq!(facets["subject"][0]["count"], 3);
    assert!(facets["subject"][0]["label"].is_string(), "{facets}");
}

/// Nor counts it (RAiD API, section on `GET /raid/`, where searchers find what is embargoed).
async fn nobody_finds_what_they_may_not_see(db: &TestDb) {
    let server = serve(db).await;
    let mut body = embargoed(&server);
    body["title"][0]["text"] = json!("Secret park");
    server.mint(&body).await;
    server.mint(&titled("Open park")).await;
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let nobody = server.token(&[], None);
    let admin = server.token(&[Role::RaidAdmin], Some(HOME_GROUP));
    let query = "/v1/raids?q=park&facets=access";
    for (token, count) in [
        (None, 1),
        (Some(nobody), 1),
        (Some(away), 1),
        (Some(admin), 1),
        (Some(server.user()), 2),
        (Some(server.operator()), 2),
        (Some(server.token(&[Role::ContributorWriter], None)), 2),
    ] {
        let mut request = TestRequest::get().uri(query);
        if let Some(token) = &token {
            request = request.insert_header(("Authorization", format!("Bearer {token}")));
        }
        let body = server.send(request).await.expect(200);
        assert_eq!(body["total"], count, "{body}");
        assert_eq!(body["items"].as_array().unwrap().len(), count, "{body}");
        assert_eq!(
            body["facets"]["access"].as_array().unwrap().len(),
            count,
            "{body}"
        );
    }
    // What was withdrawn is found by nobody.
    let open = visit(&server, "?q=open").await.expect(200);
    let path = path_of(&open["items"][0]).replace("/raid/", "/v1/raids/");
    let reason = json!({"reason": "a mistake"});
    let withdrawn = server
        .post(&server.operator(), &format!("{path}/withdrawal"), &reason)
        .await;
    assert!(withdrawn.status.is_success(), "{withdrawn:?}");
    assert_eq!(visit(&server, "?q=open").await.expect(200)["total"], 0);
}

async fn what_cannot_be_read_is_named(db: &TestDb) {
    let server = serve(db).await;
    server.mint(&titled("Park")).await;
    server.mint(&titled("Park")).await;
    for (query, field) in [
        ("?colour=blue", "colour"),
        ("?contributor=x", "contributor"),
        ("?contributor=0000-0002-1825-0098", "contributor"),
        ("?organisation=x", "organisation"),
        ("?servicePoint=x", "servicePoint"),
        ("?status=lost", "status"),
        ("?access=closed", "access"),
        ("?startFrom=x", "startFrom"),
        ("?startTo=2025-13", "startTo"),
        ("?endFrom=x", "endFrom"),
        ("?endTo=x", "endTo"),
        ("?updatedSince=yesterday", "updatedSince"),
        ("?sort=colour", "sort"),
        ("?sort=-relevance", "sort"),
        ("?facets=title", "facets"),
        ("?limit=0", "limit"),
        ("?limit=501", "limit"),
        ("?cursor=x", "cursor"),
        ("?includeFields=titel", "includeFields"),
        (&format!("?q={}", "w+".repeat(21)), "q"),
    ] {
        let reply = visit(&server, query).await;
        reply.expect(400);
        assert_eq!(reply.fields(), [field], "{query}");
    }
    let next = visit(&server, "?sort=title&limit=1").await.expect(200)["next"].clone();
    let next = next.as_str().unwrap();
    assert_eq!(
        visit(&server, &format!("?sort=title&cursor={next}"))
            .await
            .status,
        200
    );
    for query in [
        format!("?sort=-title&cursor={next}"),
        format!("?cursor={next}"),
    ] {
        let reply = visit(&server, &query).await;
        reply.expect(400);
        assert_eq!(reply.fields(), ["cursor"], "{query}");
    }
    for nothing in ["?q=", "?q=+", "?sort="] {
        assert_eq!(titles(&visit(&server, nothing).await).len(), 2, "{nothing}");
    }
    assert_eq!(
        titles(&visit(&server, "?q=%3F!").await),
        Vec::<String>::new()
    );
}
