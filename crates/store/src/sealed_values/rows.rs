//! The columns that are sealed, read in pages of rows, and written by compare-and-swap.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::{invitation, orcid_grant, visit};
use crate::types::Id;
use diesel::prelude::*;

/// Where a walk goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(After);

#[derive(Debug, Clone, PartialEq, Eq)]
enum After {
    Grants(Option<Id>),
    Visits(String),
    Invitations(Option<Id>),
}

impl Default for Cursor {
    fn default() -> Self {
        Self(After::Grants(None))
    }
}

/// Where a sealed value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    AccessToken(Id),
    RefreshToken(Id),
    Code(String),
    Address(Id),
}

/// A sealed value, and for whom it is sealed.
#[derive(Debug, Clone)]
pub(super) struct SealedValue {
    pub(super) place: Place,
    pub(super) owner: String,
    pub(super) bytes: Vec<u8>,
}

/// The sealed values of a page of rows, and where the next page begins.
pub(super) fn page(
    c: &mut Conn,
    from: Cursor,
    limit: i64,
) -> Result<(Vec<SealedValue>, Option<Cursor>), StoreError> {
    let (values, next) = match from.0 {
        After::Grants(after) => {
            let (values, last) = grants(c, after, limit)?;
            let behind = After::Visits(String::new());
            (
                values,
                Some(last.map_or(behind, |id| After::Grants(Some(id)))),
            )
        }
        After::Visits(after) => {
            let (values, last) = codes(c, &after, limit)?;
            let behind = After::Invitations(None);
            (values, Some(last.map_or(behind, After::Visits)))
        }
        After::Invitations(after) => {
            let (values, last) = addresses(c, after, limit)?;
            (values, last.map(|id| After::Invitations(Some(id))))
        }
    };
    Ok((values, next.map(Cursor)))
}

/// The last key of a page that is full, so that more may follow.
fn last_of_full<T, K>(rows: &[T], limit: i64, key: impl Fn(&T) -> K) -> Option<K> {
    let is_full = i64::try_from(rows.len()).is_ok_and(|n| n == limit);
    rows.last().filter(|_| is_full).map(key)
}

type Rows<K> = (Vec<SealedValue>, Option<K>);

fn grants(c: &mut Conn, after: Option<Id>, limit: i64) -> Result<Rows<Id>, StoreError> {
    type Row = (Id, String, Vec<u8>, Option<Vec<u8>>);
    let mut query = orcid_grant::table.into_boxed();
    if let Some(after) = after {
        query = query.filter(orcid_grant::id.gt(after));
    }
    let rows: Vec<Row> = query
        .order(orcid_grant::id)
        .limit(limit)
        .select((
            orcid_grant::id,
            orcid_grant::orcid,
            orcid_grant::access_token,
            orcid_grant::refresh_token,
        ))
        .load(c)?;
    let last = last_of_full(&rows, limit, |row| row.0);
    let mut values = Vec::new();
    for (id, owner, access, refresh) in rows {
        if let Some(bytes) = refresh {
            values.push(SealedValue {
                place: Place::RefreshToken(id),
                owner: owner.clone(),
                bytes,
            });
        }
        values.push(SealedValue {
            place: Place::AccessToken(id),
            owner,
            bytes: access,
        });
    }
    Ok((values, last))
}

fn codes(c: &mut Conn, after: &str, limit: i64) -> Result<Rows<String>, StoreError> {
    let rows: Vec<(String, Option<Vec<u8>>)> = visit::table
        .filter(visit::nonce.gt(after))
        .filter(visit::code.is_not_null())
        .order(visit::nonce)
        .limit(limit)
        .select((visit::nonce, visit::code))
        .load(c)?;
    let last = last_of_full(&rows, limit, |row| row.0.clone());
    let values = rows.into_iter().filter_map(|(nonce, code)| {
        Some(SealedValue {
            place: Place::Code(nonce.clone()),
            owner: nonce,
            bytes: code?,
        })
    });
    Ok((values.collect(), last))
}

fn addresses(c: &mut Conn, after: Option<Id>, limit: i64) -> Result<Rows<Id>, StoreError> {
    let mut query = invitation::table
        .filter(invitation::email.is_not_null())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(invitation::id.gt(after));
    }
    let rows: Vec<(Id, Option<Vec<u8>>)> = query
        .order(invitation::id)
        .limit(limit)
        .select((invitation::id, invitation::email))
        .load(c)?;
    let last = last_of_full(&rows, limit, |row| row.0);
    let values = rows.into_iter().filter_map(|(id, email)| {
        Some(SealedValue {
            place: Place::Address(id),
            owner: id.to_string(),
            bytes: email?,
        })
    });
    Ok((values.collect(), last))
}

/// Writes a value where it still is as it was read. Says whether it was.
pub(super) fn replace(
    c: &mut Conn,
    value: &SealedValue,
    sealed: &[u8],
) -> Result<bool, StoreError> {
    let old = value.bytes.as_slice();
    let changed = match &value.place {
        Place::AccessToken(id) => {
            let row = orcid_grant::table.find(id);
            diesel::update(row.filter(orcid_grant::access_token.eq(old)))
                .set(orcid_grant::access_token.eq(sealed))
                .execute(c)?
        }
        Place::RefreshToken(id) => {
            let row = orcid_grant::table.find(id);
            diesel::update(row.filter(orcid_grant::refresh_token.eq(old)))
                .set(orcid_grant::refresh_token.eq(sealed))
                .execute(c)?
        }
        Place::Code(nonce) => {
            let row = visit::table.find(nonce);
            diesel::update(row.filter(visit::code.eq(old)))
                .set(visit::code.eq(sealed))
                .execute(c)?
        }
        Place::Address(id) => {
            let row = invitation::table.find(id);
            diesel::update(row.filter(invitation::email.eq(old)))
                .set(invitation::email.eq(sealed))
                .execute(c)?
        }
    };
    Ok(changed == 1)
}
