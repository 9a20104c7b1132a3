//! Files and folders that only their owner may read: the database, keys, mails.

use crate::settings::{MailTransport, Settings};
use rustix::fs::Mode;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The permissions of the group and of others.
const OF_ALL_OTHERS: u32 = 0o077;
/// The permissions of others. A secret that an operator puts into a file may belong to a group.
const OF_OTHERS: u32 = 0o007;

/// Whatever this process makes from now on is its owner's alone. Databases, their journals and mails
/// are made by libraries that choose no mode.
pub fn make_new_ones_private() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Closes a SQLite database from before to all but its owner. SQLite makes the files beside it as open
/// as the database is.
pub fn close_database(database: &store::Settings) {
    if database.is_postgres() {
        return;
    }
    for end in ["", "-wal", "-shm", "-journal"] {
        let path = PathBuf::from(format!("{}{end}", database.url));
        if !is_open(&path, OF_ALL_OTHERS) {
            continue;
        }
        match std::fs::set_permissions(&path, Permissions::from_mode(0o600)) {
            Ok(()) => tracing::info!(path = %path.display(), "closed to all but its owner"),
            Err(error) => warn(&path, &error.to_string(), "600"),
        }
    }
}

/// A folder or file that others can read and should not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOne {
    /// Where it is.
    pub path: PathBuf,
    trouble: &'static str,
    mode: &'static str,
}

impl OpenOne {
    /// What others can do, and what to do about it.
    pub fn advice(&self) -> String {
        let (trouble, mode, path) = (self.trouble, self.mode, self.path.display());
        format!("{trouble}: run `chmod {mode} {path}`")
    }
}

/// Warns of folders and files that others can read and should not.
pub fn warn_of_open_ones(settings: &Settings) {
    for open in open_ones(settings) {
        tracing::warn!(path = %open.path.display(), "{}", open.advice());
    }
}

/// The folders and files that others can read and should not.
pub fn open_ones(settings: &Settings) -> Vec<OpenOne> {
    let open = |path: &Path, trouble, mode| OpenOne {
        path: path.to_owned(),
        trouble,
        mode,
    };
    let data = &settings.data.folder;
    let secrets = data.join("secrets");
    let mut folders = vec![data.clone(), secrets.clone()];
    if settings.mail.transport == MailTransport::Files {
        folders.push(settings.in_data(&settings.mail.folder, "mail"));
    }
    let folders = folders.iter().filter(|it| is_open(it, OF_ALL_OTHERS));
    let folders = folders.map(|folder| open(folder, "others can look into it", "700"));
    let mut all: Vec<OpenOne> = folders.collect();
    let keys = std::fs::read_dir(&secrets).into_iter().flatten();
    let mut own: Vec<PathBuf> = keys.filter_map(|key| Some(key.ok()?.path())).collect();
    own.extend(["demo.token", "simulator.json"].map(|name| data.join(name)));
    let (orcid, mail, resolvers) = (&settings.orcid, &settings.mail, &settings.resolvers);
    let given = [
        &orcid.client_secret_file,
        &mail.smtp_password_file,
        &resolvers.orcid_token_file,
        &resolvers.ror_client_id_file,
        &resolvers.geonames_user_file,
    ];
    let own = own.iter().filter(|path| is_open(path, OF_ALL_OTHERS));
    let given = given.into_iter().filter(|path| is_open(path, OF_OTHERS));
    all.extend(
        own.chain(given)
            .map(|path| open(path, "others can read it", "600")),
    );
    all
}

/// Whether a file or folder is there and somebody of these may do something with it.
fn is_open(path: &Path, to: u32) -> bool {
    path.metadata()
        .is_ok_and(|found| found.permissions().mode() & to != 0)
}

fn warn(path: &Path, trouble: &str, mode: &str) {
    let path = path.display();
    tracing::warn!(%path, "{trouble}: run `chmod {mode} {path}`");
}
