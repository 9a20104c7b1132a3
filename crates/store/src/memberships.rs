//! What we know ORCID holds: one entry per (iD, RAiD) for life.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::{contribution, membership};
use crate::types::{AsText, Timestamp, text_enum};
use diesel::dsl::exists;
use diesel::prelude::*;
use raid_model::membership::Entry;
use raid_model::{Handle, OrcidId};
use std::collections::BTreeSet;

text_enum! {
    /// What stands on the record.
    State {
        /// About to be created, or created with an answer that never came.
        Posting = "posting",
        /// Written, under the put-code.
        Written = "written",
        /// About to be deleted, or deleted with an answer that never came.
        Deleting = "deleting",
        /// The researcher removed it; it is not written again unless they ask.
        RemovedByResearcher = "removed_by_researcher",
        /// We deleted it.
        Deleted = "deleted",
    }
}

impl State {
    /// Something of ours stands on the record, or may.
    pub(crate) const STANDS: [Self; 3] = [Self::Posting, Self::Written, Self::Deleting];
}

/// Whose entry, for which RAiD.
pub type Key = (OrcidId, Handle);

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = membership)]
pub struct Membership {
    /// Whose record.
    pub orcid: AsText<OrcidId>,
    /// Which RAiD.
    pub handle: AsText<Handle>,
    /// What stands there.
    pub state: State,
    /// ORCID's put-code, while the entry stands.
    pub put_code: Option<i64>,
    /// Hash of the last document known to be written; none when that is unknown.
    pub document_hash: Option<String>,
    /// When it was last written.
    pub written_at: Option<Timestamp>,
    /// When the row last changed.
    pub updated_at: Timestamp,
    /// Why ORCID did not remove the entry, although it has to go: its permission was withdrawn.
    pub refusal: Option<String>,
}

impl Membership {
    /// What stands, to be recorded again.
    pub fn standing(&self) -> Standing {
        match (self.state, self.put_code) {
            (State::Posting, _) => Standing::Posting,
            (State::Written, Some(put_code)) => Standing::Written {
                put_code,
                hash: self.document_hash.clone(),
            },
            (State::Deleting, Some(put_code)) => Standing::Deleting { put_code },
            (State::RemovedByResearcher, _) => Standing::RemovedByResearcher,
            (State::Deleted, _) | (State::Written | State::Deleting, None) => Standing::Deleted,
        }
    }
}

impl Membership {
    /// What is known to stand on the record. It is in doubt while an answer is missing.
    pub fn entry(&self) -> Entry {
        match (self.state, self.put_code) {
            (State::Posting | State::Deleting, _) => Entry::InDoubt,
            (State::RemovedByResearcher, _) => Entry::Removed,
            (State::Deleted, _) | (State::Written, None) => Entry::Absent,
            (State::Written, Some(put_code)) if self.refusal.is_some() => {
                Entry::LeftBehind { put_code }
            }
            (State::Written, Some(put_code)) => Entry::Written {
                put_code,
                hash: self.document_hash.clone(),
            },
        }
    }
}

/// What ORCID holds for one person and RAiD, as far as we know.
///
/// # Errors
/// When the database refuses.
pub fn find(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
) -> Result<Option<Membership>, StoreError> {
    Ok(membership::table
        .find((orcid.to_string(), handle.to_string()))
        .select(Membership::as_select())
        .first(c)
        .optional()?)
}

/// What ORCID holds for some people and one RAiD, as far as we know.
///
/// # Errors
/// When the database refuses.
pub fn of_people(
    c: &mut Conn,
    people: &BTreeSet<OrcidId>,
    handle: &Handle,
) -> Result<Vec<Membership>, StoreError> {
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    Ok(membership::table
        .filter(membership::orcid.eq_any(people))
        .filter(membership::handle.eq(handle.to_string()))
        .select(Membership::as_select())
        .load(c)?)
}

/// Records what stands now.
///
/// # Errors
/// When the database refuses.
pub fn record(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
    found: &Standing,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (state, put_code, hash, written_at) = match found {
        Standing::Posting => (State::Posting, None, None, None),
        Standing::Written { put_code, hash } => (
            State::Written,
            Some(*put_code),
            hash.clone(),
            hash.as_ref().map(|_| now),
        ),
        Standing::LeftBehind { put_code, .. } => (State::Written, Some(*put_code), None, None),
        Standing::Deleting { put_code } => (State::Deleting, Some(*put_code), None, None),
        Standing::RemovedByResearcher => (State::RemovedByResearcher, None, None, None),
        Standing::Deleted => (State::Deleted, None, None, None),
    };
    let refusal = match found {
        Standing::LeftBehind { refusal, .. } => Some(refusal.clone()),
        _ => None,
    };
    let values = (
        membership::state.eq(state),
        membership::put_code.eq(put_code),
        membership::document_hash.eq(hash),
        membership::written_at.eq(written_at),
        membership::updated_at.eq(now),
        membership::refusal.eq(refusal),
    );
    let key = (
        membership::orcid.eq(orcid.to_string()),
        membership::handle.eq(handle.to_string()),
    );
    per_backend!(c, |c| diesel::insert_into(membership::table)
        .values((key, values.clone()))
        .on_conflict((membership::orcid, membership::handle))
        .do_update()
        .set(values)
        .execute(c))?;
    Ok(())
}

/// The RAiDs that stand on a person's record, or may, in the order of their handles, at most
/// `limit`, after `after`.
///
/// # Errors
/// When the database refuses.
pub fn of_person(
    c: &mut Conn,
    orcid: &OrcidId,
    after: Option<&Handle>,
    limit: i64,
) -> Result<Vec<Handle>, StoreError> {
    let mut query = membership::table
        .filter(membership::orcid.eq(orcid.to_string()))
        .filter(membership::state.eq_any(State::STANDS))
        .select(membership::handle)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(membership::handle.gt(after.to_string()));
    }
    let found: Vec<AsText<Handle>> = query.order(membership::handle).limit(limit).load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}

/// Entries that stand, or may, of people who do not contribute (any more), in the order of the iDs and
/// then of the handles, among the next `limit` that stand after `after`. Also gives the last of
/// those; none when there are no more.
pub fn page_of_left(
    c: &mut Conn,
    after: Option<&Key>,
    limit: i64,
) -> Result<(Vec<Key>, Option<Key>), StoreError> {
    let stands = [State::Posting, State::Written, State::Deleting];
    let contributes = contribution::table
        .filter(contribution::orcid.eq(membership::orcid))
        .filter(contribution::handle.eq(membership::handle));
    let mut query = membership::table
        .filter(membership::state.eq_any(stands))
        .select((membership::orcid, membership::handle, exists(contributes)))
        .into_boxed();
    if let Some((orcid, handle)) = after {
        let same = membership::orcid.eq(orcid.to_string());
        let later = same.and(membership::handle.gt(handle.to_string()));
        query = query.filter(membership::orcid.gt(orcid.to_string()).or(later));
    }
    let order = (membership::orcid, membership::handle);
    let found: Vec<(AsText<OrcidId>, AsText<Handle>, bool)> =
        query.order(order).limit(limit).load(c)?;
    let pair = |(orcid, handle, _): &(AsText<OrcidId>, AsText<Handle>, bool)| {
        (*orcid.get(), handle.get().clone())
    };
    let last = found.last().map(pair);
    Ok((found.iter().filter(|row| !row.2).map(pair).collect(), last))
}

/// Entries that stand under a put-code, in the order of the iDs and then of the handles, at most `limit`,
/// after `after`.
pub fn page_of_written(
    c: &mut Conn,
    after: Option<&Key>,
    limit: i64,
) -> Result<Vec<Key>, StoreError> {
    let mut query = membership::table
        .filter(membership::state.eq(State::Written))
        .select((membership::orcid, membership::handle))
        .into_boxed();
    if let Some((orcid, handle)) = after {
        let same = membership::orcid.eq(orcid.to_string());
        let later = same.and(membership::handle.gt(handle.to_string()));
        query = query.filter(membership::orcid.gt(orcid.to_string()).or(later));
    }
    let order = (membership::orcid, membership::handle);
    let found: Vec<(AsText<OrcidId>, AsText<Handle>)> = query.order(order).limit(limit).load(c)?;
    Ok(found
        .into_iter()
        .map(|(orcid, handle)| (orcid.into_inner(), handle.into_inner()))
        .collect())
}

/// The put-code of an entry may be of no use any more, since our client at ORCID is another one. The
/// entry is looked up before anything is written; one that ORCID refused to remove is given up.
pub fn forget_put_code(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(known) = find(c, orcid, handle)?.filter(|m| m.state == State::Written) else {
        return Ok(());
    };
    let standing = if known.refusal.is_some() {
        Standing::Deleted
    } else {
        Standing::Posting
    };
    record(c, orcid, handle, &standing, now)
}

/// Everything on a person's record is gone, with what we wrote there. Nothing of it was removed by
/// the person.
pub(crate) fn mark_all_deleted(
    c: &mut Conn,
    orcid: &OrcidId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = membership::table.filter(membership::orcid.eq(orcid.to_string()));
    diesel::update(rows)
        .set((
            membership::state.eq(State::Deleted),
            membership::put_code.eq(None::<i64>),
            membership::document_hash.eq(None::<String>),
            membership::refusal.eq(None::<String>),
            membership::updated_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// What stands on a person's record is not known any more: it is looked up before anything is
/// written.
pub(crate) fn doubt_all(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    let rows = membership::table
        .filter(membership::orcid.eq(orcid.to_string()))
        .filter(membership::state.eq(State::Written));
    diesel::update(rows)
        .set((
            membership::state.eq(State::Posting),
            membership::put_code.eq(None::<i64>),
            membership::document_hash.eq(None::<String>),
            membership::refusal.eq(None::<String>),
            membership::updated_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// What the person removed from their record may be written again: all of it, or one project.
pub(crate) fn allow_again(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: Option<&Handle>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut rows = diesel::update(membership::table)
        .set((
            membership::state.eq(State::Posting),
            membership::updated_at.eq(now),
        ))
        .filter(membership::orcid.eq(orcid.to_string()))
        .filter(membership::state.eq(State::RemovedByResearcher))
        .into_boxed();
    if let Some(handle) = handle {
        rows = rows.filter(membership::handle.eq(handle.to_string()));
    }
    rows.execute(c)?;
    Ok(())
}

/// Whether an entry of ours stands on the person's record, or may, that we can still remove.
pub fn stands(c: &mut Conn, orcid: &OrcidId) -> Result<bool, StoreError> {
    let found: Option<AsText<Handle>> = membership::table
        .filter(membership::orcid.eq(orcid.to_string()))
        .filter(membership::state.eq_any(State::STANDS))
        .filter(membership::refusal.is_null())
        .select(membership::handle)
        .first(c)
        .optional()?;
    Ok(found.is_some())
}

/// What is found to stand on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A POST is about to go out.
    Posting,
    /// An entry stands; without a hash its content is not known: a PUT is about to go out, or its
    /// answer never came.
    Written {
        /// ORCID's put-code.
        put_code: i64,
        /// Hash of the document that was written.
        hash: Option<String>,
    },
    /// An entry stands that has to go, and ORCID refuses to remove it.
    LeftBehind {
        /// ORCID's put-code.
        put_code: i64,
        /// What ORCID said.
        refusal: String,
    },
    /// A DELETE is about to go out.
    Deleting {
        /// ORCID's put-code.
        put_code: i64,
    },
    /// The researcher removed it.
    RemovedByResearcher,
    /// We deleted it.
    Deleted,
}

/// How many entries are in which state, for the metrics.
///
/// # Errors
/// When the database refuses.
pub fn counts(c: &mut Conn) -> Result<Vec<(State, i64)>, StoreError> {
    Ok(membership::table
        .group_by(membership::state)
        .select((membership::state, diesel::dsl::count_star()))
        .load(c)?)
}
