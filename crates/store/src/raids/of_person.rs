//! The RAiDs of one person.

use super::{Access, PageSize, RaidRow};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::{contribution, disclaimer, naming, raid, service_point};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use raid_model::trust::{NamingState, Trust};
use raid_model::{Handle, OrcidId};

/// The RAiDs of a person that may be written to their record, in the order of their handles, and whether
/// there are more: those that were not withdrawn, that the person did not disclaim, whose service point
/// may ask and add (see [`raid_model::trust::Gate`]), and, unless `with_embargoed`, that are open.
pub fn writable_for(
    c: &mut Conn,
    orcid: &OrcidId,
    with_embargoed: bool,
    size: PageSize,
) -> Result<(Vec<RaidRow>, bool), StoreError> {
    let handles = handles(c, orcid, with_embargoed, None, size.rows_and_one())?;
    let (handles, has_more) = size.cut(handles);
    let (rows, is_whole) = size.load(
        &handles,
        |row| row,
        |piece| {
            let of_piece = raid::table.filter(raid::handle.eq_any(piece));
            Ok(of_piece.select(RaidRow::as_select()).load(c)?)
        },
    )?;
    Ok((rows, has_more || !is_whole))
}

/// Whether a RAiD is among those.
pub fn is_writable_for(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
    with_embargoed: bool,
) -> Result<bool, StoreError> {
    Ok(!handles(c, orcid, with_embargoed, Some(handle), 1)?.is_empty())
}

fn handles(
    c: &mut Conn,
    orcid: &OrcidId,
    with_embargoed: bool,
    only: Option<&Handle>,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let disclaimed = disclaimer::table
        .filter(disclaimer::orcid.eq(contribution::orcid))
        .filter(disclaimer::handle.eq(contribution::handle));
    // As in `Gate::of`.
    let of_point = naming::orcid
        .eq(contribution::orcid)
        .and(naming::service_point_id.eq(raid::service_point_id));
    let is_trusted = service_point::trust
        .ne(Trust::Hold.as_str())
        .and(naming::state.eq(NamingState::Admitted.as_str()));
    let is_released = contribution::released_at
        .is_not_null()
        .and(naming::state.ne(NamingState::Stopped.as_str()));
    // Of those that do not count no document is read.
    let mut theirs = contribution::table
        .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
        .inner_join(naming::table.on(of_point))
        .inner_join(service_point::table.on(service_point::id.eq(raid::service_point_id)))
        .filter(contribution::orcid.eq(orcid.to_string()))
        .filter(is_trusted.or(is_released))
        .filter(raid::withdrawn_at.is_null())
        .filter(not(exists(disclaimed)))
        .select(contribution::handle)
        .into_boxed();
    if !with_embargoed {
        theirs = theirs.filter(raid::access.eq(Access::Open));
    }
    if let Some(handle) = only {
        theirs = theirs.filter(contribution::handle.eq(handle.to_string()));
    }
    Ok(theirs.order(contribution::handle).limit(limit).load(c)?)
}
