//! Who may see which RAiDs: open ones everybody, embargoed ones who has a right to them, withdrawn
//! ones nobody.

use std::sync::Arc;

use raid_model::Handle;
use store::holders::{self, Holder};
use store::raids::{Access, Sight};

use crate::auth::{Caller, Role};
use crate::record::{Face, Record};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::rights;

fn sees_all(caller: &Caller) -> bool {
    caller.is(Role::Operator) || caller.is(Role::ContributorWriter)
}

/// Which RAiDs the caller sees among others: in a search, or in the feed of changes.
pub(crate) async fn of(registry: &Registry, caller: Option<&Caller>) -> Result<Sight, Refusal> {
    let Some(caller) = caller else {
        return Ok(Sight::default());
    };
    if sees_all(caller) {
        return Ok(Sight::everything());
    }
    let own = match caller.group().filter(|_| caller.is(Role::ServicePointUser)) {
        Some(group) => registry.service_point(group).await?,
        None => None,
    };
    Ok(Sight {
        embargoed: false,
        service_point: own.map(|point| point.id),
        holder: Some(caller.holder()).filter(Holder::has_roles),
    })
}

/// The RAiD with a handle, if the caller may see it. As in the RAiD API, callers with a token and
/// without a right to all are not told that a RAiD is unknown.
pub(crate) async fn readable(
    registry: &Registry,
    caller: Option<&Caller>,
    handle: Option<&Handle>,
) -> Result<Arc<Record>, Refusal> {
    let found = match handle {
        Some(handle) => registry.record(handle).await?,
        None => None,
    };
    let (Some(record), Some(handle)) = (found, handle) else {
        return Err(match caller {
            Some(caller) if !sees_all(caller) => Refusal::Forbidden,
            _ => Refusal::NotFound,
        });
    };
    if let Some(problem) = record.withdrawn(handle) {
        return Err(problem.into());
    }
    if record.access == Access::Open || sees_inside(registry, caller, &record, handle).await? {
        return Ok(record);
    }
    let closed = record.closed.clone();
    Err(match caller {
        Some(_) => Refusal::Closed(closed),
        None => Refusal::ClosedWithoutToken(closed),
    })
}

/// A RAiD that the caller may read, as they may see it.
pub(crate) async fn face<'a>(
    registry: &Registry,
    caller: Option<&Caller>,
    record: &'a Record,
    handle: &Handle,
) -> Result<&'a Face, Refusal> {
    if sees_inside(registry, caller, record, handle).await? {
        Ok(&record.full)
    } else {
        Ok(&record.public)
    }
}

/// Refuses callers who may read a RAiD and not its former versions.
pub(crate) async fn may_read_former(
    registry: &Registry,
    caller: Option<&Caller>,
    record: &Record,
    handle: &Handle,
) -> Result<(), Refusal> {
    if registry.settings.former_versions_are_open
        || sees_inside(registry, caller, record, handle).await?
    {
        return Ok(());
    }
    Err(caller.map_or(Refusal::NoToken, |_| Refusal::Forbidden))
}

/// Whether the caller has a right to this RAiD: they see it under embargo, and what its
/// contributors answered.
pub(crate) async fn sees_inside(
    registry: &Registry,
    caller: Option<&Caller>,
    record: &Record,
    handle: &Handle,
) -> Result<bool, Refusal> {
    let Some(caller) = caller else {
        return Ok(false);
    };
    Ok(sees_all(caller)
        || rights::is_user_of(registry, caller, record.service_point_id).await?
        || holds(registry, caller, handle).await?)
}

/// Whether the caller holds a RAiD in one of the roles of their token.
pub(crate) async fn holds(
    registry: &Registry,
    caller: &Caller,
    handle: &Handle,
) -> Result<bool, Refusal> {
    let (handle, holder) = (handle.clone(), caller.holder());
    if !holder.has_roles() {
        return Ok(false);
    }
    let roles = registry
        .store
        .read(move |c| holders::roles(c, &handle, &holder));
    Ok(!roles.await?.is_empty())
}
