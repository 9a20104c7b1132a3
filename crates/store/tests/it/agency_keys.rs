//! A database is tied to its keys, and its values move from one key to the next.

use crate::inviters::inviter;
use crate::sample::{self, at, handle, noon, person, raid};
use diesel::connection::SimpleConnection as _;
use raid_model::permission::{PermissionEvent, PermissionState};
use store::agency_keys::{self, Purpose};
use store::grants::{self, NewGrant};
use store::invitations::{self, NewInvitation};
use store::inviters::InviterRight;
use store::permissions::{self, Covers};
use store::sealed_values::{self, Cursor};
use store::testing::TestDb;
use store::visits::{self, Visit};
use store::{Id, Json, KeyId, KeyRing, Store, StoreError};

store::on_both_databases!(
    other_keys_are_refused,
    a_database_from_before_is_tied_to_the_keys_that_open_it,
    a_canary_that_does_not_open_is_noticed,
    of_two_first_starts_with_different_keys_one_is_refused,
    a_key_is_needed_until_it_is_retired,
    values_are_sealed_again_while_others_write,
    codes_and_addresses_are_sealed_again,
    what_no_key_opens_is_given_up,
);

fn ring(keys: &[u8]) -> KeyRing {
    let keys: Vec<_> = keys.iter().map(|byte| [*byte; 32]).collect();
    KeyRing::new(&keys[0], &keys[1..])
}

fn id(key: u8) -> KeyId {
    KeyId::of(&[key; 32])
}

async fn claim(store: &Store, keys: &[u8]) -> Result<(), StoreError> {
    let keys = ring(keys);
    store
        .write(move |c| agency_keys::claim_sealing(c, &keys, noon()))
        .await
}

async fn keep(store: &Store, keys: &[u8], n: u32, token: &str) {
    let keys = ring(keys);
    let grant = NewGrant {
        orcid: person(n),
        access_token: token.to_owned().into(),
        refresh_token: Some(format!("refresh of {token}").into()),
        scope: "/activities/update".into(),
        expires_at: None,
    };
    store
        .write(move |c| {
            let id = grants::keep(c, &keys, &grant, &format!("visit {n}"), noon())?;
            grants::activate(c, id, &grant.orcid, noon())?;
            permissions::granted(c, &grant.orcid, Covers::All, noon())
        })
        .await
        .unwrap();
}

async fn token(store: &Store, keys: &[u8], n: u32) -> Result<Option<String>, StoreError> {
    use secrecy::ExposeSecret as _;
    let keys = ring(keys);
    let grant = store
        .read(move |c| grants::active(c, &keys, &person(n)))
        .await?;
    Ok(grant.map(|grant| grant.access_token.expose_secret().to_owned()))
}

fn is_missing(result: &Result<(), StoreError>, expected: &str) -> bool {
    matches!(result, Err(StoreError::MissingKey { purpose: Purpose::Sealing, id }) if id == expected)
}

async fn other_keys_are_refused(db: &TestDb) {
    let store = db.store();
    claim(store, &[1]).await.unwrap();
    claim(store, &[1]).await.unwrap();
    let refused = claim(store, &[2]).await;
    assert!(is_missing(&refused, id(1).as_str()), "{refused:?}");
    let words = refused.unwrap_err().to_string();
    for word in [id(1).as_str(), "sealing", "[keys.sealing]", "give-up"] {
        assert!(words.contains(word), "{word}: {words}");
    }
    // Nothing of the refused start is left.
    claim(store, &[1]).await.unwrap();
    // A new key may come with the old one, and from then on both are needed.
    claim(store, &[2, 1]).await.unwrap();
    let alone = claim(store, &[2]).await;
    assert!(is_missing(&alone, id(1).as_str()), "{alone:?}");
    let alone = claim(store, &[1]).await;
    assert!(is_missing(&alone, id(2).as_str()), "{alone:?}");
}

async fn a_database_from_before_is_tied_to_the_keys_that_open_it(db: &TestDb) {
    let store = db.store();
    keep(store, &[1], 1, "sealed long ago").await;
    assert!(agency_keys::known(db.settings()).unwrap().has_sealed_values);
    let refused = claim(store, &[2]).await;
    assert!(is_missing(&refused, id(1).as_str()), "{refused:?}");
    claim(store, &[2, 1]).await.unwrap();
}

async fn a_canary_that_does_not_open_is_noticed(db: &TestDb) {
    let store = db.store();
    claim(store, &[1]).await.unwrap();
    let spoil = if db.settings().is_postgres() {
        "UPDATE agency_key SET canary = canary || '\\x00'::bytea"
    } else {
        "UPDATE agency_key SET canary = CAST(canary || x'00' AS BLOB)"
    };
    store
        .write(move |c| Ok(c.batch_execute(spoil)?))
        .await
        .unwrap();
    let refused = claim(store, &[1]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unsealable(_)), "{refused:?}");
}

async fn of_two_first_starts_with_different_keys_one_is_refused(db: &TestDb) {
    let store = db.store();
    let environment =
        |c: &mut store::Conn| store::migrate::claim_environment(c, "sandbox").map(drop);
    store.write(environment).await.unwrap();
    let other = db.another_node();
    let (one, two) = tokio::join!(claim(store, &[1]), claim(&other, &[2]));
    assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
    let known = agency_keys::known(db.settings()).unwrap();
    assert_eq!(known.needed(Purpose::Sealing).count(), 1);
}

async fn a_key_is_needed_until_it_is_retired(db: &TestDb) {
    let store = db.store();
    let claim = |keys: &[u8]| {
        let ids: Vec<_> = keys.iter().map(|key| id(*key)).collect();
        store.write(move |c| agency_keys::claim(c, Purpose::Links, &ids, noon()))
    };
    claim(&[1]).await.unwrap();
    claim(&[2, 1]).await.unwrap();
    let known = agency_keys::known(db.settings()).unwrap();
    let replaced: Vec<_> = known
        .needed(Purpose::Links)
        .map(|key| (key.id.clone(), key.replaced_at.is_some()))
        .collect();
    assert!(
        replaced.contains(&(id(1).to_string(), true)),
        "{replaced:?}"
    );
    assert!(
        replaced.contains(&(id(2).to_string(), false)),
        "{replaced:?}"
    );
    assert!(claim(&[2]).await.is_err());
    let retire = || store.write(|c| agency_keys::retire(c, Purpose::Links, id(1).as_str(), noon()));
    assert!(retire().await.unwrap());
    assert!(!retire().await.unwrap(), "it was retired before");
    claim(&[2]).await.unwrap();
    // A key that is used again is needed again.
    claim(&[1, 2]).await.unwrap();
    assert!(claim(&[2]).await.is_err());
}

async fn values_are_sealed_again_while_others_write(db: &TestDb) {
    let store = db.store();
    for n in 0..250 {
        keep(store, &[1], n, &format!("token {n}")).await;
    }
    let both = ring(&[2, 1]);
    let survey = || {
        let keys = both.clone();
        store.read(move |c| sealed_values::survey(c, &keys))
    };
    assert_eq!(survey().await.unwrap()[id(1).as_str()].values, 500);
    let (mut at, mut changed, mut looked_at) = (Some(Cursor::default()), 0, 0);
    while let Some(from) = at {
        let keys = both.clone();
        let page = store
            .write(move |c| sealed_values::reseal_page(c, &keys, from.clone()))
            .await
            .unwrap();
        (changed, looked_at) = (changed + page.changed, looked_at + page.looked_at);
        // Somebody grants meanwhile, at a node that has the new key already.
        keep(
            store,
            &[2, 1],
            1000 + u32::try_from(changed).unwrap(),
            "new",
        )
        .await;
        at = page.next;
    }
    assert_eq!(changed, 500);
    assert!(looked_at >= 500);
    let found = survey().await.unwrap();
    assert!(!found.contains_key(id(1).as_str()), "{found:?}");
    for n in [0, 199, 200, 249] {
        let opened = token(store, &[2], n).await.unwrap();
        assert_eq!(opened, Some(format!("token {n}")));
    }
}

/// All pages of a walk that seals again; how many values it changed.
async fn reseal(store: &Store, keys: &[u8]) -> u64 {
    let keys = ring(keys);
    store
        .write(move |c| {
            let (mut at, mut changed) = (Some(Cursor::default()), 0);
            while let Some(from) = at {
                let page = sealed_values::reseal_page(c, &keys, from)?;
                (changed, at) = (changed + page.changed, page.next);
            }
            Ok(changed)
        })
        .await
        .unwrap()
}

async fn codes_and_addresses_are_sealed_again(db: &TestDb) {
    let store = sample::store(db).await;
    store.mint(raid(1, &[])).await.unwrap();
    let (old, invitation) = (ring(&[1]), Id::new(noon()));
    let new = NewInvitation {
        id: invitation,
        handle: handle(1),
        email: "ada@university.example".into(),
        contribution: Json(r#"{"position": "leader"}"#.into()),
        inviter: inviter(InviterRight::ServicePoint),
        created_at: noon(),
        expires_at: at(1000),
    };
    let visit = Visit {
        nonce: "visit".into(),
        purpose: visits::Purpose::Permission,
        subject: person(1).to_string(),
        state: visits::State::Open,
        orcid: None,
        created_at: noon(),
        expires_at: at(1000),
    };
    store
        .write(move |c| {
            invitations::make(c, &old, &new)?;
            visits::set_out(c, &visit)?;
            let code = old.seal("visit", "a code")?;
            visits::begin_exchange(c, "visit", &code, noon()).map(drop)
        })
        .await
        .unwrap();
    assert_eq!(reseal(&store, &[2, 1]).await, 2);
    assert_eq!(reseal(&store, &[2, 1]).await, 0, "all is done");

    let keys = ring(&[2]);
    let (row, addressed, unsettled) = store
        .write(move |c| {
            let row = invitations::find(c, invitation)?.unwrap();
            let email = "ada@university.example".into();
            let addressed = invitations::addressed(c, &keys, &handle(1), &email, noon())?;
            Ok((row, addressed, visits::claim_unsettled(c, at(1), at(1))?))
        })
        .await
        .unwrap();
    let keys = ring(&[2]);
    assert!(row.address(&keys).is_ok());
    assert!(addressed.standing.is_some(), "the address is recognised");
    let code = unsettled.unwrap().code.unwrap();
    assert_eq!(keys.open("visit", &code).unwrap(), "a code");
}

async fn what_no_key_opens_is_given_up(db: &TestDb) {
    let store = db.store();
    keep(store, &[1], 1, "lost").await;
    keep(store, &[2], 2, "kept").await;
    let keys = ring(&[2]);
    let give_up = |is_dry_run| {
        let keys = keys.clone();
        store.write(move |c| {
            let mut unopenable = 0;
            let mut at = Some(Cursor::default());
            while let Some(from) = at {
                let page = sealed_values::give_up_page(c, &keys, from, is_dry_run, noon())?;
                (unopenable, at) = (unopenable + page.unopenable, page.next);
            }
            Ok(unopenable)
        })
    };
    assert_eq!(give_up(true).await.unwrap(), 2);
    assert!(claim(store, &[2]).await.is_err());
    assert_eq!(give_up(false).await.unwrap(), 2);
    claim(store, &[2]).await.unwrap();
    assert_eq!(token(store, &[2], 1).await.unwrap(), None);
    assert_eq!(
        token(store, &[2], 2).await.unwrap().as_deref(),
        Some("kept")
    );
    let state = |n| async move {
        let found = store.read(move |c| permissions::find(c, &person(n))).await;
        found.unwrap().unwrap().state
    };
    assert_eq!(state(1).await, PermissionState::Unasked);
    assert_eq!(state(2).await, PermissionState::Granted);
    assert!(
        PermissionState::Unasked
            .after(PermissionEvent::QuestionPosted)
            .is_ok()
    );
}
