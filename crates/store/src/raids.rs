//! RAiDs and all their versions.

use crate::answers::{self, KeptAnswer};
use crate::changes;
use crate::conn::{Conn, per_backend};
use crate::contributions;
use crate::damage;
use crate::engine::Store;
use crate::error::StoreError;
use crate::holders::{self, HolderRole, HolderRow};
use crate::mint_statement;
use crate::schema::{raid, raid_version};
use crate::tasks::{self, Lane, NewTask, Work};
use crate::terms;
use crate::types::{AsText, Json, Timestamp, text_enum};
use crate::words;
use crate::words::Marks;
use diesel::prelude::*;
use raid_model::search::SearchDocument;
use raid_model::{Handle, OrcidId, Raid};
use std::collections::BTreeSet;
use time::Date;

mod days;
mod document;
mod index;
mod lists;
mod of_person;
mod page_size;
#[cfg(test)]
mod plans;
mod redaction;
mod repair;
mod search;
mod sight;
mod versions;
mod withdrawal;

pub use days::{boundary, embargo_end, follow_day, sorted_as};
pub use document::read_document;
pub use index::index_some;
pub use lists::{After, CountFilter, Filter, RaidPage, count_by_service_point, page};
pub use of_person::{is_writable_for, writable_for};
pub use page_size::PageSize;
pub use redaction::{Redaction, redact, redacted_versions};
pub use repair::{Repaired, repair};
pub use search::{
    ContributorStates, Direction, Facet, FacetValue, Key, Place, Search, SearchPage, Sort, Status,
    facet, search, total,
};
pub(crate) use sight::Condition;
pub use sight::Sight;
pub(crate) use sight::held_by;
use versions::set_reason;
pub use versions::{Authorship, VersionRow, authorship, count_versions, version, versions_after};
pub use withdrawal::{reinstate, withdraw};

text_enum! {
    /// Who may see a RAiD.
    Access {
        /// Everybody.
        Open = "open",
        /// Nobody but those with a right to it, until the embargo ends.
        Embargoed = "embargoed",
    }
}

/// A RAiD as it stands.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = raid)]
pub struct RaidRow {
    /// `prefix/suffix`.
    pub handle: AsText<Handle>,
    /// The current version, from 1.
    pub version: i32,
    /// The service point that owns it.
    pub service_point_id: i64,
    /// Who may see it.
    pub access: Access,
    /// The current document, without what is derived on reading (contributors' status).
    pub document: Json,
    /// When it was minted.
    pub created_at: Timestamp,
    /// When its current version was written.
    pub updated_at: Timestamp,
    /// When it was withdrawn: its identifier stays, and its content is shown to nobody.
    pub withdrawn_at: Option<Timestamp>,
    /// Why it was withdrawn.
    pub withdrawal_reason: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = raid, treat_none_as_default_value = false)]
struct NewRaidRow<'a> {
    handle: &'a AsText<Handle>,
    version: i32,
    service_point_id: i64,
    access: Access,
    document: &'a Json,
    created_at: Timestamp,
    updated_at: Timestamp,
    sort_title: &'a str,
    starts_on: Date,
    ends_on: Option<Date>,
    indexed_version: i32,
}

#[derive(Insertable)]
#[diesel(table_name = raid_version, treat_none_as_default_value = false)]
struct NewVersionRow<'a> {
    handle: &'a AsText<Handle>,
    version: i32,
    document: &'a Json,
    actor: &'a str,
    client: Option<String>,
    created_at: Timestamp,
    issuer: Option<String>,
}

/// Who wrote a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The token's issuer; none where no token acted. A subject means nothing without it.
    pub issuer: Option<String>,
    /// The token's subject, or what else acted (`invitation`).
    pub subject: String,
    /// The client that the token was issued to.
    pub client: Option<String>,
}

/// One version of a RAiD, ready to be written.
#[derive(Debug, Clone)]
pub struct RaidWrite {
    /// `prefix/suffix`.
    pub handle: AsText<Handle>,
    /// The version this is: 1 to mint, else one more than the version it follows.
    pub version: i32,
    /// The owning service point.
    pub service_point_id: i64,
    /// Who may see it.
    pub access: Access,
    /// The whole document.
    pub document: Json,
    /// What of it is searched.
    pub search: SearchDocument,
    /// When the embargo ends, if it is embargoed.
    pub embargo_ends: Option<Timestamp>,
    /// When something that is derived from the date changes next ([`boundary`]).
    pub boundary: Option<Timestamp>,
    /// The contributors with an ORCID iD.
    pub contributors: BTreeSet<OrcidId>,
    /// Whether a new RAiD is held by who mints it, as its `raid-admin`.
    pub held_by_actor: bool,
    /// Who writes it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// When the contributors' records are to follow: a little later, so that a burst of edits
    /// makes one write.
    pub due_at: Timestamp,
    /// Interactive or bulk.
    pub lane: Lane,
    /// Of a mint with an idempotency key: the answer that is kept along.
    pub answer: Option<Box<KeptAnswer>>,
}

impl Actor {
    /// The agency itself, for instance at the end of an embargo.
    pub fn system(name: impl Into<String>) -> Self {
        Self {
            issuer: None,
            subject: name.into(),
            client: None,
        }
    }
}

impl RaidWrite {
    /// The version that `raid` is, to be written by `actor`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the record cannot be written as JSON, or its version is out
    /// of range.
    pub fn of(
        raid: &Raid,
        actor: Actor,
        at: Timestamp,
        due_at: Timestamp,
        lane: Lane,
    ) -> Result<Self, StoreError> {
        let unfit = |e: &dyn std::fmt::Display| StoreError::Corrupt(e.to_string());
        let embargoed = raid.access.is_embargoed();
        Ok(Self {
            handle: AsText::from(raid.handle().clone()),
            version: i32::try_from(raid.version()).map_err(|e| unfit(&e))?,
            service_point_id: raid.identifier.owner.service_point,
            access: if embargoed {
                Access::Embargoed
            } else {
                Access::Open
            },
            document: Json(serde_json::to_string(raid).map_err(|e| unfit(&e))?),
            search: SearchDocument::of(raid, at.date()),
            embargo_ends: embargo_end(raid),
            boundary: boundary(raid, at.date()),
            contributors: raid.orcids().collect(),
            held_by_actor: false,
            actor,
            at,
            due_at,
            lane,
            answer: None,
        })
    }

    /// What follows for these people's records, and on days to come.
    pub(crate) fn tasks<'a>(
        &self,
        people: impl Iterator<Item = &'a OrcidId>,
    ) -> impl Iterator<Item = NewTask> {
        let handle = || self.handle.get().clone();
        let task = |work, due_at| NewTask {
            work,
            lane: self.lane,
            due_at,
            at: self.at,
        };
        let embargo = self
            .embargo_ends
            .map(|ends| task(Work::Embargo(handle()), ends));
        let boundary = self.boundary.map(|at| NewTask {
            lane: Lane::Bulk,
            ..task(Work::Boundary(handle()), at)
        });
        let people = people.map(move |orcid| task(Work::Membership(*orcid, handle()), self.due_at));
        // First, so that these keep their time: the due times of many tasks are spread out.
        embargo.into_iter().chain(boundary).chain(people)
    }

    /// What stands before its words in the index.
    pub(crate) fn marks(&self) -> Marks {
        Marks::of_raid(self.access, self.service_point_id)
    }

    /// Who holds the new RAiD from the beginning.
    pub(crate) fn holder(&self) -> Option<HolderRow> {
        self.held_by_actor.then(|| HolderRow {
            handle: self.handle.clone(),
            issuer: self.actor.issuer.clone().unwrap_or_default(),
            subject: self.actor.subject.clone(),
            role: HolderRole::RaidAdmin,
            given_by_issuer: self.actor.issuer.clone().unwrap_or_default(),
            given_by: self.actor.subject.clone(),
            given_at: self.at,
        })
    }
}

impl Store {
    /// Mints a RAiD: the record, its first version, its contributions and the tasks that follow,
    /// in one transaction.
    ///
    /// # Errors
    /// [`StoreError::HandleTaken`]: draw another suffix and try again. [`StoreError::KeyTaken`]: the
    /// request was served before.
    pub async fn mint(&self, write: RaidWrite) -> Result<(), StoreError> {
        if let Some(queue) = self.mint_queue() {
            let minted = queue.mint(write).await;
            self.doubt().note(&minted);
            return minted;
        }
        self.write(move |c| insert(c, std::slice::from_ref(&write)))
            .await
    }
}

/// Inserts new RAiDs with all that belongs to them, as few statements as the database allows.
pub(crate) fn insert(c: &mut Conn, writes: &[RaidWrite]) -> Result<(), StoreError> {
    let answers: Vec<_> = writes.iter().filter_map(|w| w.answer.as_deref()).collect();
    answers::keep(c, &answers)?;
    let inserted = match c {
        Conn::Postgres(c) => mint_statement::insert(c, writes).map_err(StoreError::from),
        Conn::Sqlite(_) => insert_by_table(c, writes),
    };
    inserted.map_err(|e| {
        if e.is_unique_violation() {
            StoreError::HandleTaken
        } else {
            e
        }
    })
}

/// A statement for each table: on SQLite no statement is far away.
fn insert_by_table(c: &mut Conn, writes: &[RaidWrite]) -> Result<(), StoreError> {
    let rows: Vec<_> = writes
        .iter()
        .map(|w| NewRaidRow {
            handle: &w.handle,
            version: w.version,
            service_point_id: w.service_point_id,
            access: w.access,
            document: &w.document,
            created_at: w.at,
            updated_at: w.at,
            sort_title: &w.search.sort_title,
            starts_on: w.search.starts_on,
            ends_on: w.search.ends_on,
            indexed_version: w.version,
        })
        .collect();
    per_backend!(c, |c| diesel::insert_into(raid::table)
        .values(&rows)
        .execute(c))?;
    let versions: Vec<_> = writes.iter().map(version_row).collect();
    per_backend!(c, |c| diesel::insert_into(raid_version::table)
        .values(&versions)
        .execute(c))?;
    changes::enter(c, writes)?;
    let pairs: Vec<_> = writes
        .iter()
        .flat_map(|w| w.contributors.iter().map(|o| (o, &w.handle)))
        .collect();
    contributions::insert(c, &pairs)?;
    holders::insert(
        c,
        &writes
            .iter()
            .filter_map(RaidWrite::holder)
            .collect::<Vec<_>>(),
    )?;
    terms::insert_all(c, writes)?;
    if let Conn::Sqlite(c) = c {
        for w in writes {
            words::insert(c, &w.handle, &w.search, &w.marks())?;
        }
    }
    for w in writes {
        let due: Vec<_> = w.tasks(w.contributors.iter()).collect();
        tasks::enqueue(c, &due)?;
    }
    Ok(())
}

fn version_row(w: &RaidWrite) -> NewVersionRow<'_> {
    NewVersionRow {
        handle: &w.handle,
        version: w.version,
        document: &w.document,
        actor: &w.actor.subject,
        client: w.actor.client.clone(),
        created_at: w.at,
        issuer: w.actor.issuer.clone(),
    }
}

/// The RAiD as it stands.
pub fn find(c: &mut Conn, handle: &Handle) -> Result<Option<RaidRow>, StoreError> {
    Ok(raid::table
        .find(handle.to_string())
        .select(RaidRow::as_select())
        .first(c)
        .optional()?)
}

/// Of these RAiDs, those that somebody sees, as they stand. Damaged ones are left out.
pub fn find_seen(
    c: &mut Conn,
    sight: &Sight,
    handles: &[&Handle],
) -> Result<Vec<RaidRow>, StoreError> {
    let handles: Vec<_> = handles.iter().map(ToString::to_string).collect();
    damage::load_readable(&handles, |handles| {
        Ok(raid::table
            .filter(raid::handle.eq_any(handles))
            .filter(sight.condition())
            .select(RaidRow::as_select())
            .load(c)?)
    })
}

/// The RAiD as it stands, unless it was withdrawn.
///
/// # Errors
/// When the database refuses.
pub fn find_standing(c: &mut Conn, handle: &Handle) -> Result<Option<RaidRow>, StoreError> {
    Ok(find(c, handle)?.filter(|row| row.withdrawn_at.is_none()))
}

/// Writes the next version, enters it into the feed of changes, and wakes the tasks of everybody
/// who was or is a contributor.
///
/// # Errors
/// [`StoreError::StaleVersion`] unless `write.version` is one more than the version that stands;
/// [`StoreError::Withdrawn`] when it was withdrawn; [`StoreError::NotFound`] when there is no such
/// RAiD.
pub fn amend(c: &mut Conn, write: &RaidWrite) -> Result<(), StoreError> {
    let handle = write.handle.as_str();
    let current = raid::table
        .find(handle)
        .filter(raid::version.eq(write.version - 1))
        .filter(raid::withdrawn_at.is_null());
    let changed = diesel::update(current)
        .set((
            raid::version.eq(write.version),
            raid::service_point_id.eq(write.service_point_id),
            raid::access.eq(write.access),
            raid::document.eq(&write.document),
            raid::updated_at.eq(write.at),
            raid::sort_title.eq(Some(&write.search.sort_title)),
            raid::starts_on.eq(Some(write.search.starts_on)),
            raid::ends_on.eq(write.search.ends_on),
            raid::indexed_version.eq(Some(write.version)),
        ))
        .execute(c)?;
    if changed == 0 {
        return Err(match find(c, write.handle.get())? {
            Some(row) if row.withdrawn_at.is_some() => StoreError::Withdrawn,
            Some(row) => StoreError::StaleVersion {
                current: row.version,
            },
            None => StoreError::NotFound,
        });
    }
    diesel::insert_into(raid_version::table)
        .values(version_row(write))
        .execute(c)?;
    changes::enter(c, std::slice::from_ref(write))?;
    let before = contributions::of_raid(c, write.handle.get())?;
    let after = &write.contributors;
    contributions::delete(c, write.handle.get(), before.difference(after))?;
    let added: Vec<_> = after
        .difference(&before)
        .map(|o| (o, &write.handle))
        .collect();
    contributions::insert(c, &added)?;
    terms::replace(c, &write.handle, &write.readers(), &write.search.terms)?;
    words::replace(c, &write.handle, &write.search, &write.marks())?;
    let due: Vec<_> = write.tasks(before.union(after)).collect();
    tasks::enqueue(c, &due)
}
