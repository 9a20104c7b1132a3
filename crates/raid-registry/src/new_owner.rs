//! Another service point as the owner of a RAiD.

use raid_model::{ErrorType, Failure, Raid, RorId};
use store::raids::{self, RaidWrite};
use store::service_points::{self, ServicePointRow};
use store::{Conn, StoreError, Timestamp, holders, inviters};

use crate::registry::Registry;

/// The service point that a RAiD is given to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewOwner {
    service_point: i64,
    organisation: RorId,
}

impl NewOwner {
    /// The service point with a number. `field` names the member of the request that it stands in, for
    /// the failure where there is none.
    pub(crate) async fn find(
        registry: &Registry,
        id: i64,
        field: &str,
    ) -> Result<Result<Self, Failure>, StoreError> {
        let found = registry.store.read(move |c| service_points::find(c, id));
        match found.await? {
            Some(row) => Ok(Ok(Self::of(&row)?)),
            None => Ok(Err(Failure {
                field_id: field.to_owned(),
                error_type: ErrorType::InvalidValue,
                message: format!("there is no service point {id}"),
            })),
        }
    }

    fn of(row: &ServicePointRow) -> Result<Self, StoreError> {
        let organisation = row.identifier_owner.parse();
        let corrupt = |_| StoreError::Corrupt(format!("the owner of service point {}", row.id));
        Ok(Self {
            service_point: row.id,
            organisation: organisation.map_err(corrupt)?,
        })
    }

    /// Whether it owns a RAiD already.
    pub(crate) fn owns(&self, raid: &Raid) -> bool {
        raid.identifier.owner.service_point == self.service_point
    }

    /// The next version of a RAiD, which it owns.
    pub(crate) fn receives(&self, raid: Raid, now: Timestamp) -> Raid {
        raid.with_owner(self.organisation, self.service_point, now.assume_utc())
    }

    /// A version that was not written yet, with it as the owner.
    pub(crate) fn put_into(&self, mut raid: Raid) -> Raid {
        raid.identifier.owner.id = self.organisation;
        raid.identifier.owner.service_point = self.service_point;
        raid
    }
}

/// Writes a version with another owner. What the former owner gave ends: open invitations, and the
/// rights of holders unless they keep them.
pub(crate) fn write(
    c: &mut Conn,
    write: &RaidWrite,
    keeps_holders: bool,
) -> Result<(), StoreError> {
    raids::amend(c, write)?;
    inviters::cancel_of_raid(c, write.handle.get())?;
    if keeps_holders {
        return Ok(());
    }
    holders::take_from_all(c, write.handle.get())
}
