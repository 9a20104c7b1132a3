//! `raid-agency backup`

use crate::backup::{Database, Manifest, dump};
use crate::secrets::{folder as secrets_folder, make_private_folder};
use crate::settings::Settings;
use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use store::migrate::{self, with_connection};

/// Writes a backup to a folder that is not there yet, while the agency runs.
pub(crate) fn backup(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    let failed = || folder.display().to_string();
    if folder.exists() {
        bail!("{} is there already: name another folder", folder.display());
    }
    let database = settings.database();
    if !database.is_postgres() && !Path::new(&database.url).exists() {
        bail!("there is no database at {}", database.url);
    }
    migrate::check(&database)?;
    // It gets its name when it is complete.
    let draft = PathBuf::from(format!("{}.partial", folder.display()));
    if draft.exists() {
        std::fs::remove_dir_all(&draft).with_context(failed)?;
    }
    make_private_folder(&draft).with_context(failed)?;
    let kind = Database::of(&database);
    let file = draft.join(kind.file());
    let manifest = match kind {
        Database::Sqlite => {
            store::backup::copy_sqlite(&database, &file)?;
            let copy = store::Settings {
                url: file.display().to_string(),
                ..database
            };
            let manifest = with_connection(&copy, |c| Manifest::of(c, kind))?;
            leave_one_file(&file)?;
            manifest
        }
        Database::Postgresql => {
            let schema = with_connection(&database, store::backup::postgres_schema)?;
            dump(&database.url, &schema, &file)?;
            // Read after the dump: what it needs is known by then.
            with_connection(&database, |c| Manifest::of(c, kind))?
        }
    };
    let manifest = manifest.write(&draft)?;
    std::fs::rename(&draft, folder).with_context(failed)?;
    println!("the backup is in {}", folder.display());
    println!("it needs these keys, which are not in it:");
    for key in &manifest.keys {
        println!("  {} {}", key.purpose, key.id);
    }
    println!(
        "back up [keys] and {} as well, but apart from it: whoever has both reads every token",
        secrets_folder(settings).display()
    );
    Ok(())
}

/// SQLite leaves an empty journal beside a database that was looked at.
fn leave_one_file(file: &Path) -> anyhow::Result<()> {
    for end in ["-wal", "-shm"] {
        let beside = PathBuf::from(format!("{}{end}", file.display()));
        if beside.exists() {
            std::fs::remove_file(&beside).with_context(|| beside.display().to_string())?;
        }
    }
    Ok(())
}
