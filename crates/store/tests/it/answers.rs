//! Answers that are kept for those who ask again: one for each key, for as long as was said.

use crate::sample::{self, at, handle, noon, person, raid};
use store::answers::{self, KeptAnswer};
use store::raids::{self, Filter, RaidWrite};
use store::testing::TestDb;
use store::{Store, StoreError, Timestamp};

store::on_both_databases!(
    an_answer_is_kept_with_its_mint,
    a_key_has_one_mint_whoever_comes_first,
    a_taken_handle_leaves_the_key_free,
    answers_that_are_over_are_forgotten,
);

const DAY: i64 = 24 * 3600;

fn kept(key: u32, created_at: Timestamp) -> KeptAnswer {
    KeptAnswer {
        key: format!("key {key}"),
        request: "a hash".into(),
        location: "https://raid.org/10.82210/1".into(),
        body: "{\"b\": 1, \"a\": \"Ä ☃\"}".into(),
        warning: Some("title[0].text".into()),
        created_at,
        expires_at: created_at + time::Duration::seconds(DAY),
    }
}

/// The `n`th RAiD, minted with a key.
fn keyed(n: u32, key: u32, created_at: Timestamp) -> RaidWrite {
    let mut write = raid(n, &[person(n)]);
    write.answer = Some(Box::new(kept(key, created_at)));
    write
}

async fn find(store: &Store, key: u32, now: Timestamp) -> Option<KeptAnswer> {
    let key = format!("key {key}");
    let found = store.read(move |c| answers::find(c, &key, now));
    found.await.unwrap()
}

async fn count(store: &Store) -> usize {
    let all = store.read(|c| raids::page(c, &Filter::default(), None, 10_000));
    all.await.unwrap().rows.len()
}

async fn an_answer_is_kept_with_its_mint(db: &TestDb) {
    let store = sample::store(db).await;
    store.mint(keyed(1, 1, noon())).await.unwrap();
    assert_eq!(find(&store, 1, noon()).await, Some(kept(1, noon())));
    assert!(find(&store, 1, at(DAY - 1)).await.is_some());
    assert!(find(&store, 1, at(DAY)).await.is_none());
    assert!(find(&store, 2, noon()).await.is_none());
}

/// Two nodes, and groups in which the same keys come several times, in any order.
async fn a_key_has_one_mint_whoever_comes_first(db: &TestDb) {
    let nodes = [sample::store(db).await, db.another_node()];
    let mints: Vec<_> = (0..240_u32)
        .map(|n| {
            let node = nodes[n as usize % 2].clone();
            let key = n * 7 % 24;
            let write = if n % 5 == 4 {
                raid(n, &[])
            } else {
                keyed(n, key, noon())
            };
            tokio::spawn(async move { (n, key, node.mint(write).await) })
        })
        .collect();
    let mut minted = [0; 24];
    for mint in mints {
        match mint.await.unwrap() {
            (n, _, result) if n % 5 == 4 => result.unwrap(),
            (_, key, Ok(())) => minted[key as usize] += 1,
            (_, _, Err(StoreError::KeyTaken)) => {}
            (n, _, Err(other)) => panic!("{n}: {other}"),
        }
    }
    assert_eq!(minted, [1; 24]);
    assert_eq!(count(&nodes[0]).await, 24 + 48);
}

async fn a_taken_handle_leaves_the_key_free(db: &TestDb) {
    let store = sample::store(db).await;
    store.mint(raid(1, &[])).await.unwrap();
    let taken = store.mint(keyed(1, 1, noon())).await;
    assert!(matches!(taken, Err(StoreError::HandleTaken)), "{taken:?}");
    assert!(find(&store, 1, noon()).await.is_none());
    store.mint(keyed(2, 1, noon())).await.unwrap();
    let again = store.mint(keyed(3, 1, noon())).await;
    assert!(matches!(again, Err(StoreError::KeyTaken)), "{again:?}");
    let absent = store.read(|c| raids::find(c, &handle(3))).await.unwrap();
    assert!(absent.is_none(), "the RAiD goes with its key");
}

async fn answers_that_are_over_are_forgotten(db: &TestDb) {
    let store = sample::store(db).await;
    for n in 0..40 {
        store.mint(keyed(n, n, noon())).await.unwrap();
    }
    // The key of an answer that is over is free, also where it is not among those swept first.
    let later = at(DAY + 1);
    store.mint(keyed(100, 39, later)).await.unwrap();
    assert_eq!(find(&store, 39, later).await, Some(kept(39, later)));
    let mut left = 0;
    for n in 0..39 {
        left += usize::from(find(&store, n, noon()).await.is_some());
    }
    assert!((29..=30).contains(&left), "some at a time: {left} are left");
    for n in 101..104 {
        store.mint(keyed(n, n, later)).await.unwrap();
    }
    for n in 0..39 {
        assert!(find(&store, n, noon()).await.is_none(), "{n}");
    }
    assert_eq!(count(&store).await, 44, "RAiDs stay");
}
