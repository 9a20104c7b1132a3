//! Invitations by e-mail: the address is sealed, recognised, forgotten in the end, and accepted once.

use crate::inviters::inviter;
use crate::sample::{self, at, handle, noon, person, raid};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable};
use secrecy::ExposeSecret as _;
use store::invitations::{self, Addressed, InvitationRow, NewInvitation, State};
use store::inviters::InviterRight;
use store::testing::TestDb;
use store::{Conn, Id, Json, Store, StoreError, Timestamp};

store::on_both_databases!(
    the_address_is_sealed_and_kept_while_it_may_be_mailed_again,
    an_address_is_recognised_by_a_keyed_hash,
    a_cancelled_invitation_is_not_accepted_and_its_address_is_forgotten,
    expired_invitations_lose_their_addresses,
    invitations_are_listed_page_by_page,
    a_mail_that_cannot_go_forgets_the_address_too,
    accepting_forgets_the_address,
    it_is_accepted_once,
    an_invitation_needs_its_raid,
    an_invitation_stands_until_it_is_accepted_fails_or_expires,
);

const ADDRESS: &str = "ada@university.example";

async fn make(store: &Store) -> Id {
    let id = Id::new(noon());
    let keys = store.keys().clone();
    let new = NewInvitation {
        id,
        handle: handle(1),
        email: ADDRESS.into(),
        contribution: Json(r#"{"position": "leader"}"#.into()),
        inviter: inviter(InviterRight::ServicePoint),
        created_at: noon(),
        expires_at: at(1000),
    };
    store
        .write(move |c| invitations::make(c, &keys, &new))
        .await
        .unwrap();
    id
}

async fn an_invitation_stands_until_it_is_accepted_fails_or_expires(db: &TestDb) {
    let store = with_raid(db).await;
    store.mint(raid(2, &[])).await.unwrap();
    let standing = async |n: u32, when| {
        let count = store.read(move |c| invitations::standing(c, &handle(n), when));
        count.await.unwrap()
    };
    assert_eq!(standing(1, noon()).await, 0);
    let (_open, sent) = (make(&store).await, make(&store).await);
    let (accepted, undelivered) = (make(&store).await, make(&store).await);
    assert_eq!(standing(1, noon()).await, 4);
    mailed(&store, sent).await;
    failed(&store, undelivered).await;
    assert!(accept(&store, accepted, 1).await);
    assert_eq!(standing(1, at(999)).await, 2);
    assert_eq!(standing(1, at(1000)).await, 0);
    assert_eq!(standing(2, noon()).await, 0);
}

async fn with_raid(db: &TestDb) -> Store {
    let store = sample::store(db).await;
    store.mint(raid(1, &[])).await.unwrap();
    store
}

async fn find(store: &Store, id: Id) -> InvitationRow {
    let found = store.read(move |c| invitations::find(c, id)).await;
    found.unwrap().unwrap()
}

async fn accept(store: &Store, id: Id, n: u32) -> bool {
    store
        .write(move |c| invitations::accept(c, id, &person(n)))
        .await
        .unwrap()
}

async fn mailed(store: &Store, id: Id) {
    let mailed = move |c: &mut Conn| invitations::mailed(c, id, at(5));
    store.write(mailed).await.unwrap();
}

async fn failed(store: &Store, id: Id) {
    let failed = move |c: &mut Conn| invitations::failed(c, id);
    store.write(failed).await.unwrap();
}

async fn cancel(store: &Store, id: Id) -> bool {
    let cancel = move |c: &mut Conn| invitations::cancel(c, id);
    store.write(cancel).await.unwrap()
}

async fn reopen(store: &Store, id: Id) -> bool {
    let reopen = move |c: &mut Conn| invitations::reopen(c, id);
    store.write(reopen).await.unwrap()
}

async fn addressed(store: &Store, n: u32, email: &str, when: Timestamp) -> Addressed {
    let (email, keys) = (email.into(), store.keys().clone());
    let read = move |c: &mut Conn| invitations::addressed(c, &keys, &handle(n), &email, when);
    store.read(read).await.unwrap()
}

#[derive(QueryableByName)]
struct Raw {
    #[diesel(sql_type = Nullable<Binary>)]
    email: Option<Vec<u8>>,
}

fn raw(c: &mut Conn) -> Result<Raw, StoreError> {
    let query = diesel::sql_query("SELECT email FROM invitation");
    Ok(match c {
        Conn::Postgres(c) => query.get_result(c)?,
        Conn::Sqlite(c) => query.get_result(c)?,
    })
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|w| w == text.as_bytes())
}

async fn the_address_is_sealed_and_kept_while_it_may_be_mailed_again(db: &TestDb) {
    let store = &with_raid(db).await;
    let id = make(store).await;
    let sealed = store.read(raw).await.unwrap().email.unwrap();
    assert!(!contains(&sealed, ADDRESS) && !contains(&sealed, "ada"));
    if !db.settings().is_postgres() {
        let main = std::path::PathBuf::from(&db.settings().url);
        for file in std::fs::read_dir(main.parent().unwrap()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!contains(&bytes, ADDRESS));
        }
    }
    let row = find(store, id).await;
    assert_eq!(row.state, State::Open);
    let address = row.address(store.keys()).unwrap();
    assert_eq!(address.expose_secret(), ADDRESS);
    assert!(!format!("{row:?}").contains(ADDRESS));
    mailed(store, id).await;
    let row = find(store, id).await;
    assert_eq!((row.state, row.mails), (State::Sent, 1));
    assert_eq!(row.mailed_at, Some(at(5)));
    let address = row.address(store.keys()).unwrap();
    assert_eq!(address.expose_secret(), ADDRESS);
    // What was sent does not fail afterwards, and is not counted twice.
    failed(store, id).await;
    mailed(store, id).await;
    let row = find(store, id).await;
    assert_eq!((row.state, row.mails), (State::Sent, 1));
    assert_eq!((row.created_at, row.expires_at), (noon(), at(1000)));
    // It is sent again on purpose.
    assert!(reopen(store, id).await);
    assert!(!reopen(store, id).await, "its mail is waiting");
    mailed(store, id).await;
    assert_eq!(find(store, id).await.mails, 2);
}

async fn an_address_is_recognised_by_a_keyed_hash(db: &TestDb) {
    let store = &with_raid(db).await;
    store.mint(raid(2, &[])).await.unwrap();
    let id = make(store).await;
    mailed(store, id).await;
    for (n, email, is_known) in [
        (1, ADDRESS, true),
        (1, "ada@University.EXAMPLE", true),
        (1, "Ada@university.example", false),
        (1, "bob@university.example", false),
        (2, ADDRESS, false),
    ] {
        let known = addressed(store, n, email, at(1)).await;
        let expected = is_known.then_some(id);
        assert_eq!(known.standing.map(|row| row.id), expected, "{n} {email}");
        assert_eq!(known.mails, i32::from(is_known), "{n} {email}");
    }
    assert!(
        addressed(store, 1, ADDRESS, at(1000))
            .await
            .standing
            .is_none()
    );
    // Cancelling and inviting again is no way to more mails.
    assert!(cancel(store, id).await);
    let second = make(store).await;
    mailed(store, second).await;
    let known = addressed(store, 1, ADDRESS, at(1)).await;
    assert_eq!(known.standing.map(|row| row.id), Some(second));
    assert_eq!(known.mails, 2);
    // Who accepted may be invited to more.
    assert!(accept(store, second, 1).await);
    let known = addressed(store, 1, ADDRESS, at(1)).await;
    assert_eq!((known.standing.map(|row| row.id), known.mails), (None, 1));
}

async fn a_cancelled_invitation_is_not_accepted_and_its_address_is_forgotten(db: &TestDb) {
    let store = &with_raid(db).await;
    let (id, other) = (make(store).await, make(store).await);
    assert!(cancel(store, id).await);
    assert!(cancel(store, id).await, "twice is the same");
    assert!(!accept(store, id, 1).await);
    mailed(store, id).await;
    assert!(!reopen(store, id).await);
    let row = find(store, id).await;
    assert_eq!(
        (row.state, row.email, row.mails),
        (State::Cancelled, None, 0)
    );
    assert!(accept(store, other, 1).await);
    assert!(!cancel(store, other).await, "accepted");
    assert_eq!(find(store, other).await.state, State::Accepted);
}

async fn expired_invitations_lose_their_addresses(db: &TestDb) {
    let store = &with_raid(db).await;
    let (open, cancelled) = (make(store).await, make(store).await);
    make(store).await;
    assert!(cancel(store, cancelled).await);
    let forget = async |when, limit| {
        let forget = move |c: &mut Conn| invitations::forget_expired(c, when, limit);
        store.write(forget).await.unwrap()
    };
    assert_eq!(forget(at(999), 10).await, 0);
    assert!(find(store, open).await.email.is_some());
    assert!(!find(store, open).await.is_expired(at(999)));
    assert_eq!(forget(at(1000), 2).await, 2);
    assert_eq!(forget(at(1000), 2).await, 1);
    assert_eq!(forget(at(1000), 2).await, 0);
    let row = find(store, open).await;
    assert!(row.email.is_none() && row.is_expired(at(1000)));
    assert_eq!(addressed(store, 1, ADDRESS, at(1)).await.mails, 0);
    assert!(addressed(store, 1, ADDRESS, at(1)).await.standing.is_none());
}

async fn invitations_are_listed_page_by_page(db: &TestDb) {
    let store = &with_raid(db).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(make(store).await);
    }
    made.sort_unstable();
    made.reverse();
    let page = async |n: u32, after, limit| {
        let page = store.read(move |c| invitations::page(c, &handle(n), after, limit));
        let rows = page.await.unwrap();
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(page(1, None, 10).await, made);
    assert_eq!(page(1, None, 2).await, made[..2]);
    assert_eq!(page(1, Some(made[1]), 10).await, made[2..]);
    assert!(page(2, None, 10).await.is_empty());
}

async fn a_mail_that_cannot_go_forgets_the_address_too(db: &TestDb) {
    let store = &with_raid(db).await;
    let id = make(store).await;
    failed(store, id).await;
    let row = find(store, id).await;
    assert_eq!((row.state, row.email), (State::Failed, None));
}

async fn accepting_forgets_the_address(db: &TestDb) {
    let store = &with_raid(db).await;
    let id = make(store).await;
    // The mail went out, and this process died before it could say so.
    assert!(accept(store, id, 1).await);
    let row = find(store, id).await;
    assert_eq!((row.state, row.email), (State::Accepted, None));
    mailed(store, id).await;
    let row = find(store, id).await;
    assert_eq!(row.state, State::Accepted);
    assert_eq!(row.accepted_by.unwrap().into_inner(), person(1));
}

async fn it_is_accepted_once(db: &TestDb) {
    let store = &with_raid(db).await;
    let id = make(store).await;
    mailed(store, id).await;
    let nodes = [store.clone(), db.another_node()];
    let tries: Vec<_> = (0..12)
        .map(|n| {
            let node = nodes[n as usize % 2].clone();
            tokio::spawn(async move { accept(&node, id, n).await })
        })
        .collect();
    let mut first = Vec::new();
    for (n, one) in (0..).zip(tries) {
        if one.await.unwrap() {
            first.push(n);
        }
    }
    assert_eq!(first.len(), 1);
    let row = find(store, id).await;
    assert_eq!(row.accepted_by.unwrap().into_inner(), person(first[0]));
    assert!(!accept(store, id, first[0]).await);
    assert!(
        !accept(store, Id::new(noon()), 1).await,
        "no such invitation"
    );
}

async fn an_invitation_needs_its_raid(db: &TestDb) {
    let store = sample::store(db).await;
    let keys = store.keys().clone();
    let new = NewInvitation {
        id: Id::new(noon()),
        handle: handle(5),
        email: ADDRESS.into(),
        contribution: Json("{}".into()),
        inviter: inviter(InviterRight::ServicePoint),
        created_at: noon(),
        expires_at: at(1),
    };
    let orphan = store
        .write(move |c| invitations::make(c, &keys, &new))
        .await;
    assert!(orphan.is_err());
}
