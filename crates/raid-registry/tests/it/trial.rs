//! `dryRun=true`: everything is checked, and nothing is written.

use actix_web::http::Method;
use raid_model::membership::MembershipDocument;
use raid_model::permission::PermissionState as State;
use raid_model::trust::Trust;
use raid_model::{Handle, OrcidId, Raid};
use raid_registry::Settings;
use serde_json::{Value, json};
use store::memberships::{self, Standing};
use store::raids::{self, Filter};
use store::service_points::{self, ServicePointRow};
use store::testing::TestDb;
use store::testing::put_in_state;
use store::{Conn, StoreError, tasks};

use raid_registry::auth::Role;

use crate::harness::{
    AWAY_GROUP, HOME, Server, embargoed, minimal, path_of, request, serve, serve_with, settings,
};

store::on_both_databases!(
    a_mint_can_be_tried,
    a_change_can_be_tried,
    a_trial_says_what_would_happen_to_each_record,
    a_trial_tells_nothing_of_strangers,
    an_agency_that_writes_to_no_record_says_nothing_of_them,
    what_is_wrong_is_refused_as_without_it,
    only_true_and_false_are_understood,
);

/// Everything that a write would leave: versions, tasks, and kept answers are in one of them.
async fn traces(server: &Server) -> Vec<String> {
    let all = |c: &mut Conn| {
        let rows = raids::page(c, &Filter::default(), None, 1000)?.rows;
        let mut found: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {} {}", row.handle.as_str(), row.version, row.document.0))
            .collect();
        found.push(format!("{:?}", tasks::counts(c)?));
        Ok(found)
    };
    server.store.read(all).await.unwrap()
}

async fn try_mint(server: &Server, body: &Value) -> Value {
    let reply = server
        .post(&server.user(), "/raid/?dryRun=true", body)
        .await;
    assert_eq!(reply.header("location"), "");
    reply.expect(200)
}

async fn try_put(server: &Server, path: &str, body: &Value) -> Value {
    let path = format!("{path}?dryRun=true");
    server.put(&server.user(), &path, body).await.expect(200)
}

async fn a_mint_can_be_tried(db: &TestDb) {
    let server = serve(db).await;
    let before = traces(&server).await;
    let tried = try_mint(&server, &minimal()).await;
    assert_eq!(traces(&server).await, before);
    assert_eq!(
        (&tried["dryRun"], &tried["valid"]),
        (&json!(true), &json!(true))
    );
    let id = "https://raid.org/10.82841/dry-run";
    assert_eq!(tried["raid"]["identifier"]["id"], id);
    // But for its name it is the RAiD that is minted then.
    let mut minted = server.mint(&minimal()).await;
    minted["identifier"]["id"] = json!(id);
    minted["identifier"]["raidAgencyUrl"] = tried["raid"]["identifier"]["raidAgencyUrl"].clone();
    for time in ["created", "updated"] {
        minted["metadata"][time] = tried["raid"]["metadata"][time].clone();
    }
    assert_eq!(tried["raid"], minted);
    let asked = &tried["orcid"][0];
    assert_eq!(
        (&asked["orcid"], &asked["change"]),
        (&json!("0000-0002-1825-0097"), &json!("unknown"))
    );
    assert_eq!(asked["entry"]["title"], minted["title"][0]["text"]);

    // A key is not used up by a trial.
    let keyed = |path: &str| {
        let post = request(Method::POST, path, &server.user()).set_json(minimal());
        post.insert_header(("Idempotency-Key", "k"))
    };
    server.send(keyed("/raid/?dryRun=true")).await.expect(200);
    server.send(keyed("/raid/?dryRun=false")).await.expect(201);
    assert_eq!(server.count().await, 2);
}

async fn a_change_can_be_tried(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    let before = traces(&server).await;
    let mut changed = raid.clone();
    changed["title"][0]["text"] = json!("A better title");
    let tried = try_put(&server, &path, &changed).await;
    assert_eq!(tried["raid"]["title"], changed["title"]);
    assert_eq!(tried["raid"]["identifier"]["version"], 2);
    let same = try_put(&server, &path, &raid).await;
    assert_eq!(same["raid"], raid);
    assert_eq!(traces(&server).await, before);
    assert_eq!(server.get(&server.user(), &path).await.expect(200), raid);
}

fn person(digits: &str) -> OrcidId {
    digits.parse().unwrap()
}

/// A RAiD with these people.
fn with_people(raid: &Value, people: &[&str]) -> Value {
    let mut raid = raid.clone();
    let pattern = raid["contributor"][0].clone();
    let people = people.iter().map(|digits| {
        let mut person = pattern.clone();
        person["id"] = json!(format!("https://orcid.org/{digits}"));
        person
    });
    raid["contributor"] = people.collect();
    raid
}

async fn a_trial_says_what_would_happen_to_each_record(db: &TestDb) {
    const STAYS: &str = "0000-0002-1825-0097";
    const GOES: &str = "0000-0001-5109-3700";
    const COMES: &str = "0000-0002-1694-233X";
    const DENIED: &str = "0000-0001-5000-0007";
    const NEW: &str = "0000-0003-1415-9269";
    let server = serve(db).await;
    let raid = server
        .mint(&with_people(&minimal(), &[STAYS, GOES, DENIED]))
        .await;
    // Whom the service point names already it sees.
    server.mint(&with_people(&minimal(), &[COMES])).await;
    let path = path_of(&raid);
    let now = server.clock.now();
    let handle: Handle = path.trim_start_matches("/raid/").parse().unwrap();
    let written: Raid = serde_json::from_value(raid.clone()).unwrap();
    let policy = settings().orcid.unwrap();
    server
        .store
        .write(move |c| {
            for digits in [STAYS, GOES, COMES, DENIED] {
                let orcid = person(digits);
                let to = if digits == DENIED {
                    State::Denied
                } else {
                    State::Granted
                };
                put_in_state(c, &orcid, to, now)?;
            }
            for digits in [STAYS, GOES] {
                let orcid = person(digits);
                let says =
                    MembershipDocument::for_contributor(&written, &orcid, &policy, now.date());
                let standing = Standing::Written {
                    put_code: 7,
                    hash: says.map(|it| it.hash()),
                };
                memberships::record(c, &orcid, &handle, &standing, now)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let before = traces(&server).await;
    let changes = async |body: &Value| -> Vec<(String, String)> {
        let tried = try_put(&server, &path, body).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = tried["orcid"].as_array().unwrap();
        all.iter()
            .map(|it| (text(&it["orcid"]), text(&it["change"])))
            .collect()
    };
    let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let mut pairs: Vec<_> = pairs
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        pairs.sort();
        pairs
    };
    assert_eq!(
        changes(&raid).await,
        pairs(&[(STAYS, "none"), (GOES, "none"), (DENIED, "none")])
    );
    let mut next = with_people(&raid, &[STAYS, COMES, DENIED, NEW]);
    let moved = [
        (GOES, "remove"),
        (COMES, "add"),
        (DENIED, "none"),
        (NEW, "unknown"),
    ];
    let mut wanted = moved.to_vec();
    wanted.push((STAYS, "none"));
    assert_eq!(changes(&next).await, pairs(&wanted));
    next["title"][0]["text"] = json!("A better title");
    wanted[4].1 = "update";
    assert_eq!(changes(&next).await, pairs(&wanted));
    // What a service point on hold adds waits; what stands follows.
    trust(&server, Trust::Hold).await;
    wanted[1].1 = "held";
    assert_eq!(changes(&next).await, pairs(&wanted));
    trust(&server, Trust::Auto).await;
    // Under embargo nothing stands on records.
    next["access"] = embargoed(&server)["access"].clone();
    assert_eq!(
        changes(&next).await,
        pairs(&[
            (STAYS, "remove"),
            (GOES, "remove"),
            (COMES, "none"),
            (DENIED, "none"),
            (NEW, "none")
        ])
    );
    assert_eq!(traces(&server).await, before);
}

async fn trust(server: &Server, trust: Trust) {
    let change = move |c: &mut Conn| {
        let row = service_points::find(c, HOME)?.ok_or(StoreError::NotFound)?;
        let row = ServicePointRow { trust, ..row };
        service_points::change(c, &row).map(drop)
    };
    server.store.write(change).await.unwrap();
}

/// Whatever a person answered, a caller who has no RAiD that names them gets the same answer.
async fn a_trial_tells_nothing_of_strangers(db: &TestDb) {
    const STRANGER: &str = "0000-0002-1825-0097";
    let server = serve(db).await;
    // The home service point names them under an embargo, and in the open.
    server.mint(&embargoed(&server)).await;
    server.mint(&minimal()).await;
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let own = with_people(&minimal(), &["0000-0001-5109-3700"]);
    let own = server.post(&away, "/raid/", &own).await.expect(201);
    let asked = with_people(&own, &["0000-0001-5109-3700", STRANGER]);
    let line = serde_json::to_string(&minimal()).unwrap();
    let all_ways = async |token: &str| -> [Value; 3] {
        let minted = server.post(token, "/raid/?dryRun=true", &minimal()).await;
        let path = format!("{}?dryRun=true", path_of(&own));
        let put = server.put(token, &path, &asked).await;
        let bulk = request(Method::POST, "/v1/raids/bulk?dryRun=true", token)
            .insert_header(("Content-Type", "application/x-ndjson"))
            .set_payload(line.clone());
        let bulk = server.send(bulk).await;
        let mut answers = [minted.json(), put.json(), bulk.json()];
        for answer in &mut answers {
            // What differs between any two tries.
            answer["raid"]["metadata"] = Value::Null;
        }
        answers
    };
    let change = |answer: &Value| {
        let all = answer["orcid"].as_array().unwrap();
        all.iter().find(|it| it["orcid"] == STRANGER).unwrap()["change"].clone()
    };
    let first = all_ways(&away).await;
    for answer in &first {
        assert_eq!(change(answer), "unknown", "{answer:#}");
    }
    for state in State::ALL {
        let (orcid, now) = (person(STRANGER), server.clock.now());
        let put = move |c: &mut Conn| put_in_state(c, &orcid, *state, now);
        server.store.write(put).await.unwrap();
        assert_eq!(all_ways(&away).await, first, "{state}");
    }
    // A caller who has minted a RAiD that names them sees their state.
    let (orcid, now) = (person(STRANGER), server.clock.now());
    let grant = move |c: &mut Conn| put_in_state(c, &orcid, State::Granted, now);
    server.store.write(grant).await.unwrap();
    let tried = try_mint(&server, &minimal()).await;
    assert_eq!(change(&tried), "add");
    assert_eq!(tried["raid"]["contributor"][0]["status"], "AUTHENTICATED");
}

async fn an_agency_that_writes_to_no_record_says_nothing_of_them(db: &TestDb) {
    let settings = Settings {
        orcid: None,
        ..settings()
    };
    let server = serve_with(db, settings).await;
    assert_eq!(try_mint(&server, &minimal()).await["orcid"], json!([]));
}

async fn what_is_wrong_is_refused_as_without_it(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    let (user, trial) = (server.user(), format!("{path}?dryRun=true"));
    let mut wrong = raid.clone();
    wrong["title"] = json!([]);
    for (tried, really) in [("/raid/?dryRun=true", "/raid/"), (&*trial, &*path)] {
        let method = if really == "/raid/" {
            Method::POST
        } else {
            Method::PUT
        };
        let to = |path| request(method.clone(), path, &user).set_json(&wrong);
        let refused = server.send(to(tried)).await.expect(400);
        assert_eq!(refused, server.send(to(really)).await.expect(400));
    }
    let mut stale = raid.clone();
    stale["identifier"]["version"] = json!(4);
    stale["title"][0]["text"] = json!("Another");
    let refused = server.put(&user, &trial, &stale).await.expect(409);
    assert_eq!(refused, server.put(&user, &path, &stale).await.expect(409));
    let other = request(Method::PUT, &trial, &user).set_json(&raid);
    let other = other.insert_header(("If-Match", "\"4-0\""));
    server.send(other).await.expect(412);
    server
        .put(&server.token(&[], None), &trial, &raid)
        .await
        .expect(403);
}

async fn only_true_and_false_are_understood(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    for value in [
        "yes",
        "",
        "TRUE",
        "1",
        "true&dryRun=false",
        "true&dryRun=true",
    ] {
        let query = format!("?dryRun={value}");
        let mint = server
            .post(&server.user(), &format!("/raid/{query}"), &minimal())
            .await;
        mint.expect(400);
        assert_eq!(mint.fields(), ["dryRun"], "{value}");
        let put = server
            .put(&server.user(), &format!("{path}{query}"), &raid)
            .await;
        assert_eq!(
            (put.status.as_u16(), put.fields()),
            (400, vec!["dryRun".to_owned()])
        );
    }
    assert_eq!(server.count().await, 1);
}
