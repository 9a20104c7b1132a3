//! What we know ORCID holds.

use crate::sample::{self, at, handle, person, raid};
use raid_model::permission::{PermissionEvent, RecordEvent};
use store::memberships::{self, Membership, Standing, State};
use store::permissions;
use store::testing::TestDb;
use store::{Store, StoreError};

store::on_both_databases!(
    one_row_for_life,
    an_entry_needs_its_raid,
    when_a_record_is_gone_so_are_its_entries,
);

async fn record(store: &Store, n: u32, standing: Standing, now: i64) -> Result<(), StoreError> {
    store
        .write(move |c| memberships::record(c, &person(n), &handle(1), &standing, at(now)))
        .await
}

async fn find(store: &Store, n: u32) -> Option<Membership> {
    store
        .read(move |c| memberships::find(c, &person(n), &handle(1)))
        .await
        .unwrap()
}

fn written(put_code: i64, hash: Option<&str>) -> Standing {
    Standing::Written {
        put_code,
        hash: hash.map(ToOwned::to_owned),
    }
}

async fn one_row_for_life(db: &TestDb) {
    let store = &sample::store(db).await;
    store.mint(raid(1, &[person(1)])).await.unwrap();
    assert_eq!(find(store, 1).await, None);
    let steps = [
        (Standing::Posting, State::Posting, None, None),
        (written(7, None), State::Written, Some(7), None),
        (written(7, Some("a")), State::Written, Some(7), Some("a")),
        (
            written(i64::MAX, Some("b")),
            State::Written,
            Some(i64::MAX),
            Some("b"),
        ),
        (
            Standing::RemovedByResearcher,
            State::RemovedByResearcher,
            None,
            None,
        ),
        (Standing::Posting, State::Posting, None, None),
        (Standing::Deleted, State::Deleted, None, None),
    ];
    for (now, (standing, state, put_code, hash)) in (1..).zip(steps) {
        record(store, 1, standing, now).await.unwrap();
        let found = find(store, 1).await.unwrap();
        assert_eq!(
            (found.orcid.get(), found.handle.get()),
            (&person(1), &handle(1))
        );
        assert_eq!((found.state, found.put_code), (state, put_code));
        assert_eq!(found.document_hash.as_deref(), hash);
        assert_eq!(found.written_at, hash.map(|_| at(now)));
        assert_eq!(found.updated_at, at(now));
    }
    let counts = store.read(memberships::counts).await.unwrap();
    assert_eq!(counts, [(State::Deleted, 1)]);
}

async fn an_entry_needs_its_raid(db: &TestDb) {
    let store = &sample::store(db).await;
    let orphan = record(store, 1, Standing::Posting, 1).await;
    assert!(orphan.is_err());
    assert_eq!(find(store, 1).await, None);
}

async fn when_a_record_is_gone_so_are_its_entries(db: &TestDb) {
    let store = &sample::store(db).await;
    store.mint(raid(1, &[person(1)])).await.unwrap();
    record(store, 1, written(1, Some("a")), 1).await.unwrap();
    record(store, 2, written(2, Some("a")), 1).await.unwrap();
    record(store, 3, Standing::RemovedByResearcher, 1)
        .await
        .unwrap();
    for n in [1, 3] {
        store
            .write(move |c| {
                let known = permissions::locked(c, &person(n), at(2))?;
                let event = PermissionEvent::Record(RecordEvent::Deactivated);
                permissions::apply(c, &known, &event.into(), at(2))
            })
            .await
            .unwrap();
    }
    let gone = find(store, 1).await.unwrap();
    assert_eq!((gone.state, gone.put_code), (State::Deleted, None));
    assert_eq!(gone.document_hash, None);
    assert_eq!(find(store, 2).await.unwrap().state, State::Written);
    // The record took all with it, so nothing of it counts as removed by them.
    assert_eq!(find(store, 3).await.unwrap().state, State::Deleted);
}
