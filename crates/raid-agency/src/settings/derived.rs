//! What follows from several settings together.

use super::Settings;
use raid_model::{AddressPrefixError, Addresses};
use secrecy::ExposeSecret as _;
use std::path::{Path, PathBuf};

impl Settings {
    /// The database: a PostgreSQL address, or the path of a SQLite file.
    pub fn database(&self) -> store::Settings {
        let url = self.store.url.get().expose_secret();
        let url = if url.is_empty() {
            self.data.folder.join("raid.sqlite").display().to_string()
        } else {
            url.to_owned()
        };
        let mut database = store::Settings {
            url,
            connections: self.store.connections,
            wait: self.store.wait,
            long_connections: self.store.long_connections,
            long_deadline: self.store.long_deadline,
            page_cache: 0,
        };
        database.page_cache = self.memory.shares(database.is_postgres()).pages;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let cores = u32::try_from(cores).unwrap_or(2);
        if database.long_connections == 0 {
            // The other cores are left to what people wait for.
            database.long_connections = (cores / 2).max(1);
        }
        if database.connections == 0 {
            database.connections = if database.is_postgres() {
                8
            } else {
                cores.max(2)
            };
        }
        database
    }

    /// Where RAiDs are shown and resolved.
    ///
    /// # Errors
    /// When the public address cannot be the beginning of RAiDs' addresses.
    pub fn addresses(&self) -> Result<Addresses, AddressPrefixError> {
        let landing_prefix = match &self.agency.landing_prefix.0 {
            Some(prefix) => prefix.clone(),
            None => self
                .server
                .public_url
                .with_path("raids/")
                .as_str()
                .parse()?,
        };
        Ok(Addresses {
            landing_prefix,
            id_prefix: self.agency.id_prefix.clone(),
        })
    }

    /// A path in the data folder, unless another is configured.
    pub fn in_data(&self, configured: &Path, name: &str) -> PathBuf {
        if configured.as_os_str().is_empty() {
            self.data.folder.join(name)
        } else {
            configured.to_owned()
        }
    }
}
