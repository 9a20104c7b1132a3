//! Claims, leases and settling, one rule at a time.

use crate::sample::{at, handle, person};
use std::collections::BTreeSet;
use store::tasks::dead_letters::{self, Filter};
use store::tasks::{self, Cause, Kind, Lane, NewTask, Room, Settle, State, Task, Work};
use store::testing::TestDb;
use store::{Conn, Id, Store, StoreError, Timestamp, permissions};
use time::Duration;

store::on_both_databases!(
    one_task_of_a_subject_at_a_time,
    who_waits_goes_first,
    kinds_are_kept_apart,
    an_earlier_time_stands,
    news_while_it_is_held_keeps_it_due,
    a_failure_keeps_its_count_and_its_wait,
    a_dead_letter_is_kept_and_revived,
    a_successor_takes_over_and_the_first_is_fenced_out,
    a_lost_lease_undoes_the_whole_transaction,
    a_subject_in_doubt_rests,
    one_owner_is_fenced_from_itself,
    a_task_is_mine_until_the_lease_ends,
    a_subject_with_many_tasks_does_not_hide_the_others,
    two_claimers_at_once_get_different_subjects,
    a_lease_of_a_wrong_clock_holds_nobody,
);

const ALL: [Kind; 3] = [Kind::Permission, Kind::Membership, Kind::Email];

pub fn ask(n: u32) -> Work {
    Work::Permission(person(n))
}

pub fn entry(n: u32, raid: u32) -> Work {
    Work::Membership(person(n), handle(raid))
}

/// One call for each, so that all are due at the same time.
pub async fn enqueue(store: &Store, work: &[Work], lane: Lane, due: i64) {
    let new: Vec<_> = work
        .iter()
        .map(|work| NewTask {
            work: work.clone(),
            lane,
            due_at: at(due),
            at: at(0),
        })
        .collect();
    let set = move |c: &mut Conn| new.chunks(1).try_for_each(|one| tasks::enqueue(c, one));
    store.write(set).await.unwrap();
}

pub async fn claim(store: &Store, owner: &'static str, n: usize, now: i64) -> Vec<Task> {
    store
        .write(move |c| tasks::claim(c, owner, &ALL, Room::any(n), at(now), at(now + 60)))
        .await
        .unwrap()
}

pub async fn claim_one(store: &Store, owner: &'static str, now: i64) -> Task {
    let mut held = claim(store, owner, 9, now).await;
    assert_eq!(held.len(), 1, "{held:?}");
    held.remove(0)
}

pub async fn settle(
    store: &Store,
    owner: &'static str,
    held: &Task,
    end: Settle,
    now: i64,
) -> Result<(), StoreError> {
    let held = held.clone();
    store
        .write(move |c| tasks::settle(c, owner, &held, &end, at(now)))
        .await
}

fn retry(at: Timestamp, error: &str) -> Settle {
    Settle::Retry {
        at,
        error: error.to_owned(),
        cause: Cause::Other,
    }
}

fn works(held: &[Task]) -> Vec<Work> {
    held.iter().map(|t| t.work.clone()).collect()
}

async fn one_task_of_a_subject_at_a_time(db: &TestDb) {
    let store = db.store();
    let mail = Work::Email(Id::new(at(0)));
    let all = [ask(1), entry(1, 1), entry(1, 2), ask(2), mail.clone()];
    enqueue(store, &all, Lane::Bulk, 0).await;
    enqueue(store, &all, Lane::Bulk, 0).await;
    let first = claim(store, "a", 9, 0).await;
    let subjects: BTreeSet<_> = first.iter().map(|t| t.work.subject()).collect();
    assert_eq!((first.len(), subjects.len()), (3, 3));
    assert!(works(&first).contains(&mail));
    assert!(claim(store, "b", 9, 0).await.is_empty(), "all are busy");
    let mut seen = works(&first);
    let mut held = first;
    for now in 1.. {
        for task in &held {
            settle(store, "a", task, Settle::Done, now).await.unwrap();
        }
        held = claim(store, "a", 9, now).await;
        if held.is_empty() {
            break;
        }
        seen.extend(works(&held));
    }
    seen.sort();
    let mut all = all.to_vec();
    all.sort();
    assert_eq!(seen, all, "each once");
}

async fn who_waits_goes_first(db: &TestDb) {
    let store = db.store();
    enqueue(store, &[ask(1)], Lane::Bulk, 0).await;
    enqueue(store, &[ask(2)], Lane::Bulk, 5).await;
    enqueue(store, &[ask(3)], Lane::Interactive, 9).await;
    enqueue(store, &[ask(4)], Lane::Interactive, 7).await;
    enqueue(store, &[ask(5)], Lane::Interactive, 11).await;
    // Bulk work that somebody comes to wait for; bulk does not push it back.
    enqueue(store, &[ask(2)], Lane::Interactive, 8).await;
    enqueue(store, &[ask(2)], Lane::Bulk, 5).await;
    let mut order = Vec::new();
    for _ in 0..4 {
        let held = claim(store, "a", 1, 10).await;
        assert_eq!(held.len(), 1);
        order.extend(works(&held));
    }
    assert_eq!(order, [ask(2), ask(4), ask(3), ask(1)]);
    assert!(claim(store, "a", 1, 10).await.is_empty(), "one is not due");
}

async fn kinds_are_kept_apart(db: &TestDb) {
    let store = db.store();
    enqueue(store, &[ask(1), entry(2, 1)], Lane::Bulk, 0).await;
    let mails = store.write(|c| tasks::claim(c, "a", &[Kind::Email], Room::any(9), at(1), at(60)));
    assert!(mails.await.unwrap().is_empty());
    let asks =
        store.write(|c| tasks::claim(c, "a", &[Kind::Permission], Room::any(9), at(1), at(60)));
    assert_eq!(works(&asks.await.unwrap()), [ask(1)]);
    let none = store.write(|c| tasks::claim(c, "a", &ALL, Room::any(0), at(1), at(60)));
    assert!(none.await.unwrap().is_empty());
}

async fn an_earlier_time_stands(db: &TestDb) {
    let store = db.store();
    enqueue(store, &[ask(1)], Lane::Bulk, 10).await;
    enqueue(store, &[ask(1)], Lane::Bulk, 20).await;
    assert!(claim(store, "a", 9, 9).await.is_empty());
    let held = claim_one(store, "a", 10).await;
    settle(store, "a", &held, Settle::Again(at(50)), 10)
        .await
        .unwrap();
    enqueue(store, &[ask(1)], Lane::Bulk, 30).await;
    assert!(claim(store, "a", 9, 29).await.is_empty());
    assert_eq!(claim_one(store, "a", 30).await.attempts, 1);
    // Within one call, too.
    let twice = [(40, 0), (20, 0)].map(|(due, n)| NewTask {
        work: ask(9 + n),
        lane: Lane::Bulk,
        due_at: at(due),
        at: at(0),
    });
    for pair in [twice.to_vec(), twice.iter().rev().cloned().collect()] {
        store
            .write(move |c| tasks::enqueue(c, &pair))
            .await
            .unwrap();
        let held = claim_one(store, "a", 20).await;
        settle(store, "a", &held, Settle::Done, 20).await.unwrap();
    }
}

async fn news_while_it_is_held_keeps_it_due(db: &TestDb) {
    let store = db.store();
    let ends = [
        Settle::Done,
        Settle::Again(at(5000)),
        Settle::Dead("no".into()),
    ];
    for (n, end) in (0..).zip(ends) {
        enqueue(store, &[ask(n)], Lane::Bulk, 0).await;
        let held = claim_one(store, "a", 0).await;
        enqueue(store, &[ask(n)], Lane::Bulk, 3).await;
        settle(store, "a", &held, end.clone(), 4).await.unwrap();
        let again = claim_one(store, "a", 4).await;
        assert_eq!((again.work.clone(), again.attempts), (ask(n), 1));
        settle(store, "a", &again, end, 5).await.unwrap();
        assert!(claim(store, "a", 9, 4999).await.is_empty());
    }
}

async fn a_failure_keeps_its_count_and_its_wait(db: &TestDb) {
    let store = db.store();
    enqueue(store, &[ask(1)], Lane::Bulk, 0).await;
    let mut now = 0;
    for tries in 1..=3 {
        let held = claim_one(store, "a", now).await;
        assert_eq!(held.attempts, tries);
        if tries == 2 {
            enqueue(store, &[ask(1)], Lane::Bulk, now).await;
        }
        let retry = retry(at(now + 100), "down");
        settle(store, "a", &held, retry, now).await.unwrap();
        assert!(claim(store, "a", 9, now + 99).await.is_empty());
        now += 100;
    }
    // A worker that dies is counted as well: its successor sees one more.
    assert_eq!(claim_one(store, "a", now).await.attempts, 4);
    assert!(claim(store, "b", 9, now + 59).await.is_empty());
    let held = claim_one(store, "b", now + 60).await;
    assert_eq!(held.attempts, 5);
    settle(store, "b", &held, Settle::Again(at(1000)), 500)
        .await
        .unwrap();
    assert_eq!(claim_one(store, "a", 1000).await.attempts, 1);
}

async fn a_dead_letter_is_kept_and_revived(db: &TestDb) {
    let store = db.store();
    enqueue(store, &[ask(1), ask(2)], Lane::Bulk, 0).await;
    for held in claim(store, "a", 9, 0).await {
        let end = Settle::Dead(format!("{} is wrong", held.work.key()));
        settle(store, "a", &held, end, 1).await.unwrap();
    }
    assert!(claim(store, "a", 9, 100_000).await.is_empty());
    let (letters, first, counts) = store
        .read(|c| {
            Ok((
                dead_letters::page(c, &Filter::default(), None, 10)?,
                dead_letters::page(c, &Filter::default(), None, 1)?,
                tasks::counts(c)?,
            ))
        })
        .await
        .unwrap();
    let about: BTreeSet<_> = letters.iter().filter_map(|l| l.work.clone()).collect();
    assert_eq!(about, BTreeSet::from([ask(1), ask(2)]));
    assert!(
        letters
            .iter()
            .all(|l| l.reason == format!("{} is wrong", l.key))
    );
    assert_eq!(first, letters[..1]);
    assert_eq!(counts, [(Kind::Permission, State::Dead, 2)]);
    enqueue(store, &[ask(1)], Lane::Bulk, 50).await;
    assert!(claim(store, "a", 9, 49).await.is_empty());
    let held = claim_one(store, "a", 50).await;
    assert_eq!((held.work, held.attempts), (ask(1), 1));
}

async fn a_successor_takes_over_and_the_first_is_fenced_out(db: &TestDb) {
    let store = db.store();
    let other = db.another_node();
    enqueue(store, &[ask(1)], Lane::Bulk, 0).await;
    let first = claim_one(store, "a", 0).await;
    assert!(claim(&other, "b", 9, 59).await.is_empty());
    let second = claim_one(&other, "b", 60).await;
    let ends = [
        Settle::Done,
        Settle::Again(at(0)),
        retry(at(0), "x"),
        Settle::Dead("x".into()),
    ];
    for end in ends {
        let lost = settle(store, "a", &first, end, 61).await;
        assert!(matches!(lost, Err(StoreError::LeaseLost)), "{lost:?}");
    }
    settle(&other, "b", &second, Settle::Done, 61)
        .await
        .unwrap();
    let lost = settle(&other, "b", &second, Settle::Done, 61).await;
    assert!(matches!(lost, Err(StoreError::LeaseLost)), "settled twice");
    // Nobody took over: a late worker may still say how it went.
    enqueue(store, &[ask(1)], Lane::Bulk, 100).await;
    let late = claim_one(store, "a", 100).await;
    settle(store, "a", &late, Settle::Done, 900).await.unwrap();
    let left = store.read(tasks::counts).await.unwrap();
    assert_eq!(left, []);
}

/// Claims one task of a person, and when that lease is over another one of the same person.
async fn two_claims_of_one_person(store: &Store, second_owner: &'static str) -> (Task, Task) {
    enqueue(store, &[entry(1, 1)], Lane::Bulk, 0).await;
    let first = claim_one(store, "a", 0).await;
    enqueue(store, &[entry(1, 2)], Lane::Interactive, 0).await;
    let second = claim_one(store, second_owner, 60).await;
    assert_eq!(
        works(&[first.clone(), second.clone()]),
        [entry(1, 1), entry(1, 2)]
    );
    (first, second)
}

async fn a_lost_lease_undoes_the_whole_transaction(db: &TestDb) {
    let store = db.store();
    let (first, second) = two_claims_of_one_person(store, "b").await;
    for settle_first in [true, false] {
        let held = first.clone();
        let lost = store
            .write(move |c: &mut Conn| {
                let end = |c: &mut Conn| tasks::settle(c, "a", &held, &Settle::Done, at(61));
                if settle_first {
                    end(c)?;
                }
                permissions::ensure(c, &person(9), at(61))?;
                if settle_first { Ok(()) } else { end(c) }
            })
            .await;
        assert!(matches!(lost, Err(StoreError::LeaseLost)), "{lost:?}");
        let written = store.read(|c| permissions::find(c, &person(9))).await;
        assert!(written.unwrap().is_none());
    }
    settle(store, "b", &second, Settle::Done, 62).await.unwrap();
    // What the first one held is due still, so it is not lost.
    assert_eq!(claim_one(store, "c", 62).await.work, first.work);
}

/// All workers of a process share an owner: a claim that outlived its lease must not pass for
/// another one.
async fn one_owner_is_fenced_from_itself(db: &TestDb) {
    let store = db.store();
    let (stale, second) = two_claims_of_one_person(store, "a").await;
    let mine = |held: &Task| {
        let held = held.clone();
        store.write(move |c| tasks::still_mine(c, "a", &held, at(50)))
    };
    assert!(matches!(mine(&stale).await, Err(StoreError::LeaseLost)));
    mine(&second).await.unwrap();
    let lost = settle(store, "a", &stale, Settle::Done, 61).await;
    assert!(matches!(lost, Err(StoreError::LeaseLost)), "{lost:?}");
    assert!(claim(store, "b", 9, 61).await.is_empty(), "it is held");
    settle(store, "a", &second, Settle::Done, 62).await.unwrap();
    let third = claim_one(store, "a", 62).await;
    assert_eq!(third.work, stale.work);
    assert!(matches!(mine(&stale).await, Err(StoreError::LeaseLost)));
    settle(store, "a", &third, Settle::Done, 63).await.unwrap();
    // And after all is done and set anew, with the same count and generation.
    enqueue(store, &[entry(1, 1), entry(1, 2)], Lane::Bulk, 0).await;
    claim_one(store, "a", 300).await;
    for old in [&stale, &second, &third] {
        assert!(matches!(mine(old).await, Err(StoreError::LeaseLost)));
        let lost = settle(store, "a", old, Settle::Done, 301).await;
        assert!(matches!(lost, Err(StoreError::LeaseLost)), "{lost:?}");
    }
    let left = store.read(tasks::counts).await.unwrap();
    assert_eq!(left, [(Kind::Membership, State::Due, 2)]);
}

/// What may still be going on for somebody keeps all other work off them, news too.
async fn a_subject_in_doubt_rests(db: &TestDb) {
    let store = db.store();
    enqueue(store, &[entry(1, 1), entry(2, 1)], Lane::Bulk, 0).await;
    let held = claim(store, "a", 1, 0).await.remove(0);
    let doubt = Settle::InDoubt {
        at: at(20),
        quiet: at(10),
        error: "no answer".into(),
        cause: Cause::Other,
    };
    settle(store, "a", &held, doubt, 1).await.unwrap();
    enqueue(store, &[held.work.clone(), entry(1, 2)], Lane::Bulk, 2).await;
    let other = claim_one(store, "b", 9).await;
    assert_ne!(other.work.subject(), held.work.subject());
    let next = claim_one(store, "c", 10).await;
    assert_eq!(next.work.subject(), held.work.subject());
    settle(store, "b", &other, Settle::Done, 11).await.unwrap();
    let lost = settle(store, "a", &held, Settle::Done, 11).await;
    assert!(matches!(lost, Err(StoreError::LeaseLost)), "{lost:?}");
}

async fn a_task_is_mine_until_the_lease_ends(db: &TestDb) {
    let store = db.store();
    enqueue(store, &[ask(1)], Lane::Bulk, 0).await;
    let held = claim_one(store, "a", 0).await;
    let mine = |owner: &'static str, until: time::PrimitiveDateTime| {
        let held = held.clone();
        store.write(move |c| tasks::still_mine(c, owner, &held, until))
    };
    mine("a", at(30)).await.unwrap();
    mine("a", at(60)).await.unwrap();
    let after = at(60) + Duration::MICROSECOND;
    for refused in [mine("a", after).await, mine("b", at(30)).await] {
        assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    }
    settle(store, "a", &held, Settle::Done, 2).await.unwrap();
    assert!(mine("a", at(30)).await.is_err());
}

async fn a_subject_with_many_tasks_does_not_hide_the_others(db: &TestDb) {
    let store = db.store();
    let many: Vec<_> = (0..200).map(|raid| entry(1, raid)).collect();
    enqueue(store, &many, Lane::Bulk, 0).await;
    enqueue(store, &[ask(2), ask(3)], Lane::Bulk, 1).await;
    let held = works(&claim(store, "a", 4, 2).await);
    assert_eq!(held.len(), 3, "{held:?}");
    assert!(held.contains(&ask(2)) && held.contains(&ask(3)));
}

async fn two_claimers_at_once_get_different_subjects(db: &TestDb) {
    let store = db.store();
    let nodes = [store.clone(), db.another_node(), db.another_node()];
    for round in 0..5 {
        let mut all = Vec::new();
        for n in 0..30 {
            all.extend([ask(n), entry(n, 1), entry(n, 2)]);
        }
        enqueue(store, &all, Lane::Bulk, 0).await;
        let claims: Vec<_> = ["a", "b", "c", "d", "e", "f"]
            .into_iter()
            .enumerate()
            .map(|(n, owner)| {
                let node = nodes[n % 3].clone();
                tokio::spawn(async move { claim(&node, owner, 7, round * 100).await })
            })
            .collect();
        let mut subjects = BTreeSet::new();
        for claimed in claims {
            for task in claimed.await.unwrap() {
                assert!(subjects.insert(task.work.subject()), "claimed twice");
            }
        }
        assert!(!subjects.is_empty());
    }
}

/// A node whose clock is a day ahead takes everything, and is gone.
async fn a_lease_of_a_wrong_clock_holds_nobody(db: &TestDb) {
    let store = db.store();
    enqueue(store, &[ask(1)], Lane::Interactive, 0).await;
    let wrong = claim_one(store, "wrong", 86_400).await;
    let right = claim_one(store, "right", 10).await;
    assert_eq!(right.work, ask(1));
    // What the first one found is dropped.
    let late = settle(store, "wrong", &wrong, Settle::Done, 86_401).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)));
    settle(store, "right", &right, Settle::Done, 11)
        .await
        .unwrap();
}
