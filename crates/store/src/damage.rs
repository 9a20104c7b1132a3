//! Damaged records: rows that cannot be read as what they should be. One of them takes nothing else
//! down: whatever reads many records leaves it out, counts it and names it in the log.

use crate::error::StoreError;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

mod scan;

pub use scan::{DamagePage, DamagedRecord, page};
pub(crate) use scan::{read_version, version_numbers};

/// Records that are named in the log, each once a process; later ones are only counted.
const MOST_NAMED: usize = 1000;

static LEFT_OUT: AtomicU64 = AtomicU64::new(0);
static NAMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// How often this process left out a damaged record, for the metrics.
pub fn times_left_out() -> u64 {
    LEFT_OUT.load(Ordering::Relaxed)
}

/// Counts a record that was left out, and names it in the log the first time.
pub fn left_out(record: impl Debug, error: &StoreError) {
    LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    // Quoted, so that damaged bytes cannot forge a line of the log.
    let record = format!("{record:?}");
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if named.len() < MOST_NAMED && named.insert(record.clone()) {
        tracing::error!(
            record,
            %error,
            "a damaged record is left out: `raid-agency damaged list` shows all of them"
        );
    }
}

/// What could be read. What is damaged is left out; any other trouble stays an error.
pub fn readable<T>(
    record: impl Debug,
    read: Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match read {
        Err(error) if error.is_damage() => {
            left_out(record, &error);
            Ok(None)
        }
        read => read.map(Some),
    }
}

/// Loads the rows of all keys together. Where one of them is damaged, the rows of each key on their
/// own, without those of the damaged ones.
pub(crate) fn load_readable<K: Debug, T>(
    keys: &[K],
    mut load: impl FnMut(&[K]) -> Result<Vec<T>, StoreError>,
) -> Result<Vec<T>, StoreError> {
    match load(keys) {
        Err(error) if error.is_damage() => {}
        loaded => return loaded,
    }
    let mut found = Vec::new();
    for key in keys {
        let rows = readable(key, load(std::slice::from_ref(key)))?;
        found.extend(rows.into_iter().flatten());
    }
    Ok(found)
}
