//! Embargoes: who learns what while they last, and how they end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::test::TestRequest;
use raid_model::Raid;
use raid_registry::EmbargoReconciler;
use raid_registry::auth::Role;
use reconciler::{Runner, Schedule};
use serde_json::{Value, json};
use store::raids::{self, Actor, RaidWrite};
use store::tasks::{self, Kind, Lane};
use store::testing::TestDb;
use time::Duration as Days;
use tokio::sync::watch;

use crate::harness::{AWAY_GROUP, HOME_GROUP, Server, embargoed, path_of, serve};

store::on_both_databases!(
    others_learn_until_when_and_why,
    an_embargo_ends_by_itself_on_its_day,
    a_prolonged_embargo_ends_later,
    a_shortened_embargo_ends_earlier,
    an_embargo_has_a_future,
    a_dry_run_says_what_becomes_public,
);

/// A worker at work on embargoes, until it is stopped.
struct Worker {
    stop: watch::Sender<bool>,
    running: tokio::task::JoinHandle<()>,
}

impl Worker {
    fn start(server: &Server) -> Self {
        let settings = reconciler::Settings {
            node: "embargo-test".to_owned(),
            slots: 4,
            lease: Duration::from_mins(1),
            poll: Duration::from_millis(5),
            schedule: Schedule::new(vec![Duration::from_secs(1)], 3),
            outage_probe: Duration::from_secs(5),
        };
        let work = EmbargoReconciler::new(server.store.clone(), Duration::ZERO);
        let runner = Runner::new(server.store.clone(), settings, vec![Arc::new(work)]);
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(async move { runner.run(stopped).await });
        Self { stop, running }
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.running.await.unwrap();
    }
}

/// Waits until so many embargoes are watched.
async fn watched(server: &Server, wanted: i64) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let counts = server.store.read(tasks::counts).await.unwrap();
        let of_kind = counts.iter().filter(|(kind, ..)| *kind == Kind::Embargo);
        let found: i64 = of_kind.map(|(_, _, count)| count).sum();
        if found == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "{found} are watched");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Lets a worker do what is due. A RAiD whose embargo ends now shows when it is through.
async fn work(server: &Server, left: i64) {
    let body = embargoed(server);
    let minted = server.mint(&body).await;
    stored_with_expiry(server, &minted, server.clock.now().date()).await;
    let worker = Worker::start(server);
    watched(server, left).await;
    worker.end().await;
    watched(server, left).await;
}

async fn anonymous(server: &Server, path: &str) -> crate::harness::Reply {
    server.send(TestRequest::get().uri(path)).await
}

/// RAiD API, section on the data model, `ClosedRaid`: the id and the access block, and nothing else, for everybody without a
/// right to the RAiD.
async fn others_learn_until_when_and_why(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&embargoed(&server)).await;
    let path = path_of(&raid);
    let closed = json!({"id": raid["identifier"]["id"], "access": raid["access"]});
    let others = [
        server.token(&[Role::ServicePointUser], Some(AWAY_GROUP)),
        server.token(&[Role::RaidAdmin, Role::PidSearcher], Some(HOME_GROUP)),
        server.token(&[], None),
    ];
    for part in ["", "/1", "/history"] {
        let path = format!("{path}{part}");
        assert_eq!(anonymous(&server, &path).await.expect(401), closed);
        for token in &others {
            let reply = server.get(token, &path).await;
            assert_eq!(reply.header("content-type"), "application/json");
            assert_eq!(reply.expect(403), closed);
        }
    }
    assert_eq!(anonymous(&server, "/raid/").await.expect(200), json!([]));
}

fn access_of(raid: &Value) -> &str {
    let id = raid["access"]["type"]["id"].as_str().unwrap();
    id.rsplit('/').nth(1).unwrap()
}

/// RAiD API, section on access types: there it never ends.
async fn an_embargo_ends_by_itself_on_its_day(db: &TestDb) {
    let server = serve(db).await;
    let before = server.mint(&embargoed(&server)).await;
    let path = path_of(&before);
    let expiry = server.clock.now().date() + Days::days(30);
    let left = expiry.midnight() - server.clock.now();
    server.clock.advance(left - Days::seconds(1));
    work(&server, 1).await;
    assert_eq!(
        anonymous(&server, &path).await.status,
        401,
        "a second before"
    );
    server.clock.advance(Days::seconds(1));
    work(&server, 0).await;
    let after = anonymous(&server, &path).await.expect(200);
    assert_eq!(access_of(&after), "c_abf2");
    let mut expected = before.clone();
    expected["access"]["type"]["id"] = after["access"]["type"]["id"].clone();
    expected["identifier"]["version"] = json!(2);
    expected["metadata"]["updated"] = json!(expiry.midnight().assume_utc().unix_timestamp());
    assert_eq!(after, expected, "nothing else changes");
    let first = server.get(&server.user(), &format!("{path}/1")).await;
    assert_eq!(access_of(&first.expect(200)), "c_f1cf");
}

/// Moves the end of the embargo to so many days from now.
async fn move_expiry(server: &Server, path: &str, days: i64) {
    let mut raid = server.get(&server.user(), path).await.expect(200);
    let expiry = server.clock.now().date() + Days::days(days);
    raid["access"]["embargoExpiry"] = json!(expiry.to_string());
    server.put(&server.user(), path, &raid).await.expect(200);
}

async fn a_prolonged_embargo_ends_later(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&embargoed(&server)).await);
    move_expiry(&server, &path, 60).await;
    server.clock.advance(Days::days(31));
    work(&server, 1).await;
    assert_eq!(anonymous(&server, &path).await.status, 401);
    server.clock.advance(Days::days(30));
    work(&server, 0).await;
    let raid = anonymous(&server, &path).await.expect(200);
    assert_eq!(raid["identifier"]["version"], 3);
}

async fn a_shortened_embargo_ends_earlier(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&embargoed(&server)).await);
    move_expiry(&server, &path, 2).await;
    server.clock.advance(Days::days(2));
    work(&server, 0).await;
    assert_eq!(anonymous(&server, &path).await.status, 200);
}

/// RAiD API, section on access: it takes a day that is past. Here that would open the RAiD at once.
async fn an_embargo_has_a_future(db: &TestDb) {
    let server = serve(db).await;
    let minted = server.mint(&embargoed(&server)).await;
    let path = path_of(&minted);
    let today = server.clock.now().date();
    for day in [today, today - Days::days(1)] {
        let mut body = embargoed(&server);
        body["access"]["embargoExpiry"] = json!(day.to_string());
        let mint = server.post(&server.user(), "/raid/", &body).await;
        let mut raid = minted.clone();
        raid["access"]["embargoExpiry"] = json!(day.to_string());
        let put = server.put(&server.user(), &path, &raid).await;
        for refused in [mint, put] {
            refused.expect(400);
            assert_eq!(refused.fields(), ["access.embargoExpiry"]);
        }
    }
    // One that has ended stays with its RAiD until the version that opens it.
    stored_with_expiry(&server, &minted, today).await;
    let mut raid = server.get(&server.user(), &path).await.expect(200);
    raid["title"][0]["text"] = json!("Another");
    let reply = server.put(&server.user(), &path, &raid).await;
    reply.expect(200);
    assert_eq!(reply.header("validation-warning"), "access.embargoExpiry");
    work(&server, 0).await;
    assert_eq!(anonymous(&server, &path).await.status, 200);
}

/// RAiD API, section on access: a dry run says what everybody would see, and when.
async fn a_dry_run_says_what_becomes_public(db: &TestDb) {
    let server = serve(db).await;
    let body = embargoed(&server);
    let tried = server
        .post(&server.user(), "/raid/?dryRun=true", &body)
        .await;
    let expiry = &body["access"]["embargoExpiry"];
    let closed = json!({"allFrom": expiry, "atOnce": ["identifier.id", "access"]});
    assert_eq!(tried.expect(200)["becomesPublic"], closed);
    let minimal = crate::harness::minimal();
    let tried = server
        .post(&server.user(), "/raid/?dryRun=true", &minimal)
        .await;
    let today = server.clock.now().date().to_string();
    let open = json!({"allFrom": today, "atOnce": ["all"]});
    assert_eq!(tried.expect(200)["becomesPublic"], open);
}

/// Writes the next version of a RAiD with the end of its embargo on a day that no request may name.
async fn stored_with_expiry(server: &Server, minted: &Value, day: time::Date) {
    let mut raid: Raid = serde_json::from_value(minted.clone()).unwrap();
    raid.access.embargo_expiry = Some(day);
    raid.identifier.version += 1;
    let now = server.clock.now();
    let actor = Actor::system("user-1");
    let write = RaidWrite::of(&raid, actor, now, now, Lane::Interactive).unwrap();
    let amend = move |c: &mut store::Conn| raids::amend(c, &write);
    server.store.write(amend).await.unwrap();
}
