//! Who said that they are not part of a project.

use crate::sample::{self, at, handle, person, raid};
use std::collections::BTreeSet;
use store::contributor_states;
use store::disclaimers::{self, Disclaimer};
use store::testing::TestDb;

store::on_both_databases!(what_is_said_stands_until_it_is_taken_back);

async fn what_is_said_stands_until_it_is_taken_back(db: &TestDb) {
    let store = &sample::store(db).await;
    store.mint(raid(1, &[person(1), person(2)])).await.unwrap();
    store.mint(raid(2, &[person(1)])).await.unwrap();
    store
        .write(|c| {
            disclaimers::disclaim(c, &person(1), &handle(1), false, at(10))?;
            disclaimers::disclaim(c, &person(1), &handle(2), true, at(20))?;
            disclaimers::disclaim(c, &person(2), &handle(1), false, at(30))?;
            // Said again, it is as it was.
            disclaimers::disclaim(c, &person(1), &handle(1), false, at(40))?;
            disclaimers::disclaim(c, &person(1), &handle(2), false, at(40))
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
    assert_eq!(of_raid().await, BTreeSet::from([person(1), person(2)]));
    let known = async |n: u32| {
        let read =
            store.read(move |c| contributor_states::of_contributor(c, &handle(n), &person(1)));
        read.await.unwrap().unwrap().disclaimer
    };
    let said = |said_at, confirmed| Some(Disclaimer { said_at, confirmed });
    assert_eq!(known(1).await, said(at(10), false));
    assert_eq!(known(2).await, said(at(20), true));
    // The person signs in to say it.
    store
        .write(|c| disclaimers::disclaim(c, &person(1), &handle(1), true, at(50)))
        .await
        .unwrap();
    assert_eq!(known(1).await, said(at(10), true));

    store
        .write(|c| disclaimers::take_back(c, &person(1), &handle(1)))
        .await
        .unwrap();
    assert_eq!(of_person().await, BTreeSet::from([handle(2)]));
    assert_eq!(of_raid().await, BTreeSet::from([person(2)]));
    let read = store.read(|c| disclaimers::is_disclaimed(c, &person(1), &handle(1)));
    assert!(!read.await.unwrap());
}
