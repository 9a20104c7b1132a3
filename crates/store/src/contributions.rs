//! Who contributes to what, indexed by iD.

use crate::conn::{Conn, ROWS_A_STATEMENT, per_backend};
use crate::error::StoreError;
use crate::holders::HolderRole;
use crate::namings::is_met;
use crate::raids::Sight;
use crate::schema::{contribution, naming, raid, raid_holder};
use crate::types::AsText;
use diesel::dsl::exists;
use diesel::prelude::*;
use raid_model::{Handle, OrcidId};
use std::collections::BTreeSet;

#[derive(Insertable)]
#[diesel(table_name = contribution, treat_none_as_default_value = false)]
struct NewContribution<'a> {
    orcid: AsText<OrcidId>,
    handle: &'a AsText<Handle>,
}

pub(crate) fn insert(
    c: &mut Conn,
    pairs: &[(&OrcidId, &AsText<Handle>)],
) -> Result<(), StoreError> {
    for pairs in pairs.chunks(ROWS_A_STATEMENT) {
        let rows: Vec<_> = pairs
            .iter()
            .map(|(orcid, handle)| NewContribution {
                orcid: AsText::from(**orcid),
                handle,
            })
            .collect();
        per_backend!(c, |c| diesel::insert_into(contribution::table)
            .values(&rows)
            .execute(c))?;
    }
    Ok(())
}

pub(crate) fn delete<'a>(
    c: &mut Conn,
    handle: &Handle,
    gone: impl Iterator<Item = &'a OrcidId>,
) -> Result<(), StoreError> {
    let gone: Vec<String> = gone.map(ToString::to_string).collect();
    if gone.is_empty() {
        return Ok(());
    }
    let rows = contribution::table
        .filter(contribution::handle.eq(handle.to_string()))
        .filter(contribution::orcid.eq_any(gone));
    diesel::delete(rows).execute(c)?;
    Ok(())
}

/// The contributors of one RAiD that have an ORCID iD.
///
/// # Errors
/// When the database refuses.
pub fn of_raid(c: &mut Conn, handle: &Handle) -> Result<BTreeSet<OrcidId>, StoreError> {
    let found: Vec<AsText<OrcidId>> = contribution::table
        .filter(contribution::handle.eq(handle.to_string()))
        .select(contribution::orcid)
        .load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}

/// Those of some people who are named in a RAiD that somebody has a right to: one of their service
/// point, one that they hold, or any for whoever sees all. The RAiD's service point must have reached
/// them (see [`crate::namings::Naming::is_met`]).
pub fn named_inside(
    c: &mut Conn,
    people: &BTreeSet<OrcidId>,
    sight: &Sight,
) -> Result<BTreeSet<OrcidId>, StoreError> {
    let all: Vec<String> = people.iter().map(ToString::to_string).collect();
    let nobody: (&str, &str, &[HolderRole]) = ("", "", &[]);
    let (issuer, subject, roles) = sight.holder.as_ref().map_or(nobody, |holder| {
        (&holder.issuer, &holder.subject, &holder.roles)
    });
    let mut named = BTreeSet::new();
    for people in all.chunks(ROWS_A_STATEMENT) {
        let same = naming::orcid
            .eq(contribution::orcid)
            .and(naming::service_point_id.eq(raid::service_point_id));
        let of_people = contribution::table
            .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
            .left_join(naming::table.on(same))
            .filter(contribution::orcid.eq_any(people))
            .filter(is_met!())
            .filter(raid::withdrawn_at.is_null());
        let mut query = of_people
            .select(contribution::orcid)
            .distinct()
            .into_boxed();
        if !sight.embargoed {
            let held = raid_holder::table
                .filter(raid_holder::handle.eq(contribution::handle))
                .filter(raid_holder::issuer.eq(issuer))
                .filter(raid_holder::subject.eq(subject))
                .filter(raid_holder::role.eq_any(roles));
            // No service point has the number 0.
            let own = raid::service_point_id.eq(sight.service_point.unwrap_or_default());
            query = query.filter(own.or(exists(held)));
        }
        let found: Vec<AsText<OrcidId>> = query.load(c)?;
        named.extend(found.into_iter().map(AsText::into_inner));
    }
    Ok(named)
}

/// The RAiDs of one person, in the order of their handles, at most `limit`, after `after`.
///
/// # Errors
/// When the database refuses.
pub fn of_person(
    c: &mut Conn,
    orcid: &OrcidId,
    after: Option<&Handle>,
    limit: i64,
) -> Result<Vec<Handle>, StoreError> {
    let mut query = contribution::table
        .filter(contribution::orcid.eq(orcid.to_string()))
        .select(contribution::handle)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(contribution::handle.gt(after.to_string()));
    }
    let found: Vec<AsText<Handle>> = query.order(contribution::handle).limit(limit).load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}

/// Who contributes to what, in the order of the iDs and then of the handles, at most `limit`, after
/// `after`.
pub fn page(
    c: &mut Conn,
    after: Option<&(OrcidId, Handle)>,
    limit: i64,
) -> Result<Vec<(OrcidId, Handle)>, StoreError> {
    let mut query = contribution::table
        .select((contribution::orcid, contribution::handle))
        .into_boxed();
    if let Some((orcid, handle)) = after {
        let same = contribution::orcid.eq(orcid.to_string());
        let later = same.and(contribution::handle.gt(handle.to_string()));
        query = query.filter(contribution::orcid.gt(orcid.to_string()).or(later));
    }
    let order = (contribution::orcid, contribution::handle);
    let found: Vec<(AsText<OrcidId>, AsText<Handle>)> = query.order(order).limit(limit).load(c)?;
    Ok(found
        .into_iter()
        .map(|(orcid, handle)| (orcid.into_inner(), handle.into_inner()))
        .collect())
}

/// The RAiDs of some people that were not withdrawn, in the order of their handles, at most `limit`.
pub fn standing(
    c: &mut Conn,
    people: &[OrcidId],
    limit: i64,
) -> Result<BTreeSet<Handle>, StoreError> {
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    let found: Vec<AsText<Handle>> = contribution::table
        .inner_join(raid::table.on(raid::handle.eq(contribution::handle)))
        .filter(contribution::orcid.eq_any(people))
        .filter(raid::withdrawn_at.is_null())
        .order(contribution::handle)
        .limit(limit)
        .select(contribution::handle)
        .load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}
