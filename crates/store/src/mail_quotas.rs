//! How many mails of invitations go out: by a service point, and to an address, a day (UTC).
//!
//! The address itself is not kept here. Its keyed hash is another one each day, so that the days
//! cannot be compared, and is deleted when the day is over.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::mailed_address;
use crate::seal::KeyRing;
use crate::service_point_days::{self as days, Usage};
use crate::types::Timestamp;
use diesel::prelude::*;
use raid_model::trust::{Quotas, is_used_up};
use secrecy::{ExposeSecret as _, SecretString};
use time::Date;

/// Which quota is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailQuota {
    /// That of the service point.
    ServicePoint,
    /// That of the address, over all RAiDs.
    Address,
}

/// Takes one mail out of the quotas. Gives the one that is used up, if one is; then nothing is taken.
pub fn take(
    c: &mut Conn,
    keys: &KeyRing,
    service_point: i64,
    email: &SecretString,
    quotas: &Quotas,
    now: Timestamp,
) -> Result<Option<MailQuota>, StoreError> {
    let day = now.date();
    let used = days::locked(c, service_point, day)?;
    if is_used_up(quotas.mails_per_day, used.mails) {
        return Ok(Some(MailQuota::ServicePoint));
    }
    if !take_of_address(c, keys, email, quotas.mails_per_address_per_day, day)? {
        return Ok(Some(MailQuota::Address));
    }
    let one = Usage {
        mails: 1,
        ..Usage::default()
    };
    days::add(c, service_point, day, one)?;
    Ok(None)
}

/// Counts first and looks then: the row is locked by that, so that no two transactions take the last
/// mail.
fn take_of_address(
    c: &mut Conn,
    keys: &KeyRing,
    email: &SecretString,
    limit: u32,
    day: Date,
) -> Result<bool, StoreError> {
    if limit == 0 {
        return Ok(true);
    }
    // By the current key, and by earlier ones.
    let hashes = keys.hashes(
        &format!("mails to an address on {day}"),
        &normal(email.expose_secret()),
    );
    let Some(current) = hashes.first() else {
        return Ok(true);
    };
    let row = (
        mailed_address::hash.eq(current),
        mailed_address::day.eq(day),
        mailed_address::mails.eq(1),
    );
    per_backend!(c, |c| diesel::insert_into(mailed_address::table)
        .values(row)
        .on_conflict(mailed_address::hash)
        .do_update()
        .set(mailed_address::mails.eq(mailed_address::mails + 1))
        .execute(c))?;
    let mails: Vec<i32> = mailed_address::table
        .filter(mailed_address::hash.eq_any(&hashes))
        .select(mailed_address::mails)
        .load(c)?;
    let before = mails.iter().sum::<i32>().saturating_sub(1);
    if !is_used_up(limit, before) {
        return Ok(true);
    }
    diesel::update(mailed_address::table.find(current))
        .set(mailed_address::mails.eq(mailed_address::mails - 1))
        .execute(c)?;
    Ok(false)
}

/// One spelling of an address. Most mail servers read capital letters, and what follows a `+`, as the
/// same mailbox.
fn normal(email: &str) -> String {
    let email = email.to_lowercase();
    let Some((local, domain)) = email.rsplit_once('@') else {
        return email;
    };
    let local = local.split('+').next().unwrap_or(local);
    format!("{local}@{domain}")
}

/// Deletes the hashes of at most `limit` addresses of earlier days. Gives how many.
pub fn forget_before(c: &mut Conn, today: Date, limit: i64) -> Result<usize, StoreError> {
    let old: Vec<String> = mailed_address::table
        .filter(mailed_address::day.lt(today))
        .order(mailed_address::hash)
        .limit(limit)
        .select(mailed_address::hash)
        .load(c)?;
    let rows = mailed_address::table.filter(mailed_address::hash.eq_any(old));
    Ok(diesel::delete(rows).execute(c)?)
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn one_mailbox_has_one_spelling() {
        assert_eq!(normal("Jo+raid@Example.ORG"), "jo@example.org");
        assert_eq!(normal("jo@example.org"), "jo@example.org");
    }
}
