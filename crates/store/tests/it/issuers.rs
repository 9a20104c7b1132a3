//! Whose the subjects are that were stored before issuers were.

use crate::sample::{self, ISSUER, handle, raid};
use store::holders::{self, Holder, HolderRole};
use store::issuers::{self, Configured};
use store::raids::{self, RaidWrite};
use store::testing::{self, TestDb};
use store::{Conn, Store, StoreError};

store::on_both_databases!(
    rows_from_before_get_the_issuer_of_their_time,
    of_several_issuers_the_former_one_must_be_named,
    a_new_database_asks_for_nothing,
    versions_keep_their_issuer,
);

const OTHER: &str = "https://other.example.org";

/// A RAiD that its minter holds.
async fn mint(store: &Store, n: u32) {
    let write = RaidWrite {
        held_by_actor: true,
        ..raid(n, &[])
    };
    store.mint(write).await.unwrap();
}

async fn forget_issuers(store: &Store) {
    store.write(testing::forget_issuers).await.unwrap();
}

async fn claim(
    store: &Store,
    former: Option<&'static str>,
    only: Option<&'static str>,
) -> Result<Option<String>, StoreError> {
    let claim = move |c: &mut Conn| issuers::claim(c, Configured { former, only });
    store.write(claim).await
}

async fn holds(store: &Store, n: u32, issuer: &str) -> bool {
    let holder = Holder {
        issuer: issuer.to_owned(),
        subject: "somebody".to_owned(),
        roles: HolderRole::ALL.to_vec(),
    };
    let roles = store.read(move |c| holders::roles(c, &handle(n), &holder));
    !roles.await.unwrap().is_empty()
}

async fn rows_from_before_get_the_issuer_of_their_time(db: &TestDb) {
    let store = &sample::store(db).await;
    for n in 1..=5 {
        mint(store, n).await;
    }
    forget_issuers(store).await;
    assert_eq!(
        store.write(|c| issuers::claim_holders(c, 2)).await.unwrap(),
        0,
        "whose?"
    );
    let former = claim(store, None, Some(ISSUER)).await.unwrap();
    assert_eq!(former.as_deref(), Some(ISSUER));
    for expected in [2, 2, 1, 0] {
        let claimed = store.write(|c| issuers::claim_holders(c, 2)).await;
        assert_eq!(claimed.unwrap(), expected);
    }
    for n in 1..=5 {
        assert!(holds(store, n, ISSUER).await);
        assert!(!holds(store, n, OTHER).await);
    }
    let held = store
        .read(|c| holders::of_raid(c, &handle(1)))
        .await
        .unwrap();
    assert_eq!(held[0].given_by_issuer, ISSUER);
    // What was recorded stays, whoever signs in from now on.
    let former = claim(store, None, Some(OTHER)).await.unwrap();
    assert_eq!(former.as_deref(), Some(ISSUER));
    let former = claim(store, None, None).await.unwrap();
    assert_eq!(former.as_deref(), Some(ISSUER));
}

async fn of_several_issuers_the_former_one_must_be_named(db: &TestDb) {
    let store = &sample::store(db).await;
    mint(store, 1).await;
    forget_issuers(store).await;
    let refused = claim(store, None, None).await.unwrap_err();
    assert!(matches!(refused, StoreError::FormerIssuerUnknown));
    assert!(
        refused
            .to_string()
            .starts_with("auth.former_issuer must be set")
    );
    let former = claim(store, Some(OTHER), None).await.unwrap();
    assert_eq!(former.as_deref(), Some(OTHER));
    store
        .write(|c| issuers::claim_holders(c, 10))
        .await
        .unwrap();
    assert!(holds(store, 1, OTHER).await && !holds(store, 1, ISSUER).await);
    let refused = claim(store, Some(ISSUER), None).await.unwrap_err();
    assert!(refused.to_string().contains(OTHER), "{refused}");
}

async fn a_new_database_asks_for_nothing(db: &TestDb) {
    let store = &sample::store(db).await;
    assert_eq!(claim(store, None, None).await.unwrap(), None);
    mint(store, 1).await;
    assert_eq!(claim(store, None, None).await.unwrap(), None);
    assert!(holds(store, 1, ISSUER).await);
}

async fn versions_keep_their_issuer(db: &TestDb) {
    let store = &sample::store(db).await;
    mint(store, 1).await;
    let second = RaidWrite {
        version: 2,
        actor: raids::Actor::system("embargo"),
        ..raid(1, &[])
    };
    store
        .write(move |c| raids::amend(c, &second))
        .await
        .unwrap();
    let authors = store.read(|c| raids::authorship(c, &handle(1), None, 10));
    let authors: Vec<_> = authors
        .await
        .unwrap()
        .into_iter()
        .map(|it| it.issuer)
        .collect();
    assert_eq!(authors, [None, Some(ISSUER.to_owned())]);
}
