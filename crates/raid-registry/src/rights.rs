//! Who may change what, and who may mint. What somebody may see: [`crate::sight`].

use std::sync::Arc;

use serde::Serialize;
use store::holders::{self, Holder, HolderRole};
use store::inviters::{Inviter, InviterRight};
use store::raids::{self, Access, Filter, RaidRow};
use store::service_points::{self, ServicePointRow};

use crate::auth::{Caller, Role};
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::sight;

/// Refuses callers who may mint nothing.
pub(crate) fn may_mint(caller: &Caller) -> Result<(), Refusal> {
    caller.must_be(&[Role::ServicePointUser, Role::RaidAdmin])
}

/// Refuses callers who may list nothing. Everybody without a token lists what is open.
pub(crate) fn may_list(caller: Option<&Caller>) -> Result<(), Refusal> {
    caller.map_or(Ok(()), |caller| {
        caller.must_be(&[
            Role::ServicePointUser,
            Role::RaidAdmin,
            Role::Operator,
            Role::ContributorWriter,
        ])
    })
}

/// Refuses callers who may not ask for the RAiDs of a person or an organisation at all service
/// points.
pub(crate) fn may_find_by_pid(caller: Option<&Caller>) -> Result<(), Refusal> {
    caller.ok_or(Refusal::NoToken)?.must_be(&[
        Role::PidSearcher,
        Role::Operator,
        Role::ContributorWriter,
    ])
}

/// Refuses callers who may not see service points.
pub(crate) fn may_see_service_points(caller: &Caller) -> Result<(), Refusal> {
    caller.must_be(&[Role::ServicePointUser, Role::Operator, Role::RaidDumper])
}

/// Whose tokens the caller manages: those of one service point, or all (none). A token makes no
/// other token, unless it is an operator's: a leaked one ends when it is revoked.
pub(crate) async fn manages_tokens_of(
    registry: &Registry,
    caller: &Caller,
) -> Result<Option<i64>, Refusal> {
    if caller.is(Role::Operator) {
        return Ok(None);
    }
    caller.must_be(&[Role::ServicePointUser])?;
    if caller.has_api_token() {
        return Err(Refusal::Forbidden);
    }
    Ok(Some(own(registry, caller).await?.id))
}

/// The service point that the caller acts for.
async fn own(registry: &Registry, caller: &Caller) -> Result<Arc<ServicePointRow>, Refusal> {
    let found = match caller.group() {
        Some(group) => registry.service_point(group).await?,
        None => None,
    };
    found.ok_or_else(|| Problem::no_service_point(caller.group()).into())
}

/// Whether a service point is the caller's, who is its user.
pub(crate) async fn is_user_of(
    registry: &Registry,
    caller: &Caller,
    service_point_id: i64,
) -> Result<bool, Refusal> {
    let Some(group) = caller.group().filter(|_| caller.is(Role::ServicePointUser)) else {
        return Ok(false);
    };
    let own = registry.service_point(group).await?;
    Ok(own.is_some_and(|point| point.id == service_point_id))
}

/// Refuses writes that the service point does not take.
fn enabled(registry: &Registry, caller: &Caller, point: &ServicePointRow) -> Result<(), Refusal> {
    if !point.enabled {
        return Err(Problem::service_point_disabled(point.id).into());
    }
    let client = caller.actor().client;
    let is_app = client.is_some_and(|client| registry.settings.app_clients.contains(&client));
    if is_app && !point.app_writes_enabled {
        return Err(Problem::app_writes_disabled(point.id).into());
    }
    Ok(())
}

/// The service point that the caller mints into.
pub(crate) async fn mints_into(
    registry: &Registry,
    caller: &Caller,
) -> Result<Arc<ServicePointRow>, Refusal> {
    let point = own(registry, caller).await?;
    enabled(registry, caller, &point)?;
    Ok(point)
}

/// What the caller's list of RAiDs holds.
pub(crate) async fn listed(
    registry: &Registry,
    caller: Option<&Caller>,
) -> Result<Filter, Refusal> {
    may_list(caller)?;
    let Some(caller) = caller else {
        return Ok(Filter {
            access: Some(Access::Open),
            ..Filter::default()
        });
    };
    if caller.is(Role::Operator) {
        return Ok(Filter::default());
    }
    Ok(Filter {
        service_point: Some(own(registry, caller).await?.id),
        access: (!caller.is(Role::ServicePointUser)).then_some(Access::Open),
        holder: Some(caller.holder()).filter(Holder::has_roles),
        ..Filter::default()
    })
}

/// The RAiD at a path as it stands now, withdrawn or not.
async fn current(registry: &Registry, path: &HandlePath) -> Result<Option<RaidRow>, Refusal> {
    let Some(handle) = path.handle.clone() else {
        return Ok(None);
    };
    let found = registry.store.read(move |c| raids::find(c, &handle));
    Ok(found.await?)
}

/// Refuses changes of what was withdrawn.
fn standing(row: RaidRow) -> Result<RaidRow, Refusal> {
    match row.withdrawal_reason {
        Some(reason) => Err(Problem::withdrawn(row.handle.get(), &reason).into()),
        None => Ok(row),
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
        return standing(found.ok_or_else(|| Problem::no_raid(&path.text))?);
    }
    let row = found.ok_or(Refusal::Forbidden)?;
    if !is_user_of(registry, caller, row.service_point_id).await? {
        return Err(Refusal::Forbidden);
    }
    takes_writes(registry, caller, row).await
}

/// The RAiD at a path as it stands now, if the caller may change it.
pub(crate) async fn writable(
    registry: &Registry,
    caller: &Caller,
    path: &HandlePath,
) -> Result<RaidRow, Refusal> {
    caller.must_be(&[
        Role::ServicePointUser,
        Role::RaidAdmin,
        Role::RaidUser,
        Role::Operator,
    ])?;
    let found = current(registry, path).await?;
    if caller.is(Role::Operator) {
        return standing(found.ok_or_else(|| Problem::no_raid(&path.text))?);
    }
    let row = found.ok_or(Refusal::Forbidden)?;
    if !is_user_of(registry, caller, row.service_point_id).await?
        && held(registry, caller, &row).await?.is_empty()
    {
        return Err(Refusal::Forbidden);
    }
    takes_writes(registry, caller, row).await
}

/// The RAiD at a path, withdrawn or not, if the caller looks after it: an operator, a user of the
/// service point that owns it, or who holds it as `raid-admin`.
pub(crate) async fn looked_after(
    registry: &Registry,
    caller: &Caller,
    path: &HandlePath,
) -> Result<RaidRow, Refusal> {
    caller.must_be(&[Role::ServicePointUser, Role::RaidAdmin, Role::Operator])?;
    let found = current(registry, path).await?;
    if caller.is(Role::Operator) {
        return found.ok_or_else(|| Problem::no_raid(&path.text).into());
    }
    let row = found.ok_or(Refusal::Forbidden)?;
    let looks_after = is_user_of(registry, caller, row.service_point_id).await?
        || held(registry, caller, &row)
            .await?
            .contains(&HolderRole::RaidAdmin);
    if looks_after {
        Ok(row)
    } else {
        Err(Refusal::Forbidden)
    }
}

/// A RAiD whose service point takes the caller's writes.
async fn takes_writes(
    registry: &Registry,
    caller: &Caller,
    row: RaidRow,
) -> Result<RaidRow, Refusal> {
    let row = standing(row)?;
    owner_takes_writes(registry, caller, &row).await?;
    Ok(row)
}

/// Refuses writes that the service point of a RAiD does not take.
async fn owner_takes_writes(
    registry: &Registry,
    caller: &Caller,
    row: &RaidRow,
) -> Result<(), Refusal> {
    let id = row.service_point_id;
    let point = registry
        .store
        .read(move |c| service_points::find(c, id))
        .await?;
    enabled(registry, caller, &point.ok_or(Refusal::Forbidden)?)
}

/// Refuses callers who look after a RAiD and may not give others a right to it now.
pub(crate) async fn may_give(
    registry: &Registry,
    caller: &Caller,
    row: &RaidRow,
) -> Result<(), Refusal> {
    if caller.is(Role::Operator) {
        return Ok(());
    }
    owner_takes_writes(registry, caller, row).await
}

/// The caller, who may change a RAiD, as the one who invites to it.
pub(crate) async fn inviter(
    registry: &Registry,
    caller: &Caller,
    row: &RaidRow,
) -> Result<Inviter, Refusal> {
    let right = if caller.is(Role::Operator) {
        InviterRight::Operator
    } else if is_user_of(registry, caller, row.service_point_id).await? {
        InviterRight::ServicePoint
    } else {
        InviterRight::Holder
    };
    Ok(Inviter {
        issuer: caller.issuer().to_owned(),
        subject: caller.subject().to_owned(),
        right,
        service_point_id: row.service_point_id,
    })
}

/// The roles in which the caller holds a RAiD.
async fn held(
    registry: &Registry,
    caller: &Caller,
    row: &RaidRow,
) -> Result<Vec<HolderRole>, Refusal> {
    let (handle, holder) = (row.handle.get().clone(), caller.holder());
    if !holder.has_roles() {
        return Ok(Vec::new());
    }
    let roles = registry
        .store
        .read(move |c| holders::roles(c, &handle, &holder));
    Ok(roles.await?)
}

/// What a caller may do with a RAiD that they may read. Members as in the RAiD API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Permissions {
    service_point_match: bool,
    read: bool,
    write: bool,
}

/// What the caller may do with a RAiD. All but operators are asked on behalf of their service point.
pub(crate) async fn permissions(
    registry: &Registry,
    caller: &Caller,
    path: &HandlePath,
    record: &Record,
) -> Result<Permissions, Refusal> {
    if caller.is(Role::Operator) {
        let own = match caller.group() {
            Some(group) => registry.service_point(group).await?,
            None => None,
        };
        return Ok(Permissions {
            service_point_match: own.is_some_and(|own| own.id == record.service_point_id),
            read: true,
            write: true,
        });
    }
    let own = own(registry, caller).await?.id == record.service_point_id;
    let writes = own && caller.is(Role::ServicePointUser)
        || match &path.handle {
            Some(handle) => sight::holds(registry, caller, handle).await?,
            None => false,
        };
    Ok(Permissions {
        service_point_match: own,
        read: writes || record.access == Access::Open,
        write: writes,
    })
}
