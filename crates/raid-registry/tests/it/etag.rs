//! Entity tags and the conditions that clients set with them (RFC 9110 §8.8.3, §13.1).

use actix_web::http::Method;
use raid_model::OrcidId;
use raid_model::permission::PermissionState as State;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;
use store::testing::put_in_state;

use crate::harness::{Reply, Server, minimal, path_of, request, serve};

store::on_both_databases!(
    who_has_the_bytes_is_told_so,
    a_change_can_demand_the_version_it_builds_on,
    a_patch_can_demand_it_too,
);

async fn with(
    server: &Server,
    method: Method,
    path: &str,
    header: (&str, &str),
    body: Option<&Value>,
) -> Reply {
    let token = server.token(&[Role::ServicePointUser], Some(crate::harness::HOME_GROUP));
    let request = request(method, path, &token).insert_header(header);
    server
        .send(match body {
            Some(body) => request.set_json(body),
            None => request,
        })
        .await
}

async fn who_has_the_bytes_is_told_so(db: &TestDb) {
    let server = serve(db).await;
    let minted = server.post(&server.user(), "/raid/", &minimal()).await;
    let path = path_of(&minted.expect(201));
    let read = server.get(&server.user(), &path).await;
    let tag = read.header("etag").to_owned();
    assert_eq!(minted.header("etag"), tag);
    let ask =
        async |tag: &str| with(&server, Method::GET, &path, ("If-None-Match", tag), None).await;
    for has_it in [&tag, &format!("W/{tag}"), &format!("\"other\", {tag}"), "*"] {
        let reply = ask(has_it).await;
        assert_eq!(reply.status, 304, "{has_it}");
        assert!(reply.body.is_empty());
        assert_eq!(reply.header("etag"), tag);
    }
    for other in ["\"other\"", "W/\"1\"", "not a tag"] {
        assert_eq!(ask(other).await.expect(200), read.json(), "{other}");
    }

    // Other bytes have another tag: as Turtle, and with another status at the same version.
    let turtle = request(Method::GET, &path, &server.user());
    let turtle = server
        .send(turtle.insert_header(("Accept", "text/turtle")))
        .await;
    assert_ne!(turtle.header("etag"), tag);
    let orcid: OrcidId = "0000-0002-1825-0097".parse().unwrap();
    let now = server.clock.now();
    let grant = move |c: &mut store::Conn| put_in_state(c, &orcid, State::Granted, now);
    server.store.write(grant).await.unwrap();
    let shown = ask(&tag).await;
    assert_eq!(
        shown.expect(200)["contributor"][0]["status"],
        "AUTHENTICATED"
    );
    assert_ne!(shown.header("etag"), tag);
}

async fn a_change_can_demand_the_version_it_builds_on(db: &TestDb) {
    let server = serve(db).await;
    let minted = server.post(&server.user(), "/raid/", &minimal()).await;
    let mut raid = minted.expect(201);
    let path = path_of(&raid);
    let first = minted.header("etag").to_owned();
    raid["title"][0]["text"] = json!("Second");
    let put = async |tag: &str, body: &Value| {
        with(&server, Method::PUT, &path, ("If-Match", tag), Some(body)).await
    };
    for tag in ["\"2-0\"", "W/\"1-0\"", "not a tag", "\"\"", "\"x\", \"y\""] {
        let problem = put(tag, &raid).await.expect(412);
        assert_eq!(problem["title"], "Precondition Failed", "{tag}");
    }
    let second = put(&first, &raid).await;
    let mut raid = second.expect(200);
    assert_eq!(raid["identifier"]["version"], 2);
    // The old tag does not do any more, even if the body builds on the current version.
    raid["title"][0]["text"] = json!("Third");
    put(&first, &raid).await.expect(412);
    let read = server.get(&server.user(), &path).await;
    assert_eq!(read.expect(200)["title"][0]["text"], "Second");
    assert_eq!(read.header("etag"), second.header("etag"));
    put("*", &raid).await.expect(200);
}

async fn a_patch_can_demand_it_too(db: &TestDb) {
    let server = serve(db).await;
    let minted = server.post(&server.user(), "/raid/", &minimal()).await;
    let raid = minted.expect(201);
    let mut body = json!({ "contributor": raid["contributor"] });
    body["contributor"][0]["status"] = json!("AUTHENTICATED");
    body["contributor"][0]["role"] = json!([]);
    let path = path_of(&raid);
    let first = minted.header("etag").to_owned();
    for status in [200, 412] {
        let header = ("If-Match", first.as_str());
        with(&server, Method::PATCH, &path, header, Some(&body))
            .await
            .expect(status);
    }
}
