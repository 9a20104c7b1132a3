//! Backups: a folder with the database at one moment, and a manifest that says what it is and which
//! keys it needs. The keys are not in it.

mod postgres;

pub(crate) use postgres::{dump, load};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use store::agency_keys::{self, Purpose};
use store::{Conn, StoreError, backup, migrate};

/// The form of the manifest. Another one is not read.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";

/// What a backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    format: u32,
    /// The version of the program that wrote it.
    program: String,
    pub(crate) database: Database,
    /// The ORCID environment that the database belongs to.
    pub(crate) environment: Option<String>,
    /// The newest migration that ran on it.
    pub(crate) migration: String,
    /// The schema of PostgreSQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schema: Option<String>,
    /// SHA-256 of the file, hexadecimal.
    pub(crate) sha256: String,
    pub(crate) keys: Vec<NeededKey>,
}

/// Of which kind a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Database {
    Sqlite,
    Postgresql,
}

impl Database {
    pub(crate) fn of(settings: &store::Settings) -> Self {
        if settings.is_postgres() {
            Self::Postgresql
        } else {
            Self::Sqlite
        }
    }

    /// The name of its file in a backup.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Sqlite => "raid.sqlite",
            Self::Postgresql => "raid.pgdump",
        }
    }
}

/// A key without which the database is of no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NeededKey {
    pub(crate) purpose: String,
    pub(crate) id: String,
}

impl NeededKey {
    pub(crate) fn is_of(&self, purpose: Purpose) -> bool {
        self.purpose == purpose.as_str()
    }
}

impl Manifest {
    /// Describes the database behind a connection; its file is not known yet.
    pub(crate) fn of(c: &mut Conn, database: Database) -> Result<Self, StoreError> {
        let known = agency_keys::known_to(c)?;
        let needed = known.keys.iter().filter(|key| key.is_needed());
        let schema = match database {
            Database::Sqlite => None,
            Database::Postgresql => Some(backup::postgres_schema(c)?),
        };
        Ok(Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            database,
            environment: backup::environment(c)?,
            migration: migrate::newest_applied(c)?,
            schema,
            sha256: String::new(),
            keys: needed
                .map(|key| NeededKey {
                    purpose: key.purpose.to_string(),
                    id: key.id.clone(),
                })
                .collect(),
        })
    }

    /// Writes the manifest, durably and last: a folder without one is no backup.
    pub(crate) fn write(mut self, folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(self.database.file());
        File::open(&file)
            .and_then(|file| file.sync_all())
            .with_context(|| file.display().to_string())?;
        self.sha256 = sha256(&file)?;
        let text = serde_json::to_string_pretty(&self)?;
        crate::secrets::write_private(&folder.join(MANIFEST), &text)
            .with_context(|| folder.display().to_string())?;
        File::open(folder)?.sync_all()?;
        Ok(self)
    }

    /// Reads a backup's manifest, and verifies that its file is as it was written.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(MANIFEST);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} is no backup: {MANIFEST}", folder.display()))?;
        let manifest: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        if manifest.format != FORMAT {
            bail!(
                "{} has format {}, this program reads {FORMAT}",
                path.display(),
                manifest.format
            );
        }
        let file = folder.join(manifest.database.file());
        if sha256(&file)? != manifest.sha256 {
            bail!(
                "{} is damaged: it is not what the manifest describes",
                file.display()
            );
        }
        Ok(manifest)
    }
}

fn sha256(path: &Path) -> anyhow::Result<String> {
    let failed = || path.display().to_string();
    let mut file = File::open(path).with_context(failed)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1024 * 1024];
    loop {
        match file.read(&mut piece).with_context(failed)? {
            0 => break,
            n => hash.update(&piece[..n]),
        }
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_that_was_changed_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(Database::Sqlite.file());
        std::fs::write(&file, "a database").unwrap();
        let manifest = Manifest {
            format: FORMAT,
            program: "0".into(),
            database: Database::Sqlite,
            environment: None,
            migration: "0001".into(),
            schema: None,
            sha256: String::new(),
            keys: Vec::new(),
        };
        let written = manifest.write(folder.path()).unwrap();
        assert_eq!(Manifest::read(folder.path()).unwrap(), written);
        std::fs::write(&file, "another one").unwrap();
        let refused = Manifest::read(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("damaged"), "{refused}");
    }
}
