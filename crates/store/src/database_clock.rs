//! The clock of the database, which all nodes share.

use crate::clock::Clock;
use crate::conn::Conn;
use crate::error::StoreError;
use crate::types::Timestamp;
use diesel::RunQueryDsl as _;
use diesel::dsl::sql;
use diesel::sql_types;
use std::time::{Duration, Instant};

/// A reading that took longer than this says too little about when it was made.
const LONGEST_READING: Duration = Duration::from_secs(1);

/// What the database's clock said, and when. SQLite has none of its own.
pub(crate) fn read(c: &mut Conn) -> Result<Option<(Timestamp, Instant)>, StoreError> {
    let Conn::Postgres(c) = c else {
        return Ok(None);
    };
    let asked = Instant::now();
    let now = diesel::select(sql::<sql_types::Timestamp>(
        "clock_timestamp() AT TIME ZONE 'UTC'",
    ))
    .get_result(c)?;
    let took = asked.elapsed();
    // The database read its clock in the middle of the round trip, as far as anybody knows.
    Ok((took < LONGEST_READING).then(|| (now, asked + took / 2)))
}

/// Sets the clock of a node that starts.
pub(crate) fn set(clock: &Clock, c: &mut Conn) -> Result<(), StoreError> {
    if let Some((reading, read_at)) = read(c)? {
        clock.set(reading, read_at);
    }
    Ok(())
}

/// Corrects the clock of a node that runs.
pub(crate) fn correct(clock: &Clock, c: &mut Conn) -> Result<(), StoreError> {
    match c {
        Conn::Sqlite(_) => clock.follow_system(),
        Conn::Postgres(_) => {
            if let Some((reading, read_at)) = read(c)? {
                clock.correct(reading, read_at);
            }
        }
    }
    Ok(())
}
