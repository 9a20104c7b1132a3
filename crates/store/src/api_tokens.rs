//! Tokens of the API that the agency issued itself: each has a name, an end, and a last use, and can be
//! revoked alone. Only a hash of the token is kept.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::{api_token, service_point};
use crate::types::{Id, Timestamp};
use diesel::prelude::*;

/// A token, without the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_token, treat_none_as_default_value = false)]
pub struct ApiTokenRow {
    /// The row.
    pub id: Id,
    /// What people call it.
    pub name: String,
    /// The SHA-256 of the token, in the URL-safe Base64. A token has 256 random bits, so that no
    /// slower hash is needed.
    pub hash: String,
    /// Who acts with it, as `sub` in other tokens.
    pub subject: String,
    /// What it gives the right to: names of roles, separated by spaces.
    pub roles: String,
    /// The service point that it acts for.
    pub service_point_id: Option<i64>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// The subject who had it issued; none for the command line.
    pub created_by: Option<String>,
    /// The issuer of that subject's token.
    pub created_by_issuer: Option<String>,
    /// From when on it is not accepted.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute or so.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Adds a token.
pub fn create(c: &mut Conn, row: &ApiTokenRow) -> Result<(), StoreError> {
    per_backend!(c, |c| diesel::insert_into(api_token::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// The token with a hash, and the group of its service point as it is now.
pub fn with_hash(
    c: &mut Conn,
    hash: &str,
) -> Result<Option<(ApiTokenRow, Option<String>)>, StoreError> {
    let row: Option<ApiTokenRow> = api_token::table
        .filter(api_token::hash.eq(hash))
        .select(ApiTokenRow::as_select())
        .first(c)
        .optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    let group = match row.service_point_id {
        Some(id) => service_point::table
            .find(id)
            .select(service_point::group_id)
            .first(c)
            .optional()?,
        None => None,
    };
    Ok(Some((row, group)))
}

/// A token.
pub fn find(c: &mut Conn, id: Id) -> Result<Option<ApiTokenRow>, StoreError> {
    Ok(api_token::table
        .find(id)
        .select(ApiTokenRow::as_select())
        .first(c)
        .optional()?)
}

/// A page of tokens, newest first: those of a service point, or all.
pub fn page(
    c: &mut Conn,
    service_point: Option<i64>,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<ApiTokenRow>, StoreError> {
    let mut query = api_token::table
        .select(ApiTokenRow::as_select())
        .into_boxed();
    if let Some(service_point) = service_point {
        query = query.filter(api_token::service_point_id.eq(service_point));
    }
    if let Some(after) = after {
        query = query.filter(api_token::id.lt(after));
    }
    Ok(query.order(api_token::id.desc()).limit(limit).load(c)?)
}

/// Revokes a token; one that was revoked before keeps its time.
pub fn revoke(c: &mut Conn, id: Id, now: Timestamp) -> Result<(), StoreError> {
    let row = api_token::table
        .find(id)
        .filter(api_token::revoked_at.is_null());
    diesel::update(row)
        .set(api_token::revoked_at.eq(now))
        .execute(c)?;
    Ok(())
}

/// Notes that a token was used at `now`, unless a use since `noted_since` is noted.
pub fn mark_used(
    c: &mut Conn,
    id: Id,
    noted_since: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let row = api_token::table.find(id).filter(
        api_token::last_used_at
            .is_null()
            .or(api_token::last_used_at.lt(noted_since)),
    );
    diesel::update(row)
        .set(api_token::last_used_at.eq(now))
        .execute(c)?;
    Ok(())
}
