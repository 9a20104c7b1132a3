//! Who sees what a contributor answered: those who look after the RAiD. Everybody else sees whether
//! the person is confirmed, and no more.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use raid_model::OrcidId;
use raid_model::permission::PermissionState as State;
use raid_registry::auth::Role;
use serde_json::Value;
use store::permissions;
use store::testing::{TestDb, put_in_state};

use crate::harness::{
    AWAY_GROUP, HOME_GROUP, Reply, Server, embargoed, minimal, path_of, request, serve,
};

store::on_both_databases!(
    who_declined_is_told_to_those_who_look_after_the_raid_alone,
    an_embargoed_raid_tells_nothing_of_strangers,
    a_holder_sees_what_the_contributors_answered,
    the_tag_of_one_reader_is_not_that_of_another,
);

const ORCID: &str = "0000-0002-1825-0097";

async fn answered(server: &Server, state: State) {
    let orcid: OrcidId = ORCID.parse().unwrap();
    let now = server.clock.now();
    let change = move |c: &mut store::Conn| {
        permissions::ensure(c, &orcid, now)?;
        put_in_state(c, &orcid, state, now)
    };
    server.store.write(change).await.unwrap();
}

async fn read(server: &Server, token: Option<&str>, path: &str) -> Reply {
    match token {
        Some(token) => server.get(token, path).await,
        None => server.send(TestRequest::get().uri(path)).await,
    }
}

/// The status of the one contributor wherever a reply shows it.
fn statuses(reply: &Reply) -> Vec<String> {
    fn collect(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            Value::Object(members) => {
                for (name, member) in members {
                    match member.as_str().filter(|_| name == "status") {
                        Some(status) => found.push(status.to_owned()),
                        None => collect(member, found),
                    }
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(&reply.expect(200), &mut found);
    found
}

/// Nobody hears of being named in an embargoed RAiD, so it must not tell its owner how they stand.
async fn an_embargoed_raid_tells_nothing_of_strangers(db: &TestDb) {
    let server = serve(db).await;
    let orcid = ORCID;
    let raid = server.mint(&embargoed(&server)).await;
    let user = server.user();
    let contributors = format!(
        "/v1{}/contributors",
        path_of(&raid).replace("/raid/", "/raids/")
    );
    for state in [
        State::Granted,
        State::Denied,
        State::Revoked,
        State::Ignored,
    ] {
        answered(&server, state).await;
        let shown = server.get(&user, &path_of(&raid)).await;
        assert_eq!(statuses(&shown), ["AWAITING_AUTHENTICATION"], "{state:?}");
        let shown = server.get(&user, &contributors).await.expect(200);
        assert_eq!(shown[0]["permission"]["state"], "unasked", "{state:?}");
        let ask = format!("{contributors}/{orcid}/ask");
        let asked = server.post(&user, &ask, &Value::Null).await.expect(200);
        assert_eq!(asked["permission"]["state"], "unasked", "{state:?}");
        // An operator has to see why nothing happens.
        let shown = server.get(&server.operator(), &contributors).await;
        assert_eq!(shown.expect(200)[0]["permission"]["state"], state.as_str());
    }
}

/// RAiD API, section on status values: others see no more of them than who is confirmed.
async fn who_declined_is_told_to_those_who_look_after_the_raid_alone(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let dumper = server.token(&[Role::RaidDumper], None);
    let searcher = server.token(&[Role::PidSearcher], None);
    let admin = server.token_of("somebody", &[Role::RaidAdmin], Some(HOME_GROUP));
    let (user, operator) = (server.user(), server.operator());
    let writer = server.token(&[Role::ContributorWriter], Some(HOME_GROUP));
    let by_person = format!("/raid/?contributor.id={ORCID}");
    let changes = "/v1/changes?include=raid";
    let outside = [
        (None, path.as_str()),
        (None, "/raid/"),
        (None, "/raid/?limit=1"),
        (None, "/v1/raids"),
        (None, changes),
        (Some(&away), path.as_str()),
        (Some(&away), "/v1/raids"),
        (Some(&away), changes),
        (Some(&dumper), "/raid/all-public"),
        (Some(&searcher), by_person.as_str()),
        (Some(&admin), path.as_str()),
        (Some(&admin), "/raid/"),
    ];
    let inside = [
        (&user, path.as_str()),
        (&user, "/raid/"),
        (&user, "/v1/raids"),
        (&user, changes),
        (&operator, path.as_str()),
        (&operator, "/raid/"),
        (&operator, by_person.as_str()),
        (&writer, path.as_str()),
        (&writer, "/v1/raids"),
    ];
    for (state, real) in [
        (State::Granted, "AUTHENTICATED"),
        (State::Ignored, "UNAUTHENTICATED"),
        (State::Denied, "AUTHENTICATION_FAILED"),
        (State::Revoked, "AUTHENTICATION_REVOKED"),
    ] {
        answered(&server, state).await;
        let shown = match state {
            State::Granted => real,
            _ => "AWAITING_AUTHENTICATION",
        };
        for (token, path) in &outside {
            let reply = read(&server, token.map(String::as_str), path).await;
            assert_eq!(statuses(&reply), [shown], "{state} at {path}");
        }
        for (token, path) in &inside {
            let reply = read(&server, Some(token), path).await;
            assert_eq!(statuses(&reply), [real], "{state} at {path}");
        }
        for format in ["application/rdf+xml", "text/turtle"] {
            let read = TestRequest::get()
                .uri(&path)
                .insert_header(("Accept", format));
            let graph = server.send(read).await;
            let graph = String::from_utf8(graph.body.to_vec()).unwrap();
            let tells = graph.contains(real);
            assert_eq!(tells, state == State::Granted, "{state} in {graph}");
        }
        let page = path.replace("/raid/", "/raids/");
        let page = read(&server, None, &page).await;
        let page = String::from_utf8(page.body.to_vec()).unwrap();
        assert_eq!(
            page.contains("(not confirmed)"),
            state != State::Granted,
            "{page}"
        );
    }
}

/// RAiD API, section on status values.
async fn a_holder_sees_what_the_contributors_answered(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    server.mint(&minimal()).await;
    answered(&server, State::Denied).await;
    let holder = format!("/v1{}/holders/raid-user/ann", path.replace("raid", "raids"));
    let given = server
        .send(request(Method::PUT, &holder, &server.user()))
        .await;
    assert_eq!(given.status, 204);
    let ann = server.token_of("ann", &[Role::RaidUser], Some(AWAY_GROUP));
    let one = read(&server, Some(&ann), &path).await;
    assert_eq!(statuses(&one), ["AUTHENTICATION_FAILED"]);
    let found = read(&server, Some(&ann), "/v1/raids?sort=created").await;
    assert_eq!(
        statuses(&found),
        ["AUTHENTICATION_FAILED", "AWAITING_AUTHENTICATION"]
    );
    // The role is in the token, or the RAiD is not theirs.
    let without = server.token_of("ann", &[Role::ServicePointUser], Some(AWAY_GROUP));
    let one = read(&server, Some(&without), &path).await;
    assert_eq!(statuses(&one), ["AWAITING_AUTHENTICATION"]);
}

async fn the_tag_of_one_reader_is_not_that_of_another(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    answered(&server, State::Denied).await;
    let full = server.get(&server.user(), &path).await;
    let public = read(&server, None, &path).await;
    assert_ne!(full.header("ETag"), public.header("ETag"));
    for reply in [&full, &public] {
        let vary: Vec<_> = reply.headers.get_all("Vary").collect();
        assert!(
            format!("{vary:?}").contains("Accept, Authorization"),
            "{vary:?}"
        );
    }
    let again = TestRequest::get()
        .uri(&path)
        .insert_header(("If-None-Match", full.header("ETag")));
    assert_eq!(server.send(again).await.status, 200);
    // A tag of either kind names the version that a change builds on.
    let raid = full.json();
    let change = request(Method::PUT, &path, &server.user())
        .insert_header(("If-Match", public.header("ETag")))
        .set_json(&raid);
    assert_eq!(server.send(change).await.status, 200);
}
