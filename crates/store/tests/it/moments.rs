//! Moments: kept to the microsecond, and compared as time goes.

use crate::sample::{at, noon, person};
use std::collections::BTreeMap;
use store::permission_requests as requests;
use store::testing::TestDb;
use store::{Id, permissions};

store::on_both_databases!(
    moments_come_back_to_the_microsecond,
    moments_are_ordered_as_time_is,
);

async fn moments_come_back_to_the_microsecond(db: &TestDb) {
    let store = db.store().clone();
    let now = db.clock().now();
    assert_eq!(now.nanosecond() % 1000, 0);
    let micros = [0, 1, 10, 100_000, 500_000, 999_999, 123_456];
    let mut moments: Vec<_> = micros
        .iter()
        .map(|m| noon() + time::Duration::microseconds(*m))
        .collect();
    moments.push(now);
    for (n, moment) in (0..).zip(moments) {
        store
            .write(move |c| permissions::ensure(c, &person(n), moment))
            .await
            .unwrap();
        let found = store.read(move |c| permissions::find(c, &person(n))).await;
        assert_eq!(found.unwrap().unwrap().since, moment);
    }
}

/// SQLite compares moments as text, and diesel leaves out a fraction that is zero.
async fn moments_are_ordered_as_time_is(db: &TestDb) {
    let store = db.store().clone();
    let mut moments: BTreeMap<_, u32> = BTreeMap::new();
    for second in [-1, 0, 1, 9, 10, 59, 60, 86_400, 366 * 86_400] {
        for micros in [0, 1, 9, 10, 99_999, 100_000, 250_000, 500_000, 999_999] {
            let n = u32::try_from(moments.len()).unwrap();
            moments.insert(at(second) + time::Duration::microseconds(micros), n);
        }
    }
    let rows = moments.clone();
    store
        .write(move |c| {
            for moment in rows.keys() {
                let said = requests::Said {
                    says: String::new(),
                    names: String::new(),
                };
                requests::intend(c, Id::new(*moment), &person(1), &said, *moment)?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let all = moments.len();
    for (earlier, moment) in moments.keys().enumerate() {
        let moment = *moment;
        let since = store
            .read(move |c| requests::count_since(c, &person(1), moment))
            .await
            .unwrap()
            .1;
        assert_eq!(usize::try_from(since).unwrap(), all - earlier, "{moment}");
    }
}
