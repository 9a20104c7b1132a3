//! Files with secrets and data are their owner's alone, whatever the umask.

use crate::invitation::invite_as;
use raid_tests::examples::{self, handle_of};
use raid_tests::{Backend, Stage};
use rustix::fs::Mode;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

raid_tests::on_both_databases!(
    all_files_are_their_owners_alone,
    what_was_open_is_closed_or_named,
);

/// A file or folder and all below it, with their permissions.
fn all_below(path: &Path) -> Vec<(PathBuf, u32)> {
    let found = path.metadata().unwrap();
    let mut all = vec![(path.to_owned(), found.permissions().mode() & 0o777)];
    if found.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            all.extend(all_below(&entry.unwrap().path()));
        }
    }
    all
}

async fn all_files_are_their_owners_alone(stage: &Stage) {
    // The agency inherits it: left alone, everybody could write what it makes.
    rustix::process::umask(Mode::empty());
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    invite_as(stage, &agency.client(), &handle).await;
    let all = all_below(&stage.data());
    for (path, mode) in &all {
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
    let is_there = |end: &str| {
        all.iter()
            .any(|(path, _)| path.to_string_lossy().ends_with(end))
    };
    for file in ["secrets/sealing.key", "demo.token", ".eml"] {
        assert!(is_there(file), "{file}");
    }
    for file in ["raid.sqlite", "raid.sqlite-wal", "raid.sqlite-shm"] {
        assert_eq!(is_there(file), stage.backend == Backend::Sqlite, "{file}");
    }
}

async fn what_was_open_is_closed_or_named(stage: &Stage) {
    let mut agency = stage.agency().await;
    let data = stage.data();
    agency.kill_9();
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    let database = ["raid.sqlite", "raid.sqlite-wal", "raid.sqlite-shm"].map(|f| data.join(f));
    if stage.backend == Backend::Sqlite {
        for file in &database {
            open(file, 0o644);
        }
    }
    open(&data, 0o755);
    open(&data.join("secrets/links.key"), 0o640);
    agency.restart().await;
    for file in database.iter().filter(|file| file.exists()) {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    let logs = stage.logs();
    for advice in ["chmod 700 data`", "chmod 600 data/secrets/links.key`"] {
        assert!(logs.contains(advice), "{advice} is not in the logs");
    }
    assert!(!logs.contains("chmod 600 data/secrets/sealing.key"));
}
