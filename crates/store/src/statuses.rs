//! What a service outside has said about contributors' statuses.

use crate::conn::{Conn, by_keys, per_backend};
use crate::damage;
use crate::error::StoreError;
use crate::schema::contributor_status;
use crate::types::{AsText, Timestamp};
use diesel::prelude::*;
use raid_model::{ContributorStatus, Handle};
use std::collections::HashMap;

/// A status, and when it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// The status.
    pub status: ContributorStatus,
    /// When it was said.
    pub at: Timestamp,
}

/// What was said, by handle and contributor (the `id` as it stands in the RAiD).
pub type Statuses = HashMap<(String, String), Said>;

/// Keeps what is said about some contributors of a RAiD, in place of what was said before.
///
/// # Errors
/// When the database refuses.
pub fn say(
    c: &mut Conn,
    handle: &Handle,
    statuses: &[(String, ContributorStatus)],
    at: Timestamp,
) -> Result<(), StoreError> {
    for (contributor, status) in statuses {
        let status = AsText::from(*status);
        let row = (
            contributor_status::handle.eq(handle.to_string()),
            contributor_status::contributor.eq(contributor),
            contributor_status::status.eq(&status),
            contributor_status::said_at.eq(at),
        );
        let change = (
            contributor_status::status.eq(&status),
            contributor_status::said_at.eq(at),
        );
        per_backend!(c, |c| diesel::insert_into(contributor_status::table)
            .values(row)
            .on_conflict((contributor_status::handle, contributor_status::contributor))
            .do_update()
            .set(change)
            .execute(c))?;
    }
    Ok(())
}

type Row = (String, String, AsText<ContributorStatus>, Timestamp);

/// What was said about the contributors of some RAiDs; nothing of those where it is damaged.
pub fn of_raids(c: &mut Conn, handles: &[&Handle]) -> Result<Statuses, StoreError> {
    let handles: Vec<String> = handles.iter().map(ToString::to_string).collect();
    let rows: Vec<Row> = damage::load_readable(&handles, |handles| {
        Ok(by_keys!(contributor_status::handle, handles, |is_wanted| {
            contributor_status::table.filter(is_wanted).load(c)?
        }))
    })?;
    Ok(rows
        .into_iter()
        .map(|(handle, contributor, status, at)| {
            let status = status.into_inner();
            ((handle, contributor), Said { status, at })
        })
        .collect())
}
