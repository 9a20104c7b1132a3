//! `raid-agency restore`

use crate::backup::{Database, Manifest, load};
use crate::keys;
use crate::secrets::make_private_folder;
use crate::settings::Settings;
use anyhow::{Context as _, bail};
use std::fs::File;
use std::path::{Path, PathBuf};
use store::agency_keys::Purpose;
use store::migrate::{self, with_connection};
use store::{KeyRing, StoreError, agency_keys, backup};

/// Restores a backup to where the configuration says that the database is. There must be none.
pub(crate) fn restore(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    let manifest = Manifest::read(folder)?;
    let database = settings.database();
    refuse_if_unfit(settings, &manifest)?;
    let file = folder.join(manifest.database.file());
    match manifest.database {
        Database::Sqlite => restore_sqlite(&file, Path::new(&database.url))?,
        Database::Postgresql => {
            let schema = manifest.schema.as_deref().unwrap_or("public");
            restore_postgres(&database, schema, &file)?;
        }
    }
    let sealing = keys::find(settings, Purpose::Sealing)?;
    if let Some(key) = sealing.current.or_else(|| sealing.former.first().copied()) {
        let ring = KeyRing::new(&key, &sealing.former);
        with_connection(&database, |c| agency_keys::verify_sealing(c, &ring))?;
    }
    println!("the database is restored, and the keys configured open it");
    println!(
        "start the agency. Whatever was acknowledged after the backup is missing: ask those who keep a \
         copy by /v1/changes to read it again from the beginning"
    );
    Ok(())
}

fn refuse_if_unfit(settings: &Settings, manifest: &Manifest) -> anyhow::Result<()> {
    if Database::of(&settings.database()) != manifest.database {
        bail!(
            "the backup is of another kind of database than store.url: {}",
            manifest.database.file()
        );
    }
    let environment = settings.orcid.environment.as_str();
    if let Some(found) = manifest
        .environment
        .as_deref()
        .filter(|it| *it != environment)
    {
        return Err(StoreError::OtherEnvironment {
            found: found.to_owned(),
            wanted: environment.to_owned(),
        }
        .into());
    }
    if manifest.migration > migrate::newest()? {
        bail!(
            "the backup is from a newer version of this program (migration {}): use that one",
            manifest.migration
        );
    }
    for purpose in keys::used(settings) {
        let found = keys::find(settings, purpose)?.ids();
        let is_there = |id: &str| found.iter().any(|it| it.as_str() == id);
        let needed = manifest.keys.iter().filter(|key| key.is_of(purpose));
        if let Some(missing) = needed.into_iter().find(|key| !is_there(&key.id)) {
            bail!(
                "the backup needs the {purpose} key {}, which is not configured: put it back first \
                 ({})",
                missing.id,
                purpose.place()
            );
        }
    }
    Ok(())
}

fn restore_sqlite(from: &Path, to: &Path) -> anyhow::Result<()> {
    let beside = |end: &str| PathBuf::from(format!("{}{end}", to.display()));
    for path in ["", "-wal", "-shm"].map(beside) {
        if path.exists() {
            bail!(
                "{} is there: stop the agency, and move the database away with its -wal and -shm",
                path.display()
            );
        }
    }
    if let Some(folder) = to.parent().filter(|it| !it.as_os_str().is_empty()) {
        make_private_folder(folder).with_context(|| folder.display().to_string())?;
    }
    // It gets its name when it is complete.
    let draft = beside(".restoring");
    let failed = || draft.display().to_string();
    std::fs::copy(from, &draft).with_context(failed)?;
    let copy = store::Settings {
        url: draft.display().to_string(),
        connections: 1,
        wait: std::time::Duration::ZERO,
        long_connections: 1,
        long_deadline: std::time::Duration::ZERO,
        page_cache: 0,
    };
    with_connection(&copy, backup::check_sqlite)?;
    File::open(&draft)
        .and_then(|file| file.sync_all())
        .with_context(failed)?;
    std::fs::rename(&draft, to).with_context(failed)?;
    for end in ["-wal", "-shm"] {
        let left = beside(&format!(".restoring{end}"));
        if left.exists() {
            std::fs::remove_file(&left).with_context(|| left.display().to_string())?;
        }
    }
    Ok(())
}

fn restore_postgres(database: &store::Settings, schema: &str, file: &Path) -> anyhow::Result<()> {
    let has_tables = with_connection(database, |c| backup::prepare_postgres_schema(c, schema))?;
    if has_tables {
        bail!("the schema {schema} has tables already: restore to an empty database");
    }
    let found = with_connection(database, backup::postgres_schema)?;
    if found != schema {
        bail!(
            "the backup is of the schema {schema}, and store.url leads to {found}: set the search \
             path (options=-csearch_path%3D{schema})"
        );
    }
    load(&database.url, schema, file)
}
