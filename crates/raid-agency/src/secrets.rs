//! Secrets: from the configuration, from files of their own, or made in the data folder at the
//! first start.

use crate::settings::{Secret, Settings};
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be read or made.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// It is not 64 hexadecimal digits.
    #[error("{0} must be 64 hexadecimal digits (32 bytes)")]
    NotHex(String),
}

/// A key of 32 bytes: the configured one, else the one in the data folder, which is made when it
/// is not there.
///
/// # Errors
/// [`SecretError`] names the key or its file.
pub fn key(settings: &Settings, configured: &Secret, name: &str) -> Result<[u8; 32], SecretError> {
    if !configured.is_empty() {
        return parse(&format!("keys.{name}"), configured.get());
    }
    read_or_make_key(&file_of(settings, name))
}

/// Where keys are that are not configured.
pub(crate) fn folder(settings: &Settings) -> PathBuf {
    settings.data.folder.join("secrets")
}

/// The key in a file, which is made when it is not there.
pub(crate) fn read_or_make_key(path: &Path) -> Result<[u8; 32], SecretError> {
    parse(&path.display().to_string(), &read_or_make(path)?)
}

/// The key in a file, if there is one.
pub(crate) fn read_key(path: &Path) -> Result<Option<[u8; 32]>, SecretError> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&path.display().to_string(), &text.into()).map(Some),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(SecretError::File(path.to_owned(), e)),
    }
}

/// As [`key`], but none is made.
///
/// # Errors
/// [`SecretError`] names the key or its file.
pub fn find(
    settings: &Settings,
    configured: &Secret,
    name: &str,
) -> Result<Option<[u8; 32]>, SecretError> {
    if configured.is_empty() && !file_of(settings, name).exists() {
        return Ok(None);
    }
    key(settings, configured, name).map(Some)
}

/// Where a key is kept that is not configured.
fn file_of(settings: &Settings, name: &str) -> PathBuf {
    let folder = settings.data.folder.join("secrets");
    folder.join(format!("{name}.key"))
}

/// A configured secret, or the content of its file.
///
/// # Errors
/// [`SecretError::File`] when there is a file that cannot be read.
pub fn configured(secret: &Secret, file: &Path) -> Result<Option<SecretString>, SecretError> {
    if !secret.is_empty() {
        return Ok(Some(secret.get().clone()));
    }
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(file).map_err(|e| SecretError::File(file.to_owned(), e))?;
    Ok(Some(text.trim().to_owned().into()))
}

/// The simulator's client secret, made at the first start.
///
/// # Errors
/// [`SecretError::File`] when it cannot be read or made.
pub fn simulator_client(settings: &Settings) -> Result<SecretString, SecretError> {
    read_or_make(&folder(settings).join("simulator-client.key"))
}

pub(crate) fn parse(name: &str, hex: &SecretString) -> Result<[u8; 32], SecretError> {
    let wrong = || SecretError::NotHex(name.to_owned());
    let digits = hex.expose_secret().trim().as_bytes();
    if digits.len() != 64 {
        return Err(wrong());
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(key)
}

/// Reads a secret, or makes it: complete before it has its name, so that a process that dies
/// leaves no half of it, and two that start together agree on one.
fn read_or_make(path: &Path) -> Result<SecretString, SecretError> {
    let failed = |e| SecretError::File(path.to_owned(), e);
    match std::fs::read_to_string(path) {
        Ok(text) => return Ok(text.trim().to_owned().into()),
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) => return Err(failed(e)),
    }
    if let Some(folder) = path.parent() {
        make_private_folder(folder).map_err(failed)?;
    }
    let bytes: [u8; 32] = rand::rng().random();
    let mut hex = String::with_capacity(64);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    write_private(&draft, &hex).map_err(failed)?;
    // A hard link fails when the name is taken: then the other process's secret counts.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft).map_err(failed)?;
    match linked {
        Ok(()) => {
            // The database will need this key, so its name must survive a power cut as well.
            if let Some(folder) = path.parent() {
                File::open(folder)
                    .and_then(|folder| folder.sync_all())
                    .map_err(failed)?;
            }
            Ok(hex.into())
        }
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            let text = std::fs::read_to_string(path).map_err(failed)?;
            Ok(text.trim().to_owned().into())
        }
        Err(e) => Err(failed(e)),
    }
}

/// Makes a folder, and those above it, that only their owner can look into. Folders that are there
/// stay as they are.
///
/// # Errors
/// When it cannot be made.
pub fn make_private_folder(path: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// Writes a file that only its owner can read, durably.
///
/// # Errors
/// When the file cannot be written.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
