//! Which RAiDs somebody may see.

use super::Access;
use crate::conn::MultiBackend;
use crate::holders::Holder;
use crate::schema::{raid, raid_holder};
use diesel::BoxableExpression;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Which RAiDs somebody may see. Everybody sees open ones; nobody sees withdrawn ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// All embargoed RAiDs, too.
    pub embargoed: bool,
    /// The embargoed RAiDs of this service point, too.
    pub service_point: Option<i64>,
    /// The embargoed RAiDs that they hold, too.
    pub holder: Option<Holder>,
}

/// A condition on RAiDs, for queries on `raid`.
pub(crate) type Condition = Box<dyn BoxableExpression<raid::table, MultiBackend, SqlType = Bool>>;

impl Sight {
    /// That of somebody with the right to all.
    pub fn everything() -> Self {
        Self {
            embargoed: true,
            ..Self::default()
        }
    }

    /// Whether a RAiD is among them.
    pub(crate) fn condition(&self) -> Condition {
        let stands = raid::withdrawn_at.is_null();
        match self.limits() {
            Some(seen) => Box::new(stands.and(seen)),
            None => Box::new(stands),
        }
    }

    /// Whether a RAiD is or was among them, withdrawn or not. None for those who see all.
    pub(crate) fn limits(&self) -> Option<Condition> {
        if self.embargoed {
            return None;
        }
        let mut seen: Condition = Box::new(raid::access.eq(Access::Open));
        if let Some(id) = self.service_point {
            seen = Box::new(seen.or(raid::service_point_id.eq(id)));
        }
        if let Some(holder) = &self.holder {
            seen = Box::new(seen.or(held_by(holder)));
        }
        Some(seen)
    }
}

/// Whether somebody holds a RAiD.
pub(crate) fn held_by(holder: &Holder) -> Condition {
    let held = raid_holder::table
        .filter(raid_holder::handle.eq(raid::handle))
        .filter(raid_holder::issuer.eq(holder.issuer.clone()))
        .filter(raid_holder::subject.eq(holder.subject.clone()))
        .filter(raid_holder::role.eq_any(holder.roles.clone()));
    Box::new(exists(held))
}
