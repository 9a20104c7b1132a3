//! Invitations by e-mail: the address is sealed, soon forgotten, and accepted once.

use crate::sample::{self, at, handle, noon, person, raid};
use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable};
use secrecy::ExposeSecret as _;
use store::invitations::{self, InvitationRow, NewInvitation, State};
use store::testing::TestDb;
use store::{Conn, Id, Json, Store, StoreError};

store::on_both_databases!(
    the_address_is_sealed_and_forgotten_when_mailed,
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
        invited_by: "somebody".into(),
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
    let (accepted, failed) = (make(&store).await, make(&store).await);
    assert_eq!(standing(1, noon()).await, 4);
    mailed(&store, sent, State::Sent).await;
    mailed(&store, failed, State::Failed).await;
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

async fn mailed(store: &Store, id: Id, to: State) {
    store
        .write(move |c| invitations::mailed(c, id, to))
        .await
        .unwrap();
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

async fn the_address_is_sealed_and_forgotten_when_mailed(db: &TestDb) {
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
    mailed(store, id, State::Sent).await;
    let row = find(store, id).await;
    assert_eq!((row.state, row.email.as_ref()), (State::Sent, None));
    assert!(matches!(
        row.address(store.keys()),
        Err(StoreError::NotFound)
    ));
    assert_eq!(store.read(raw).await.unwrap().email, None);
    // What was sent is not sent again, nor fails afterwards.
    mailed(store, id, State::Failed).await;
    assert_eq!(find(store, id).await.state, State::Sent);
    assert_eq!((row.created_at, row.expires_at), (noon(), at(1000)));
}

async fn a_mail_that_cannot_go_forgets_the_address_too(db: &TestDb) {
    let store = &with_raid(db).await;
    let id = make(store).await;
    mailed(store, id, State::Failed).await;
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
    mailed(store, id, State::Sent).await;
    let row = find(store, id).await;
    assert_eq!(row.state, State::Accepted);
    assert_eq!(row.accepted_by.unwrap().into_inner(), person(1));
}

async fn it_is_accepted_once(db: &TestDb) {
    let store = &with_raid(db).await;
    let id = make(store).await;
    mailed(store, id, State::Sent).await;
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
        invited_by: "somebody".into(),
        created_at: noon(),
        expires_at: at(1),
    };
    let orphan = store
        .write(move |c| invitations::make(c, &keys, &new))
        .await;
    assert!(orphan.is_err());
}
