//! A process with other keys does not start, and keys rotate while the agency runs.

use crate::steps::{granted_project, retitle};
use raid_tests::examples::{self, CARBERRY, OKAFOR};
use raid_tests::{Browser, Stage, eventually};
use serde_json::Value;
use std::path::PathBuf;

raid_tests::on_both_databases!(
    other_keys_are_refused,
    keys_rotate_and_old_links_stay_good,
    keys_that_are_lost_are_given_up,
);

fn key(stage: &Stage, name: &str) -> PathBuf {
    stage.data().join("secrets").join(format!("{name}.key"))
}

fn move_key(stage: &Stage, from: &str, to: &str) {
    std::fs::rename(key(stage, from), key(stage, to)).unwrap();
}

/// The ids of a purpose, with their states, as `keys list` prints them.
fn listed(stage: &Stage, purpose: &str) -> Vec<(String, String)> {
    let list = stage.command(&["keys", "list"]).output();
    let lines = list.lines().filter(|line| line.starts_with(purpose));
    let of_line = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        (
            words.next().unwrap().to_owned(),
            words.next().unwrap().to_owned(),
        )
    };
    lines.map(of_line).collect()
}

fn with_state(listed: &[(String, String)], state: &str) -> String {
    let found = listed.iter().find(|(_, s)| s == state);
    found
        .unwrap_or_else(|| panic!("no {state} in {listed:?}"))
        .0
        .clone()
}

async fn other_keys_are_refused(stage: &Stage) {
    let mut agency = stage.agency().await;
    granted_project(stage, &agency).await;
    agency.terminate().await;
    let sealing = with_state(&listed(stage, "sealing"), "current");
    let links = with_state(&listed(stage, "links"), "current");

    let secrets = stage.data().join("secrets");
    let aside = stage.folder().join("aside");
    std::fs::rename(&secrets, &aside).unwrap();
    let complaint = stage.refused_start("");
    for word in [sealing.as_str(), "sealing.key", "backup"] {
        assert!(complaint.contains(word), "{word}: {complaint}");
    }
    assert!(!secrets.join("sealing.key").exists(), "a key was made");
    let complaint = stage.command(&["token"]).complaint();
    assert!(complaint.contains(&sealing), "{complaint}");

    // The same name with another key.
    let other = "5a".repeat(32);
    let configured = format!("[keys.sealing]\n\"1\" = \"{other}\"");
    let complaint = stage.refused_start(&configured);
    assert!(complaint.contains(&sealing), "{complaint}");

    let complaint = {
        std::fs::rename(&aside, &secrets).unwrap();
        stage.refused_start(&format!("[keys]\nlinks = \"{other}\""))
    };
    for word in [links.as_str(), "former_links"] {
        assert!(complaint.contains(word), "{word}: {complaint}");
    }
    let tokens = with_state(&listed(stage, "tokens"), "current");
    let others = format!("[keys]\ntokens = \"{other}\"");
    let complaint = stage.refused_start(&others);
    for word in [tokens.as_str(), "keys.tokens"] {
        assert!(complaint.contains(word), "{word}: {complaint}");
    }
    agency.restart().await;
    agency.terminate().await;
    // A key that nobody shall use any more is given up by name.
    let refused = stage.command(&["keys", "retire", &tokens]).complaint();
    assert!(refused.contains("in use"), "{refused}");
    stage
        .command_with(&others, &["keys", "retire", &tokens])
        .output();
    stage.agency_with(&others).await;
}

async fn keys_rotate_and_old_links_stay_good(stage: &Stage) {
    let mut agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let asked = examples::with_people("For Okafor as well", [OKAFOR]);
    agency.client().mint(&asked).await;
    let request = stage.orcid.request(OKAFOR).await;
    let old_link = request["authorization_url"].as_str().unwrap().to_owned();
    agency.rest().await;
    agency.terminate().await;

    move_key(stage, "sealing", "sealing-2025");
    move_key(stage, "links", "links-2025");
    agency.restart().await;
    let sealing = listed(stage, "sealing");
    let old = with_state(&sealing, "former");
    assert_ne!(with_state(&sealing, "current"), old);

    let refused = stage.command(&["keys", "retire", &old]).complaint();
    assert!(refused.contains("keys reseal"), "{refused}");
    let resealed = stage.command(&["keys", "reseal"]).output();
    assert!(resealed.contains("2 values are sealed"), "{resealed}");
    let current = with_state(&sealing, "current");
    let refused = stage.command(&["keys", "retire", &current]).complaint();
    assert!(refused.contains("in use"), "{refused}");
    stage.command(&["keys", "retire", &old]).output();

    let landing = Browser::new().open(&old_link).await;
    assert_eq!(landing.status, 200, "{}", landing.html);
    assert!(landing.html.contains("Continue to ORCID"));
    let old_links = with_state(&listed(stage, "links"), "former");
    let refused = stage.command(&["keys", "retire", &old_links]).complaint();
    assert!(refused.contains("good until"), "{refused}");

    agency.terminate().await;
    std::fs::remove_file(key(stage, "sealing-2025")).unwrap();
    agency.restart().await;
    retitle(&agency, &project.handle, "With a new key").await;
    let follows = |entry: &Value| entry["department_name"] == "With a new key";
    stage
        .orcid
        .membership_that(CARBERRY, &project.handle, follows)
        .await;

    agency.terminate().await;
    std::fs::remove_file(key(stage, "links-2025")).unwrap();
    let complaint = stage.refused_start("");
    assert!(complaint.contains(&old_links), "{complaint}");
    stage.command(&["keys", "give-up"]).output();
    agency.restart().await;
    let landing = Browser::new().open(&old_link).await;
    assert_ne!(landing.status, 200);
}

async fn keys_that_are_lost_are_given_up(stage: &Stage) {
    let mut agency = stage.agency().await;
    granted_project(stage, &agency).await;
    agency.terminate().await;
    std::fs::remove_file(key(stage, "sealing")).unwrap();
    assert!(stage.refused_start("").contains("give-up"));

    let dry_run = stage.command(&["keys", "give-up", "--dry-run"]).output();
    assert!(dry_run.contains("2 sealed values"), "{dry_run}");
    assert!(!key(stage, "sealing").exists(), "a dry run made a key");
    assert!(stage.refused_start("").contains("give-up"));
    stage.command(&["keys", "give-up"]).output();
    let before = stage.orcid.requests(CARBERRY).await.len();
    agency.restart().await;
    eventually("Carberry to be asked again", async || {
        let requests = stage.orcid.requests(CARBERRY).await;
        (requests.len() > before).then_some(())
    })
    .await;
}
