//! The service points of the configuration, which are made where they are missing.

use crate::settings::Settings;
use store::service_points::{self, BLOCK, ServicePointRow, Taken};
use store::{Conn, Store, StoreError, Timestamp};

/// A service point of the configuration that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Clash {
    /// Another one has something that is unique.
    #[error(
        "service_points: number {id} (\"{name}\") is not in the database, and cannot be made, as another \
         one has its {what} already: correct the configuration, or remove it there. Service points that \
         were made are changed through the API"
    )]
    Taken {
        /// Its number.
        id: i64,
        /// Its name.
        name: String,
        /// The setting whose value another one has.
        what: &'static str,
    },
    /// It would have another agency's number.
    #[error(
        "service_points: number {id} is not in the block of this agency, which begins with {first} \
         (agency.service_point_block): give it a number from there"
    )]
    OutsideBlock {
        /// Its number.
        id: i64,
        /// The first number of the block.
        first: i64,
    },
}

/// The service points of the configuration as rows, made at `now`.
pub(crate) fn rows(settings: &Settings, now: Timestamp) -> Vec<ServicePointRow> {
    let trust = settings.agency.new_service_point_trust;
    let points = settings.service_points.iter();
    let row = points.map(|s| ServicePointRow {
        id: s.id,
        name: s.name.clone(),
        identifier_owner: s.identifier_owner.to_string(),
        repository_id: None,
        prefix: s.prefix.to_string(),
        group_id: s.group_id.clone(),
        admin_email: s.admin_email.clone(),
        tech_email: s.tech_email.clone(),
        enabled: true,
        app_writes_enabled: true,
        created_at: now,
        trust: s.trust.unwrap_or(trust),
        retired: false,
    });
    row.collect()
}

/// Why a missing service point cannot be made in the block that begins with `first`. One with the same name
/// and the same group is the same service point under the number that it got earlier.
fn clash(c: &mut Conn, row: &ServicePointRow, first: i64) -> Result<Option<Clash>, StoreError> {
    if service_points::find(c, row.id)?.is_some() {
        return Ok(None);
    }
    let of_group = service_points::of_group(c, &row.group_id)?;
    if of_group.is_some_and(|found| found.name == row.name) {
        return Ok(None);
    }
    if !(first..first + BLOCK).contains(&row.id) {
        return Ok(Some(Clash::OutsideBlock { id: row.id, first }));
    }
    let what = match service_points::taken(c, row)? {
        None => return Ok(None),
        Some(Taken::Name) => "name",
        Some(Taken::Group) => "group_id",
    };
    Ok(Some(Clash::Taken {
        id: row.id,
        name: row.name.clone(),
        what,
    }))
}

/// The group of the first service point of the configuration, as it is in the database: it may have been
/// changed since it was made.
pub(crate) async fn first_group(
    store: &Store,
    settings: &Settings,
) -> Result<Option<String>, StoreError> {
    let Some(first) = settings.service_points.first() else {
        return Ok(None);
    };
    let (id, group) = (first.id, first.group_id.clone());
    let found = store.read(move |c| service_points::find(c, id)).await?;
    Ok(Some(found.map_or(group, |row| row.group_id)))
}

/// Makes those that are missing, in the block that begins with `first`, up to one that cannot be made.
pub(crate) fn make(
    c: &mut Conn,
    rows: &[ServicePointRow],
    first: i64,
) -> Result<Result<(), Clash>, StoreError> {
    for row in rows {
        if let Some(clash) = clash(c, row, first)? {
            return Ok(Err(clash));
        }
        service_points::seed(c, row)?;
    }
    Ok(Ok(()))
}
