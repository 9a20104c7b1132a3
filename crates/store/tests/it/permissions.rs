//! What people said, and how often they were asked.

use crate::sample::{self, at, handle, noon, person, raid};
use std::collections::HashMap;
use store::permission_requests as requests;
use store::permissions::{self, Change, Standing, State};
use store::testing::TestDb;
use store::{Id, Store};

store::on_both_databases!(
    a_person_moves_from_the_named_states_only,
    a_person_is_made_known_once,
    suspicion_is_counted_anew_each_time,
    of_many_answers_at_once_one_counts,
    the_states_of_a_raids_people,
    a_request_goes_out_comes_back_and_is_counted,
    a_request_taken_back_does_not_count,
);

async fn state(store: &Store, n: u32) -> permissions::Permission {
    let found = store.read(move |c| permissions::find(c, &person(n))).await;
    found.unwrap().unwrap()
}

async fn change(store: &Store, from: &'static [State], to: Change, now: i64) -> bool {
    store
        .write(move |c| permissions::change(c, &person(1), from, &to, at(now)))
        .await
        .unwrap()
}

async fn known(store: &Store, n: u32) {
    store
        .write(move |c| permissions::ensure(c, &person(n), noon()))
        .await
        .unwrap();
}

async fn a_person_moves_from_the_named_states_only(db: &TestDb) {
    let store = db.store();
    let unknown = Change::to(State::Granted);
    assert!(!change(store, &[State::Unasked], unknown, 0).await);
    known(store, 1).await;
    for (n, from) in (1..).zip(State::ALL) {
        // Into each state from whatever it is, and out of it by its name only.
        assert!(change(store, State::ALL, Change::because(*from, "here"), n).await);
        let others: &'static [State] = State::ALL
            .iter()
            .copied()
            .filter(|s| s != from)
            .collect::<Vec<_>>()
            .leak();
        assert!(!change(store, others, Change::to(State::Locked), n + 50).await);
        assert!(!change(store, &[], Change::to(State::Locked), n + 50).await);
        let kept = state(store, 1).await;
        assert_eq!(
            (kept.state, kept.since, kept.updated_at),
            (*from, at(n), at(n))
        );
        assert_eq!(kept.reason.as_deref(), Some("here"));
    }
    let merged = Change {
        primary: Some(person(2)),
        ..Change::to(State::Deprecated)
    };
    assert!(change(store, &[State::Locked], merged, 100).await);
    let kept = state(store, 1).await;
    assert_eq!(kept.primary_orcid.unwrap().into_inner(), person(2));
    assert_eq!(kept.reason, None);
    assert!(change(store, &[State::Deprecated], Change::to(State::Unasked), 101).await);
    assert_eq!(state(store, 1).await.primary_orcid, None);
}

async fn a_person_is_made_known_once(db: &TestDb) {
    let store = db.store();
    known(store, 1).await;
    assert!(change(store, &[State::Unasked], Change::to(State::Asked), 5).await);
    known(store, 1).await;
    assert_eq!(state(store, 1).await.state, State::Asked);
    known(store, 2).await;
    let mut counts = store.read(permissions::counts).await.unwrap();
    counts.sort_by_key(|(state, _)| state.as_str());
    assert_eq!(counts, [(State::Asked, 1), (State::Unasked, 1)]);
}

async fn suspicion_is_counted_anew_each_time(db: &TestDb) {
    let store = db.store();
    known(store, 1).await;
    let again = |now| store.write(move |c| permissions::suspect_again(c, &person(1), at(now)));
    assert!(again(1).await.is_err(), "not under suspicion");
    assert!(change(store, State::ALL, Change::to(State::Suspect), 2).await);
    assert_eq!(again(3).await.unwrap(), 1);
    assert_eq!(again(4).await.unwrap(), 2);
    let kept = state(store, 1).await;
    assert_eq!((kept.since, kept.updated_at), (at(2), at(4)));
    let count = |now| store.read(move |c| permissions::count_suspects(c, at(now)));
    assert_eq!(count(2).await.unwrap(), 1);
    assert_eq!(count(3).await.unwrap(), 0);
    store
        .write(|c| permissions::absolve(c, &person(1), at(5)))
        .await
        .unwrap();
    assert_eq!(again(6).await.unwrap(), 1);
    assert!(change(store, &[State::Suspect], Change::to(State::Granted), 7).await);
    assert!(change(store, &[State::Granted], Change::to(State::Suspect), 8).await);
    assert_eq!(again(9).await.unwrap(), 1);
}

async fn of_many_answers_at_once_one_counts(db: &TestDb) {
    let nodes = [db.store().clone(), db.another_node()];
    known(&nodes[0], 1).await;
    let answers: Vec<_> = (0..10)
        .map(|n| {
            let node = nodes[n % 2].clone();
            tokio::spawn(async move {
                change(&node, &[State::Unasked], Change::to(State::Asked), 1).await
            })
        })
        .collect();
    let mut counted = 0;
    for answer in answers {
        counted += u32::from(answer.await.unwrap());
    }
    assert_eq!(counted, 1);
}

async fn the_states_of_a_raids_people(db: &TestDb) {
    let store = &sample::store(db).await;
    store.mint(raid(1, &[person(1), person(2)])).await.unwrap();
    store.mint(raid(2, &[person(2), person(3)])).await.unwrap();
    store.mint(raid(3, &[person(4)])).await.unwrap();
    for n in [1, 2, 4] {
        known(store, n).await;
    }
    assert!(change(store, State::ALL, Change::to(State::Granted), 1).await);
    let found = store
        .read(|c| permissions::of_raids(c, &[&handle(1), &handle(2)]))
        .await
        .unwrap();
    let standing = |state, since| Standing { state, since };
    let wanted = [
        (person(1), standing(State::Granted, at(1))),
        (person(2), standing(State::Unasked, noon())),
    ];
    assert_eq!(found, HashMap::from(wanted));
    let none = store.read(|c| permissions::of_raids(c, &[])).await.unwrap();
    assert!(none.is_empty());
    let asked_for = [1, 2, 3].map(person);
    let found = store.read(move |c| permissions::of_people(c, &asked_for));
    assert_eq!(found.await.unwrap(), HashMap::from(wanted));
}

async fn a_request_goes_out_comes_back_and_is_counted(db: &TestDb) {
    let store = db.store();
    let ids = [1, 2, 3].map(|n| Id::new(at(n)));
    for (n, id) in (1..).zip(ids) {
        store
            .write(move |c| requests::intend(c, id, &person(1), at(n)))
            .await
            .unwrap();
    }
    let current = || store.read(|c| requests::current(c, &person(1)));
    let found = current().await.unwrap().unwrap();
    assert_eq!((found.id, found.state), (ids[2], requests::State::Posting));
    assert_eq!((found.put_code, found.asked_at), (None, at(3)));
    store
        .write(move |c| requests::opened(c, ids[2], i64::MAX))
        .await
        .unwrap();
    let found = current().await.unwrap().unwrap();
    assert_eq!(found.state, requests::State::Open);
    assert_eq!(found.put_code, Some(i64::MAX));
    for (n, id) in (10..).zip([ids[2], ids[0]]) {
        store
            .write(move |c| requests::close(c, id, at(n)))
            .await
            .unwrap();
    }
    assert_eq!(current().await.unwrap().unwrap().id, ids[1]);
    store
        .write(move |c| requests::close(c, ids[1], at(12)))
        .await
        .unwrap();
    assert!(current().await.unwrap().is_none());
    // Closed ones count as well: the person was asked.
    for (since, count) in [(0, 3), (2, 2), (3, 1), (4, 0)] {
        let asked = store.read(move |c| requests::count_since(c, &person(1), at(since)));
        assert_eq!(asked.await.unwrap(), count);
    }
    let other = store.read(|c| requests::count_since(c, &person(2), at(0)));
    assert_eq!(other.await.unwrap(), 0);
}

async fn a_request_taken_back_does_not_count(db: &TestDb) {
    let store = db.store();
    let ids = [1, 2].map(|n| Id::new(at(n)));
    for id in ids {
        store
            .write(move |c| requests::intend(c, id, &person(1), at(1)))
            .await
            .unwrap();
    }
    store
        .write(move |c| requests::opened(c, ids[1], 7))
        .await
        .unwrap();
    for id in ids {
        store
            .write(move |c| requests::withdraw(c, id))
            .await
            .unwrap();
    }
    let left = store.read(|c| requests::count_since(c, &person(1), at(0)));
    assert_eq!(left.await.unwrap(), 1, "one was carried out");
}
