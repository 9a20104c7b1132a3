//! What the sweep repairs, with the rows damaged in each way.

use crate::scene::{ADA, BOB, SERVICE_POINT, Scene, embargoed, handle, orcid, renamed};
use raid_model::permission::PermissionState;
use raid_model::trust::{Quotas, Trust};
use serde_json::json;
use store::service_points::{self, ServicePointRow};
use store::tasks::{Kind, Work};
use store::testing::{TestDb, put_in_state};
use store::{namings, permissions, raids};
use time::Duration;

store::on_both_databases!(
    a_token_that_no_state_explains_is_tried,
    a_person_whose_task_is_lost_goes_on,
    an_entry_that_differs_is_written,
    an_entry_of_who_left_is_removed,
    whoever_was_never_asked_is_asked,
    days_to_come_are_set_again,
    a_day_that_was_missed_is_followed,
    held_people_are_left_alone_and_led_on,
    entries_of_a_stopped_service_point_are_removed,
    a_message_that_nothing_posts_is_led_on,
);

fn entry(person: &str, n: u32) -> String {
    format!("membership {person} {}", handle(n))
}

fn permission(person: &str) -> String {
    format!("permission {person}")
}

async fn a_token_that_no_state_explains_is_tried(db: &TestDb) {
    let scene = Scene::new(db).await;
    scene.give_token(ADA).await;
    let (ada, now) = (orcid(ADA), scene.clock.now());
    let denied = PermissionState::Denied;
    scene
        .write(move |c| put_in_state(c, &ada, denied, now))
        .await;
    scene.sweep().await;
    let found = scene.store.read(move |c| permissions::find(c, &ada));
    let found = found.await.unwrap().unwrap();
    assert_eq!(found.state, PermissionState::Suspect);
    assert_eq!(scene.queue().await, [permission(ADA)]);
}

async fn a_person_whose_task_is_lost_goes_on(db: &TestDb) {
    let scene = Scene::new(db).await;
    scene.put(ADA, PermissionState::Granted).await;
    scene.put(BOB, PermissionState::Locked).await;
    scene.set(Work::Permission(orcid(BOB))).await;
    scene.sweep().await;
    assert_eq!(scene.queue().await, [permission(BOB), permission(ADA)]);
    let due = scene.due_at(&Work::Permission(orcid(BOB))).await.unwrap();
    assert!(due > scene.clock.now(), "a task that stands is not touched");
}

async fn an_entry_that_differs_is_written(db: &TestDb) {
    let scene = Scene::new(db).await;
    let first = scene.mint(1, &[ADA, BOB], |_| {}).await;
    scene.put(ADA, PermissionState::Granted).await;
    scene.put(BOB, PermissionState::Granted).await;
    scene.set(Work::Permission(orcid(ADA))).await;
    scene.set(Work::Permission(orcid(BOB))).await;
    scene.entry_stands(ADA, &first).await;
    scene.entry_stands(BOB, &first).await;
    let mut next = scene.raid(1, &[ADA, BOB], |body| {
        let position = "https://vocabulary.raid.org/contributor.position.schema/308";
        body["contributor"][0]["position"][0]["id"] = json!(position);
    });
    next.identifier.version = 2;
    scene.amend_unnoticed(&next).await;
    scene.sweep().await;
    let people = [permission(BOB), permission(ADA)];
    let expected = [entry(ADA, 1), people[0].clone(), people[1].clone()];
    assert_eq!(scene.queue().await, expected, "the other's is as it was");
}

async fn an_entry_of_who_left_is_removed(db: &TestDb) {
    let scene = Scene::new(db).await;
    let first = scene.mint(1, &[ADA, BOB], |_| {}).await;
    scene.put(ADA, PermissionState::Granted).await;
    scene.set(Work::Permission(orcid(ADA))).await;
    scene.entry_stands(ADA, &first).await;
    let mut next = scene.raid(1, &[BOB], |_| {});
    next.identifier.version = 2;
    scene.put(BOB, PermissionState::Denied).await;
    scene.amend_unnoticed(&next).await;
    scene.sweep().await;
    assert_eq!(scene.queue().await, [entry(ADA, 1), permission(ADA)]);
}

async fn whoever_was_never_asked_is_asked(db: &TestDb) {
    let scene = Scene::new(db).await;
    scene.mint(1, &[ADA, BOB], |_| {}).await;
    scene.put(BOB, PermissionState::Unasked).await;
    scene.lose(&[Kind::Membership]).await;
    scene.sweep().await;
    assert_eq!(scene.queue().await, [entry(BOB, 1), entry(ADA, 1)]);
}

async fn days_to_come_are_set_again(db: &TestDb) {
    let scene = Scene::new(db).await;
    let today = scene.clock.now().date();
    let (sooner, later) = (today + Duration::days(5), today + Duration::days(9));
    scene.mint(1, &[ADA], |body| embargoed(body, later)).await;
    scene.mint(2, &[ADA], |body| renamed(body, sooner)).await;
    scene.put(ADA, PermissionState::Denied).await;
    scene
        .lose(&[Kind::Membership, Kind::Embargo, Kind::Boundary])
        .await;
    scene.sweep().await;
    let expected = [
        format!("boundary {}", handle(2)),
        format!("embargo {}", handle(1)),
    ];
    assert_eq!(scene.queue().await, expected);
    let boundary = scene.due_at(&Work::Boundary(handle(2))).await.unwrap();
    assert_eq!(boundary.date(), sooner);
    let embargo = scene.due_at(&Work::Embargo(handle(1))).await.unwrap();
    assert_eq!(embargo.date(), later);
}

/// The list sorted by title shows that nobody was there on the day.
async fn a_day_that_was_missed_is_followed(db: &TestDb) {
    let scene = Scene::new(db).await;
    let tomorrow = scene.clock.now().date() + Duration::days(1);
    scene.mint(1, &[ADA], |body| renamed(body, tomorrow)).await;
    scene.put(ADA, PermissionState::Denied).await;
    scene.lose(&[Kind::Membership, Kind::Boundary]).await;
    scene.clock.advance(Duration::days(2));
    scene.sweep().await;
    let due = scene.due_at(&Work::Boundary(handle(1))).await.unwrap();
    assert!(due <= scene.clock.now());
    let sorted = scene.store.read(|c| raids::sorted_as(c, None, 10));
    let sorted = sorted.await.unwrap();
    assert_eq!(sorted[0].1.as_deref(), Some("zebra"), "it is not its work");
}

/// Admits the people of the first RAiD, at most `new_people_per_day`.
async fn admit(scene: &Scene, new_people_per_day: u32) {
    let quotas = Quotas {
        new_people_per_day,
        ..Quotas::default()
    };
    let now = scene.clock.now();
    scene
        .write(move |c| namings::admit(c, &handle(1), &quotas, now))
        .await;
}

async fn held_people_are_left_alone_and_led_on(db: &TestDb) {
    let scene = Scene::new(db).await;
    scene.mint(1, &[ADA, BOB], |_| {}).await;
    admit(&scene, 1).await;
    scene.put(BOB, PermissionState::Unasked).await;
    scene.put(ADA, PermissionState::Granted).await;
    scene.set(Work::Permission(orcid(ADA))).await;
    scene.lose(&[Kind::Membership, Kind::Release]).await;
    scene.sweep().await;
    // Hers waits, his is to be asked for.
    assert_eq!(scene.queue().await, [entry(BOB, 1), permission(ADA)]);
    let release = scene.due_at(&Work::Release(SERVICE_POINT)).await;
    assert!(release.is_some_and(|at| at <= scene.clock.now()));
}

async fn entries_of_a_stopped_service_point_are_removed(db: &TestDb) {
    let scene = Scene::new(db).await;
    let raid = scene.mint(1, &[ADA], |_| {}).await;
    admit(&scene, 0).await;
    scene.put(ADA, PermissionState::Granted).await;
    scene.entry_stands(ADA, &raid).await;
    let now = scene.clock.now();
    scene
        .write(move |c| namings::stop(c, &orcid(ADA), SERVICE_POINT, now))
        .await;
    scene.lose(&[Kind::Membership, Kind::Permission]).await;
    scene.sweep().await;
    assert_eq!(scene.queue().await, [entry(ADA, 1), permission(ADA)]);
}

async fn a_message_that_nothing_posts_is_led_on(db: &TestDb) {
    let scene = Scene::new(db).await;
    scene.mint(1, &[ADA], |_| {}).await;
    scene.put(ADA, PermissionState::Granted).await;
    scene.clock.advance(Duration::minutes(1));
    let now = scene.clock.now();
    scene
        .write(move |c| {
            let row = service_points::find(c, SERVICE_POINT)?.unwrap();
            let trust = Trust::Notify;
            service_points::change(c, &ServicePointRow { trust, ..row }).map(drop)
        })
        .await;
    admit(&scene, 0).await;
    scene
        .write(move |c| namings::entry_written(c, &orcid(ADA), &handle(1), now))
        .await;
    scene.lose(&[Kind::Announcement]).await;
    scene.sweep().await;
    let message = Work::Announcement(orcid(ADA), SERVICE_POINT);
    assert!(scene.due_at(&message).await.is_some());
}
