//! The log of calls to ORCID: found again by what they were about, page by page, and not for ever.

use crate::sample::{at, handle, person};
use store::calls::{self, CallRow, DONE, FAILED, Filter, Place};
use store::testing::TestDb;
use store::{Id, Store, Timestamp};

store::on_both_databases!(
    a_call_is_kept_as_it_was,
    calls_are_found_by_what_they_were_about,
    pages_of_calls_leave_out_none_and_repeat_none,
    old_calls_are_deleted_in_batches_and_failed_ones_later,
);

/// The `n`th call, `n` seconds after noon.
fn call(n: i64) -> CallRow {
    CallRow {
        id: Id::new(at(n)),
        at: at(n),
        kind: "create-membership".into(),
        orcid: Some(person(1).into()),
        outcome: DONE.into(),
        status: Some(201),
        error_code: None,
        millis: 7,
        node: "a".into(),
        handle: Some(handle(1).into()),
    }
}

async fn append(store: &Store, rows: Vec<CallRow>) {
    let append = move |c: &mut store::Conn| calls::append(c, &rows);
    store.write(append).await.unwrap();
}

async fn page(store: &Store, filter: Filter, after: Option<Place>, limit: i64) -> Vec<CallRow> {
    let page = store.read(move |c| calls::page(c, &filter, after, limit));
    page.await.unwrap()
}

/// The seconds of the calls that are found.
async fn found(store: &Store, filter: Filter) -> Vec<i64> {
    let rows = page(store, filter, None, 100).await;
    rows.iter()
        .map(|row| (row.at - at(0)).whole_seconds())
        .collect()
}

async fn a_call_is_kept_as_it_was(db: &TestDb) {
    let store = db.store();
    append(store, Vec::new()).await;
    let row = CallRow {
        outcome: FAILED[0].into(),
        orcid: None,
        status: None,
        error_code: Some(9021),
        millis: i32::MAX,
        handle: None,
        ..call(1)
    };
    append(store, vec![row.clone()]).await;
    let kept = page(store, Filter::default(), None, 10).await;
    assert_eq!(format!("{kept:?}"), format!("{:?}", [row]));
}

async fn calls_are_found_by_what_they_were_about(db: &TestDb) {
    let store = db.store();
    let others = [
        CallRow {
            orcid: Some(person(2).into()),
            ..call(2)
        },
        CallRow {
            handle: Some(handle(2).into()),
            ..call(3)
        },
        CallRow {
            kind: "record-status".into(),
            handle: None,
            ..call(4)
        },
        CallRow {
            outcome: "refused".into(),
            ..call(5)
        },
    ];
    append(store, [vec![call(1)], others.to_vec()].concat()).await;
    let all = Filter::default;
    assert_eq!(found(store, all()).await, [5, 4, 3, 2, 1]);
    for (filter, expected) in [
        (
            Filter {
                orcid: Some(person(2)),
                ..all()
            },
            vec![2],
        ),
        (
            Filter {
                handle: Some(handle(1)),
                ..all()
            },
            vec![5, 2, 1],
        ),
        (
            Filter {
                kind: Some("record-status".into()),
                ..all()
            },
            vec![4],
        ),
        (
            Filter {
                outcome: Some(DONE.into()),
                ..all()
            },
            vec![4, 3, 2, 1],
        ),
        (
            Filter {
                from: Some(at(2)),
                before: Some(at(4)),
                ..all()
            },
            vec![3, 2],
        ),
        (
            Filter {
                orcid: Some(person(1)),
                handle: Some(handle(1)),
                outcome: Some(DONE.into()),
                ..all()
            },
            vec![1],
        ),
    ] {
        assert_eq!(found(store, filter.clone()).await, expected, "{filter:?}");
    }
}

async fn pages_of_calls_leave_out_none_and_repeat_none(db: &TestDb) {
    let store = db.store();
    // Three at each moment.
    append(store, (0..21).map(|n| call(n / 3)).collect()).await;
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let rows = page(store, Filter::default(), after, 4).await;
        let Some(last) = rows.last() else { break };
        after = Some(Place {
            at: last.at,
            id: last.id,
        });
        seen.extend(rows.iter().map(|row| (row.at, row.id)));
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.reverse();
    assert_eq!(seen.len(), 21);
    assert_eq!(seen, sorted);
}

async fn old_calls_are_deleted_in_batches_and_failed_ones_later(db: &TestDb) {
    let store = db.store();
    let outcome = |n: i64| if n % 2 == 0 { DONE } else { "refused" };
    let rows = (0..10).map(|n| CallRow {
        outcome: outcome(n).into(),
        ..call(n)
    });
    append(store, rows.collect()).await;
    let delete = async |outcome: &'static str, before: Timestamp, limit| {
        let delete = move |c: &mut store::Conn| calls::delete_before(c, outcome, before, limit);
        store.write(delete).await.unwrap()
    };
    // The oldest first, and the moment itself is kept.
    assert_eq!(delete(DONE, at(6), 2).await, 2);
    assert_eq!(
        found(store, Filter::default()).await,
        [9, 8, 7, 6, 5, 4, 3, 1]
    );
    assert_eq!(delete(DONE, at(6), 2).await, 1);
    assert_eq!(delete(DONE, at(6), 2).await, 0);
    assert_eq!(found(store, Filter::default()).await, [9, 8, 7, 6, 5, 3, 1]);
    assert_eq!(delete("refused", at(4), 500).await, 2);
    assert_eq!(found(store, Filter::default()).await, [9, 8, 7, 6, 5]);
}
