//! All that is known of contributors in their projects, read in one go: for those who ask why an
//! entry is not on a person's ORCID record.

use crate::conn::Conn;
use crate::disclaimers::Disclaimer;
use crate::error::StoreError;
use crate::memberships::{self, Membership};
use crate::namings::{self, Naming};
use crate::permission_requests::{self, PermissionRequestRow};
use crate::permissions::{self, Permission};
use crate::schema::{contribution, disclaimer, membership};
use crate::tasks::{self, Queued, Work};
use crate::types::{AsText, Timestamp};
use diesel::prelude::*;
use raid_model::{Handle, OrcidId};
use std::collections::{BTreeMap, BTreeSet};

/// A person in a project.
type Place = (OrcidId, Handle);

/// What is known of one person in one project.
#[derive(Debug, Clone)]
pub struct ContributorState {
    /// Who.
    pub orcid: OrcidId,
    /// In which project.
    pub handle: Handle,
    /// Whether the RAiD names them. If not, an entry of ours stands on their record, or may.
    pub contributes: bool,
    /// Where they stand; none if they are not known yet.
    pub permission: Option<Permission>,
    /// The notifications that they were sent, the newest first.
    pub requests: Vec<PermissionRequestRow>,
    /// What ORCID holds, as far as we know.
    pub membership: Option<Membership>,
    /// That they are not part of the project, if that was said.
    pub disclaimer: Option<Disclaimer>,
    /// Where they stand with the RAiD's service point; none if the RAiD does not name them.
    pub naming: Option<Naming>,
    /// What is due about their permission.
    pub permission_task: Option<Queued>,
    /// What is due about their entry.
    pub membership_task: Option<Queued>,
}

impl ContributorState {
    /// Without how a person stands whom the service point has not reached (see [`Naming::is_met`]).
    #[must_use]
    pub fn as_met(self) -> Self {
        if self.naming.is_none_or(|naming| naming.is_met) {
            return self;
        }
        Self {
            permission: None,
            requests: Vec::new(),
            permission_task: None,
            ..self
        }
    }
}

/// Everybody with an ORCID iD in a RAiD, and those who left while an entry of ours stands on their
/// record, in the order of their iDs.
pub fn of_raid(c: &mut Conn, handle: &Handle) -> Result<Vec<ContributorState>, StoreError> {
    let named: Vec<AsText<OrcidId>> = contribution::table
        .filter(contribution::handle.eq(handle.to_string()))
        .select(contribution::orcid)
        .load(c)?;
    let left: Vec<AsText<OrcidId>> = membership::table
        .filter(membership::handle.eq(handle.to_string()))
        .filter(membership::state.eq_any(memberships::State::STANDS))
        .select(membership::orcid)
        .load(c)?;
    let place = |orcid: AsText<OrcidId>| (orcid.into_inner(), handle.clone());
    let named: BTreeSet<Place> = named.into_iter().map(place).collect();
    let mut places: BTreeSet<Place> = left.into_iter().map(place).collect();
    places.extend(named.iter().cloned());
    load(c, &places, &named)
}

/// One person in one RAiD; none if [`of_raid`] would not tell of them.
pub fn of_contributor(
    c: &mut Conn,
    handle: &Handle,
    orcid: &OrcidId,
) -> Result<Option<ContributorState>, StoreError> {
    let place = (*orcid, handle.clone());
    let named: i64 = contribution::table
        .find((orcid.to_string(), handle.to_string()))
        .count()
        .get_result(c)?;
    let stands = memberships::find(c, orcid, handle)?
        .is_some_and(|entry| memberships::State::STANDS.contains(&entry.state));
    if named == 0 && !stands {
        return Ok(None);
    }
    let places = BTreeSet::from([place]);
    let named = if named > 0 {
        places.clone()
    } else {
        BTreeSet::new()
    };
    Ok(load(c, &places, &named)?.pop())
}

/// A person in their projects, at most `limit` of them in the order of handles, and how many there
/// are.
pub fn of_person(
    c: &mut Conn,
    orcid: &OrcidId,
    limit: i64,
) -> Result<(Vec<ContributorState>, usize), StoreError> {
    let named: Vec<AsText<Handle>> = contribution::table
        .filter(contribution::orcid.eq(orcid.to_string()))
        .select(contribution::handle)
        .load(c)?;
    let left: Vec<AsText<Handle>> = membership::table
        .filter(membership::orcid.eq(orcid.to_string()))
        .filter(membership::state.eq_any(memberships::State::STANDS))
        .select(membership::handle)
        .load(c)?;
    let place = |handle: AsText<Handle>| (*orcid, handle.into_inner());
    let named: BTreeSet<Place> = named.into_iter().map(place).collect();
    let mut places: BTreeSet<Place> = left.into_iter().map(place).collect();
    places.extend(named.iter().cloned());
    let all = places.len();
    let limit = usize::try_from(limit).unwrap_or_default();
    let places = places.into_iter().take(limit).collect();
    Ok((load(c, &places, &named)?, all))
}

/// What is known of some people in some projects. Either the people or the projects are one.
fn load(
    c: &mut Conn,
    places: &BTreeSet<Place>,
    named: &BTreeSet<Place>,
) -> Result<Vec<ContributorState>, StoreError> {
    let people: BTreeSet<OrcidId> = places.iter().map(|(orcid, _)| *orcid).collect();
    let people: Vec<OrcidId> = people.into_iter().collect();
    let handles: BTreeSet<String> = places
        .iter()
        .map(|(_, handle)| handle.to_string())
        .collect();
    let permissions = permissions::rows_of_people(c, &people)?;
    let requests = permission_requests::of_people(c, &people)?;
    let entries = entries(c, &people, &handles)?;
    let disclaimers = disclaimers(c, &people, &handles)?;
    let raids: BTreeSet<&Handle> = places.iter().map(|(_, handle)| handle).collect();
    let raids: Vec<Handle> = raids.into_iter().cloned().collect();
    let namings = namings::among(c, &people, &raids)?;
    let works: Vec<Work> = places
        .iter()
        .flat_map(|(orcid, handle)| {
            [
                Work::Permission(*orcid),
                Work::Membership(*orcid, handle.clone()),
            ]
        })
        .collect();
    let tasks = tasks::queued(c, &works)?;
    let states = places.iter().map(|place| {
        let (orcid, handle) = place;
        ContributorState {
            orcid: *orcid,
            handle: handle.clone(),
            contributes: named.contains(place),
            permission: permissions.get(orcid).cloned(),
            requests: requests.get(orcid).cloned().unwrap_or_default(),
            membership: entries.get(place).cloned(),
            disclaimer: disclaimers.get(place).copied(),
            naming: namings.get(place).copied(),
            permission_task: tasks.get(&Work::Permission(*orcid)).cloned(),
            membership_task: tasks
                .get(&Work::Membership(*orcid, handle.clone()))
                .cloned(),
        }
    });
    Ok(states.collect())
}

fn entries(
    c: &mut Conn,
    people: &[OrcidId],
    handles: &BTreeSet<String>,
) -> Result<BTreeMap<Place, Membership>, StoreError> {
    let people = people.iter().map(ToString::to_string);
    let found: Vec<Membership> = membership::table
        .filter(membership::orcid.eq_any(people))
        .filter(membership::handle.eq_any(handles))
        .select(Membership::as_select())
        .load(c)?;
    let with_place = |it: Membership| ((*it.orcid.get(), it.handle.get().clone()), it);
    Ok(found.into_iter().map(with_place).collect())
}

fn disclaimers(
    c: &mut Conn,
    people: &[OrcidId],
    handles: &BTreeSet<String>,
) -> Result<BTreeMap<Place, Disclaimer>, StoreError> {
    let people = people.iter().map(ToString::to_string);
    let found: Vec<(AsText<OrcidId>, AsText<Handle>, Timestamp, bool)> = disclaimer::table
        .filter(disclaimer::orcid.eq_any(people))
        .filter(disclaimer::handle.eq_any(handles))
        .load(c)?;
    Ok(found
        .into_iter()
        .map(|(orcid, handle, said_at, confirmed)| {
            let place = (orcid.into_inner(), handle.into_inner());
            (place, Disclaimer { said_at, confirmed })
        })
        .collect())
}
