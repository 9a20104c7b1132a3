//! Looking for damaged records.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::raids::{self, RaidRow};
use crate::schema::{raid, raid_version};
use crate::types::{Json, LossyText};
use diesel::prelude::*;
use raid_model::Raid;

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedRecord {
    /// The key of the RAiD, as far as it is text: a handle, unless that is what is damaged.
    pub key: String,
    /// The damaged version; none where it is the RAiD as it stands.
    pub version: Option<i32>,
    /// What is wrong.
    pub reason: String,
}

/// The damaged records among some RAiDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagePage {
    /// The damaged records.
    pub records: Vec<DamagedRecord>,
    /// The key of the last RAiD that was looked at; none at the end.
    pub last: Option<String>,
}

/// Reads the RAiDs after `after` in the order of their keys, at most `limit`, each with all its
/// versions, and gives those that are damaged.
pub fn page(c: &mut Conn, after: Option<&str>, limit: i64) -> Result<DamagePage, StoreError> {
    let mut keys = raid::table
        .select(raid::handle)
        .order(raid::handle)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        keys = keys.filter(raid::handle.gt(after.to_owned()));
    }
    let keys: Vec<LossyText> = keys.load(c)?;
    let mut records = Vec::new();
    for key in &keys {
        let damaged = |version: Option<i32>, error: &StoreError| DamagedRecord {
            key: key.as_str().to_owned(),
            version,
            reason: error.to_string(),
        };
        match current(c, key.as_str()) {
            Err(error) if error.is_damage() => records.push(damaged(None, &error)),
            read => read?,
        }
        for version in version_numbers(c, key.as_str())? {
            match read_version(c, key.as_str(), version) {
                Err(error) if error.is_damage() => records.push(damaged(Some(version), &error)),
                read => drop(read?),
            }
        }
    }
    Ok(DamagePage {
        records,
        last: keys.last().map(|key| key.as_str().to_owned()),
    })
}

/// Reads a RAiD as it stands.
fn current(c: &mut Conn, key: &str) -> Result<(), StoreError> {
    let row: Option<RaidRow> = raid::table
        .find(key)
        .select(RaidRow::as_select())
        .first(c)
        .optional()?;
    let corrupt = |what: &str| Err(StoreError::Corrupt(what.to_owned()));
    let Some(row) = row else {
        return corrupt("its key is no text");
    };
    let raid = raids::read_document(&row.document)?;
    if raid.handle() != row.handle.get() {
        return corrupt("its document has the identifier of another RAiD");
    }
    if i32::try_from(raid.version()) != Ok(row.version) {
        return corrupt("its document is of another version");
    }
    if raid.access.is_embargoed() != (row.access == raids::Access::Embargoed) {
        return corrupt("its document has another access");
    }
    Ok(())
}

/// The numbers of a RAiD's versions, in their order.
pub(crate) fn version_numbers(c: &mut Conn, key: &str) -> Result<Vec<i32>, StoreError> {
    Ok(raid_version::table
        .filter(raid_version::handle.eq(key))
        .order(raid_version::version)
        .select(raid_version::version)
        .load(c)?)
}

/// The document of one version; none where it was redacted, or there is none.
pub(crate) fn read_version(
    c: &mut Conn,
    key: &str,
    version: i32,
) -> Result<Option<Raid>, StoreError> {
    let found: Option<Json> = raid_version::table
        .find((key, version))
        .filter(raid_version::redacted_at.is_null())
        .select(raid_version::document)
        .first(c)
        .optional()?;
    found.as_ref().map(raids::read_document).transpose()
}
