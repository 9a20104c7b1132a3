//! Who may do what with which RAiD.
//!
//! Whoever may not know that a RAiD exists is refused in the same way whether it does or not.

use std::sync::Arc;

use raid_model::Handle;
use serde::Serialize;
use store::raids::{self, Access, Filter, RaidRow};
use store::service_points::ServicePointRow;

use crate::auth::{Caller, Role};
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::registry::Registry;

fn reads_all(caller: &Caller) -> bool {
    caller.is(Role::Operator) || caller.is(Role::ContributorWriter)
}

/// Refuses callers who may mint nothing.
pub(crate) fn may_mint(caller: &Caller) -> Result<(), Refusal> {
    caller.must_be(&[Role::ServicePointUser, Role::RaidAdmin])
}

/// Refuses callers who may list nothing.
pub(crate) fn may_list(caller: &Caller) -> Result<(), Refusal> {
    caller.must_be(&[
        Role::ServicePointUser,
        Role::RaidAdmin,
        Role::Operator,
        Role::ContributorWriter,
    ])
}

/// Refuses callers who may not see service points.
pub(crate) fn may_see_service_points(caller: &Caller) -> Result<(), Refusal> {
    caller.must_be(&[Role::ServicePointUser, Role::Operator, Role::RaidDumper])
}

/// The service point that the caller acts for.
async fn own(registry: &Registry, caller: &Caller) -> Result<Arc<ServicePointRow>, Refusal> {
    let found = match caller.group() {
        Some(group) => registry.service_point(group).await?,
        None => None,
    };
    found.ok_or_else(|| Problem::no_service_point(caller.group()).into())
}

/// Refuses writes that the service point does not take.
fn enabled(
    registry: &Registry,
    caller: &Caller,
    point: Arc<ServicePointRow>,
) -> Result<Arc<ServicePointRow>, Refusal> {
    if !point.enabled {
        return Err(Problem::service_point_disabled(point.id).into());
    }
    let client = caller.actor().client;
    let is_app = client.is_some_and(|client| registry.settings.app_clients.contains(&client));
    if is_app && !point.app_writes_enabled {
        return Err(Problem::app_writes_disabled(point.id).into());
    }
    Ok(point)
}

/// The service point that the caller mints into.
pub(crate) async fn mints_into(
    registry: &Registry,
    caller: &Caller,
) -> Result<Arc<ServicePointRow>, Refusal> {
    enabled(registry, caller, own(registry, caller).await?)
}

/// What the caller's list of RAiDs holds.
pub(crate) async fn listed(registry: &Registry, caller: &Caller) -> Result<Filter, Refusal> {
    may_list(caller)?;
    if caller.is(Role::Operator) {
        return Ok(Filter::default());
    }
    Ok(Filter {
        service_point: Some(own(registry, caller).await?.id),
        access: (!caller.is(Role::ServicePointUser)).then_some(Access::Open),
    })
}

/// The RAiD at a path, if the caller may read it.
pub(crate) async fn readable(
    registry: &Registry,
    caller: &Caller,
    handle: Option<&Handle>,
) -> Result<Arc<Record>, Refusal> {
    may_list(caller)?;
    let found = match handle {
        Some(handle) => registry.record(handle).await?,
        None => None,
    };
    if reads_all(caller) {
        return found.ok_or(Refusal::NotFound);
    }
    let record = found.ok_or(Refusal::Forbidden)?;
    let is_own = match caller.group() {
        Some(group) => registry
            .service_point(group)
            .await?
            .is_some_and(|point| point.id == record.service_point_id),
        None => false,
    };
    if is_own && (caller.is(Role::ServicePointUser) || record.access == Access::Open) {
        Ok(record)
    } else {
        Err(Refusal::Forbidden)
    }
}

/// The RAiD at a path as it stands now, if the caller may change its contributors.
pub(crate) async fn patchable(
    registry: &Registry,
    caller: &Caller,
    path: &HandlePath,
) -> Result<RaidRow, Refusal> {
    caller.must_be(&[Role::ContributorWriter, Role::ServicePointUser])?;
    let found = current(registry, path).await?;
    if caller.is(Role::ContributorWriter) {
        return found.ok_or_else(|| Problem::no_raid(&path.text).into());
    }
    owned(registry, caller, found).await
}

/// The RAiD at a path as it stands now.
async fn current(registry: &Registry, path: &HandlePath) -> Result<Option<RaidRow>, Refusal> {
    let Some(handle) = path.handle.clone() else {
        return Ok(None);
    };
    let found = registry.store.read(move |c| raids::find(c, &handle));
    Ok(found.await?)
}

/// A RAiD that the caller's service point owns, which may write.
async fn owned(
    registry: &Registry,
    caller: &Caller,
    found: Option<RaidRow>,
) -> Result<RaidRow, Refusal> {
    let row = found.ok_or(Refusal::Forbidden)?;
    let point = match caller.group() {
        Some(group) => registry.service_point(group).await?,
        None => None,
    };
    let own = point.filter(|point| point.id == row.service_point_id);
    enabled(registry, caller, own.ok_or(Refusal::Forbidden)?)?;
    Ok(row)
}

/// What a caller may do with a RAiD that they may read. Members as in the RAiD API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Permissions {
    service_point_match: bool,
    read: bool,
    write: bool,
}

/// What the caller may do with a RAiD, on behalf of their service point.
pub(crate) async fn permissions(
    registry: &Registry,
    caller: &Caller,
    record: &Record,
) -> Result<Permissions, Refusal> {
    let own = own(registry, caller).await?.id == record.service_point_id;
    let is_user = own && caller.is(Role::ServicePointUser);
    Ok(Permissions {
        service_point_match: own,
        read: is_user || record.access == Access::Open,
        write: is_user,
    })
}

/// The RAiD at a path as it stands now, if the caller may change it.
pub(crate) async fn writable(
    registry: &Registry,
    caller: &Caller,
    path: &HandlePath,
) -> Result<RaidRow, Refusal> {
    caller.must_be(&[Role::ServicePointUser, Role::Operator])?;
    let found = current(registry, path).await?;
    if caller.is(Role::Operator) {
        return found.ok_or_else(|| Problem::no_raid(&path.text).into());
    }
    owned(registry, caller, found).await
}
