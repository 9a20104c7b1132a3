//! The quota of a new day admits whom the one before held.

use crate::scene::{ADA, BOB, SERVICE_POINT, Scene, handle, orcid};
use raid_model::trust::{Gate, HeldBecause, Quotas};
use reconciler::{Runner, Schedule};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::namings;
use store::tasks::Work;
use store::testing::TestDb;
use sync_worker::ReleaseReconciler;
use tokio::sync::watch;

store::on_both_databases!(the_next_day_admits_who_was_held);

const ONE_A_DAY: Quotas = Quotas {
    new_people_per_day: 1,
    new_people_per_raid: 0,
    mails_per_day: 0,
    mails_per_address_per_day: 0,
    objections_alarm: 0,
};

async fn gate(scene: &Scene, person: &str) -> Gate {
    let orcid = orcid(person);
    let found = scene
        .store
        .read(move |c| namings::find(c, &orcid, &handle(1)));
    found.await.unwrap().unwrap().gate
}

async fn the_next_day_admits_who_was_held(db: &TestDb) {
    let scene = Scene::new(db).await;
    scene.mint(1, &[ADA, BOB], |_| {}).await;
    let now = scene.clock.now();
    scene
        .write(move |c| namings::admit(c, &handle(1), &ONE_A_DAY, now))
        .await;
    assert_eq!(gate(&scene, BOB).await, Gate::Open);
    assert_eq!(gate(&scene, ADA).await, Gate::Held(HeldBecause::Day));
    scene.clock.advance(time::Duration::DAY);
    let settings = reconciler::Settings {
        node: "release-test".to_owned(),
        slots: 2,
        lease: Duration::from_mins(1),
        poll: Duration::from_millis(5),
        schedule: Schedule::new(vec![Duration::from_secs(1)], 3),
        outage_probe: Duration::from_secs(5),
    };
    let work = ReleaseReconciler::new(scene.store.clone(), ONE_A_DAY);
    let runner = Runner::new(scene.store.clone(), settings, vec![Arc::new(work)]);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(async move { runner.run(stopped).await });
    let deadline = Instant::now() + Duration::from_mins(1);
    while gate(&scene, ADA).await != Gate::Open {
        assert!(Instant::now() < deadline, "nobody is admitted");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send_replace(true);
    running.await.unwrap();
    let due = scene.due_at(&Work::Release(SERVICE_POINT)).await;
    assert_eq!(due, None, "nobody waits any more");
}
