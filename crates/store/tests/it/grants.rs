//! Token pairs: which is in use, which are to be revoked, and that none is readable at rest.

use crate::sample::{at, noon, person};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text};
use secrecy::ExposeSecret as _;
use std::sync::{Arc, Barrier};
use store::grants::{self, NewGrant, State};
use store::testing::TestDb;
use store::{Conn, KeyId, KeyRing, Store, StoreError, Timestamp, permissions};

store::on_both_databases!(
    the_newest_is_in_use_and_the_others_are_revoked,
    a_strangers_pair_is_never_used,
    a_pair_is_decided_on_once,
    of_two_at_once_one_is_in_use,
    no_token_is_readable_at_rest,
    a_pair_opens_for_its_own_person_only,
    a_new_key_takes_over,
);

fn pair(n: u32, token: &str) -> NewGrant {
    NewGrant {
        orcid: person(n),
        access_token: format!("access-{token}").into(),
        refresh_token: Some(format!("refresh-{token}").into()),
        scope: "/read-limited /activities/update".into(),
        expires_at: Some(at(600_000_000)),
    }
}

/// Keeps a pair as what it is in the end.
fn kept(c: &mut Conn, keys: &KeyRing, grant: &NewGrant, state: State, now: Timestamp) {
    let id = grants::keep(c, keys, grant, "visit", now).unwrap();
    match state {
        State::Active => grants::activate(c, id, &grant.orcid, now).unwrap(),
        _ => drop(grants::release(c, "visit", now).unwrap()),
    }
}

async fn keep(store: &Store, grant: NewGrant, state: State, now: i64) {
    let keys = store.keys().clone();
    store
        .write(move |c| {
            kept(c, &keys, &grant, state, at(now));
            Ok(())
        })
        .await
        .unwrap();
}

async fn active(store: &Store, n: u32) -> Option<String> {
    let keys = store.keys().clone();
    let found = store
        .read(move |c| grants::active(c, &keys, &person(n)))
        .await
        .unwrap();
    found.map(|g| {
        assert_eq!(g.orcid, person(n));
        assert_eq!(g.scope, "/read-limited /activities/update");
        g.access_token.expose_secret().to_owned()
    })
}

async fn granted_at(store: &Store, n: u32) -> Option<Timestamp> {
    let read = store.read(move |c| grants::granted_at(c, &person(n)));
    read.await.unwrap()
}

async fn to_revoke(store: &Store, n: u32) -> Vec<grants::Grant> {
    let keys = store.keys().clone();
    store
        .read(move |c| grants::to_revoke(c, &keys, &person(n)))
        .await
        .unwrap()
}

fn tokens(grants: &[grants::Grant]) -> Vec<&str> {
    grants
        .iter()
        .map(|g| g.access_token.expose_secret())
        .collect()
}

async fn the_newest_is_in_use_and_the_others_are_revoked(db: &TestDb) {
    let store = db.store();
    assert_eq!(active(store, 1).await, None);
    keep(store, pair(1, "first"), State::Active, 1).await;
    keep(store, pair(2, "another person"), State::Active, 1).await;
    assert_eq!(active(store, 1).await.unwrap(), "access-first");
    assert!(to_revoke(store, 1).await.is_empty());
    keep(store, pair(1, "second"), State::Active, 2).await;
    keep(store, pair(1, "third"), State::Active, 3).await;
    assert_eq!(active(store, 1).await.unwrap(), "access-third");
    assert_eq!(granted_at(store, 1).await, Some(at(3)));
    let old = to_revoke(store, 1).await;
    assert_eq!(tokens(&old), ["access-second", "access-first"]);
    let id = old[0].id;
    store.write(move |c| grants::forget(c, id)).await.unwrap();
    assert_eq!(tokens(&to_revoke(store, 1).await), ["access-first"]);
    assert_eq!(active(store, 1).await.unwrap(), "access-third");
    assert_eq!(active(store, 2).await.unwrap(), "access-another person");
    assert!(to_revoke(store, 2).await.is_empty());
}

async fn a_strangers_pair_is_never_used(db: &TestDb) {
    let store = db.store();
    keep(store, pair(1, "own"), State::Active, 1).await;
    keep(store, pair(1, "foreign"), State::Foreign, 2).await;
    assert_eq!(active(store, 1).await.unwrap(), "access-own");
    assert_eq!(tokens(&to_revoke(store, 1).await), ["access-foreign"]);
    keep(store, pair(3, "foreign"), State::Foreign, 2).await;
    assert_eq!(active(store, 3).await, None);
    assert_eq!(granted_at(store, 3).await, None);
}

/// A process that is slow and one that takes it for dead do not both decide.
async fn a_pair_is_decided_on_once(db: &TestDb) {
    let store = db.store();
    let keys = store.keys().clone();
    let kept = store
        .write(move |c| grants::keep(c, &keys, &pair(1, "new"), "visit", noon()))
        .await
        .unwrap();
    // Nobody uses it or revokes it before that.
    assert_eq!(active(store, 1).await, None);
    assert!(to_revoke(store, 1).await.is_empty());
    let held = store.read(|c| grants::held(c, &person(1))).await.unwrap();
    assert_eq!(held, (false, false));

    let release = |visit: &'static str| store.write(move |c| grants::release(c, visit, noon()));
    assert!(release("another").await.unwrap().is_empty());
    assert_eq!(release("visit").await.unwrap(), [person(1)]);
    assert_eq!(tokens(&to_revoke(store, 1).await), ["access-new"]);
    let late = store
        .write(move |c| grants::activate(c, kept, &person(1), noon()))
        .await;
    assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
    assert_eq!(active(store, 1).await, None);

    keep(store, pair(1, "used"), State::Active, 1).await;
    assert!(release("visit").await.unwrap().is_empty());
    assert_eq!(active(store, 1).await.unwrap(), "access-used");
}

async fn of_two_at_once_one_is_in_use(db: &TestDb) {
    let store = db.store();
    // Known long before: a new person's row would keep the others waiting by itself.
    store
        .write(|c| permissions::ensure(c, &person(1), noon()))
        .await
        .unwrap();
    // On SQLite a transaction begins when the one before has ended.
    let together = if db.settings().is_postgres() { 4 } else { 1 };
    let meet = Arc::new(Barrier::new(together));
    let kept: Vec<_> = (0..4)
        .map(|n| {
            let (node, meet) = (db.another_node(), meet.clone());
            tokio::spawn(async move {
                let keys = node.keys().clone();
                let grant = pair(1, &n.to_string());
                node.write(move |c| {
                    meet.wait();
                    kept(c, &keys, &grant, State::Active, noon());
                    Ok(())
                })
                .await
            })
        })
        .collect();
    for one in kept {
        one.await.unwrap().unwrap();
    }
    assert_eq!(to_revoke(store, 1).await.len(), 3);
    assert!(active(store, 1).await.is_some());
}

#[derive(QueryableByName)]
struct Raw {
    #[diesel(sql_type = Binary)]
    access_token: Vec<u8>,
    #[diesel(sql_type = Nullable<Binary>)]
    refresh_token: Option<Vec<u8>>,
    #[diesel(sql_type = Text)]
    scope: String,
}

fn raw(c: &mut Conn) -> Result<Vec<Raw>, StoreError> {
    let query = diesel::sql_query("SELECT access_token, refresh_token, scope FROM orcid_grant");
    Ok(match c {
        Conn::Postgres(c) => query.load(c)?,
        Conn::Sqlite(c) => query.load(c)?,
    })
}

async fn no_token_is_readable_at_rest(db: &TestDb) {
    let store = db.store();
    keep(store, pair(1, "seeded-token"), State::Active, 1).await;
    let mut bytes: Vec<u8> = Vec::new();
    let rows = store.read(raw).await.unwrap();
    assert_eq!(rows[0].scope, "/read-limited /activities/update");
    for row in rows {
        bytes.extend(row.access_token);
        bytes.extend(row.refresh_token.unwrap());
    }
    if !db.settings().is_postgres() {
        let main = std::path::PathBuf::from(&db.settings().url);
        for file in std::fs::read_dir(main.parent().unwrap()).unwrap() {
            bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        assert!(
            contains(&bytes, "/activities/update"),
            "this would be found"
        );
    }
    for secret in ["seeded-token", "access-", "refresh-"] {
        assert!(!contains(&bytes, secret), "{secret} is readable");
    }
    assert_eq!(active(store, 1).await.unwrap(), "access-seeded-token");
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

async fn a_pair_opens_for_its_own_person_only(db: &TestDb) {
    let store = db.store();
    keep(store, pair(1, "one"), State::Active, 1).await;
    store
        .write(|c| {
            let moved = format!("UPDATE orcid_grant SET orcid = '{}'", person(2));
            let query = diesel::sql_query(moved);
            match c {
                Conn::Postgres(c) => query.execute(c)?,
                Conn::Sqlite(c) => query.execute(c)?,
            };
            Ok(())
        })
        .await
        .unwrap();
    let keys = store.keys().clone();
    let stolen = store.read(move |c| grants::active(c, &keys, &person(2)));
    let refused = stolen.await.unwrap_err();
    assert!(matches!(refused, StoreError::Unsealable(_)), "{refused}");
}

async fn a_new_key_takes_over(db: &TestDb) {
    let store = db.store();
    keep(store, pair(1, "old key"), State::Active, 1).await;
    let ring = KeyRing::new(&[8; 32], &[[7; 32]]);
    let only_new = KeyRing::new(&[8; 32], &[]);
    let open = |keys: &KeyRing| {
        let keys = keys.clone();
        store.read(move |c| grants::active(c, &keys, &person(1)))
    };
    assert!(open(&ring).await.unwrap().is_some());
    let refused = open(&only_new).await.unwrap_err();
    let old = KeyId::of(&[7; 32]);
    assert!(matches!(&refused, StoreError::Unsealable(id) if id == old.as_str()));
}
