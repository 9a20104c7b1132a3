//! Whether the database takes writes: which errors say that it does not, and how to find out.

use crate::conn::{Conn, per_backend};
use crate::engine::Store;
use crate::error::StoreError;
use crate::schema::write_probe;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use rand::Rng as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What SQLite and PostgreSQL say of a disk that is full or read-only. Neither gives diesel a code for
/// it. After one of these in a statement nothing of the transaction is written.
const REFUSALS: &[&str] = &[
    // SQLITE_FULL, SQLITE_READONLY, SQLITE_CANTOPEN (of the journal), SQLITE_IOERR
    "database or disk is full",
    "attempt to write a readonly database",
    "unable to open database file",
    "disk I/O error",
    // What PostgreSQL quotes of its system.
    "No space left on device",
    "Read-only file system",
    "Disk quota exceeded",
];

/// The same of a SQLite commit. A commit that failed with an I/O error is in doubt: the data may be on
/// the disk. The last one follows a statement that ended the transaction because of such trouble.
const COMMIT_REFUSALS: &[&str] = &[
    "database or disk is full",
    "attempt to write a readonly database",
    "no transaction is active",
];

/// Bytes that are written where the database took no writes before: as many as the largest request
/// may have, so that a full disk is not taken for one with room.
const PADDING: usize = 1024 * 1024;

/// The one row of the probe.
const PROBE: i16 = 1;

/// Why the database takes no writes, if that is what an error says.
pub(crate) fn refusal(error: &DieselError) -> Option<String> {
    let DieselError::DatabaseError(kind, info) = error else {
        return None;
    };
    let says_so = matches!(kind, DatabaseErrorKind::ReadOnlyTransaction)
        || REFUSALS.iter().any(|text| info.message().contains(text));
    says_so.then(|| info.message().to_owned())
}

/// Whether a SQLite commit that failed with this certainly wrote nothing.
pub(crate) fn refuses_commit(error: &str) -> bool {
    COMMIT_REFUSALS.iter().any(|text| error.contains(text))
}

/// Whether the last write that failed was refused because nothing can be written.
#[derive(Clone, Default)]
pub(crate) struct Doubt(Arc<AtomicBool>);

impl Doubt {
    pub(crate) fn note<T>(&self, result: &Result<T, StoreError>) {
        if let Err(StoreError::NotWritable(_) | StoreError::Commit(_)) = result {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

impl Store {
    /// Writes something, so that a database that takes no writes is noticed. After a write was refused,
    /// as much is written as a large request would.
    ///
    /// # Errors
    /// [`StoreError::NotWritable`] says why nothing can be written.
    pub async fn prove_writable(&self) -> Result<(), StoreError> {
        let doubt = self.doubt().clone();
        if doubt.0.load(Ordering::Relaxed) {
            let mut padding = vec![0; PADDING];
            // Random, since PostgreSQL compresses.
            rand::rng().fill_bytes(&mut padding);
            self.write(move |c| probe(c, Some(&padding))).await?;
        }
        self.write(|c| probe(c, None)).await?;
        doubt.0.store(false, Ordering::Relaxed);
        Ok(())
    }
}

/// Changes the probe's row.
pub(crate) fn probe(c: &mut Conn, padding: Option<&[u8]>) -> Result<(), StoreError> {
    let row = (
        write_probe::id.eq(PROBE),
        write_probe::count.eq(1),
        write_probe::padding.eq(padding),
    );
    per_backend!(c, |c| diesel::insert_into(write_probe::table)
        .values(row)
        .on_conflict(write_probe::id)
        .do_update()
        .set((
            write_probe::count.eq(write_probe::count + 1),
            write_probe::padding.eq(padding),
        ))
        .execute(c))?;
    Ok(())
}
