//! Who said that they are not part of a project. Nothing about it is written to their record.
//!
//! Whoever holds the link of a person's question can say so. It is confirmed when the person signed
//! in at ORCID to say it.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::namings::{self, Objected};
use crate::schema::disclaimer;
use crate::types::{AsText, Timestamp};
use diesel::prelude::*;
use raid_model::{Handle, OrcidId};
use std::collections::BTreeSet;

/// What is known of somebody who is said not to be part of a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disclaimer {
    /// When it was first said.
    pub said_at: Timestamp,
    /// Whether the person signed in at ORCID to say it.
    pub confirmed: bool,
}

/// The person says that they are not part of the project, and perhaps signed in to say so. The first time
/// on a day, it is an objection to the project's service point. Saying it again changes nothing, unless it
/// is confirmed by that.
pub fn disclaim(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
    confirmed: bool,
    now: Timestamp,
) -> Result<Option<Objected>, StoreError> {
    let row = (
        disclaimer::orcid.eq(orcid.to_string()),
        disclaimer::handle.eq(handle.to_string()),
        disclaimer::said_at.eq(now),
        disclaimer::confirmed.eq(confirmed),
    );
    let said = per_backend!(c, |c| diesel::insert_into(disclaimer::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if confirmed {
        let row = disclaimer::table.find((orcid.to_string(), handle.to_string()));
        diesel::update(row)
            .set(disclaimer::confirmed.eq(true))
            .execute(c)?;
    }
    if said == 0 {
        return Ok(None);
    }
    namings::object(c, orcid, handle, now)
}

/// The person is part of the project after all: they accepted an invitation to it.
pub fn take_back(c: &mut Conn, orcid: &OrcidId, handle: &Handle) -> Result<(), StoreError> {
    diesel::delete(disclaimer::table.find((orcid.to_string(), handle.to_string()))).execute(c)?;
    Ok(())
}

/// Whether the person said that they are not part of the project.
pub fn is_disclaimed(c: &mut Conn, orcid: &OrcidId, handle: &Handle) -> Result<bool, StoreError> {
    let found: i64 = disclaimer::table
        .find((orcid.to_string(), handle.to_string()))
        .count()
        .get_result(c)?;
    Ok(found > 0)
}

/// The projects that the person said they are not part of.
pub fn of_person(c: &mut Conn, orcid: &OrcidId) -> Result<BTreeSet<Handle>, StoreError> {
    let found: Vec<AsText<Handle>> = disclaimer::table
        .filter(disclaimer::orcid.eq(orcid.to_string()))
        .select(disclaimer::handle)
        .load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}

/// Who said that they are not part of a project.
pub fn of_raid(c: &mut Conn, handle: &Handle) -> Result<BTreeSet<OrcidId>, StoreError> {
    let found: Vec<AsText<OrcidId>> = disclaimer::table
        .filter(disclaimer::handle.eq(handle.to_string()))
        .select(disclaimer::orcid)
        .load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}
