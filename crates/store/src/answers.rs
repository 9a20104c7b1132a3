//! Answers to requests that carried an idempotency key: who sends such a request again gets the
//! answer that the first one got. An answer is kept in the transaction that it tells of, so that
//! neither a crash nor another node makes a second RAiD of one request.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::kept_answer;
use crate::types::Timestamp;
use diesel::prelude::*;

/// Answers long over that are forgotten with each one that is kept.
const SWEPT: i64 = 10;

/// What was answered to a request. Only success is kept: a refusal wrote nothing, so the request may
/// be corrected.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = kept_answer, treat_none_as_default_value = false)]
pub struct KeptAnswer {
    /// Hash of the caller and their key, in hex.
    pub key: String,
    /// Hash of the request, in hex: the key stands for this one and no other.
    pub request: String,
    /// The new RAiD as a URL.
    pub location: String,
    /// The body, as it was sent.
    pub body: String,
    /// The members that were accepted with a warning.
    pub warning: Option<String>,
    /// When it was answered.
    pub created_at: Timestamp,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// The answer that was given to a key, while it is kept.
///
/// # Errors
/// When the database refuses.
pub fn find(c: &mut Conn, key: &str, now: Timestamp) -> Result<Option<KeptAnswer>, StoreError> {
    Ok(kept_answer::table
        .find(key)
        .filter(kept_answer::expires_at.gt(now))
        .select(KeptAnswer::as_select())
        .first(c)
        .optional()?)
}

/// Keeps answers, and forgets some that are over.
///
/// # Errors
/// [`StoreError::KeyTaken`] when one of the keys has an answer already.
pub(crate) fn keep(c: &mut Conn, answers: &[&KeptAnswer]) -> Result<(), StoreError> {
    let Some(now) = answers.iter().map(|answer| answer.created_at).max() else {
        return Ok(());
    };
    sweep(c, answers, now)?;
    // In one order, so that two who keep the same keys do not wait for each other.
    let mut rows = answers.to_vec();
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    let kept = per_backend!(c, |c| diesel::insert_into(kept_answer::table)
        .values(rows)
        .execute(c));
    kept.map(drop).map_err(|e| {
        let e = StoreError::from(e);
        if e.is_unique_violation() {
            StoreError::KeyTaken
        } else {
            e
        }
    })
}

/// Makes room: what is over under the same keys must go, some of the rest goes along.
fn sweep(c: &mut Conn, answers: &[&KeptAnswer], now: Timestamp) -> Result<(), StoreError> {
    let count = i64::try_from(answers.len()).unwrap_or(1);
    macro_rules! over {
        () => {
            kept_answer::table
                .filter(kept_answer::expires_at.le(now))
                .order(kept_answer::expires_at)
                .limit(SWEPT * count)
                .select(kept_answer::key)
        };
    }
    // Rows that another node is about to forget are left to it.
    let mut over: Vec<String> = match c {
        Conn::Postgres(c) => over!().for_update().skip_locked().load(c)?,
        Conn::Sqlite(c) => over!().load(c)?,
    };
    over.extend(answers.iter().map(|answer| answer.key.clone()));
    let over = kept_answer::table
        .filter(kept_answer::key.eq_any(over))
        .filter(kept_answer::expires_at.le(now));
    diesel::delete(over).execute(c)?;
    Ok(())
}
