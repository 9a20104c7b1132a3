//! The restore drill: a backup of an agency that runs, brought back with its keys.

use crate::psql::{another_database, psql, schema_of};
use crate::steps::{granted_project, retitle};
use futures::future::join;
use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Agency, Backend, Finished, Stage};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

raid_tests::on_both_databases!(a_backup_is_restored_with_its_keys);

/// A command that finds PostgreSQL's programs.
fn run(stage: &Stage, arguments: &[&str]) -> Command {
    let mut command = stage.program("");
    command.args(arguments).env("PATH", search_path());
    command
}

#[expect(
    clippy::disallowed_methods,
    reason = "where PostgreSQL's programs are, for the program under test"
)]
fn search_path() -> String {
    std::env::var("PATH").unwrap_or_default()
}

fn finished(mut command: Command) -> Finished {
    let output = command.output().unwrap();
    Finished {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn restore(stage: &Stage, folder: &str) -> Finished {
    finished(run(stage, &["restore", folder]))
}

/// Mints without a pause while the backup is taken.
async fn backup_meanwhile(stage: &Stage, agency: &Agency<'_>, folder: &str) -> (String, u32) {
    let mut command = run(stage, &["backup", folder]);
    let taken = tokio::task::spawn_blocking(move || command.output().unwrap());
    let (done, mut is_done) = tokio::sync::watch::channel(false);
    let minting = async {
        let mut minted = 0;
        while !*is_done.borrow_and_update() || minted == 0 {
            agency.client().mint(&examples::minimal()).await;
            minted += 1;
        }
        minted
    };
    let taking = async {
        let output = taken.await.unwrap();
        done.send_replace(true);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        String::from_utf8(output.stdout).unwrap()
    };
    join(taking, minting).await
}

/// The machine is gone, and all that was on it.
fn lose_everything(stage: &Stage, aside: &Path) {
    std::fs::rename(stage.data().join("secrets"), aside).unwrap();
    std::fs::remove_dir_all(stage.data()).unwrap();
    if stage.backend == Backend::Postgres {
        let drop = format!("DROP SCHEMA {} CASCADE", schema_of(stage));
        psql(&another_database(stage, "postgres"), &drop);
    }
}

async fn a_backup_is_restored_with_its_keys(stage: &Stage) {
    let mut agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let (told, minted) = backup_meanwhile(stage, &agency, "backup").await;
    assert!(minted > 0);
    for word in ["sealing k", "links k", "tokens k", "secrets"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let complaint = finished(run(stage, &["backup", "backup"])).complaint();
    assert!(complaint.contains("there already"), "{complaint}");
    let later = handle_of(&agency.client().mint(&examples::minimal()).await);
    let complaint = restore(stage, "backup").complaint();
    let says_why = complaint.contains("is there") || complaint.contains("has tables");
    assert!(says_why, "{complaint}");
    agency.kill_9();

    let aside = stage.folder().join("aside");
    lose_everything(stage, &aside);
    let complaint = restore(stage, "backup").complaint();
    assert!(complaint.contains("needs the sealing key k"), "{complaint}");
    std::fs::create_dir(stage.data()).unwrap();
    std::fs::rename(&aside, stage.data().join("secrets")).unwrap();
    a_damaged_one_is_refused(stage);
    let told = restore(stage, "backup").output();
    assert!(told.contains("the keys configured open it"), "{told}");

    agency.restart().await;
    let raid = agency.client().raid(&project.handle).await;
    assert_eq!(raid["identifier"]["version"], 1);
    let gone = agency.client().get(&format!("/raid/{later}")).await;
    assert_ne!(gone.status, 200, "it came after the backup");
    // The permission came back with it: the token opens, and the entry is known.
    retitle(&agency, &project.handle, "After the restore").await;
    let follows = |entry: &Value| entry["department_name"] == "After the restore";
    stage
        .orcid
        .membership_that(CARBERRY, &project.handle, follows)
        .await;
    let entries = stage.orcid.memberships_of(CARBERRY, &project.handle).await;
    assert_eq!(entries.len(), 1);
}

fn a_damaged_one_is_refused(stage: &Stage) {
    let file = match stage.backend {
        Backend::Sqlite => "backup/raid.sqlite",
        Backend::Postgres => "backup/raid.pgdump",
    };
    let file = stage.folder().join(file);
    let whole = std::fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&file, damaged).unwrap();
    let complaint = restore(stage, "backup").complaint();
    assert!(complaint.contains("damaged"), "{complaint}");
    std::fs::write(&file, whole).unwrap();
}
