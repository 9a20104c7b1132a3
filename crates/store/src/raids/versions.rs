//! All versions of a RAiD.

use super::{RaidWrite, Redaction};
use crate::conn::Conn;
use crate::damage;
use crate::error::StoreError;
use crate::schema::raid_version;
use crate::types::{Json, Timestamp};
use diesel::prelude::*;
use raid_model::Handle;

/// One version of a RAiD.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = raid_version)]
pub struct VersionRow {
    /// Its number, from 1.
    pub version: i32,
    /// The whole document, without what is derived on reading (contributors' status).
    pub document: Json,
    /// Who wrote it: the token's subject, or what else acted (`invitation`).
    pub actor: String,
    /// The client that the token was issued to.
    pub client: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was redacted: then the document is empty.
    pub redacted_at: Option<Timestamp>,
    /// Why it was redacted.
    pub redaction_reason: Option<String>,
}

/// Who wrote a version, and when.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = raid_version)]
pub struct Authorship {
    /// The version's number, from 1.
    pub version: i32,
    /// Who wrote it: the token's subject, or what else acted (`invitation`).
    pub actor: String,
    /// The client that the token was issued to.
    pub client: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// The issuer of the token; none for versions that no token wrote, and for those from before
    /// this was kept.
    pub issuer: Option<String>,
    /// Why it was written, where a reason was given.
    pub reason: Option<String>,
    /// Whether it was redacted, by whom, and why.
    #[diesel(embed)]
    pub redaction: Redaction,
}

/// Who wrote the versions before version `before` (none: all), the newest first, at most `limit`.
///
/// # Errors
/// When the database refuses.
pub fn authorship(
    c: &mut Conn,
    handle: &Handle,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<Authorship>, StoreError> {
    Ok(raid_version::table
        .filter(raid_version::handle.eq(handle.to_string()))
        .filter(raid_version::version.lt(before.unwrap_or(i32::MAX)))
        .order(raid_version::version.desc())
        .limit(limit)
        .select(Authorship::as_select())
        .load(c)?)
}

/// One version.
pub fn version(
    c: &mut Conn,
    handle: &Handle,
    version: i32,
) -> Result<Option<VersionRow>, StoreError> {
    Ok(raid_version::table
        .find((handle.to_string(), version))
        .select(VersionRow::as_select())
        .first(c)
        .optional()?)
}

/// The versions that follow version `after` (0: from the first), in their order, at most `limit`, and
/// the number of the last of them, damaged ones included, which are left out.
pub fn versions_after(
    c: &mut Conn,
    handle: &Handle,
    after: i32,
    limit: i64,
) -> Result<(Vec<VersionRow>, Option<i32>), StoreError> {
    let of_raid = || raid_version::table.filter(raid_version::handle.eq(handle.to_string()));
    let numbers: Vec<i32> = of_raid()
        .filter(raid_version::version.gt(after))
        .order(raid_version::version)
        .limit(limit)
        .select(raid_version::version)
        .load(c)?;
    let rows = damage::load_readable(&numbers, |numbers| {
        Ok(of_raid()
            .filter(raid_version::version.eq_any(numbers))
            .order(raid_version::version)
            .select(VersionRow::as_select())
            .load(c)?)
    })?;
    Ok((rows, numbers.last().copied()))
}

/// How many versions of a RAiD are kept.
///
/// # Errors
/// When the database refuses.
pub fn count_versions(c: &mut Conn, handle: &Handle) -> Result<i64, StoreError> {
    Ok(raid_version::table
        .filter(raid_version::handle.eq(handle.to_string()))
        .count()
        .get_result(c)?)
}

/// Keeps why a version was written.
pub(super) fn set_reason(c: &mut Conn, write: &RaidWrite, reason: &str) -> Result<(), StoreError> {
    diesel::update(raid_version::table.find((write.handle.as_str(), write.version)))
        .set(raid_version::reason.eq(Some(reason)))
        .execute(c)?;
    Ok(())
}
