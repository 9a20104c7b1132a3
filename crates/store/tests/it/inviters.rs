//! An invitation ends with the right that it was sent with.

use crate::sample::{self, ISSUER, SERVICE_POINT, at, handle, noon, raid};
use store::holders::{self, HolderRole, HolderRow};
use store::invitations::{self, NewInvitation, State};
use store::inviters::{self, Inviter, InviterRight};
use store::raids::{self, RaidWrite};
use store::service_points::{self, ServicePointRow};
use store::testing::{self, TestDb};
use store::{AsText, Conn, Id, Json, Store};

store::on_both_databases!(
    an_invitation_counts_while_its_inviter_may_invite,
    who_loses_a_raid_loses_the_invitations_to_it,
    invitations_from_before_depend_on_the_service_point,
);

/// The service point that a RAiD is given to.
const OTHER: i64 = SERVICE_POINT + 1;

/// Somebody who invites by one of their rights.
pub fn inviter(right: InviterRight) -> Inviter {
    Inviter {
        issuer: ISSUER.to_owned(),
        subject: "ada".to_owned(),
        right,
        service_point_id: SERVICE_POINT,
    }
}

async fn with_raid(db: &TestDb) -> Store {
    let store = sample::store(db).await;
    store.mint(raid(1, &[])).await.unwrap();
    store
}

async fn point(store: &Store, change: impl FnOnce(&mut ServicePointRow)) -> ServicePointRow {
    let found = store.read(|c| service_points::find(c, SERVICE_POINT)).await;
    let mut row = found.unwrap().unwrap();
    change(&mut row);
    row
}

async fn enable(store: &Store, enabled: bool) {
    let row = point(store, |row| row.enabled = enabled).await;
    let changed = store.write(move |c| service_points::change(c, &row)).await;
    assert_eq!(changed.unwrap(), None);
}

async fn invite(store: &Store, inviter: Inviter) -> Id {
    let id = Id::new(noon());
    let keys = store.keys().clone();
    let new = NewInvitation {
        id,
        handle: handle(1),
        email: "bob@university.example".into(),
        contribution: Json("{}".into()),
        inviter,
        created_at: noon(),
        expires_at: at(1000),
    };
    let made = store
        .write(move |c| invitations::make(c, &keys, &new))
        .await;
    made.unwrap();
    id
}

async fn counts(store: &Store, id: Id) -> bool {
    let counts = move |c: &mut Conn| {
        let invitation = invitations::find(c, id)?.unwrap();
        let raid = raids::find(c, &handle(1))?.unwrap();
        inviters::may_still_invite(c, &invitation, &raid)
    };
    store.read(counts).await.unwrap()
}

async fn state(store: &Store, id: Id) -> State {
    let row = store.read(move |c| invitations::find(c, id)).await;
    let row = row.unwrap().unwrap();
    assert_eq!(row.email.is_none(), row.state == State::Cancelled);
    row.state
}

async fn hold(store: &Store, issuer: &str, role: HolderRole) {
    let row = HolderRow {
        handle: AsText::from(handle(1)),
        issuer: issuer.to_owned(),
        subject: "ada".to_owned(),
        role,
        given_by_issuer: ISSUER.to_owned(),
        given_by: "somebody".to_owned(),
        given_at: noon(),
    };
    assert!(store.write(move |c| holders::give(c, &row)).await.unwrap());
}

async fn take(store: &Store, issuer: &'static str, role: HolderRole) -> bool {
    let take = move |c: &mut Conn| holders::take(c, &handle(1), issuer, "ada", role);
    store.write(take).await.unwrap()
}

async fn an_invitation_counts_while_its_inviter_may_invite(db: &TestDb) {
    let store = &with_raid(db).await;
    hold(store, ISSUER, HolderRole::RaidUser).await;
    let mut ids = Vec::new();
    for right in InviterRight::ALL {
        ids.push((*right, invite(store, inviter(*right)).await));
    }
    for (right, id) in &ids {
        assert!(counts(store, *id).await, "{right}");
    }
    // A disabled service point changes nothing; operators do.
    enable(store, false).await;
    for (right, id) in &ids {
        let expected = *right == InviterRight::Operator;
        assert_eq!(counts(store, *id).await, expected, "{right}");
    }
    enable(store, true).await;
    for (right, id) in &ids {
        assert!(counts(store, *id).await, "{right}");
    }
    // Nobody of before invites to what another service point owns.
    let other = point(store, |row| {
        row.id = OTHER;
        row.name = "Other".into();
        row.group_id = "other".into();
    });
    let other = other.await;
    store
        .write(move |c| service_points::seed(c, &other))
        .await
        .unwrap();
    let given = RaidWrite {
        version: 2,
        service_point_id: OTHER,
        ..raid(1, &[])
    };
    store.write(move |c| raids::amend(c, &given)).await.unwrap();
    for (right, id) in &ids {
        assert!(!counts(store, *id).await, "{right}");
    }
}

async fn who_loses_a_raid_loses_the_invitations_to_it(db: &TestDb) {
    const OTHER_ISSUER: &str = "https://other.example.org";
    let store = &with_raid(db).await;
    for role in HolderRole::ALL {
        hold(store, ISSUER, *role).await;
        hold(store, OTHER_ISSUER, *role).await;
    }
    let held = invite(store, inviter(InviterRight::Holder)).await;
    let as_user = invite(store, inviter(InviterRight::ServicePoint)).await;
    let elsewhere = Inviter {
        issuer: OTHER_ISSUER.to_owned(),
        ..inviter(InviterRight::Holder)
    };
    let of_other_issuer = invite(store, elsewhere).await;
    // In another role they hold it still.
    assert!(take(store, ISSUER, HolderRole::RaidAdmin).await);
    assert!(counts(store, held).await);
    assert_eq!(state(store, held).await, State::Open);
    assert!(take(store, ISSUER, HolderRole::RaidUser).await);
    assert!(!counts(store, held).await);
    assert_eq!(state(store, held).await, State::Cancelled);
    assert!(!take(store, ISSUER, HolderRole::RaidUser).await);
    for id in [as_user, of_other_issuer] {
        assert!(counts(store, id).await);
        assert_eq!(state(store, id).await, State::Open);
    }
    // Who is given it back has to invite again.
    hold(store, ISSUER, HolderRole::RaidUser).await;
    assert_eq!(state(store, held).await, State::Cancelled);
    let all = |c: &mut Conn| inviters::cancel_of_raid(c, &handle(1));
    store.write(all).await.unwrap();
    for id in [as_user, of_other_issuer] {
        assert_eq!(state(store, id).await, State::Cancelled);
    }
}

async fn invitations_from_before_depend_on_the_service_point(db: &TestDb) {
    let store = &with_raid(db).await;
    let id = invite(store, inviter(InviterRight::Holder)).await;
    assert!(!counts(store, id).await, "they do not hold it");
    store.write(testing::forget_issuers).await.unwrap();
    assert!(counts(store, id).await);
    enable(store, false).await;
    assert!(!counts(store, id).await);
}
