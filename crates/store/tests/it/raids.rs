//! RAiDs, their versions, contributions and lists.

use crate::sample::{self, SERVICE_POINT, at, handle, noon, person, raid};
use std::collections::BTreeSet;
use store::raids::{self, Access, After, CountFilter, Filter, RaidWrite, Sight};
use store::service_points::{self, ServicePointRow};
use store::tasks::{self, Kind, Room, Settle, Work};
use store::testing::TestDb;
use store::{Json, Store, StoreError, contributions};

store::on_both_databases!(
    a_minted_raid_reads_back,
    the_next_version_follows_the_one_that_stands,
    a_stale_or_missing_raid_is_not_amended,
    of_many_amendments_of_one_version_one_wins,
    everybody_who_was_or_is_a_contributor_is_woken,
    pages_have_no_gap_and_no_repeat,
    what_changed_since_comes_in_the_order_of_changes,
    pages_and_counts_keep_to_their_filter,
    versions_come_in_order,
    the_raids_of_a_person_come_in_pages,
    service_points_are_seeded_once,
);

fn amended(n: u32, version: i32, contributors: &[u32]) -> RaidWrite {
    let people: Vec<_> = contributors.iter().copied().map(person).collect();
    RaidWrite {
        version,
        document: Json(format!(r#"{{"raid": {n}, "version": {version}}}"#)),
        access: Access::Embargoed,
        at: at(i64::from(version)),
        due_at: at(i64::from(version) + 1),
        ..raid(n, &people)
    }
}

async fn amend(store: &Store, write: RaidWrite) -> Result<(), StoreError> {
    store.write(move |c| raids::amend(c, &write)).await
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

async fn a_minted_raid_reads_back(db: &TestDb) {
    let store = sample::store(db).await;
    let mut write = raid(1, &[person(1), person(2)]);
    write.document = Json(r#"{"title": "Ä “quoted” \\ ☃", "n": [1, null, 2.5]}"#.into());
    store.mint(write.clone()).await.unwrap();
    let found = store.read(|c| raids::find(c, &handle(1))).await.unwrap();
    let found = found.unwrap();
    assert_eq!(found.handle.get(), &handle(1));
    assert_eq!((found.version, found.service_point_id), (1, SERVICE_POINT));
    assert_eq!(found.access, Access::Open);
    assert_eq!(json(&found.document.0), json(&write.document.0));
    assert_eq!((found.created_at, found.updated_at), (noon(), noon()));
    let contributors = store.read(|c| contributions::of_raid(c, &handle(1))).await;
    assert_eq!(contributors.unwrap(), write.contributors);
    let missing = store.read(|c| raids::find(c, &handle(2))).await.unwrap();
    assert!(missing.is_none());
}

async fn the_next_version_follows_the_one_that_stands(db: &TestDb) {
    let store = sample::store(db).await;
    store.mint(raid(1, &[person(1)])).await.unwrap();
    store.mint(raid(2, &[person(1)])).await.unwrap();
    for version in 2..=5 {
        amend(&store, amended(1, version, &[2])).await.unwrap();
    }
    let found = store.read(|c| raids::find(c, &handle(1))).await.unwrap();
    let found = found.unwrap();
    assert_eq!((found.version, found.access), (5, Access::Embargoed));
    assert_eq!(found.created_at, noon());
    assert_eq!(found.updated_at, at(5));
    let versions = store
        .read(|c| {
            let all: Result<Vec<_>, _> =
                (0..=6).map(|v| raids::version(c, &handle(1), v)).collect();
            Ok((all?, raids::count_versions(c, &handle(1))?))
        })
        .await
        .unwrap();
    assert_eq!(versions.1, 5);
    let texts: Vec<_> = versions
        .0
        .into_iter()
        .map(|v| v.map(|v| json(&v.document.0)))
        .collect();
    assert_eq!(texts[0], None);
    assert_eq!(texts[1], Some(json(r#"{"raid": 1}"#)));
    assert_eq!(texts[3], Some(json(r#"{"raid": 1, "version": 3}"#)));
    assert_eq!(texts[6], None);
    // Its neighbour is as it was.
    let other = store.read(|c| raids::find(c, &handle(2))).await.unwrap();
    assert_eq!(other.unwrap().version, 1);
}

async fn a_stale_or_missing_raid_is_not_amended(db: &TestDb) {
    let store = sample::store(db).await;
    store.mint(raid(1, &[person(1)])).await.unwrap();
    amend(&store, amended(1, 2, &[1])).await.unwrap();
    for version in [1, 2, 4, 9] {
        let result = amend(&store, amended(1, version, &[9])).await;
        assert!(
            matches!(result, Err(StoreError::StaleVersion { current: 2 })),
            "{version}: {result:?}"
        );
    }
    let missing = amend(&store, amended(5, 2, &[9])).await;
    assert!(matches!(missing, Err(StoreError::NotFound)), "{missing:?}");
    let (contributors, versions) = store
        .read(|c| {
            Ok((
                contributions::of_raid(c, &handle(1))?,
                raids::count_versions(c, &handle(1))?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(contributors, BTreeSet::from([person(1)]));
    assert_eq!(versions, 2);
}

async fn of_many_amendments_of_one_version_one_wins(db: &TestDb) {
    let store = sample::store(db).await;
    let nodes = [store.clone(), db.another_node()];
    store.mint(raid(1, &[])).await.unwrap();
    let tries: Vec<_> = (0..12)
        .map(|n| {
            let node = nodes[n as usize % 2].clone();
            tokio::spawn(async move { amend(&node, amended(1, 2, &[n])).await })
        })
        .collect();
    let mut winner = None;
    for (n, try_) in (0..).zip(tries) {
        match try_.await.unwrap() {
            Ok(()) => assert_eq!(winner.replace(n), None),
            Err(StoreError::StaleVersion { current: 2 }) => {}
            // SQLite has one writer a process; two processes may wait for each other in vain.
            Err(StoreError::Commit(e)) if e.contains("locked") => {}
            Err(other) => panic!("{other}"),
        }
    }
    let contributors = store.read(|c| contributions::of_raid(c, &handle(1))).await;
    assert_eq!(
        contributors.unwrap(),
        BTreeSet::from([person(winner.unwrap())])
    );
}

/// Settles all tasks as done and gives what they were about.
async fn drain(store: &Store) -> BTreeSet<Work> {
    let mut seen = BTreeSet::new();
    loop {
        let held = store
            .write(|c| {
                let held =
                    tasks::claim(c, "w", &[Kind::Membership], Room::any(9), at(900), at(999))?;
                for task in &held {
                    tasks::settle(c, "w", task, &Settle::Done, at(900))?;
                }
                Ok(held)
            })
            .await
            .unwrap();
        if held.is_empty() {
            return seen;
        }
        for task in held {
            assert!(seen.insert(task.work), "claimed twice");
        }
    }
}

async fn everybody_who_was_or_is_a_contributor_is_woken(db: &TestDb) {
    let store = sample::store(db).await;
    let works = |people: &[u32]| -> BTreeSet<Work> {
        let one = |n: &u32| Work::Membership(person(*n), handle(1));
        people.iter().map(one).collect()
    };
    store.mint(raid(1, &[person(1), person(2)])).await.unwrap();
    assert_eq!(drain(&store).await, works(&[1, 2]));
    amend(&store, amended(1, 2, &[2, 3])).await.unwrap();
    let now = store.read(|c| contributions::of_raid(c, &handle(1))).await;
    assert_eq!(now.unwrap(), BTreeSet::from([person(2), person(3)]));
    assert_eq!(drain(&store).await, works(&[1, 2, 3]));
    amend(&store, amended(1, 3, &[])).await.unwrap();
    assert_eq!(drain(&store).await, works(&[2, 3]));
    let stale = amend(&store, amended(1, 3, &[5])).await;
    assert!(stale.is_err());
    assert_eq!(drain(&store).await, works(&[]), "nothing was written");
}

async fn add_service_point(store: &Store, id: i64) {
    let known = store.read(|c| service_points::find(c, SERVICE_POINT));
    let other = ServicePointRow {
        id,
        name: "Other".into(),
        group_id: "other".into(),
        ..known.await.unwrap().unwrap()
    };
    let seeded = store.write(move |c| service_points::seed(c, &other)).await;
    assert!(seeded.unwrap());
}

async fn pages_have_no_gap_and_no_repeat(db: &TestDb) {
    let store = sample::store(db).await;
    add_service_point(&store, 2).await;
    // Many in the same moment, some with a fraction of a second, some of another service point.
    for n in 0..60 {
        let mut write = raid(n, &[]);
        write.at = at(i64::from(n % 3)) + time::Duration::milliseconds(i64::from(n % 2) * 500);
        write.service_point_id = if n % 4 == 0 { 2 } else { SERVICE_POINT };
        store.mint(write).await.unwrap();
    }
    for (service_point, expected) in [(None, 60), (Some(SERVICE_POINT), 45), (Some(2), 15)] {
        for limit in [1, 7, 100] {
            let mut seen = Vec::new();
            let mut after: Option<After> = None;
            loop {
                let from = after.clone();
                let filter = Filter {
                    service_point,
                    ..Filter::default()
                };
                let page = store
                    .read(move |c| raids::page(c, &filter, from.as_ref(), limit))
                    .await
                    .unwrap()
                    .rows;
                let Some(last) = page.last() else { break };
                assert!(page.len() <= usize::try_from(limit).unwrap());
                after = Some(After {
                    at: last.created_at,
                    handle: last.handle.get().clone(),
                });
                seen.extend(
                    page.into_iter()
                        .map(|r| (r.created_at, r.handle.into_inner())),
                );
            }
            let mut sorted = seen.clone();
            sorted.sort_by(|a, b| b.cmp(a));
            sorted.dedup();
            assert_eq!(seen, sorted, "newest first, each once");
            assert_eq!(seen.len(), expected);
        }
    }
}

async fn what_changed_since_comes_in_the_order_of_changes(db: &TestDb) {
    let store = sample::store(db).await;
    for n in 0..20 {
        let mut write = raid(n, &[]);
        write.at = at(i64::from(n));
        store.mint(write).await.unwrap();
    }
    // Several change in the same moment.
    for n in [3, 11, 7, 15] {
        let mut write = raid(n, &[]);
        (write.version, write.at) = (2, at(100 + i64::from(n % 2)));
        let amended = store.write(move |c| raids::amend(c, &write));
        amended.await.unwrap();
    }
    for limit in [1, 3, 100] {
        let filter = Filter {
            updated_from: Some(at(18)),
            ..Filter::default()
        };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let (filter, from) = (filter.clone(), after.clone());
            let page = store.snapshot(move |c| raids::page(c, &filter, from.as_ref(), limit));
            let page = page.await.unwrap();
            let found = page.rows.into_iter();
            seen.extend(found.map(|row| (row.updated_at, row.handle.into_inner())));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(seen, sorted, "each once");
        // Two that were minted at this moment or later, and the four that changed.
        assert_eq!(seen.len(), 6, "{limit} at a time");
    }
}

async fn pages_and_counts_keep_to_their_filter(db: &TestDb) {
    let store = sample::store(db).await;
    add_service_point(&store, 2).await;
    for n in 0..12 {
        let mut write = raid(n, &[]);
        write.at = at(i64::from(n));
        write.access = if n % 3 == 0 {
            Access::Embargoed
        } else {
            Access::Open
        };
        write.service_point_id = if n % 4 == 0 { 2 } else { SERVICE_POINT };
        store.mint(write).await.unwrap();
    }
    let embargoed = Filter {
        access: Some(Access::Embargoed),
        ..Filter::default()
    };
    let page = store.read(move |c| raids::page(c, &embargoed, None, 100));
    let found = page.await.unwrap().rows;
    let found: Vec<_> = found.into_iter().map(|r| r.handle).collect();
    let expected: Vec<_> = [9, 6, 3, 0].map(|n| handle(n).into()).into();
    assert_eq!(found, expected);

    for (service_point, from, before, expected) in [
        (None, None, None, vec![(SERVICE_POINT, 9), (2, 3)]),
        (Some(2), None, None, vec![(2, 3)]),
        (
            None,
            Some(at(4)),
            Some(at(8)),
            vec![(SERVICE_POINT, 3), (2, 1)],
        ),
        (Some(3), None, None, vec![]),
    ] {
        let filter = CountFilter {
            sight: Sight::everything(),
            service_point,
            from,
            before,
        };
        let counts = store.read(move |c| raids::count_by_service_point(c, &filter));
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(counts.await.unwrap(), expected);
    }
    // Embargoed ones count for those who see them: 0, 3, 6 and 9 are, and 0 is of the other.
    let own = |id| Sight {
        service_point: Some(id),
        ..Sight::default()
    };
    for (sight, expected) in [
        (Sight::default(), [(SERVICE_POINT, 6), (2, 2)]),
        (own(2), [(SERVICE_POINT, 6), (2, 3)]),
        (own(SERVICE_POINT), [(SERVICE_POINT, 9), (2, 2)]),
    ] {
        let filter = CountFilter {
            sight,
            ..CountFilter::default()
        };
        let counts = store.read(move |c| raids::count_by_service_point(c, &filter));
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(counts.await.unwrap(), expected);
    }
}

async fn versions_come_in_order(db: &TestDb) {
    let store = sample::store(db).await;
    store.mint(raid(1, &[])).await.unwrap();
    for version in 2..=5 {
        let write = amended(1, version, &[]);
        store.write(move |c| raids::amend(c, &write)).await.unwrap();
    }
    for (after, limit, expected) in [(0, 3, vec![1, 2, 3]), (3, 9, vec![4, 5]), (5, 9, vec![])] {
        let rows = store.read(move |c| raids::versions_after(c, &handle(1), after, limit));
        let (rows, last) = rows.await.unwrap();
        assert_eq!(last.as_ref(), expected.last());
        let numbers: Vec<_> = rows.iter().map(|row| row.version).collect();
        assert_eq!(numbers, expected);
        assert!(
            rows.iter()
                .all(|row| row.actor == raid(1, &[]).actor.subject)
        );
    }
}

async fn the_raids_of_a_person_come_in_pages(db: &TestDb) {
    let store = sample::store(db).await;
    for n in 0..25 {
        store.mint(raid(n, &[person(1), person(n)])).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let from = after.clone();
        let page = store
            .read(move |c| contributions::of_person(c, &person(1), from.as_ref(), 10))
            .await
            .unwrap();
        if page.is_empty() {
            break;
        }
        after = page.last().cloned();
        seen.extend(page);
    }
    assert_eq!(seen, (0..25).map(handle).collect::<Vec<_>>());
}

async fn service_points_are_seeded_once(db: &TestDb) {
    let store = sample::store(db).await;
    let one = |c: &mut store::Conn| service_points::find(c, SERVICE_POINT);
    let row = store.read(one).await.unwrap().unwrap();
    let changed = ServicePointRow {
        enabled: false,
        ..row.clone()
    };
    let same_name = ServicePointRow {
        id: 2,
        group_id: "another".into(),
        ..row.clone()
    };
    for again in [changed, same_name] {
        let added = store.write(move |c| service_points::seed(c, &again)).await;
        assert!(!added.unwrap());
    }
    let (all, of_group, of_none) = store
        .read(|c| {
            Ok((
                service_points::all(c)?,
                service_points::of_group(c, "demo")?,
                service_points::of_group(c, "nobody")?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(all, std::slice::from_ref(&row));
    assert_eq!(of_group, Some(row));
    assert_eq!(of_none, None);
}
