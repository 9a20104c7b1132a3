//! The sweep in a running agency: it repairs what was lost, and finds nothing where nothing was.

use crate::agreement::Sides;
use crate::steps::{granted_project, people_are};
use raid_model::{Handle, Raid};
use raid_tests::examples::{self, CARBERRY, FERNANDEZ, OKAFOR, embargo};
use raid_tests::{Agency, Browser, Stage, eventually};
use store::raids::{self, Actor, RaidWrite};
use store::tasks::Lane;
use store::testing::lose_tasks;

raid_tests::on_both_databases!(
    what_was_lost_is_repaired_once,
    a_healthy_agency_is_left_alone,
);

const OFTEN: &str = "[worker]\nsweep_every = \"1s\"";

const WHAT: [&str; 5] = ["token", "permission", "entry", "embargo", "boundary"];

async fn repairs(agency: &Agency<'_>, what: &str) -> u64 {
    let sample = format!(r#"raid_sweep_repairs_total{{what="{what}"}}"#);
    agency.metric(&sample).await
}

/// Waits until the sweep went through all of it some more times.
async fn sweeps(agency: &Agency<'_>, more: u64) {
    let before = agency.metric("raid_sweeps_total").await;
    eventually("the sweep to go on", async || {
        let now = agency.metric("raid_sweeps_total").await;
        (now >= before + more).then_some(())
    })
    .await;
}

async fn what_was_lost_is_repaired_once(stage: &Stage) {
    let agency = stage.agency_with(OFTEN).await;
    let project = granted_project(stage, &agency).await;
    let sides = Sides::of(stage, agency.client());
    let handle: Handle = project.handle.parse().unwrap();
    // A new version, without the tasks that belong to it, and without the person's.
    let clock = sides.store.clock().clone();
    let written = sides.store.write(move |c| {
        let row = raids::find(c, &handle)?.unwrap();
        let mut raid: Raid = serde_json::from_str(&row.document.0).unwrap();
        raid.title[0].text = Some("What nobody noticed".to_owned());
        raid.identifier.version += 1;
        let actor = Actor::system("damage");
        let now = clock.now();
        let write = RaidWrite::of(&raid, actor, now, now, Lane::Interactive)?;
        raids::amend(c, &write)?;
        lose_tasks(c, CARBERRY)
    });
    written.await.unwrap();
    stage
        .orcid
        .membership_that(CARBERRY, &project.handle, |entry| {
            entry["department_name"] == "What nobody noticed"
        })
        .await;
    agency.rest().await;
    sweeps(&agency, 2).await;
    let counted = [
        repairs(&agency, "permission").await,
        repairs(&agency, "entry").await,
    ];
    assert_eq!(counted, [1, 1], "each once");
    let lines = stage.logs();
    let told = |line: &&str| line.contains("repaired what an event missed");
    assert_eq!(lines.lines().filter(told).count(), 2);
}

async fn a_healthy_agency_is_left_alone(stage: &Stage) {
    let agency = stage.agency_with(OFTEN).await;
    let client = agency.client();
    let people = [CARBERRY, OKAFOR, FERNANDEZ];
    client.mint(&examples::with_people("Ours", people)).await;
    Browser::new().grant(&stage.orcid, CARBERRY).await;
    Browser::new().refuse(&stage.orcid, OKAFOR).await;
    let mut hidden = examples::with_people("Hidden", people);
    hidden["access"] = embargo("Later.");
    client.mint(&hidden).await;
    for n in 0..10 {
        let title = format!("Project {n}");
        client.mint(&examples::with_people(&title, people)).await;
    }
    for state in ["granted", "denied", "asked"] {
        people_are(&agency, 1, state).await;
    }
    agency.rest().await;
    sweeps(&agency, 3).await;
    for what in WHAT {
        assert_eq!(repairs(&agency, what).await, 0, "{what}");
    }
}
