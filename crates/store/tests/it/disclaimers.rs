//! Who said that they are not part of a project.

use crate::sample::{self, SERVICE_POINT, at, handle, person, raid};
use raid_model::trust::Quotas;
use std::collections::BTreeSet;
use store::contributor_states;
use store::disclaimers::{self, Disclaimer};
use store::namings;
use store::raids::{self, Access, PageSize};
use store::testing::TestDb;

store::on_both_databases!(
    what_is_said_stands_until_it_is_taken_back,
    what_may_be_written_for_a_person_is_found_in_bounds,
);

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

async fn what_may_be_written_for_a_person_is_found_in_bounds(db: &TestDb) {
    let store = &sample::store(db).await;
    for n in 0..30 {
        let mut write = raid(n, &[person(1 + n % 2)]);
        if n % 6 == 2 {
            write.access = Access::Embargoed;
        }
        store.mint(write).await.unwrap();
        store
            .write(move |c| namings::admit(c, &handle(n), &Quotas::default(), at(1)))
            .await
            .unwrap();
    }
    store
        .write(|c| {
            disclaimers::disclaim(c, &person(1), &handle(4), false, at(10))?;
            // What another person says changes nothing.
            disclaimers::disclaim(c, &person(2), &handle(6), false, at(10))
        })
        .await
        .unwrap();
    let found = async |with_embargoed, size: PageSize| {
        let read = store.read(move |c| raids::writable_for(c, &person(1), with_embargoed, size));
        let (rows, more) = read.await.unwrap();
        let handles: Vec<_> = rows.into_iter().map(|r| r.handle.into_inner()).collect();
        (handles, more)
    };
    let of = |numbers: &[u32]| numbers.iter().map(|n| handle(*n)).collect::<Vec<_>>();
    let open = of(&[0, 6, 10, 12, 16, 18, 22, 24, 28]);
    assert_eq!(found(false, 9.into()).await, (open.clone(), false));
    assert_eq!(found(false, 8.into()).await, (open[..8].to_vec(), true));
    assert_eq!(found(true, 3.into()).await, (of(&[0, 2, 6]), true));
    let small = PageSize { rows: 9, bytes: 1 };
    assert_eq!(found(false, small).await, (of(&[0]), true));

    store
        .write(|c| namings::stop(c, &person(1), SERVICE_POINT, at(20)))
        .await
        .unwrap();
    assert_eq!(found(false, 9.into()).await, (Vec::new(), false));
}
