//! Service points: the organisations' desks at which RAiDs are minted.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::service_point;
use crate::types::Timestamp;
use diesel::prelude::*;

/// A service point.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = service_point, treat_none_as_default_value = false)]
pub struct ServicePointRow {
    /// Its number.
    pub id: i64,
    /// Its name, unique.
    pub name: String,
    /// The owning organisation's ROR id, as a URL.
    pub identifier_owner: String,
    /// Its DataCite repository.
    pub repository_id: Option<String>,
    /// The prefix of the handles it mints.
    pub prefix: String,
    /// The identity provider's group whose members act for it, unique.
    pub group_id: String,
    /// Where its administrator is reached.
    pub admin_email: Option<String>,
    /// Where its technical contact is reached.
    pub tech_email: Option<String>,
    /// Whether it may mint and change.
    pub enabled: bool,
    /// Whether people may write through the agency's application.
    pub app_writes_enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// All service points, in the order of their numbers.
///
/// # Errors
/// When the database refuses.
pub fn all(c: &mut Conn) -> Result<Vec<ServicePointRow>, StoreError> {
    Ok(service_point::table
        .order(service_point::id)
        .select(ServicePointRow::as_select())
        .load(c)?)
}

/// One service point.
///
/// # Errors
/// When the database refuses.
pub fn find(c: &mut Conn, id: i64) -> Result<Option<ServicePointRow>, StoreError> {
    Ok(service_point::table
        .find(id)
        .select(ServicePointRow::as_select())
        .first(c)
        .optional()?)
}

/// The service point of a group.
///
/// # Errors
/// When the database refuses.
pub fn of_group(c: &mut Conn, group: &str) -> Result<Option<ServicePointRow>, StoreError> {
    Ok(service_point::table
        .filter(service_point::group_id.eq(group))
        .select(ServicePointRow::as_select())
        .first(c)
        .optional()?)
}

/// Adds a service point from the configuration unless its number, name or group is there already.
/// Gives whether it was added.
///
/// # Errors
/// When the database refuses.
pub fn seed(c: &mut Conn, row: &ServicePointRow) -> Result<bool, StoreError> {
    let added = per_backend!(c, |c| diesel::insert_into(service_point::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(added == 1)
}
