//! What people said, and how often they were asked.

use crate::sample::{self, at, handle, noon, person, raid};
use raid_model::permission::{
    PermissionChange, PermissionEvent, PermissionState as State, RecordEvent,
};
use std::collections::HashMap;
use store::memberships::{self, Standing};
use store::permission_requests as requests;
use store::permissions::{self, Covers};
use store::testing::{TestDb, put_in_state};
use store::{Id, Store, StoreError, tasks};

store::on_both_databases!(
    a_transition_applies_to_what_was_read,
    a_merged_record_names_the_other_which_is_asked,
    a_person_is_made_known_once,
    refusals_are_counted_within_a_state,
    a_grant_is_never_overwritten,
    a_no_is_about_the_projects_of_its_time,
    a_new_grant_covers_what_was_removed,
    of_many_answers_at_once_one_counts,
    the_states_of_a_raids_people,
    a_request_goes_out_comes_back_and_is_counted,
    a_request_taken_back_does_not_count,
);

pub async fn state(store: &Store, n: u32) -> permissions::Permission {
    let found = store.read(move |c| permissions::find(c, &person(n))).await;
    found.unwrap().unwrap()
}

async fn known(store: &Store, n: u32) {
    store
        .write(move |c| permissions::ensure(c, &person(n), noon()))
        .await
        .unwrap();
}

pub async fn put(store: &Store, n: u32, state: State, now: i64) {
    store
        .write(move |c| put_in_state(c, &person(n), state, at(now)))
        .await
        .unwrap();
}

pub async fn apply(
    store: &Store,
    read: &permissions::Permission,
    change: impl Into<PermissionChange>,
    now: i64,
) -> Result<bool, StoreError> {
    let (read, change) = (read.clone(), change.into());
    store
        .write(move |c| permissions::apply(c, &read, &change, at(now)))
        .await
}

async fn a_transition_applies_to_what_was_read(db: &TestDb) {
    let store = db.store();
    known(store, 1).await;
    let read = state(store, 1).await;
    let asked = PermissionChange::because(PermissionEvent::QuestionPosted, "here");
    assert!(apply(store, &read, asked.clone(), 1).await.unwrap());
    let kept = state(store, 1).await;
    assert_eq!(
        (kept.state, kept.since, kept.updated_at),
        (State::Asked, at(1), at(1))
    );
    assert_eq!(kept.reason.as_deref(), Some("here"));
    // What was read is out of date, also when the state is the same again.
    assert!(!apply(store, &read, asked.clone(), 2).await.unwrap());
    let withdrawn = PermissionEvent::QuestionWithdrawn;
    assert!(apply(store, &kept, withdrawn, 3).await.unwrap());
    assert_eq!(state(store, 1).await.state, State::Unasked);
    assert!(!apply(store, &read, asked, 4).await.unwrap());
    // An event that does not apply is refused, and nothing is written.
    let before = state(store, 1).await;
    let refused = apply(store, &before, PermissionEvent::WithdrawalConfirmed, 5).await;
    assert!(matches!(refused, Err(StoreError::InvalidTransition(_))));
    assert_eq!(state(store, 1).await, before);
}

async fn a_merged_record_names_the_other_which_is_asked(db: &TestDb) {
    let store = db.store();
    known(store, 1).await;
    let merged = PermissionChange {
        primary: Some(person(2)),
        ..PermissionEvent::Record(RecordEvent::Deprecated).into()
    };
    assert!(
        apply(store, &state(store, 1).await, merged, 1)
            .await
            .unwrap()
    );
    let kept = state(store, 1).await;
    assert_eq!(kept.primary_orcid.unwrap().into_inner(), person(2));
    assert_eq!(state(store, 2).await.state, State::Unasked);
    let merged = store.read(|c| permissions::merged_into(c, &person(2)));
    assert_eq!(merged.await.unwrap(), [person(1)]);
    let due = store.read(tasks::counts).await.unwrap();
    assert_eq!(due, [(tasks::Kind::Permission, tasks::State::Due, 1)]);
}

async fn a_person_is_made_known_once(db: &TestDb) {
    let store = db.store();
    known(store, 1).await;
    put(store, 1, State::Asked, 5).await;
    known(store, 1).await;
    assert_eq!(state(store, 1).await.state, State::Asked);
    known(store, 2).await;
    let mut counts = store.read(permissions::counts).await.unwrap();
    counts.sort_by_key(|(state, _)| state.as_str());
    assert_eq!(counts, [(State::Asked, 1), (State::Unasked, 1)]);
}

async fn refusals_are_counted_within_a_state(db: &TestDb) {
    let store = db.store();
    put(store, 1, State::Granted, 1).await;
    let refused = |read: permissions::Permission, now| {
        store.write(move |c| permissions::record_refusal(c, &read, at(now)))
    };
    let granted = state(store, 1).await;
    assert!(
        apply(store, &granted, PermissionEvent::TokenRefused, 2)
            .await
            .unwrap()
    );
    for (n, now) in [(1, 3), (2, 4)] {
        let read = state(store, 1).await;
        assert!(refused(read.clone(), now).await.unwrap());
        assert!(!refused(read, now).await.unwrap(), "read before");
        let kept = state(store, 1).await;
        assert_eq!(
            (kept.suspicions, kept.since, kept.updated_at),
            (n, at(2), at(now))
        );
    }
    let unjudged = |after| store.read(move |c| permissions::count_unjudged(c, after));
    assert_eq!(unjudged(1).await.unwrap(), 1);
    assert_eq!(unjudged(2).await.unwrap(), 0);
    // A no that changes nothing keeps the count, an accepted token ends it.
    let read = state(store, 1).await;
    assert!(
        apply(store, &read, PermissionEvent::Denied, 5)
            .await
            .unwrap()
    );
    assert_eq!(state(store, 1).await.suspicions, 2);
    let read = state(store, 1).await;
    assert!(
        apply(store, &read, PermissionEvent::TokenAccepted, 6)
            .await
            .unwrap()
    );
    assert_eq!(state(store, 1).await.suspicions, 0);
}

async fn of_many_answers_at_once_one_counts(db: &TestDb) {
    let nodes = [db.store().clone(), db.another_node()];
    known(&nodes[0], 1).await;
    let read = state(&nodes[0], 1).await;
    let answers: Vec<_> = (0..10)
        .map(|n| {
            let (node, read) = (nodes[n % 2].clone(), read.clone());
            tokio::spawn(
                async move { apply(&node, &read, PermissionEvent::QuestionPosted, 1).await },
            )
        })
        .collect();
    let mut counted = 0;
    for answer in answers {
        counted += u32::from(answer.await.unwrap().unwrap());
    }
    assert_eq!(counted, 1);
}

/// A person grants while a worker decides, from what it read before, that they did not answer.
async fn a_grant_is_never_overwritten(db: &TestDb) {
    let store = db.store();
    for stale in [
        PermissionEvent::NoAnswer,
        PermissionEvent::QuestionArchived,
        PermissionEvent::QuestionWithdrawn,
    ] {
        put(store, 1, State::Asked, 1).await;
        let read = state(store, 1).await;
        let grant = store.write(|c| permissions::granted(c, &person(1), Covers::All, at(2)));
        grant.await.unwrap();
        assert!(!apply(store, &read, stale, 3).await.unwrap(), "{stale:?}");
        assert_eq!(state(store, 1).await.state, State::Granted, "{stale:?}");
    }
    // A grant that is given again also changes the row: a refusal of the old token is out of date.
    let read = state(store, 1).await;
    let again = store.write(|c| permissions::granted(c, &person(1), Covers::All, at(4)));
    again.await.unwrap();
    assert!(
        !apply(store, &read, PermissionEvent::TokenRefused, 5)
            .await
            .unwrap()
    );
}

async fn a_no_is_about_the_projects_of_its_time(db: &TestDb) {
    let store = &sample::store(db).await;
    store.mint(raid(1, &[person(1)])).await.unwrap();
    store.mint(raid(2, &[person(1)])).await.unwrap();
    put(store, 1, State::Asked, 1).await;
    let read = state(store, 1).await;
    assert!(
        apply(store, &read, PermissionEvent::NoAnswer, 2)
            .await
            .unwrap()
    );
    let answered = state(store, 1).await;
    assert!(!answered.is_answer_outdated(&[handle(2), handle(3)].into()));
    assert!(answered.is_answer_outdated(&[handle(3)].into()));
    assert!(
        apply(store, &answered, PermissionEvent::AnswerOutdated, 3)
            .await
            .unwrap()
    );
    // Nobody said no.
    assert!(
        !state(store, 1)
            .await
            .is_answer_outdated(&[handle(3)].into())
    );
}

async fn a_new_grant_covers_what_was_removed(db: &TestDb) {
    use memberships::State::{Posting, RemovedByResearcher, Written};

    let store = &sample::store(db).await;
    for n in [1, 2, 3] {
        store.mint(raid(n, &[person(1)])).await.unwrap();
    }
    let removed = Standing::RemovedByResearcher;
    let stands = |n: i64| Standing::Written {
        put_code: n,
        hash: Some("a".into()),
    };
    let set = |first: Standing, third: Standing| {
        store.write(move |c| {
            memberships::record(c, &person(1), &handle(1), &first, at(1))?;
            memberships::record(
                c,
                &person(1),
                &handle(2),
                &Standing::RemovedByResearcher,
                at(1),
            )?;
            memberships::record(c, &person(1), &handle(3), &third, at(1))
        })
    };
    let states = || {
        store.read(|c| {
            let mut states = Vec::new();
            for n in [1, 2, 3] {
                let found = memberships::find(c, &person(1), &handle(n))?;
                states.push(found.unwrap().state);
            }
            Ok(states)
        })
    };
    // Of somebody whose permission stood: only what they removed comes back.
    set(removed.clone(), stands(3)).await.unwrap();
    put(store, 1, State::Granted, 1).await;
    let grant = store.write(|c| permissions::granted(c, &person(1), Covers::All, at(2)));
    grant.await.unwrap();
    assert_eq!(states().await.unwrap(), [Posting, Posting, Written]);
    // An invitation names one project.
    set(removed, stands(3)).await.unwrap();
    let covers = |c: &mut store::Conn| {
        let one = handle(1);
        permissions::granted(c, &person(1), Covers::One(&one), at(3))
    };
    store.write(covers).await.unwrap();
    assert_eq!(
        states().await.unwrap(),
        [Posting, RemovedByResearcher, Written]
    );
    // While nobody told us what happened to the entries, nothing is taken for granted.
    set(stands(1), stands(3)).await.unwrap();
    put(store, 1, State::Revoked, 4).await;
    let grant = store.write(|c| permissions::granted(c, &person(1), Covers::All, at(5)));
    grant.await.unwrap();
    assert_eq!(states().await.unwrap(), [Posting, Posting, Posting]);
}

async fn the_states_of_a_raids_people(db: &TestDb) {
    let store = &sample::store(db).await;
    store.mint(raid(1, &[person(1), person(2)])).await.unwrap();
    store.mint(raid(2, &[person(2), person(3)])).await.unwrap();
    store.mint(raid(3, &[person(4)])).await.unwrap();
    for n in [1, 2, 4] {
        known(store, n).await;
    }
    put(store, 1, State::Granted, 1).await;
    let found = store
        .read(|c| permissions::of_raids(c, &[&handle(1), &handle(2)]))
        .await
        .unwrap();
    let standing = |state, since| permissions::Standing { state, since };
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
            .write(move |c| requests::intend(c, id, &person(1), &said(), at(n)))
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
        assert_eq!(asked.await.unwrap(), (count, count));
    }
    let other = store.read(|c| requests::count_since(c, &person(2), at(0)));
    assert_eq!(other.await.unwrap(), (0, 0));
    // One that was not true any more counts as posted only.
    let open = Id::new(at(20));
    store
        .write(move |c| {
            requests::intend(c, open, &person(1), &said(), at(20))?;
            requests::opened(c, open, 8)?;
            requests::withdrawing(c, open, false)
        })
        .await
        .unwrap();
    let asked = || store.read(|c| requests::count_since(c, &person(1), at(0)));
    assert_eq!(asked().await.unwrap(), (3, 4));
    store
        .write(move |c| requests::stays_open(c, open, at(21)))
        .await
        .unwrap();
    let found = current().await.unwrap().unwrap();
    assert_eq!(
        (found.state, found.read_at),
        (requests::State::Open, Some(at(21)))
    );
    assert_eq!(asked().await.unwrap(), (4, 4));
}

fn said() -> requests::Said {
    requests::Said {
        says: "{}".into(),
        names: format!("[\"{}\"]", handle(1)),
    }
}

async fn a_request_taken_back_does_not_count(db: &TestDb) {
    let store = db.store();
    let ids = [1, 2].map(|n| Id::new(at(n)));
    for id in ids {
        store
            .write(move |c| requests::intend(c, id, &person(1), &said(), at(1)))
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
    assert_eq!(left.await.unwrap(), (1, 1), "one was carried out");
}
