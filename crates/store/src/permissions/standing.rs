//! Where several people stand, for records and metrics.

use super::Permission;
use crate::conn::{Conn, by_keys};
use crate::damage;
use crate::error::StoreError;
use crate::namings::is_met;
use crate::schema::{contribution, naming, permission, raid};
use crate::types::{AsText, Timestamp};
use diesel::prelude::*;
use raid_model::permission::PermissionState;
use raid_model::{Handle, OrcidId};
use std::collections::HashMap;

/// Where a person stands, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: PermissionState,
    /// When it became that.
    pub since: Timestamp,
}

type StandingRow = (AsText<OrcidId>, AsText<PermissionState>, Timestamp);

fn standings(rows: Vec<StandingRow>) -> HashMap<OrcidId, Standing> {
    rows.into_iter()
        .map(|(orcid, state, since)| {
            let state = state.into_inner();
            (orcid.into_inner(), Standing { state, since })
        })
        .collect()
}

/// Where the contributors of some RAiDs stand; a person who is missing is unasked, or is named by a
/// service point that has not reached them (see [`crate::namings::Naming::is_met`]). Where the row of
/// one is damaged, nothing is known of the contributors of that RAiD.
pub fn of_raids(
    c: &mut Conn,
    handles: &[&Handle],
) -> Result<HashMap<OrcidId, Standing>, StoreError> {
    let handles: Vec<String> = handles.iter().map(ToString::to_string).collect();
    let rows = damage::load_readable(&handles, |handles| {
        let same = naming::orcid
            .eq(contribution::orcid)
            .and(naming::service_point_id.eq(raid::service_point_id));
        Ok(by_keys!(contribution::handle, handles, |is_wanted| {
            contribution::table
                .inner_join(permission::table.on(permission::orcid.eq(contribution::orcid)))
                .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
                .left_join(naming::table.on(same))
                .filter(is_wanted)
                .filter(is_met!())
                .select((permission::orcid, permission::state, permission::since))
                .distinct()
                .load(c)?
        }))
    })?;
    Ok(standings(rows))
}

/// Where these people stand; one who is missing is unasked.
pub fn of_people(
    c: &mut Conn,
    people: &[OrcidId],
) -> Result<HashMap<OrcidId, Standing>, StoreError> {
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    let rows = permission::table
        .filter(permission::orcid.eq_any(people))
        .select((permission::orcid, permission::state, permission::since))
        .load(c)?;
    Ok(standings(rows))
}

/// The rows of these people; one who is missing is unasked.
pub fn rows_of_people(
    c: &mut Conn,
    people: &[OrcidId],
) -> Result<HashMap<OrcidId, Permission>, StoreError> {
    let people = people.iter().map(ToString::to_string);
    let rows: Vec<Permission> = permission::table
        .filter(permission::orcid.eq_any(people))
        .select(Permission::as_select())
        .load(c)?;
    let with_orcid = |row: Permission| (*row.orcid.get(), row);
    Ok(rows.into_iter().map(with_orcid).collect())
}

/// How many people are in which state, for the metrics.
pub fn counts(c: &mut Conn) -> Result<Vec<(PermissionState, i64)>, StoreError> {
    let rows: Vec<(AsText<PermissionState>, i64)> = permission::table
        .group_by(permission::state)
        .select((permission::state, diesel::dsl::count_star()))
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|(state, n)| (state.into_inner(), n))
        .collect())
}
