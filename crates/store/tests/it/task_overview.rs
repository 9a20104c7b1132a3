//! What operators see of the queue: dead letters one by one, and what is overdue.

use crate::sample::{at, handle, person};
use crate::tasks::{ask, claim, claim_one, enqueue, entry, settle};
use store::Conn;
use store::tasks::dead_letters::{self, Filter};
use store::tasks::{self, Kind, Lane, Room, Settle};
use store::testing::TestDb;

store::on_both_databases!(
    one_dead_letter_is_revived_or_dropped_alone,
    what_is_overdue_is_counted_by_kind,
);

async fn one_dead_letter_is_revived_or_dropped_alone(db: &TestDb) {
    let store = db.store();
    enqueue(store, &[ask(1), ask(2), entry(3, 1)], Lane::Bulk, 0).await;
    for (n, held) in (1..).zip(claim(store, "a", 9, 0).await) {
        let end = Settle::Dead("wrong".into());
        settle(store, "a", &held, end, n).await.unwrap();
    }
    // In pages, oldest first.
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let from = after.clone();
        let read = move |c: &mut Conn| dead_letters::page(c, &Filter::default(), from.as_ref(), 1);
        let Some(letter) = store.read(read).await.unwrap().pop() else {
            break;
        };
        after = Some(letter.place());
        seen.push(letter);
    }
    assert_eq!(seen.len(), 3);
    assert!(seen.is_sorted_by_key(|letter| letter.since));
    let about = |orcid| Filter {
        orcid: Some(orcid),
        ..Filter::default()
    };
    let third = about(person(3));
    let found = store
        .read(move |c| dead_letters::page(c, &third, None, 9))
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].orcid(), Some(&person(3)));
    assert_eq!(found[0].handle, Some(handle(1)));

    let (kind, key) = (Kind::Permission, ask(1).key());
    let again = key.clone();
    let revived = store
        .write(move |c| {
            Ok([
                dead_letters::redrive(c, kind, &again, at(50))?,
                // It is due, so there is nothing to redrive or drop any more.
                dead_letters::redrive(c, kind, &again, at(50))?,
                dead_letters::drop_one(c, kind, &again)?,
                dead_letters::redrive(c, kind, "nonsense", at(50))?,
            ])
        })
        .await
        .unwrap();
    assert_eq!(revived, [true, false, false, false]);
    assert_eq!(claim_one(store, "a", 50).await.work, ask(1));
    let second = ask(2).key();
    let dropped = store
        .write(move |c| dead_letters::drop_one(c, kind, &second))
        .await
        .unwrap();
    assert!(dropped);
    let left = store
        .read(|c| dead_letters::page(c, &Filter::default(), None, 9))
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
}

async fn what_is_overdue_is_counted_by_kind(db: &TestDb) {
    let store = db.store();
    enqueue(store, &[ask(1)], Lane::Bulk, 10).await;
    enqueue(store, &[ask(2)], Lane::Bulk, 20).await;
    // A reminder of a later day.
    enqueue(store, &[ask(3)], Lane::Background, 10_000).await;
    enqueue(store, &[entry(4, 1)], Lane::Bulk, 5).await;
    // One that a worker holds is not overdue.
    let take =
        |c: &mut Conn| tasks::claim(c, "a", &[Kind::Membership], Room::any(1), at(30), at(90));
    let held = store.write(take).await.unwrap();
    assert_eq!(held[0].work, entry(4, 1));
    let overdue = |now| store.read(move |c| tasks::overdue(c, at(now)));
    let found = overdue(30).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].kind, found[0].count), (Kind::Permission, 2));
    assert_eq!(found[0].since, at(10));
    assert!(overdue(9).await.unwrap().is_empty());
    // A worker that died holds nothing when its lease ends.
    assert_eq!(overdue(91).await.unwrap().len(), 2);
}
