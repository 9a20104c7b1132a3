//! Whom service points name: admitted, held, released, stopped.

use crate::sample::{SERVICE_POINT, at, handle, noon, person, raid, store};
use raid_model::trust::{Gate, HeldBecause, NamingState, Quotas, Trust};
use raid_model::{Handle, OrcidId};
use std::collections::BTreeSet;
use store::grants::{self, NewGrant};
use store::namings::{self, NextPage, Released};
use store::raids::RaidWrite;
use store::service_points::{self, ServicePointRow};
use store::tasks::{self, Kind, Work};
use store::testing::TestDb;
use store::{Conn, Store, StoreError, Timestamp, announcements, raids, service_point_days};
use time::Duration;

store::on_both_databases!(
    new_people_are_admitted_up_to_the_quota,
    a_raid_with_many_new_people_is_held_as_a_whole,
    a_new_day_admits_those_who_waited_longest,
    whoever_is_named_no_more_is_forgotten,
    an_operator_releases_a_raid,
    an_operator_releases_a_service_point,
    everything_of_a_held_service_point_waits,
    whoever_joins_by_an_act_of_their_own_is_welcome,
    the_first_entry_is_announced_where_trust_asks_for_it,
    a_stop_counts_once_and_lets_go,
    two_who_admit_at_once_stay_within_the_quota,
);

const BY_DAY: Quotas = Quotas {
    new_people_per_day: 3,
    new_people_per_raid: 0,
    mails_per_day: 0,
    mails_per_address_per_day: 0,
    objections_alarm: 0,
};

async fn write<T: Send + 'static>(
    store: &Store,
    f: impl Fn(&mut Conn) -> Result<T, StoreError> + Send + 'static,
) -> T {
    store.write(f).await.unwrap()
}

/// Mints the `n`th RAiD with the people of these numbers.
async fn mint(store: &Store, n: u32, people: impl IntoIterator<Item = u32>) {
    let people: Vec<OrcidId> = people.into_iter().map(person).collect();
    store.mint(raid(n, &people)).await.unwrap();
}

async fn admit(store: &Store, n: u32, quotas: Quotas, now: Timestamp) -> namings::Admitted {
    write(store, move |c| namings::admit(c, &handle(n), &quotas, now)).await
}

/// Whether the service point of a RAiD may ask a person.
async fn gate(store: &Store, n: u32, who: u32) -> Gate {
    let found = store.read(move |c| namings::find(c, &person(who), &handle(n)));
    found.await.unwrap().unwrap().gate
}

async fn gates(store: &Store, n: u32, people: std::ops::Range<u32>) -> Vec<Gate> {
    let mut found = Vec::new();
    for who in people {
        found.push(gate(store, n, who).await);
    }
    found
}

async fn count(store: &Store, gates_of: &[(u32, u32)], wanted: Gate) -> usize {
    let mut found = 0;
    for (n, who) in gates_of {
        found += usize::from(gate(store, *n, *who).await == wanted);
    }
    found
}

async fn release_is_due(store: &Store) -> Option<Timestamp> {
    let key = Work::Release(SERVICE_POINT).key();
    let due = store.read(move |c| tasks::due_times(c, Kind::Release, &[key]));
    due.await.unwrap().into_values().next().flatten()
}

async fn set_trust(store: &Store, trust: Trust) {
    write(store, move |c| {
        let row = service_points::find(c, SERVICE_POINT)?.unwrap();
        let row = ServicePointRow { trust, ..row };
        service_points::change(c, &row).map(drop)
    })
    .await;
}

const HELD_BY_DAY: Gate = Gate::Held(HeldBecause::Day);
const HELD_BY_RAID: Gate = Gate::Held(HeldBecause::Raid);
const HELD_BY_TRUST: Gate = Gate::Held(HeldBecause::Trust);

async fn new_people_are_admitted_up_to_the_quota(db: &TestDb) {
    let store = store(db).await;
    mint(&store, 1, 0..2).await;
    mint(&store, 2, 1..6).await;
    assert_eq!(gates(&store, 1, 0..2).await, [Gate::New; 2]);
    let first = admit(&store, 1, BY_DAY, noon()).await;
    assert_eq!((first.admitted, first.held, first.because), (2, 0, None));
    assert_eq!(release_is_due(&store).await, None);
    let second = admit(&store, 2, BY_DAY, at(1)).await;
    assert_eq!((second.admitted, second.held), (1, 4 - 1));
    assert_eq!(second.because, Some(HeldBecause::Day));
    assert_eq!(gates(&store, 1, 0..2).await, [Gate::Open; 2]);
    assert_eq!(gate(&store, 2, 1).await, Gate::Open, "known already");
    let all: Vec<_> = (2..6).map(|who| (2, who)).collect();
    assert_eq!(count(&store, &all, Gate::Open).await, 1);
    assert_eq!(count(&store, &all, HELD_BY_DAY).await, 3);
    // Looking again changes nothing.
    let again = admit(&store, 2, BY_DAY, at(2)).await;
    assert_eq!((again.admitted, again.held), (0, 0));
    let midnight = time::macros::datetime!(2026-03-02 00:00:00);
    assert_eq!(release_is_due(&store).await, Some(midnight));
    // Without quotas nobody is held.
    mint(&store, 3, 6..30).await;
    assert_eq!(admit(&store, 3, Quotas::default(), at(3)).await.held, 0);
}

async fn a_raid_with_many_new_people_is_held_as_a_whole(db: &TestDb) {
    let store = store(db).await;
    let quotas = Quotas {
        new_people_per_raid: 2,
        ..Quotas::default()
    };
    mint(&store, 1, 0..2).await;
    admit(&store, 1, quotas, noon()).await;
    mint(&store, 2, 1..4).await;
    let few = admit(&store, 2, quotas, noon()).await;
    assert_eq!((few.admitted, few.held), (2, 0), "one of three was known");
    mint(&store, 3, 4..7).await;
    let many = admit(&store, 3, quotas, noon()).await;
    assert_eq!((many.admitted, many.held), (0, 3));
    assert_eq!(gates(&store, 3, 4..7).await, [HELD_BY_RAID; 3]);
    // A further RAiD does not let them through.
    mint(&store, 4, 4..5).await;
    assert_eq!(gate(&store, 4, 4).await, HELD_BY_RAID);
    assert_eq!(release_is_due(&store).await, None, "no day releases them");
    // Growing bit by bit does not help either.
    let grown = [1, 2, 3, 7].map(person);
    amend(&store, 2, 2, &grown).await;
    let grown = admit(&store, 2, quotas, noon()).await;
    assert_eq!((grown.admitted, grown.held), (0, 1));
    let waiting = store.read(|c| namings::waiting(c, 10)).await.unwrap();
    let waiting = &waiting[&SERVICE_POINT];
    assert_eq!((waiting.by_day, waiting.by_raid), (0, 4));
    assert_eq!(waiting.raids, [handle(2), handle(3)]);
}

async fn amend(store: &Store, n: u32, version: i32, people: &[OrcidId]) {
    let write_it = RaidWrite {
        version,
        ..raid(n, people)
    };
    write(store, move |c| raids::amend(c, &write_it)).await;
}

async fn release_day(store: &Store, now: Timestamp) -> namings::ReleasedByDay {
    write(store, move |c| {
        namings::release_day(c, SERVICE_POINT, &BY_DAY, now)
    })
    .await
}

async fn a_new_day_admits_those_who_waited_longest(db: &TestDb) {
    let store = store(db).await;
    mint(&store, 1, 0..5).await;
    admit(&store, 1, BY_DAY, noon()).await;
    mint(&store, 2, 5..8).await;
    admit(&store, 2, BY_DAY, at(60)).await;
    // The same day is used up.
    let early = release_day(&store, at(120)).await;
    let midnight = time::macros::datetime!(2026-03-02 00:00:00);
    assert_eq!((early.people, early.next), (0, Some(midnight)));
    let tomorrow = release_day(&store, midnight).await;
    let after = midnight + Duration::DAY;
    assert_eq!((tomorrow.people, tomorrow.next), (3, Some(after)));
    assert_eq!(gates(&store, 1, 0..5).await, [Gate::Open; 5]);
    let second: Vec<_> = (5..8).map(|who| (2, who)).collect();
    assert_eq!(count(&store, &second, HELD_BY_DAY).await, 2);
    // They count against the day on which they are admitted.
    mint(&store, 3, 8..9).await;
    let same_day = admit(&store, 3, BY_DAY, midnight + Duration::HOUR).await;
    assert_eq!((same_day.admitted, same_day.held), (0, 1));
    let last = release_day(&store, after).await;
    assert_eq!((last.people, last.next), (3, None));
    assert_eq!(count(&store, &second, Gate::Open).await, 3);
    // Their entries are looked at.
    let keys: Vec<_> = (5..8)
        .map(|who| Work::Membership(person(who), handle(2)).key())
        .collect();
    let due = store.read(move |c| tasks::due_times(c, Kind::Membership, &keys));
    assert_eq!(due.await.unwrap().len(), 3);
}

async fn whoever_is_named_no_more_is_forgotten(db: &TestDb) {
    let store = store(db).await;
    mint(&store, 1, 0..5).await;
    admit(&store, 1, BY_DAY, noon()).await;
    let admitted: Vec<_> = {
        let mut found = Vec::new();
        for who in 0..5 {
            if gate(&store, 1, who).await == Gate::Open {
                found.push(person(who));
            }
        }
        found
    };
    amend(&store, 1, 2, &admitted).await;
    let midnight = time::macros::datetime!(2026-03-02 00:00:00);
    let released = release_day(&store, midnight).await;
    assert_eq!((released.people, released.next), (0, None));
    let counts = store.read(namings::counts).await.unwrap();
    assert_eq!(counts, [(NamingState::Admitted, 3)]);
}

async fn an_operator_releases_a_raid(db: &TestDb) {
    let store = store(db).await;
    mint(&store, 1, 0..5).await;
    mint(&store, 2, 4..6).await;
    let none = Quotas {
        new_people_per_raid: 1,
        ..Quotas::default()
    };
    admit(&store, 1, none, noon()).await;
    admit(&store, 2, none, noon()).await;
    let released = write(&store, |c| namings::release_raid(c, &handle(1), at(1))).await;
    let expected = Released {
        people: 5,
        contributions: 5,
    };
    assert_eq!(released, expected);
    assert_eq!(gates(&store, 1, 0..5).await, [Gate::Open; 5]);
    assert_eq!(gate(&store, 2, 4).await, Gate::Open, "also elsewhere");
    let again = write(&store, |c| namings::release_raid(c, &handle(1), at(2))).await;
    assert_eq!(again, Released::default());
    // One who comes later is not many any more.
    let people: Vec<_> = (0..5).chain([7]).map(person).collect();
    amend(&store, 1, 2, &people).await;
    let later = admit(&store, 1, none, at(3)).await;
    assert_eq!((later.admitted, later.held), (1, 0));
}

/// Releases all pages of the service point.
async fn release_all(store: &Store, with_raids: bool) -> Released {
    let (mut all, mut next) = (Released::default(), NextPage::After(None));
    while let NextPage::After(after) = next {
        let (released, following) = write(store, move |c| {
            namings::release_page(c, SERVICE_POINT, after.as_ref(), with_raids, at(9))
        })
        .await;
        all.people += released.people;
        all.contributions += released.contributions;
        next = following;
    }
    all
}

async fn an_operator_releases_a_service_point(db: &TestDb) {
    let store = store(db).await;
    let quotas = Quotas {
        new_people_per_raid: 600,
        ..BY_DAY
    };
    mint(&store, 1, 0..5).await;
    admit(&store, 1, quotas, noon()).await;
    mint(&store, 2, 10..620).await;
    let many = admit(&store, 2, quotas, noon()).await;
    assert_eq!(many.because, Some(HeldBecause::Raid));
    let released = release_all(&store, false).await;
    assert_eq!(released.people, 2 + 610);
    let waiting = store.read(|c| namings::waiting(c, 10)).await.unwrap();
    assert!(waiting.is_empty(), "{waiting:?}");
    assert_eq!(release_all(&store, false).await, Released::default());
}

async fn everything_of_a_held_service_point_waits(db: &TestDb) {
    let store = store(db).await;
    mint(&store, 1, 0..1).await;
    admit(&store, 1, BY_DAY, noon()).await;
    set_trust(&store, Trust::Hold).await;
    for n in 2..30 {
        mint(&store, n, 0..2).await;
    }
    assert_eq!(gates(&store, 2, 0..2).await, [HELD_BY_TRUST; 2]);
    let held = store.read(namings::count_held_by_trust).await.unwrap();
    assert_eq!(held[&SERVICE_POINT], 1 + 28 * 2);
    let released = release_all(&store, true).await;
    assert_eq!((released.people, released.contributions), (0, 1 + 28 * 2));
    assert_eq!(gate(&store, 29, 0).await, Gate::Open);
    assert_eq!(
        gate(&store, 29, 1).await,
        Gate::New,
        "looked at by the task"
    );
    // An operator's word goes before the quota.
    let nobody = Quotas {
        new_people_per_raid: 1,
        ..Quotas::default()
    };
    admit(&store, 29, nobody, at(10)).await;
    assert_eq!(gate(&store, 29, 1).await, Gate::Open);
    // What is new waits again.
    amend(&store, 2, 2, &[0, 1, 2].map(person)).await;
    assert_eq!(gate(&store, 2, 2).await, HELD_BY_TRUST);
    assert_eq!(gate(&store, 2, 0).await, Gate::Open);
    set_trust(&store, Trust::Auto).await;
    assert_eq!(gate(&store, 2, 2).await, Gate::New);
}

async fn whoever_joins_by_an_act_of_their_own_is_welcome(db: &TestDb) {
    let store = store(db).await;
    set_trust(&store, Trust::Hold).await;
    mint(&store, 1, 0..2).await;
    write(&store, |c| {
        namings::welcome(c, &person(0), &handle(1), noon())
    })
    .await;
    assert_eq!(gate(&store, 1, 0).await, Gate::Open);
    assert_eq!(gate(&store, 1, 1).await, HELD_BY_TRUST);
    let naming = store.read(|c| namings::find(c, &person(0), &handle(1)));
    assert!(naming.await.unwrap().unwrap().had_entry, "not announced");
    // Also if they stopped the service point before.
    write(&store, |c| {
        namings::stop(c, &person(0), SERVICE_POINT, at(1))
    })
    .await;
    assert_eq!(gate(&store, 1, 0).await, Gate::Stopped);
    write(&store, |c| {
        namings::welcome(c, &person(0), &handle(1), at(2))
    })
    .await;
    assert_eq!(gate(&store, 1, 0).await, Gate::Open);
}

async fn grant(store: &Store, who: u32, now: Timestamp) {
    let grant = NewGrant {
        orcid: person(who),
        access_token: "token".to_owned().into(),
        refresh_token: None,
        scope: "/activities/update".to_owned(),
        expires_at: None,
    };
    write(store, move |c| {
        let id = grants::keep(c, &TestDb::keys(), &grant, "visit", now)?;
        grants::activate(c, id, &grant.orcid, now)
    })
    .await;
}

/// An entry was written; whether it is announced.
async fn announced(store: &Store, n: u32, who: u32) -> bool {
    write(store, move |c| {
        namings::entry_written(c, &person(who), &handle(n), at(100))?;
        Ok(announcements::find(c, &person(who), SERVICE_POINT)?.is_some())
    })
    .await
}

async fn the_first_entry_is_announced_where_trust_asks_for_it(db: &TestDb) {
    let store = store(db).await;
    for who in [0, 1] {
        grant(&store, who, noon()).await;
    }
    mint(&store, 1, 0..3).await;
    admit(&store, 1, Quotas::default(), at(1)).await;
    grant(&store, 2, at(2)).await;
    assert!(!announced(&store, 1, 0).await, "its trust is auto");
    set_trust(&store, Trust::Notify).await;
    assert!(!announced(&store, 1, 0).await, "not the first one");
    assert!(!announced(&store, 1, 2).await, "they saw it and granted");
    assert!(announced(&store, 1, 1).await);
    let message = store.read(|c| announcements::find(c, &person(1), SERVICE_POINT));
    let message = message.await.unwrap().unwrap();
    assert_eq!(message.state, announcements::State::Due);
    let unfinished = store.read(|c| announcements::unfinished(c, 10)).await;
    assert_eq!(unfinished.unwrap(), [(person(1), SERVICE_POINT)]);
    let key = Work::Announcement(person(1), SERVICE_POINT).key();
    let due = store.read(move |c| tasks::due_times(c, Kind::Announcement, &[key]));
    assert_eq!(due.await.unwrap().len(), 1);

    // A step from another state than it stands in does nothing.
    let read = message.clone();
    let moved = write(&store, move |c| {
        let posting = announcements::State::Posting;
        let first = announcements::change(c, &read, posting, at(101))?;
        Ok((first, announcements::change(c, &read, posting, at(102))?))
    })
    .await;
    assert_eq!(moved, (true, false));
    // What has nothing to tell any more leaves the next entry to be the first.
    let posting = announcements::Announcement {
        state: announcements::State::Posting,
        ..message
    };
    write(&store, move |c| announcements::withdraw(c, &posting)).await;
    assert!(announced(&store, 1, 1).await);
}

async fn a_stop_counts_once_and_lets_go(db: &TestDb) {
    let store = store(db).await;
    mint(&store, 1, 0..2).await;
    let stop = |c: &mut Conn| namings::stop(c, &person(0), SERVICE_POINT, at(5));
    assert!(write(&store, stop).await.is_none(), "never looked at");
    admit(&store, 1, BY_DAY, noon()).await;
    let objected = write(&store, stop).await.unwrap();
    assert_eq!(objected.today, 1);
    assert!(write(&store, stop).await.is_none(), "said before");
    assert_eq!(gates(&store, 1, 0..2).await, [Gate::Stopped, Gate::Open]);
    let theirs = store.read(|c| namings::stopped_projects(c, &person(0)));
    assert_eq!(theirs.await.unwrap(), BTreeSet::from([handle(1)]));
    // No release undoes it.
    write(&store, |c| namings::release_raid(c, &handle(1), at(6))).await;
    release_all(&store, true).await;
    assert_eq!(gate(&store, 1, 0).await, Gate::Stopped);
    let allow = |c: &mut Conn| namings::allow(c, &person(0), SERVICE_POINT, at(7));
    assert!(write(&store, allow).await);
    assert!(!write(&store, allow).await);
    assert_eq!(gate(&store, 1, 0).await, Gate::Open);
    let used = store.read(|c| service_point_days::of_day(c, noon().date()));
    let used = used.await.unwrap();
    assert_eq!((used[0].1.new_people, used[0].1.objections), (2, 1));
}

async fn two_who_admit_at_once_stay_within_the_quota(db: &TestDb) {
    let store = store(db).await;
    let handles: Vec<Handle> = (1..9).map(handle).collect();
    for n in 1..9 {
        mint(&store, n, [n * 10, n * 10 + 1]).await;
    }
    let admitting: Vec<_> = handles
        .into_iter()
        .map(|handle| {
            let store = store.clone();
            tokio::spawn(async move {
                let admit = move |c: &mut Conn| namings::admit(c, &handle, &BY_DAY, noon());
                store.write(admit).await.unwrap()
            })
        })
        .collect();
    let (mut admitted, mut held) = (0, 0);
    for one in admitting {
        let one = one.await.unwrap();
        admitted += one.admitted;
        held += one.held;
    }
    assert_eq!((admitted, held), (3, 13));
}
