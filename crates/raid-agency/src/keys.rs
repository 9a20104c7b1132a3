//! The keys of this process, held against those that the database was written with.
//!
//! Keys are configured, or they are files in the data folder: `sealing.key` is the current one,
//! `sealing-*.key` are former ones, and the same for links. A new key is made only where the database
//! needs no other one.

use crate::secrets::{self, SecretError};
use crate::settings::{Mode, Settings};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use store::agency_keys::{self, Known, KnownKey, Purpose};
use store::{Conn, KeyId, KeyRing, Store, StoreError, migrate};

/// A key, 256 bits.
pub(crate) type Key = [u8; 32];

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// One cannot be read or made.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The setting names no key.
    #[error("keys.current: there is no key with the name `{0}` in [keys.sealing]")]
    NoCurrent(String),
    /// The database has sealed values, and there is no key at all.
    #[error(
        "this database has sealed values, and {} is not there: put it back from a backup. If it is \
         lost for good, `raid-agency keys give-up` says what goes with it", .0.display()
    )]
    NoKey(PathBuf),
    /// The database was written with other keys, or cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The keys of one purpose that are configured or in files.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) current: Option<Key>,
    pub(crate) former: Vec<Key>,
}

impl Found {
    /// The current one first.
    pub(crate) fn ids(&self) -> Vec<KeyId> {
        let all = self.current.iter().chain(&self.former);
        all.map(KeyId::of).collect()
    }
}

/// Looks for the keys of a purpose, and makes none.
pub(crate) fn find(settings: &Settings, purpose: Purpose) -> Result<Found, KeyError> {
    let keys = &settings.keys;
    let (name, configured) = match purpose {
        Purpose::Sealing if !keys.sealing.is_empty() => return configured_sealing(settings),
        Purpose::Sealing => ("sealing", None),
        Purpose::Links => ("links", Some(&keys.links)),
        Purpose::Tokens => ("tokens", Some(&keys.tokens)),
    };
    let mut found = Found::default();
    if let Some(secret) = configured.filter(|secret| !secret.is_empty()) {
        found.current = Some(secrets::parse(&format!("keys.{name}"), secret.get())?);
    } else {
        let folder = secrets::folder(settings);
        found.current = secrets::read_key(&folder.join(format!("{name}.key")))?;
        found.former = former_files(&folder, name)?;
    }
    if purpose == Purpose::Links {
        for (name, secret) in &keys.former_links {
            let name = format!("keys.former_links.{name}");
            found.former.push(secrets::parse(&name, secret.get())?);
        }
    }
    Ok(found)
}

fn configured_sealing(settings: &Settings) -> Result<Found, KeyError> {
    let keys = &settings.keys;
    let mut found = Found::default();
    for (name, secret) in &keys.sealing {
        let key = secrets::parse(&format!("keys.sealing.{name}"), secret.get())?;
        if *name == keys.current || KeyId::of(&key).as_str() == keys.current {
            found.current = Some(key);
        } else {
            found.former.push(key);
        }
    }
    match found.current {
        Some(_) => Ok(found),
        None => Err(KeyError::NoCurrent(keys.current.clone())),
    }
}

/// The keys in files such as `sealing-2026.key`.
fn former_files(folder: &Path, name: &str) -> Result<Vec<Key>, SecretError> {
    let failed = |e| SecretError::File(folder.to_owned(), e);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(failed(e)),
    };
    let begin = format!("{name}-");
    let mut keys = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_stem().and_then(|it| it.to_str());
        let is_key = path.extension().is_some_and(|end| end == "key");
        if is_key && name.is_some_and(|name| name.starts_with(&begin)) {
            keys.extend(secrets::read_key(&path)?);
        }
    }
    Ok(keys)
}

/// The keys of a purpose, the current one first. It is made if there is none and the database needs
/// none of the past.
fn find_or_make(
    settings: &Settings,
    purpose: Purpose,
    known: &Known,
) -> Result<(Key, Vec<Key>), KeyError> {
    let found = find(settings, purpose)?;
    known.check(purpose, &found.ids())?;
    let is_sealed = purpose == Purpose::Sealing && known.has_sealed_values;
    let current = match found.current {
        Some(current) => current,
        None if is_sealed && found.former.is_empty() => {
            return Err(KeyError::NoKey(file(settings, purpose)));
        }
        None => make(settings, purpose)?,
    };
    Ok((current, found.former))
}

fn file(settings: &Settings, purpose: Purpose) -> PathBuf {
    secrets::folder(settings).join(format!("{purpose}.key"))
}

/// Makes a key in the data folder.
pub(crate) fn make(settings: &Settings, purpose: Purpose) -> Result<Key, SecretError> {
    secrets::read_or_make_key(&file(settings, purpose))
}

/// The ring that seals secrets in the database.
pub(crate) fn key_ring(settings: &Settings, known: &Known) -> Result<KeyRing, KeyError> {
    let (current, former) = find_or_make(settings, Purpose::Sealing, known)?;
    Ok(KeyRing::new(&current, &former))
}

/// The keys of a purpose that seals nothing, the current one first. The database needs them from now
/// on.
pub(crate) async fn claim(
    store: &Store,
    settings: &Settings,
    purpose: Purpose,
) -> Result<Vec<Key>, KeyError> {
    let known = store.read(agency_keys::known_to).await?;
    let (current, former) = find_or_make(settings, purpose, &known)?;
    let keys: Vec<Key> = std::iter::once(current).chain(former).collect();
    let ids: Vec<_> = keys.iter().map(KeyId::of).collect();
    let clock = store.clock().clone();
    store
        .write(move |c| agency_keys::claim(c, purpose, &ids, clock.now()))
        .await?;
    Ok(keys)
}

/// The purposes for which an agency with these settings has keys.
pub(crate) fn used(settings: &Settings) -> impl Iterator<Item = Purpose> {
    let is_used = |purpose: &Purpose| match purpose {
        Purpose::Sealing => true,
        Purpose::Links => settings.orcid.mode == Mode::Own,
        Purpose::Tokens => settings.auth.local,
    };
    Purpose::ALL.iter().copied().filter(is_used)
}

/// Verifies that the keys configured are those of the database, which is read by a connection of its
/// own. Neither keys nor rows are made or changed. A database that is not there needs no keys.
///
/// # Errors
/// [`KeyError`] names the key that is missing, and says where it belongs.
pub fn verify(settings: &Settings) -> Result<(), KeyError> {
    let database = settings.database();
    if !database.is_postgres() && !Path::new(&database.url).exists() {
        return Ok(());
    }
    migrate::check(&database)?;
    let known = agency_keys::known(&database)?;
    for purpose in used(settings) {
        known.check(purpose, &find(settings, purpose)?.ids())?;
    }
    let sealing = find(settings, Purpose::Sealing)?;
    match sealing.current.or_else(|| sealing.former.first().copied()) {
        Some(key) => {
            let ring = KeyRing::new(&key, &sealing.former);
            let verify = |c: &mut Conn| agency_keys::verify_sealing(c, &ring);
            Ok(migrate::with_connection(&database, verify)?)
        }
        None if known.has_sealed_values => Err(KeyError::NoKey(file(settings, Purpose::Sealing))),
        None => Ok(()),
    }
}

/// How a key stands with this process and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyState {
    Current,
    Former,
    Missing,
    Retired,
}

impl KeyState {
    pub(crate) fn of(key: &KnownKey, found: &Found) -> Self {
        let is_it = |it: &Key| KeyId::of(it).as_str() == key.id;
        if found.current.as_ref().is_some_and(is_it) {
            Self::Current
        } else if !key.is_needed() {
            Self::Retired
        } else if found.former.iter().any(is_it) {
            Self::Former
        } else {
            Self::Missing
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Former => "former",
            Self::Missing => "missing",
            Self::Retired => "retired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(folder: &Path, more: &str) -> Settings {
        let file = folder.join("settings.toml");
        let data = folder.join("data");
        let text = format!("[data]\nfolder = {:?}\n{more}", data.display().to_string());
        std::fs::write(&file, text).unwrap();
        Settings::load(&[file], []).unwrap()
    }

    #[test]
    fn files_with_a_name_behind_a_dash_are_former_keys() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), "");
        let found = find(&settings, Purpose::Links).unwrap();
        assert!(found.ids().is_empty());
        let secrets = secrets::folder(&settings);
        secrets::make_private_folder(&secrets).unwrap();
        for (name, byte) in [("links", 1), ("links-2025", 2), ("sealing-2025", 3)] {
            let hex = format!("{byte:02x}").repeat(32);
            secrets::write_private(&secrets.join(format!("{name}.key")), &hex).unwrap();
        }
        let found = find(&settings, Purpose::Links).unwrap();
        assert_eq!(found.ids(), [KeyId::of(&[1; 32]), KeyId::of(&[2; 32])]);
        let sealing = find(&settings, Purpose::Sealing).unwrap();
        assert!(sealing.current.is_none());
        assert_eq!(sealing.former, [[3; 32]]);
    }

    #[test]
    fn configured_keys_have_names_and_ids() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = ("01".repeat(32), "02".repeat(32));
        let by_name =
            format!("[keys]\ncurrent = \"new\"\n[keys.sealing]\nold = \"{one}\"\nnew = \"{two}\"");
        let found = find(&settings(folder.path(), &by_name), Purpose::Sealing).unwrap();
        assert_eq!(found.current, Some([2; 32]));
        assert_eq!(found.former, [[1; 32]]);
        let by_id = by_name.replace("\"new\"\n[", &format!("\"{}\"\n[", KeyId::of(&[1; 32])));
        let found = find(&settings(folder.path(), &by_id), Purpose::Sealing).unwrap();
        assert_eq!(found.current, Some([1; 32]));
        let nobody = by_name.replace("\"new\"\n[", "\"other\"\n[");
        let refused = find(&settings(folder.path(), &nobody), Purpose::Sealing);
        assert!(matches!(refused, Err(KeyError::NoCurrent(name)) if name == "other"));
    }

    #[actix_web::test]
    async fn keys_are_verified_and_none_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), "");
        verify(&settings).unwrap();
        assert!(!folder.path().join("data").exists());
        let store = crate::application::open_store(&settings).await.unwrap();
        claim(&store, &settings, Purpose::Links).await.unwrap();
        verify(&settings).unwrap();

        let links = file(&settings, Purpose::Links);
        std::fs::remove_file(&links).unwrap();
        let refused = verify(&settings).unwrap_err().to_string();
        assert!(refused.contains("links key k"), "{refused}");
        let sealing = file(&settings, Purpose::Sealing);
        std::fs::remove_file(&sealing).unwrap();
        let refused = verify(&settings).unwrap_err().to_string();
        assert!(refused.contains("sealing key k"), "{refused}");
        assert!(!links.exists() && !sealing.exists());
    }
}
