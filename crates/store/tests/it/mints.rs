//! Many mints at once: each there exactly once, a bad one alone.

use crate::sample::{self, handle, person, raid};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::raids::{self, RaidWrite};
use store::testing::TestDb;
use store::{Json, Settings, Store, StoreError, contributions, tasks};
use tokio::sync::Barrier;

store::on_both_databases!(
    many_at_once_are_all_there_once,
    a_taken_handle_fails_alone,
    a_bad_mint_fails_alone,
    of_two_with_one_handle_one_is_minted,
    a_raid_may_have_thousands_of_contributors,
    mints_leave_room_for_others,
);

async fn all_handles(store: &Store) -> Vec<String> {
    let rows = store
        .read(|c| raids::page(c, &raids::Filter::default(), None, 10_000))
        .await;
    let rows = rows.unwrap().rows.into_iter();
    rows.map(|r| r.handle.as_str().to_owned()).collect()
}

/// Mints all of them at the same time and gives what became of each.
async fn at_once(store: &Store, writes: Vec<RaidWrite>) -> Vec<Result<(), StoreError>> {
    let start = Arc::new(Barrier::new(writes.len()));
    let mints: Vec<_> = writes
        .into_iter()
        .map(|write| {
            let (store, start) = (store.clone(), start.clone());
            tokio::spawn(async move {
                start.wait().await;
                store.mint(write).await
            })
        })
        .collect();
    let mut results = Vec::new();
    for mint in mints {
        results.push(mint.await.unwrap());
    }
    results
}

async fn many_at_once_are_all_there_once(db: &TestDb) {
    let store = sample::store(db).await;
    let minters: Vec<_> = (0..32)
        .map(|t: u32| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in (0..320).filter(|n| n % 32 == t) {
                    store.mint(raid(n, &[person(n % 7)])).await.unwrap();
                }
            })
        })
        .collect();
    for minter in minters {
        minter.await.unwrap();
    }
    let mut found = all_handles(&store).await;
    found.sort();
    let wanted: Vec<_> = (0..320).map(|n| handle(n).to_string()).collect();
    assert_eq!(found, wanted);
    let (of_one, due) = store
        .read(|c| {
            Ok((
                contributions::of_person(c, &person(3), None, 1000)?,
                tasks::counts(c)?,
            ))
        })
        .await
        .unwrap();
    let wanted: Vec<_> = (0..320).filter(|n| n % 7 == 3).map(handle).collect();
    assert_eq!(of_one, wanted);
    assert_eq!(
        due,
        [(tasks::Kind::Membership, tasks::State::Due, 320)],
        "one task a contribution"
    );
    for n in [0, 100, 319] {
        let version = store
            .read(move |c| {
                Ok((
                    raids::version(c, &handle(n), 1)?,
                    raids::count_versions(c, &handle(n))?,
                ))
            })
            .await;
        let (document, count) = version.unwrap();
        assert!(document.unwrap().document.0.contains(&n.to_string()));
        assert_eq!(count, 1);
    }
}

async fn a_taken_handle_fails_alone(db: &TestDb) {
    let store = sample::store(db).await;
    store.mint(raid(7, &[])).await.unwrap();
    let results = at_once(&store, (0..40).map(|n| raid(n, &[person(n)])).collect()).await;
    for (n, result) in results.into_iter().enumerate() {
        if n == 7 {
            assert!(matches!(result, Err(StoreError::HandleTaken)), "{result:?}");
        } else {
            result.unwrap();
        }
    }
    assert_eq!(all_handles(&store).await.len(), 40);
    let stranger = store.read(|c| contributions::of_person(c, &person(7), None, 10));
    assert_eq!(stranger.await.unwrap(), []);
}

/// Whatever the database has against a mint, its neighbours are none the worse for it.
async fn a_bad_mint_fails_alone(db: &TestDb) {
    let store = sample::store(db).await;
    let bad = |n: u32| {
        let mut write = raid(n, &[]);
        match n {
            3 => write.service_point_id = 9,
            // PostgreSQL knows no NUL character; SQLite keeps it.
            11 => write.document = Json("{\"title\": \"\\u0000\"}".into()),
            19 => write.actor.subject = "nul \0 character".into(),
            27 => write.document = Json("no JSON".into()),
            _ => {}
        }
        write
    };
    for round in 0..4 {
        let shift = |n: u32| {
            let mut write = bad(n);
            write.handle = handle(n + 100 * round).into();
            write
        };
        let results = at_once(&store, (0..40).map(shift).collect()).await;
        for (n, result) in results.into_iter().enumerate() {
            let foreign = n == 3;
            let odd = matches!(n, 11 | 19 | 27);
            match result {
                Ok(()) => assert!(!foreign),
                // The database said no: the caller may be told that nothing was written.
                Err(StoreError::Database(_)) => assert!(foreign || odd, "{n}"),
                Err(other) => panic!("{n}: {other}"),
            }
        }
    }
    assert!(all_handles(&store).await.len() >= 4 * 36);
}

async fn of_two_with_one_handle_one_is_minted(db: &TestDb) {
    let store = sample::store(db).await;
    let pairs = (0..40).map(|n| {
        let mut write = raid(n / 2, &[person(n)]);
        write.actor.subject = format!("minter {n}");
        write
    });
    let results = at_once(&store, pairs.collect()).await;
    for pair in results.chunks(2) {
        let minted = pair.iter().filter(|r| r.is_ok()).count();
        assert_eq!(minted, 1, "{pair:?}");
        assert!(
            pair.iter()
                .any(|r| matches!(r, Err(StoreError::HandleTaken))),
            "{pair:?}"
        );
    }
    let unique: BTreeSet<_> = all_handles(&store).await.into_iter().collect();
    assert_eq!(unique.len(), 20);
    // The contributor is the one whose mint was acknowledged.
    for (n, result) in (0..).zip(results) {
        let has = store.read(move |c| contributions::of_person(c, &person(n), None, 10));
        assert_eq!(has.await.unwrap().len(), usize::from(result.is_ok()));
    }
}

/// Papers and projects in physics have more than 5000; a statement takes 32766 (SQLite) or 65535
/// (PostgreSQL) parameters.
async fn a_raid_may_have_thousands_of_contributors(db: &TestDb) {
    let store = sample::store(db).await;
    let many: Vec<_> = (0..8000).map(person).collect();
    let (first, second) = (raid(1, &many), {
        let mut write = raid(1, &many[..1]);
        write.version = 2;
        write
    });
    store.mint(first).await.unwrap();
    let of_raid = || store.read(|c| contributions::of_raid(c, &handle(1)));
    assert_eq!(of_raid().await.unwrap().len(), 8000);
    store
        .write(move |c| raids::amend(c, &second))
        .await
        .unwrap();
    assert_eq!(of_raid().await.unwrap(), BTreeSet::from([many[0]]));
}

/// With a single connection configured, reads, writes and many mints get on together.
async fn mints_leave_room_for_others(db: &TestDb) {
    sample::store(db).await;
    let settings = Settings {
        connections: 1,
        ..db.settings().clone()
    };
    let small = Store::open(&settings, db.clock().clone(), TestDb::keys()).unwrap();
    let tasks: Vec<_> = (0..120)
        .map(|n| {
            let store = small.clone();
            tokio::spawn(async move {
                store.mint(raid(n, &[person(n)])).await?;
                let found = store.read(move |c| raids::find(c, &handle(n))).await?;
                assert_eq!(found.unwrap().version, 1);
                let mut next = raid(n, &[]);
                next.version = 2;
                store.write(move |c| raids::amend(c, &next)).await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}
