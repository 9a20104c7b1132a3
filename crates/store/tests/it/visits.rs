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
    an_exchange_that_nobody_settled_is_taken_once,
    an_unsettled_visit_is_not_forgotten,
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

async fn change(store: &Store, from: State, to: State) -> bool {
    store
        .write(move |c| visits::change(c, "n", from, to))
        .await
        .unwrap()
}

async fn begin(store: &Store, now: Timestamp) -> bool {
    store
        .write(move |c| visits::begin_exchange(c, "n", b"sealed", now))
        .await
        .unwrap()
}

async fn settle(store: &Store, to: State) -> bool {
    store
        .write(move |c| visits::settle(c, "n", to, Some(&person(2))))
        .await
        .unwrap()
}

async fn find(store: &Store, nonce: &'static str) -> Option<Visit> {
    store.read(move |c| visits::find(c, nonce)).await.unwrap()
}

async fn a_visit_moves_from_the_named_state_only(db: &TestDb) {
    let store = db.store();
    assert!(!change(store, State::Open, State::Denied).await);
    set_out(store, "n", noon()).await;
    set_out(store, "other", noon()).await;
    let mut here = State::Open;
    for to in [State::Failed, State::Denied] {
        for from in State::ALL.iter().filter(|s| **s != here) {
            assert!(!change(store, *from, to).await);
        }
        assert!(change(store, here, to).await);
        here = to;
        let found = find(store, "n").await.unwrap();
        assert_eq!((found.state, found.purpose), (to, Purpose::Permission));
    }
    assert_eq!(find(store, "other").await.unwrap().state, State::Open);
}

async fn a_code_is_exchanged_once(db: &TestDb) {
    let nodes = [db.store().clone(), db.another_node()];
    set_out(&nodes[0], "n", noon()).await;
    let tries: Vec<_> = (0..12)
        .map(|n| {
            let node = nodes[n % 2].clone();
            tokio::spawn(async move { begin(&node, noon()).await })
        })
        .collect();
    let mut first = 0;
    for one in tries {
        first += u32::from(one.await.unwrap());
    }
    assert_eq!(first, 1);
    let store = &nodes[0];
    assert!(settle(store, State::Granted).await);
    assert!(!settle(store, State::Failed).await, "it is settled");
    let found = find(store, "n").await.unwrap();
    assert_eq!(found.state, State::Granted);
    assert_eq!(found.orcid.unwrap().into_inner(), person(2));
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
    assert!(begin(store, noon()).await);
    wait(store).await;
    assert_eq!(find(store, "n").await.unwrap().state, State::Waiting);
}

async fn wait(store: &Store) {
    store.write(|c| visits::wait(c, "n")).await.unwrap();
}

async fn take(store: &Store, now: Timestamp) -> Option<Vec<u8>> {
    store
        .write(move |c| visits::resume_exchange(c, "n", now))
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
    wait(store).await;
    assert!(take(store, at(60)).await.is_some());
    assert!(settle(store, State::Granted).await);
    wait(store).await;
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

async fn claim(store: &Store, before: Timestamp, now: Timestamp) -> Option<visits::Unsettled> {
    store
        .write(move |c| visits::claim_unsettled(c, before, now))
        .await
        .unwrap()
}

async fn an_exchange_that_nobody_settled_is_taken_once(db: &TestDb) {
    let nodes = [db.store().clone(), db.another_node()];
    let store = &nodes[0];
    set_out(store, "n", noon()).await;
    assert_eq!(
        claim(store, at(900), at(900)).await,
        None,
        "nobody came back"
    );
    assert!(begin(store, at(60)).await);
    assert_eq!(claim(store, at(59), at(120)).await, None, "it may go on");
    let tries: Vec<_> = (0..12)
        .map(|n| {
            let node = nodes[n % 2].clone();
            tokio::spawn(async move { claim(&node, at(60), at(120)).await })
        })
        .collect();
    let mut taken = Vec::new();
    for one in tries {
        taken.extend(one.await.unwrap());
    }
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].code.as_deref(), Some(b"sealed".as_slice()));
    // The process that was so slow does not settle it any more.
    assert!(!settle(store, State::Granted).await);
    assert_eq!(claim(store, at(119), at(120)).await, None);
    assert!(
        claim(store, at(120), at(180)).await.is_some(),
        "it died, too"
    );
    store
        .write(|c| visits::settle_claimed(c, "n", State::HandedBack))
        .await
        .unwrap();
    assert_eq!(find(store, "n").await.unwrap().state, State::HandedBack);
    assert_eq!(claim(store, at(900), at(900)).await, None);

    // An exchange whose outcome is unknown is looked after as well.
    set_out(store, "m", noon()).await;
    let begun = store.write(|c| visits::begin_exchange(c, "m", b"other", at(60)));
    assert!(begun.await.unwrap());
    store
        .write(|c| visits::fail_in_doubt(c, "m"))
        .await
        .unwrap();
    assert_eq!(find(store, "m").await.unwrap().state, State::Failed);
    let found = claim(store, at(60), at(120)).await.unwrap();
    assert_eq!(found.code.as_deref(), Some(b"other".as_slice()));
}

async fn an_unsettled_visit_is_not_forgotten(db: &TestDb) {
    let store = db.store();
    set_out(store, "n", noon()).await;
    assert!(begin(store, noon()).await);
    set_out(store, "later", at(7 * 86_400)).await;
    assert!(find(store, "n").await.is_some());
    assert!(settle(store, State::Failed).await);
    set_out(store, "latest", at(8 * 86_400)).await;
    assert!(find(store, "n").await.is_none());
}
