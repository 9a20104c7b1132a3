//! Damaged rows in the database: what shows many records goes on, without those that cannot be read.

use proptest::prelude::RngExt as _;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::{TestDb, put_in_state};

use super::Run;
use super::damage::{damage, keep, restore};
use crate::harness::{HOME_GROUP, Server, embargoed, maximal, minimal, path_of, request, serve};
use actix_web::http::Method;
use raid_model::permission::PermissionState;

store::on_both_databases!(damaged_rows_take_nothing_down);

/// RAiDs of which some are damaged.
const RAIDS: usize = 6;
/// So many mutated requests come to one round, which asks for everything.
const CASES_OF_A_ROUND: usize = 50;
/// Most rounds.
const MOST_ROUNDS: usize = 500;
/// Pages that a list of so few RAiDs has at most.
const MOST_PAGES: usize = 40;

const LISTS: &[&str] = &[
    "/raid/",
    "/raid/?limit=1",
    "/raid/all-public",
    "/raid/all-embargoed?limit=2",
    "/raid/?contributor.id=0000-0002-1825-0097",
    "/raid/count",
    "/service-point/",
    "/v1/raids?limit=1&facets=organisation,subject,servicePoint,status,access",
    "/v1/raids?q=title&limit=2",
    "/v1/raids?sort=title&limit=1",
    "/v1/raids?sort=-updated&limit=1",
    "/v1/raids?sort=start",
    "/v1/changes?include=raid&limit=2",
    "/v1/changes",
];

async fn damaged_rows_take_nothing_down(db: &TestDb) {
    let run = Run::new();
    let server = serve(db).await;
    let mut paths = Vec::new();
    for n in 0..RAIDS {
        let body = match n % 3 {
            0 => minimal(),
            1 => embargoed(&server),
            _ => maximal(),
        };
        let mut raid = server.mint(&body).await;
        raid["title"][0]["text"] = json!(format!("Title {n}"));
        let path = path_of(&raid);
        let raid = server.put(&server.user(), &path, &raid).await.expect(200);
        what_is_known_of_people(&server, &path, &raid).await;
        paths.push(path);
    }
    // Everything has a position in the feed, and is kept with it.
    server
        .get(&server.operator(), "/v1/changes")
        .await
        .expect(200);
    db.damage(&keep());
    let rounds = (run.cases / CASES_OF_A_ROUND).min(MOST_ROUNDS);
    for round in 0..rounds {
        let mut runner = run.runner(round);
        let mut statements = String::new();
        for _ in 0..runner.rng().random_range(1..=RAIDS) {
            // The last one stays as it is.
            let path = &paths[runner.rng().random_range(0..RAIDS - 1)];
            let handle = path.trim_start_matches("/raid/");
            statements.push_str(&damage(handle, db.is_postgres(), &mut runner));
        }
        db.damage(&statements);
        let what = format!("seed {}, round {round}: {statements}", run.seed);
        let whole = &paths[RAIDS - 1];
        for list in LISTS {
            let found = read_all(&server, list, &what).await;
            let is_of_raids = ["/raid/", "/v1/raids?sort=start"].contains(list);
            assert!(!is_of_raids || found.contains(whole), "{list}: {what}");
        }
        let history = format!("{whole}/history");
        server.get(&server.operator(), &history).await.expect(200);
        db.damage(&restore());
    }
}

/// An answer of a person, and what a service outside says of them.
async fn what_is_known_of_people(server: &Server, path: &str, raid: &Value) {
    let mut people = json!({ "contributor": raid["contributor"] });
    people["contributor"][0]["status"] = json!("AUTHENTICATED");
    let writer = server.token(&[Role::ContributorWriter], None);
    let said = request(Method::PATCH, path, &writer).set_json(people);
    server.send(said).await.expect(200);
    let orcid = raid["contributor"][0]["id"].as_str().unwrap();
    let orcid = orcid.rsplit('/').next().unwrap().parse().unwrap();
    let now = server.clock.now();
    let put = move |c: &mut store::Conn| put_in_state(c, &orcid, PermissionState::Granted, now);
    server.store.write(put).await.unwrap();
}

/// Reads a list page by page, whole if it has none, and gives the paths of its RAiDs.
async fn read_all(server: &Server, list: &str, what: &str) -> Vec<String> {
    let everybody = [
        Role::Operator,
        Role::RaidDumper,
        Role::RaidAccessHandler,
        Role::PidSearcher,
    ];
    let token = server.token(&everybody, Some(HOME_GROUP));
    let (mut uri, mut found) = (list.to_owned(), Vec::new());
    for _ in 0..MOST_PAGES {
        let reply = server.get(&token, &uri).await;
        assert_eq!(reply.status, 200, "{uri}: {what}\n{:?}", reply.body);
        let page = reply.json();
        let items = page.get("items").unwrap_or(&page).as_array();
        for raid in items.into_iter().flatten() {
            if raid["identifier"].is_object() {
                found.push(path_of(raid));
            }
        }
        let link = reply.header("link").strip_prefix('<');
        let next = link.and_then(|link| Some(link.split_once('>')?.0.to_owned()));
        match next {
            Some(next) if page.get("more").is_none_or(|more| *more == true) => uri = next,
            _ => return found,
        }
    }
    panic!("{list} has no end: {what}");
}
