//! What service points use of their quotas, a row for each day (UTC).

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::service_point_day;
use diesel::prelude::*;
use time::Date;

/// What a service point used on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Queryable, Selectable)]
#[diesel(table_name = service_point_day)]
pub struct Usage {
    /// People that it named for the first time and that were admitted.
    pub new_people: i32,
    /// Mails of invitations.
    pub mails: i32,
    /// People who said that they are not part of its project, or want no entries from it.
    pub objections: i32,
}

/// The row of a day, locked until the transaction ends. (SQLite has one writer.)
pub fn locked(c: &mut Conn, service_point: i64, day: Date) -> Result<Usage, StoreError> {
    let row = (
        service_point_day::service_point_id.eq(service_point),
        service_point_day::day.eq(day),
        service_point_day::new_people.eq(0),
        service_point_day::mails.eq(0),
        service_point_day::objections.eq(0),
    );
    per_backend!(c, |c| diesel::insert_into(service_point_day::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if let Conn::Postgres(c) = c {
        service_point_day::table
            .find((service_point, day))
            .select(service_point_day::day)
            .for_update()
            .first::<Date>(c)?;
    }
    Ok(find(c, service_point, day)?.unwrap_or_default())
}

fn find(c: &mut Conn, service_point: i64, day: Date) -> Result<Option<Usage>, StoreError> {
    Ok(service_point_day::table
        .find((service_point, day))
        .select(Usage::as_select())
        .first(c)
        .optional()?)
}

/// Adds to the row of a day, which must be [`locked`].
pub fn add(c: &mut Conn, service_point: i64, day: Date, more: Usage) -> Result<(), StoreError> {
    diesel::update(service_point_day::table.find((service_point, day)))
        .set((
            service_point_day::new_people.eq(service_point_day::new_people + more.new_people),
            service_point_day::mails.eq(service_point_day::mails + more.mails),
            service_point_day::objections.eq(service_point_day::objections + more.objections),
        ))
        .execute(c)?;
    Ok(())
}

/// A person objected to a service point. Gives how many did on this day.
pub fn object(c: &mut Conn, service_point: i64, day: Date) -> Result<i32, StoreError> {
    let before = locked(c, service_point, day)?;
    let one = Usage {
        objections: 1,
        ..Usage::default()
    };
    add(c, service_point, day, one)?;
    Ok(before.objections.saturating_add(1))
}

/// What each service point used on a day, if it used anything.
pub fn of_day(c: &mut Conn, day: Date) -> Result<Vec<(i64, Usage)>, StoreError> {
    Ok(service_point_day::table
        .filter(service_point_day::day.eq(day))
        .select((service_point_day::service_point_id, Usage::as_select()))
        .load(c)?)
}
