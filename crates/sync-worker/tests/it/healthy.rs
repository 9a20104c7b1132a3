//! Where nothing was missed the sweep does nothing.

use crate::scene::{ADA, BOB, Scene, embargoed, handle, orcid, renamed};
use raid_model::permission::PermissionState;
use store::disclaimers;
use store::tasks::{Kind, Room, Settle, Work};
use store::testing::TestDb;
use time::Duration;

store::on_both_databases!(
    whoever_rests_is_left_alone,
    what_is_as_it_should_be_is_left_alone,
    what_cannot_heal_waits_for_people,
    what_is_in_hand_is_not_set_again,
    what_the_date_changes_waits_for_its_task,
);

/// Sweeps, and nothing changes.
async fn assert_quiet(scene: &Scene) {
    let before = scene.queue().await;
    scene.sweep().await;
    scene.sweep().await;
    assert_eq!(scene.queue().await, before);
}

async fn whoever_rests_is_left_alone(db: &TestDb) {
    use PermissionState::{Denied, Deprecated, Disconnected, Ignored, Unasked};
    let scene = Scene::new(db).await;
    scene.mint(1, &[ADA], |_| {}).await;
    let later = scene.clock.now().date() + Duration::days(9);
    scene.mint(2, &[BOB], |body| embargoed(body, later)).await;
    scene.lose(&[Kind::Membership]).await;
    scene.put(BOB, Unasked).await;
    for state in [Denied, Ignored, Disconnected, Deprecated] {
        scene.put(ADA, state).await;
        assert_quiet(&scene).await;
    }
    scene.put(ADA, Unasked).await;
    let (ada, now) = (orcid(ADA), scene.clock.now());
    scene
        .write(move |c| disclaimers::disclaim(c, &ada, &handle(1), false, now))
        .await;
    assert_quiet(&scene).await;
}

async fn what_is_as_it_should_be_is_left_alone(db: &TestDb) {
    let scene = Scene::new(db).await;
    let raid = scene.mint(1, &[ADA], |_| {}).await;
    let later = scene.clock.now().date() + Duration::days(9);
    scene.mint(2, &[ADA], |body| embargoed(body, later)).await;
    scene.put(ADA, PermissionState::Granted).await;
    scene.set(Work::Permission(orcid(ADA))).await;
    scene.entry_stands(ADA, &raid).await;
    scene.lose(&[Kind::Membership]).await;
    assert_quiet(&scene).await;
}

async fn what_cannot_heal_waits_for_people(db: &TestDb) {
    let scene = Scene::new(db).await;
    scene.mint(1, &[ADA], |_| {}).await;
    scene.put(ADA, PermissionState::Granted).await;
    scene.set(Work::Permission(orcid(ADA))).await;
    let kinds = &[Kind::Membership, Kind::Permission];
    scene.end(kinds, &Settle::Dead("broken".to_owned())).await;
    assert_quiet(&scene).await;
    for work in [
        Work::Permission(orcid(ADA)),
        Work::Membership(orcid(ADA), handle(1)),
    ] {
        assert_eq!(scene.due_at(&work).await, None, "it is dead");
    }
}

async fn what_is_in_hand_is_not_set_again(db: &TestDb) {
    let scene = Scene::new(db).await;
    scene.mint(1, &[ADA], |_| {}).await;
    scene.put(ADA, PermissionState::Granted).await;
    scene.set(Work::Permission(orcid(ADA))).await;
    let now = scene.clock.now();
    let held = scene
        .write(move |c| {
            let until = now + Duration::HOUR;
            store::tasks::claim(c, "me", &[Kind::Membership], Room::any(5), now, until)
        })
        .await;
    assert_eq!(held.len(), 1);
    assert_quiet(&scene).await;
    scene
        .write(move |c| store::tasks::settle(c, "me", &held[0], &Settle::Done, now))
        .await;
    let work = Work::Membership(orcid(ADA), handle(1));
    assert_eq!(scene.due_at(&work).await, None, "no news came");
}

async fn what_the_date_changes_waits_for_its_task(db: &TestDb) {
    let scene = Scene::new(db).await;
    let tomorrow = scene.clock.now().date() + Duration::days(1);
    let raid = scene.mint(1, &[ADA], |body| renamed(body, tomorrow)).await;
    scene.put(ADA, PermissionState::Granted).await;
    scene.set(Work::Permission(orcid(ADA))).await;
    scene.entry_stands(ADA, &raid).await;
    scene.lose(&[Kind::Membership]).await;
    assert_quiet(&scene).await;
    scene.clock.advance(Duration::days(1));
    assert_quiet(&scene).await;
}
