//! All that is sealed in the database, wherever it is: to count it, to seal it again with another key,
//! or to give up what no key opens.
//!
//! The walk goes table by table, page by page, while others write. Each page is a transaction of its
//! own, and a run that was cut short is simply started again.

mod give_up;
mod rows;

pub use give_up::give_up_page;
pub use rows::Cursor;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::invitations;
use crate::schema::{invitation, orcid_grant, visit};
use crate::seal::KeyRing;
use diesel::prelude::*;
use rows::{Place, SealedValue};
use std::collections::BTreeMap;

/// Rows of one page: SQLite has one writer, which others wait for.
const PAGE: i64 = 200;

/// How many values one key sealed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub values: u64,
    /// Those that cannot be opened with the keys configured.
    pub unopenable: u64,
}

/// What became of one page of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
    /// Values that were looked at.
    pub looked_at: u64,
    /// Values that were changed.
    pub changed: u64,
    /// Values that cannot be opened with the keys configured.
    pub unopenable: u64,
}

/// Whether there is anything sealed.
pub(crate) fn is_any(c: &mut Conn) -> Result<bool, StoreError> {
    let grant = orcid_grant::table.select(orcid_grant::id).limit(1);
    if grant.load::<crate::types::Id>(c)?.len() == 1 {
        return Ok(true);
    }
    let code = visit::table.filter(visit::code.is_not_null());
    let code = code.select(visit::nonce).limit(1).load::<String>(c)?;
    let address = invitation::table.filter(invitation::email.is_not_null());
    let address = address.select(invitation::id).limit(1);
    Ok(!code.is_empty() || address.load::<crate::types::Id>(c)?.len() == 1)
}

/// Counts all sealed values by the id of their key.
pub fn survey(c: &mut Conn, keys: &KeyRing) -> Result<BTreeMap<String, Tally>, StoreError> {
    let mut found: BTreeMap<String, Tally> = BTreeMap::new();
    let mut at = Some(Cursor::default());
    while let Some(from) = at {
        let (values, next) = rows::page(c, from, PAGE)?;
        for value in values {
            let id = KeyRing::id_in(&value.bytes).to_owned();
            let tally = found.entry(id).or_default();
            tally.values += 1;
            tally.unopenable += u64::from(keys.open(&value.owner, &value.bytes).is_err());
        }
        at = next;
    }
    Ok(found)
}

/// How many sealed values there are, for a progress that has an end.
pub fn count(c: &mut Conn) -> Result<u64, StoreError> {
    let pairs: i64 = orcid_grant::table.count().get_result(c)?;
    let refresh = orcid_grant::table.filter(orcid_grant::refresh_token.is_not_null());
    let refresh: i64 = refresh.count().get_result(c)?;
    let codes = visit::table.filter(visit::code.is_not_null());
    let codes: i64 = codes.count().get_result(c)?;
    let addresses = invitation::table.filter(invitation::email.is_not_null());
    let addresses: i64 = addresses.count().get_result(c)?;
    Ok(u64::try_from(pairs + refresh + codes + addresses).unwrap_or_default())
}

/// Seals one page of values again with the current key, as far as another one sealed them. A value that
/// is changed by somebody else at the same moment is left to the next run.
pub fn reseal_page(c: &mut Conn, keys: &KeyRing, from: Cursor) -> Result<Page, StoreError> {
    let (values, next) = rows::page(c, from, PAGE)?;
    let mut page = Page::of(&values, next);
    for value in values {
        if keys.is_current(&value.bytes) {
            continue;
        }
        let Ok(secret) = keys.open(&value.owner, &value.bytes) else {
            page.unopenable += 1;
            continue;
        };
        let sealed = keys.seal(&value.owner, &secret)?;
        if !rows::replace(c, &value, &sealed)? {
            continue;
        }
        page.changed += 1;
        if let Place::Address(id) = value.place {
            invitations::rehash(c, keys, id, &secret.into())?;
        }
    }
    Ok(page)
}

impl Page {
    fn of(values: &[SealedValue], next: Option<Cursor>) -> Self {
        Self {
            next,
            looked_at: values.len() as u64,
            changed: 0,
            unopenable: 0,
        }
    }
}
