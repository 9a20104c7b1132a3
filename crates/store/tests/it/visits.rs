//! Visits to ORCID's consent page: each is answered once.

use crate::sample::{at, noon, person};
use store::testing::TestDb;
use store::visits::{self, Purpose, State, Visit};
use store::{Store, Timestamp};

store::on_both_databases!(
    a_visit_moves_from_the_named_state_only,
    a_code_is_exchanged_once,
    visits_long_over_are_forgotten,
    a_kept_code_is_taken_once,
    a_kept_code_is_forgotten_when_the_visit_expires,
);

async fn set_out(store: &Store, nonce: &str, created_at: Timestamp) {
    let visit = Visit {
        nonce: nonce.into(),
        purpose: Purpose::Permission,
        subject: person(1).to_string(),
        state: State::Open,
        orcid: None,
        created_at,
        expires_at: created_at + time::Duration::hours(1),
    };
    store
        .write(move |c| visits::set_out(c, &visit))
        .await
        .unwrap();
}

async fn change(store: &Store, from: State, to: State, who: Option<u32>) -> bool {
    let who = who.map(person);
    store
        .write(move |c| visits::change(c, "n", from, to, who.as_ref()))
        .await
        .unwrap()
}

async fn find(store: &Store, nonce: &'static str) -> Option<Visit> {
    store.read(move |c| visits::find(c, nonce)).await.unwrap()
}

async fn a_visit_moves_from_the_named_state_only(db: &TestDb) {
    let store = db.store();
    assert!(!change(store, State::Open, State::Exchanging, None).await);
    set_out(store, "n", noon()).await;
    set_out(store, "other", noon()).await;
    let mut here = State::Open;
    for to in [
        State::Exchanging,
        State::Failed,
        State::OtherPerson,
        State::Denied,
        State::Granted,
    ] {
        for from in State::ALL.iter().filter(|s| **s != here) {
            assert!(!change(store, *from, to, Some(9)).await);
        }
        assert!(change(store, here, to, Some(2)).await);
        here = to;
        let found = find(store, "n").await.unwrap();
        assert_eq!((found.state, found.purpose), (to, Purpose::Permission));
        assert_eq!(found.orcid.unwrap().into_inner(), person(2));
    }
    assert_eq!(find(store, "other").await.unwrap().state, State::Open);
}

async fn a_code_is_exchanged_once(db: &TestDb) {
    let nodes = [db.store().clone(), db.another_node()];
    set_out(&nodes[0], "n", noon()).await;
    let tries: Vec<_> = (0..12)
        .map(|n| {
            let node = nodes[n % 2].clone();
            tokio::spawn(async move { change(&node, State::Open, State::Exchanging, None).await })
        })
        .collect();
    let mut first = 0;
    for one in tries {
        first += u32::from(one.await.unwrap());
    }
    assert_eq!(first, 1);
}

async fn visits_long_over_are_forgotten(db: &TestDb) {
    let store = db.store();
    set_out(store, "n", noon()).await;
    // Over for less than a day: a reloaded page still gets its answer.
    set_out(store, "later", at(3600 + 86_400)).await;
    assert!(find(store, "n").await.is_some());
    set_out(store, "latest", at(3600 + 86_401)).await;
    assert!(find(store, "n").await.is_none());
    assert!(find(store, "later").await.is_some());
}

/// A visit whose exchange did not reach ORCID.
async fn waiting(store: &Store) {
    set_out(store, "n", noon()).await;
    assert!(change(store, State::Open, State::Exchanging, None).await);
    keep(store).await;
    assert_eq!(find(store, "n").await.unwrap().state, State::Waiting);
}

async fn keep(store: &Store) {
    store
        .write(|c| visits::keep_code(c, "n", b"sealed"))
        .await
        .unwrap();
}

async fn take(store: &Store, now: Timestamp) -> Option<Vec<u8>> {
    store
        .write(move |c| visits::take_code(c, "n", now))
        .await
        .unwrap()
}

async fn a_kept_code_is_taken_once(db: &TestDb) {
    let nodes = [db.store().clone(), db.another_node()];
    waiting(&nodes[0]).await;
    let tries: Vec<_> = (0..12)
        .map(|n| {
            let node = nodes[n % 2].clone();
            tokio::spawn(async move { take(&node, at(60)).await })
        })
        .collect();
    let mut taken = Vec::new();
    for one in tries {
        taken.extend(one.await.unwrap());
    }
    assert_eq!(taken, [b"sealed".to_vec()]);
    let store = &nodes[0];
    assert_eq!(find(store, "n").await.unwrap().state, State::Exchanging);
    // It can be kept and taken again, but not beside an exchange that ended.
    keep(store).await;
    assert!(take(store, at(60)).await.is_some());
    assert!(change(store, State::Exchanging, State::Granted, Some(1)).await);
    keep(store).await;
    assert_eq!(find(store, "n").await.unwrap().state, State::Granted);
    assert_eq!(take(store, at(60)).await, None);
}

async fn a_kept_code_is_forgotten_when_the_visit_expires(db: &TestDb) {
    let store = db.store();
    waiting(store).await;
    assert_eq!(take(store, at(3600)).await, None, "the visit has expired");
    let forget = |now| store.write(move |c| visits::forget_codes(c, now));
    assert_eq!(forget(at(3599)).await.unwrap(), 0);
    assert_eq!(forget(at(3600)).await.unwrap(), 1);
    assert_eq!(find(store, "n").await.unwrap().state, State::Failed);
    assert_eq!(take(store, at(3599)).await, None, "nothing is kept");
}
