//! The feed of changes: every version of every RAiD once, in the order of commits.
//!
//! A position is given after the commit, so that nothing can appear behind a reader. On PostgreSQL a
//! transaction that writes a version leaves a row in `change_pending`; whoever reads the feed first
//! moves what is committed to the end of `change`, one reader at a time. What is not committed yet
//! is moved later, to a later position. On SQLite there is one writer at a time, and the position
//! is given where the version is written.

use crate::conn::{Conn, ROWS_A_STATEMENT};
use crate::engine::Store;
use crate::error::StoreError;
use crate::raids::{Access, RaidWrite};
use crate::schema::{change, change_end, change_pending};
use crate::types::{AsText, Timestamp};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel::{PgConnection, SqliteConnection};
use raid_model::Handle;

mod page;

pub use page::{Change, Page, Shown, page};

/// Most versions that get their positions in one transaction.
const BATCH: i64 = 1000;
/// Most batches that one call waits for. They are given faster than versions are written, so that this
/// many do for any registry.
const MOST_BATCHES: usize = 100_000;

/// How far the feed reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The last position; 0 when there is none.
    pub end: i64,
    /// Whether committed versions still wait for a position behind it.
    pub more: bool,
}

impl Store {
    /// Gives positions to what was committed before this call (the first 1000 versions of it), and
    /// tells how far the feed reaches. It is one small read when there is nothing to do. While nothing can
    /// be written the feed ends where it is; what waits follows later.
    ///
    /// # Errors
    /// When the database refuses, or has no connection free.
    pub async fn changes_reach(&self) -> Result<Reach, StoreError> {
        let reach = self.read(reach).await?;
        if !reach.more {
            return Ok(reach);
        }
        match self.write(number).await {
            Err(StoreError::NotWritable(_)) => Ok(Reach {
                more: false,
                ..reach
            }),
            numbered => numbered,
        }
    }

    /// Gives positions to all that was committed before this call, and tells how far the feed reaches.
    ///
    /// # Errors
    /// When the database refuses, or has no connection free.
    pub async fn changes_reach_all(&self) -> Result<Reach, StoreError> {
        let mut reached = self.read(reach).await?;
        for _ in 0..MOST_BATCHES {
            let now = self.changes_reach().await?;
            // What does not fill a batch holds all that was committed before.
            let is_all = now.end - reached.end < BATCH;
            reached = now;
            if is_all {
                break;
            }
        }
        Ok(reached)
    }
}

fn reach(c: &mut Conn) -> Result<Reach, StoreError> {
    let waits = exists(change_pending::table.select(change_pending::entered));
    let (end, more) = change_end::table
        .select((change_end::position, waits))
        .first(c)?;
    Ok(Reach { end, more })
}

/// Moves what is committed to the end of the feed, in the order in which it was entered: a version
/// is entered after those before it were committed, whatever the nodes' clocks say.
const NUMBER: &str = "\
    WITH moved AS (DELETE FROM change_pending WHERE entered IN \
    (SELECT entered FROM change_pending ORDER BY entered LIMIT $1) RETURNING *), \
    numbered AS (INSERT INTO change (position, handle, version, access, service_point_id, at) \
    SELECT $2 + row_number() OVER (ORDER BY entered), handle, version, access, service_point_id, \
    at FROM moved RETURNING position) \
    UPDATE change_end SET position = $2 + (SELECT count(*) FROM numbered)";

fn number(c: &mut Conn) -> Result<Reach, StoreError> {
    if let Conn::Postgres(c) = c {
        // The statement behind the lock sees all that was moved by who held it before.
        let end: i64 = change_end::table
            .select(change_end::position)
            .for_update()
            .first(c)?;
        diesel::sql_query(NUMBER)
            .bind::<BigInt, _>(BATCH)
            .bind::<BigInt, _>(end)
            .execute(c)?;
    }
    reach(c)
}

#[derive(Insertable)]
#[diesel(table_name = change_pending)]
struct NewPending<'a> {
    handle: &'a AsText<Handle>,
    version: i32,
    access: Access,
    service_point_id: i64,
    at: Timestamp,
}

#[derive(Insertable)]
#[diesel(table_name = change)]
struct NewChange<'a> {
    position: i64,
    handle: &'a AsText<Handle>,
    version: i32,
    access: Access,
    service_point_id: i64,
    at: Timestamp,
}

/// Enters versions into the feed, in the transaction that writes them.
pub(crate) fn enter(c: &mut Conn, writes: &[RaidWrite]) -> Result<(), StoreError> {
    for writes in writes.chunks(ROWS_A_STATEMENT) {
        match c {
            Conn::Postgres(c) => enter_pending(c, writes)?,
            Conn::Sqlite(c) => enter_numbered(c, writes)?,
        }
    }
    Ok(())
}

fn enter_pending(c: &mut PgConnection, writes: &[RaidWrite]) -> QueryResult<()> {
    let rows: Vec<_> = writes
        .iter()
        .map(|write| NewPending {
            handle: &write.handle,
            version: write.version,
            access: write.access,
            service_point_id: write.service_point_id,
            at: write.at,
        })
        .collect();
    diesel::insert_into(change_pending::table)
        .values(rows)
        .execute(c)
        .map(drop)
}

fn enter_numbered(c: &mut SqliteConnection, writes: &[RaidWrite]) -> Result<(), StoreError> {
    let count = i64::try_from(writes.len()).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    let end: i64 = diesel::update(change_end::table)
        .set(change_end::position.eq(change_end::position + count))
        .returning(change_end::position)
        .get_result(c)?;
    let rows: Vec<_> = (end - count + 1..)
        .zip(writes)
        .map(|(position, write)| NewChange {
            position,
            handle: &write.handle,
            version: write.version,
            access: write.access,
            service_point_id: write.service_point_id,
            at: write.at,
        })
        .collect();
    diesel::insert_into(change::table).values(rows).execute(c)?;
    Ok(())
}
