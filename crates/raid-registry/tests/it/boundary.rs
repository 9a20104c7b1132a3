//! Days on which a RAiD is called differently: lists and ORCID records follow, without a version.

use std::sync::Arc;
use std::time::{Duration, Instant};

use raid_registry::BoundaryReconciler;
use reconciler::{Runner, Schedule};
use serde_json::{Value, json};
use store::raids;
use store::tasks::{self, Kind, Work};
use store::testing::{TestDb, lose_tasks};
use time::Date;
use time::Duration as Days;
use tokio::sync::watch;

use crate::harness::{Server, embargoed, minimal, path_of, serve};

store::on_both_databases!(
    a_title_comes_into_force_on_its_day,
    an_embargo_needs_no_boundary_of_its_own,
    a_new_version_looks_ahead_again,
);

/// A body that is called `Zebra` until the day before `on`, `Aardvark` from then on, and `Mouse` a week
/// later.
fn renamed(on: Date) -> Value {
    let mut body = minimal();
    let week = on + Days::days(7);
    let title = |text: &str, start: String, end: Option<Date>| {
        let mut title = body["title"][0].clone();
        title["text"] = json!(text);
        title["startDate"] = json!(start);
        match end {
            Some(end) => title["endDate"] = json!(end.to_string()),
            None => drop(title.as_object_mut().unwrap().remove("endDate")),
        }
        title
    };
    let start = body["title"][0]["startDate"].as_str().unwrap().to_owned();
    body["title"] = json!([
        title("Zebra", start, on.previous_day()),
        title("Aardvark", on.to_string(), week.previous_day()),
        title("Mouse", week.to_string(), None),
    ]);
    body
}

/// The title that the RAiD is sorted by.
async fn sorted_as(server: &Server) -> String {
    let found = server.store.read(|c| raids::sorted_as(c, None, 10));
    found.await.unwrap()[0].1.clone().unwrap()
}

/// When the task of the RAiD's next boundary is due.
async fn boundary(server: &Server, raid: &Value) -> Option<Date> {
    let keys = [handle(raid)];
    let due = server
        .store
        .read(move |c| tasks::due_times(c, Kind::Boundary, &keys));
    let due = due.await.unwrap().into_values().next().flatten();
    due.map(|at| {
        assert_eq!(at, at.date().midnight());
        at.date()
    })
}

fn handle(raid: &Value) -> String {
    let path = path_of(raid);
    path.trim_start_matches("/raid/").to_owned()
}

/// How many entries are about to be looked at.
async fn entries(server: &Server) -> i64 {
    let counts = server.store.read(tasks::counts).await.unwrap();
    let of_kind = counts.iter().filter(|(kind, ..)| *kind == Kind::Membership);
    of_kind.map(|(_, _, count)| count).sum()
}

/// Forgets that the contributors' entries are to be looked at.
async fn lose_entries(server: &Server, raid: &Value) {
    let people = raid["contributor"].as_array().unwrap().clone();
    let lost = server.store.write(move |c| {
        for person in &people {
            let id = person["id"].as_str().unwrap();
            lose_tasks(c, id.rsplit('/').next().unwrap())?;
        }
        Ok(())
    });
    lost.await.unwrap();
}

/// Lets a worker follow the date, until the RAiD's next boundary is on `next`.
async fn work(server: &Server, raid: &Value, next: Option<Date>) {
    let settings = reconciler::Settings {
        node: "boundary-test".to_owned(),
        slots: 4,
        lease: Duration::from_mins(1),
        poll: Duration::from_millis(5),
        schedule: Schedule::new(vec![Duration::from_secs(1)], 3),
        outage_probe: Duration::from_secs(5),
    };
    let work = BoundaryReconciler::new(server.store.clone());
    let runner = Runner::new(server.store.clone(), settings, vec![Arc::new(work)]);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(async move { runner.run(stopped).await });
    let deadline = Instant::now() + Duration::from_secs(30);
    let kept = Work::Boundary(handle(raid).parse().unwrap()).key();
    loop {
        let keys = [kept.clone()];
        let due = server
            .store
            .read(move |c| tasks::due_times(c, Kind::Boundary, &keys));
        let due = due.await.unwrap().into_values().next().flatten();
        if due.map(time::PrimitiveDateTime::date) == next {
            break;
        }
        assert!(Instant::now() < deadline, "the next one is {due:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send_replace(true);
    running.await.unwrap();
}

async fn a_title_comes_into_force_on_its_day(db: &TestDb) {
    let server = serve(db).await;
    let day = server.clock.now().date() + Days::days(3);
    let raid = server.mint(&renamed(day)).await;
    assert_eq!(boundary(&server, &raid).await, Some(day));
    assert_eq!(sorted_as(&server).await, "zebra");
    lose_entries(&server, &raid).await;
    server.clock.advance(day.midnight() - server.clock.now());
    let week = day + Days::days(7);
    work(&server, &raid, Some(week)).await;
    assert_eq!(sorted_as(&server).await, "aardvark");
    assert_eq!(entries(&server).await, 1, "the contributor's");
    server.clock.advance(Days::days(7));
    work(&server, &raid, None).await;
    assert_eq!(sorted_as(&server).await, "mouse");
    let after = server.get(&server.user(), &path_of(&raid)).await;
    assert_eq!(after.expect(200)["identifier"]["version"], 1);
}

async fn an_embargo_needs_no_boundary_of_its_own(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&embargoed(&server)).await;
    assert_eq!(boundary(&server, &raid).await, None);
}

async fn a_new_version_looks_ahead_again(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    assert_eq!(boundary(&server, &raid).await, None);
    let path = path_of(&raid);
    let mut next = server.get(&server.user(), &path).await.expect(200);
    let day = server.clock.now().date() + Days::days(5);
    next["title"] = renamed(day)["title"].clone();
    server.put(&server.user(), &path, &next).await.expect(200);
    assert_eq!(boundary(&server, &raid).await, Some(day));
    assert_eq!(sorted_as(&server).await, "zebra");
}
