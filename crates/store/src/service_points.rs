//! Service points: the organisations' desks at which RAiDs are minted.

use crate::conn::{Conn, per_backend};
use crate::damage;
use crate::error::StoreError;
use crate::schema::service_point;
use crate::types::{AsText, Timestamp};
use diesel::prelude::*;
use raid_model::text::name_key;
use raid_model::trust::Trust;

/// A service point.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = service_point, treat_none_as_default_value = false)]
pub struct ServicePointRow {
    /// Its number.
    pub id: i64,
    /// Its name, unique without regard to case and spaces ([`name_key`]).
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
    /// How far it is trusted.
    #[diesel(serialize_as = AsText<Trust>, deserialize_as = AsText<Trust>)]
    pub trust: Trust,
    /// Whether it is closed for good: it is not enabled, and lists leave it out.
    pub retired: bool,
}

impl From<AsText<Trust>> for Trust {
    fn from(text: AsText<Trust>) -> Self {
        text.into_inner()
    }
}

/// All service points, in the order of their numbers. Damaged ones are left out.
pub fn all(c: &mut Conn) -> Result<Vec<ServicePointRow>, StoreError> {
    let ids: Vec<i64> = service_point::table
        .order(service_point::id)
        .select(service_point::id)
        .load(c)?;
    damage::load_readable(&ids, |ids| {
        Ok(service_point::table
            .filter(service_point::id.eq_any(ids))
            .order(service_point::id)
            .select(ServicePointRow::as_select())
            .load(c)?)
    })
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
    one_at_a_time(c)?;
    if taken(c, row)?.is_some() {
        return Ok(false);
    }
    let added = per_backend!(c, |c| diesel::insert_into(service_point::table)
        .values(row.clone())
        .on_conflict_do_nothing()
        .execute(c))?;
    if added == 1 {
        keep_name_key(c, row)?;
    }
    Ok(added == 1)
}

/// Lets the database refuse the same name, which another node may be writing at this moment.
fn keep_name_key(c: &mut Conn, row: &ServicePointRow) -> Result<(), StoreError> {
    diesel::update(service_point::table.find(row.id))
        .set(service_point::name_key.eq(name_key(&row.name)))
        .execute(c)?;
    Ok(())
}

/// Lets other nodes wait until this transaction ends: what is free when it looks is free when it writes.
/// SQLite has one writer anyway. Mints that name a service point do not wait.
fn one_at_a_time(c: &mut Conn) -> Result<(), StoreError> {
    if let Conn::Postgres(c) = c {
        diesel::sql_query("LOCK TABLE service_point IN SHARE ROW EXCLUSIVE MODE").execute(c)?;
    }
    Ok(())
}

/// What of a service point is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Another one has the name.
    Name,
    /// Another one has the group.
    Group,
}

/// What a service point shares with another one and may not, if it does.
///
/// # Errors
/// When the database refuses.
pub fn taken(c: &mut Conn, row: &ServicePointRow) -> Result<Option<Taken>, StoreError> {
    // They are few, and the database does not fold case as Unicode does.
    let others: Vec<(String, String)> = service_point::table
        .filter(service_point::id.ne(row.id))
        .select((service_point::name, service_point::group_id))
        .load(c)?;
    let key = name_key(&row.name);
    if others.iter().any(|(name, _)| name_key(name) == key) {
        return Ok(Some(Taken::Name));
    }
    let has_group = others.iter().any(|(_, group)| *group == row.group_id);
    Ok(has_group.then_some(Taken::Group))
}

/// How many numbers an agency's block of service points has. The blocks of agencies follow each other.
pub const BLOCK: i64 = 10_000_000;

/// Adds a service point with the next number of the block that begins with `row.id`. Others that are there
/// already do not count. Gives the number, or what is taken.
///
/// # Errors
/// When the database refuses.
pub fn create(c: &mut Conn, row: &ServicePointRow) -> Result<Result<i64, Taken>, StoreError> {
    one_at_a_time(c)?;
    let last: Option<i64> = service_point::table
        .filter(service_point::id.ge(row.id))
        .filter(service_point::id.lt(row.id.saturating_add(BLOCK)))
        .select(diesel::dsl::max(service_point::id))
        .first(c)?;
    let id = last.map_or(row.id, |last| last.saturating_add(1).max(row.id));
    let row = ServicePointRow { id, ..row.clone() };
    if let Some(taken) = taken(c, &row)? {
        return Ok(Err(taken));
    }
    per_backend!(c, |c| diesel::insert_into(service_point::table)
        .values(row.clone())
        .execute(c))?;
    keep_name_key(c, &row)?;
    Ok(Ok(id))
}

/// Replaces everything but the number and the time it was made. Gives what is taken, if something is.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such service point.
pub fn change(c: &mut Conn, row: &ServicePointRow) -> Result<Option<Taken>, StoreError> {
    one_at_a_time(c)?;
    if let Some(taken) = taken(c, row)? {
        return Ok(Some(taken));
    }
    let changed = diesel::update(service_point::table.find(row.id))
        .set((
            service_point::name.eq(&row.name),
            service_point::name_key.eq(name_key(&row.name)),
            service_point::identifier_owner.eq(&row.identifier_owner),
            service_point::repository_id.eq(&row.repository_id),
            service_point::prefix.eq(&row.prefix),
            service_point::group_id.eq(&row.group_id),
            service_point::admin_email.eq(&row.admin_email),
            service_point::tech_email.eq(&row.tech_email),
            service_point::enabled.eq(row.enabled),
            service_point::app_writes_enabled.eq(row.app_writes_enabled),
            service_point::trust.eq(row.trust.as_str()),
            service_point::retired.eq(row.retired),
        ))
        .execute(c)?;
    if changed == 0 {
        return Err(StoreError::NotFound);
    }
    Ok(None)
}
