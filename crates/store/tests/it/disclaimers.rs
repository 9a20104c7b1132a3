//! Who said that they are not part of a project.

use crate::sample::{self, at, handle, person, raid};
use std::collections::{BTreeMap, BTreeSet};
use store::disclaimers;
use store::testing::TestDb;

store::on_both_databases!(what_is_said_stands_until_it_is_taken_back);

async fn what_is_said_stands_until_it_is_taken_back(db: &TestDb) {
    let store = &sample::store(db).await;
    store.mint(raid(1, &[person(1), person(2)])).await.unwrap();
    store.mint(raid(2, &[person(1)])).await.unwrap();
    store
        .write(|c| {
            disclaimers::disclaim(c, &person(1), &handle(1), at(10))?;
            disclaimers::disclaim(c, &person(1), &handle(2), at(20))?;
            disclaimers::disclaim(c, &person(2), &handle(1), at(30))?;
            // Said again, it is as it was.
            disclaimers::disclaim(c, &person(1), &handle(1), at(40))
        })
        .await
        .unwrap();
    let of_person = async || {
        let read = store.read(|c| disclaimers::of_person(c, &person(1)));
        read.await.unwrap()
    };
    let of_raid = async || {
        let read = store.read(|c| disclaimers::of_raid(c, &handle(1)));
        read.await.unwrap()
    };
    assert_eq!(of_person().await, BTreeSet::from([handle(1), handle(2)]));
    let said = BTreeMap::from([(person(1), at(10)), (person(2), at(30))]);
    assert_eq!(of_raid().await, said);

    store
        .write(|c| disclaimers::take_back(c, &person(1), &handle(1)))
        .await
        .unwrap();
    assert_eq!(of_person().await, BTreeSet::from([handle(2)]));
    assert_eq!(of_raid().await, BTreeMap::from([(person(2), at(30))]));
    let read = store.read(|c| disclaimers::is_disclaimed(c, &person(1), &handle(1)));
    assert!(!read.await.unwrap());
}
