//! What follows from several settings together.

use super::Settings;
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
        };
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

    /// Where RAiDs are shown.
    pub fn landing_prefix(&self) -> String {
        if self.agency.landing_prefix.is_empty() {
            format!(
                "{}/raids/",
                self.server.public_url.as_str().trim_end_matches('/')
            )
        } else {
            self.agency.landing_prefix.clone()
        }
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
