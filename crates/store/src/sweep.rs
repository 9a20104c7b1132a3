//! What the sweep reads: where it is, and what keeps each person's permission alive.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::{installation, orcid_grant, permission, permission_request};
use crate::tasks::{self, Kind};
use crate::types::AsText;
use crate::{grants, permission_requests};
use diesel::prelude::*;
use raid_model::OrcidId;
use raid_model::permission::PermissionState;
use std::collections::{BTreeMap, BTreeSet};

/// The row of `installation` that holds the sweep's place.
const PLACE: &str = "sweep";

/// Where the sweep is, as [`set_place`] wrote it.
pub fn place(c: &mut Conn) -> Result<Option<String>, StoreError> {
    Ok(installation::table
        .find(PLACE)
        .select(installation::value)
        .first(c)
        .optional()?)
}

/// Notes where the sweep goes on.
pub fn set_place(c: &mut Conn, place: &str) -> Result<(), StoreError> {
    let row = (installation::name.eq(PLACE), installation::value.eq(place));
    per_backend!(c, |c| diesel::insert_into(installation::table)
        .values(row)
        .on_conflict(installation::name)
        .do_update()
        .set(installation::value.eq(place))
        .execute(c))?;
    Ok(())
}

/// What keeps a person's permission alive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that do not depend on each other"
)]
pub struct Person {
    /// Who.
    pub orcid: OrcidId,
    /// Where they stand; none when they are not known and only left a token.
    pub state: Option<PermissionState>,
    /// Whether their question was closed by somebody who did not sign in.
    pub closed: bool,
    /// Whether there is a token in use.
    pub holds_token: bool,
    /// Whether there are tokens to be revoked at ORCID.
    pub spent_tokens: bool,
    /// Where the question stands that is in their inbox, or may be.
    pub question: Option<permission_requests::State>,
    /// Whether their permission task is in the queue, due or dead.
    pub is_watched: bool,
}

/// People who are known or left a token, in the order of their iDs, at most `limit`, after `after`.
pub fn people(
    c: &mut Conn,
    after: Option<&OrcidId>,
    limit: i64,
) -> Result<Vec<Person>, StoreError> {
    let after = after.map(ToString::to_string).unwrap_or_default();
    let known: Vec<(AsText<OrcidId>, AsText<PermissionState>, bool)> = permission::table
        .filter(permission::orcid.gt(&after))
        .order(permission::orcid)
        .limit(limit)
        .select((
            permission::orcid,
            permission::state,
            permission::closed_at.is_not_null(),
        ))
        .load(c)?;
    let givers: Vec<AsText<OrcidId>> = orcid_grant::table
        .filter(orcid_grant::orcid.gt(&after))
        .order(orcid_grant::orcid)
        .limit(limit)
        .select(orcid_grant::orcid)
        .distinct()
        .load(c)?;
    let mut people: BTreeMap<OrcidId, (Option<PermissionState>, bool)> = givers
        .into_iter()
        .map(|orcid| (orcid.into_inner(), (None, false)))
        .collect();
    people.extend(
        known
            .into_iter()
            .map(|(orcid, state, closed)| (orcid.into_inner(), (Some(state.into_inner()), closed))),
    );
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let people: Vec<_> = people.into_iter().take(limit).collect();
    let keys: Vec<String> = people.iter().map(|(orcid, _)| orcid.to_string()).collect();
    let tokens: Vec<(AsText<OrcidId>, grants::State)> = orcid_grant::table
        .filter(orcid_grant::orcid.eq_any(&keys))
        .filter(orcid_grant::visit.is_null())
        .select((orcid_grant::orcid, orcid_grant::state))
        .load(c)?;
    let tokens: BTreeSet<(OrcidId, bool)> = tokens
        .into_iter()
        .map(|(orcid, state)| (orcid.into_inner(), state == grants::State::Active))
        .collect();
    let questions: Vec<(AsText<OrcidId>, permission_requests::State)> = permission_request::table
        .filter(permission_request::orcid.eq_any(&keys))
        .filter(permission_request::state.ne(permission_requests::State::Closed))
        .select((permission_request::orcid, permission_request::state))
        .load(c)?;
    let questions: BTreeMap<OrcidId, permission_requests::State> = questions
        .into_iter()
        .map(|(orcid, state)| (orcid.into_inner(), state))
        .collect();
    let watched = tasks::due_times(c, Kind::Permission, &keys)?;
    Ok(people
        .into_iter()
        .map(|(orcid, (state, closed))| Person {
            orcid,
            state,
            closed,
            holds_token: tokens.contains(&(orcid, true)),
            spent_tokens: tokens.contains(&(orcid, false)),
            question: questions.get(&orcid).copied(),
            is_watched: watched.contains_key(&orcid.to_string()),
        })
        .collect())
}
