//! Whether the folders that this process writes into take files.

use crate::settings::Settings;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Why a folder or a file in it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Nothing can be written into the folder.
    #[error(
        "{setting}: nothing can be written into {path} ({error}): give it to the user that runs the \
         agency, or name another folder",
        path = path.display()
    )]
    Folder {
        /// The setting that names it.
        setting: &'static str,
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The database's file cannot be written.
    #[error(
        "{setting}: the database {path} cannot be written ({error}): give it to the user that runs the \
         agency, and let that user write it",
        path = path.display()
    )]
    Database {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl FolderError {
    /// The setting to look at.
    pub(crate) fn setting(&self) -> &'static str {
        match self {
            Self::Folder { setting, .. } | Self::Database { setting, .. } => setting,
        }
    }
}

/// Tries the folders of a SQLite database and of keys that are not configured. SQLite would say no more
/// than that it cannot open or write something.
///
/// # Errors
/// [`FolderError`] names the setting and what to do.
pub(crate) fn check(settings: &Settings) -> Result<(), FolderError> {
    let folder = &settings.data.folder;
    if keeps_keys(settings) {
        try_folder("data.folder", folder)?;
    }
    let database = settings.database();
    if database.is_postgres() {
        return Ok(());
    }
    let setting = if settings.store.url.is_empty() {
        "data.folder"
    } else {
        "store.url"
    };
    let path = PathBuf::from(&database.url);
    // SQLite writes its journal beside the file.
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => try_folder(setting, parent)?,
        _ => try_folder(setting, Path::new("."))?,
    }
    if path.exists() {
        let opened = OpenOptions::new().write(true).open(&path);
        opened.map_err(|error| FolderError::Database {
            setting,
            path,
            error,
        })?;
    }
    Ok(())
}

/// Whether keys are made in the data folder.
fn keeps_keys(settings: &Settings) -> bool {
    let keys = &settings.keys;
    let local = settings.auth.local && keys.tokens.is_empty();
    keys.sealing.is_empty() || keys.links.is_empty() || local
}

/// Makes a file, and removes it at once.
fn try_folder(setting: &'static str, folder: &Path) -> Result<(), FolderError> {
    let probe = folder.join(format!(".probe-{}", std::process::id()));
    let written = File::create(&probe).and_then(|_| std::fs::remove_file(&probe));
    written.map_err(|error| FolderError::Folder {
        setting,
        path: folder.to_owned(),
        error,
    })
}
