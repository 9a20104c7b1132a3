//! The permission notifications posted to ORCID inboxes, one row each: they are what the contact
//! budget counts, and what an unknown outcome is looked up by.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::permission_request;
use crate::types::{AsText, Id, Timestamp, text_enum};
use diesel::prelude::*;
use raid_model::{Handle, OrcidId};
use std::collections::{BTreeSet, HashMap};

text_enum! {
    /// Where a request stands.
    State {
        /// About to be posted, or posted with an unknown outcome.
        Posting = "posting",
        /// In the person's inbox.
        Open = "open",
        /// About to be archived by us, or archived with an unknown outcome.
        Withdrawing = "withdrawing",
        /// Answered, archived, withdrawn or gone.
        Closed = "closed",
    }
}

/// One notification.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = permission_request)]
pub struct PermissionRequestRow {
    /// Its id, which its landing URL carries.
    pub id: Id,
    /// Who was asked.
    pub orcid: AsText<OrcidId>,
    /// Where it stands.
    pub state: State,
    /// ORCID's put-code, once known.
    pub put_code: Option<i64>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// What it says of each project, where that was kept: a JSON object of digests by handle.
    pub says: Option<String>,
    /// The projects that it names, a JSON list of handles, where that was kept.
    pub names: Option<String>,
    /// When it was first seen that the person had opened it.
    pub read_at: Option<Timestamp>,
    /// Whether it counts in the contact budget.
    pub counted: bool,
}

impl PermissionRequestRow {
    /// Whether one of the projects that it names is among `projects`. One whose projects were not
    /// kept counts as such.
    pub fn names_one_of(&self, projects: &BTreeSet<Handle>) -> bool {
        let names: Option<BTreeSet<Handle>> = self
            .names
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok());
        names.is_none_or(|names| !names.is_disjoint(projects))
    }
}

/// What a request says, for a later comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// A digest of what it says of each project: a JSON object by handle.
    pub says: String,
    /// The projects that it names, a JSON list of handles.
    pub names: String,
}

/// Records the intent to post a notification, before it is posted; also once more, when it turned
/// out not to stand.
pub fn intend(
    c: &mut Conn,
    id: Id,
    orcid: &OrcidId,
    said: &Said,
    now: Timestamp,
) -> Result<(), StoreError> {
    let content = (
        permission_request::asked_at.eq(now),
        permission_request::says.eq(&said.says),
        permission_request::names.eq(&said.names),
    );
    let row = (
        permission_request::id.eq(id),
        permission_request::orcid.eq(orcid.to_string()),
        permission_request::state.eq(State::Posting),
        content,
    );
    per_backend!(c, |c| diesel::insert_into(permission_request::table)
        .values(row)
        .on_conflict(permission_request::id)
        .do_update()
        .set(content)
        .execute(c))?;
    Ok(())
}

/// Records the intent to archive an open notification, before it is archived, and whether it counts
/// in the contact budget once it is.
pub fn withdrawing(c: &mut Conn, id: Id, counted: bool) -> Result<(), StoreError> {
    let row = permission_request::table
        .find(id)
        .filter(permission_request::state.eq(State::Open));
    diesel::update(row)
        .set((
            permission_request::state.eq(State::Withdrawing),
            permission_request::counted.eq(counted),
        ))
        .execute(c)?;
    Ok(())
}

/// Archiving it was begun and is not possible: it stands open, was read, and counts.
pub fn stays_open(c: &mut Conn, id: Id, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(permission_request::table.find(id))
        .set((
            permission_request::state.eq(State::Open),
            permission_request::counted.eq(true),
        ))
        .execute(c)?;
    mark_read(c, id, now)
}

/// The person opened it.
pub fn mark_read(c: &mut Conn, id: Id, now: Timestamp) -> Result<(), StoreError> {
    let row = permission_request::table
        .find(id)
        .filter(permission_request::read_at.is_null());
    diesel::update(row)
        .set(permission_request::read_at.eq(now))
        .execute(c)?;
    Ok(())
}

/// The request that is open or in doubt, the newest if there are several.
pub fn current(c: &mut Conn, orcid: &OrcidId) -> Result<Option<PermissionRequestRow>, StoreError> {
    Ok(permission_request::table
        .filter(permission_request::orcid.eq(orcid.to_string()))
        .filter(permission_request::state.ne(State::Closed))
        .order((
            permission_request::asked_at.desc(),
            permission_request::id.desc(),
        ))
        .select(PermissionRequestRow::as_select())
        .first(c)
        .optional()?)
}

/// The newest request, whatever became of it.
pub fn latest(c: &mut Conn, orcid: &OrcidId) -> Result<Option<PermissionRequestRow>, StoreError> {
    Ok(permission_request::table
        .filter(permission_request::orcid.eq(orcid.to_string()))
        .order((
            permission_request::asked_at.desc(),
            permission_request::id.desc(),
        ))
        .select(PermissionRequestRow::as_select())
        .first(c)
        .optional()?)
}

/// Records ORCID's put-code: the notification stands in the inbox.
pub fn opened(c: &mut Conn, id: Id, put_code: i64) -> Result<(), StoreError> {
    let row = permission_request::table
        .find(id)
        .filter(permission_request::state.eq(State::Posting));
    diesel::update(row)
        .set((
            permission_request::state.eq(State::Open),
            permission_request::put_code.eq(put_code),
        ))
        .execute(c)?;
    Ok(())
}

/// Takes an intent back that was certainly not carried out, so that it does not count.
pub fn withdraw(c: &mut Conn, id: Id) -> Result<(), StoreError> {
    let row = permission_request::table
        .find(id)
        .filter(permission_request::state.eq(State::Posting));
    diesel::delete(row).execute(c)?;
    Ok(())
}

/// Closes a request.
pub fn close(c: &mut Conn, id: Id, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(permission_request::table.find(id))
        .set((
            permission_request::state.eq(State::Closed),
            permission_request::closed_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// Closes what stands in a person's inbox, which is gone.
pub(crate) fn close_all(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    let rows = permission_request::table
        .filter(permission_request::orcid.eq(orcid.to_string()))
        .filter(permission_request::state.ne(State::Closed));
    diesel::update(rows)
        .set((
            permission_request::state.eq(State::Closed),
            permission_request::closed_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// How often the person was asked since `since`: first what counts in the contact budget, then all
/// notifications.
pub fn count_since(
    c: &mut Conn,
    orcid: &OrcidId,
    since: Timestamp,
) -> Result<(i64, i64), StoreError> {
    let counted: Vec<bool> = permission_request::table
        .filter(permission_request::orcid.eq(orcid.to_string()))
        .filter(permission_request::asked_at.ge(since))
        .select(permission_request::counted)
        .load(c)?;
    let all = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    let that_count = counted.into_iter().filter(|counted| *counted).count();
    Ok((i64::try_from(that_count).unwrap_or(i64::MAX), all))
}

/// The requests of some people, the newest first.
pub fn of_people(
    c: &mut Conn,
    people: &[OrcidId],
) -> Result<HashMap<OrcidId, Vec<PermissionRequestRow>>, StoreError> {
    let people = people.iter().map(ToString::to_string);
    let rows: Vec<PermissionRequestRow> = permission_request::table
        .filter(permission_request::orcid.eq_any(people))
        .order((
            permission_request::asked_at.desc(),
            permission_request::id.desc(),
        ))
        .select(PermissionRequestRow::as_select())
        .load(c)?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        found.entry(*row.orcid.get()).or_default().push(row);
    }
    Ok(found)
}
