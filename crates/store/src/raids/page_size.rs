//! How much a page holds. A document may have as many bytes as a request's body, so that rows alone
//! bound nothing.

use super::RaidRow;
use crate::error::StoreError;
use crate::types::LossyText;
use std::collections::HashSet;

/// Documents that are read at once, whatever their size.
const PIECE: usize = 16;

/// How much a page holds at most.
#[derive(Debug, Clone, Copy)]
pub struct PageSize {
    /// RAiDs.
    pub rows: i64,
    /// Bytes of all their documents. A page holds one RAiD in any case.
    pub bytes: usize,
}

/// Handles that were found and belong to nothing that can be shown: looking for a page passes over them.
#[derive(Debug, Default)]
pub(super) struct Passed(HashSet<String>);

impl Passed {
    /// How many handles are wanted.
    pub(super) fn limit(&self, size: PageSize) -> i64 {
        let passed = i64::try_from(self.0.len()).unwrap_or(i64::MAX);
        size.rows_and_one().saturating_add(passed)
    }

    /// Those of the handles that were not passed over, in their order.
    pub(super) fn others(&self, found: Vec<LossyText>) -> Vec<String> {
        let found = found.into_iter().map(String::from);
        found.filter(|handle| !self.0.contains(handle)).collect()
    }

    /// Passes over these from now on.
    pub(super) fn add(&mut self, handles: Vec<String>) {
        self.0.extend(handles);
    }
}

impl From<i64> for PageSize {
    /// However large their documents are.
    fn from(rows: i64) -> Self {
        Self {
            rows,
            bytes: usize::MAX,
        }
    }
}

impl PageSize {
    /// One row more than a page holds, which shows whether there is a next page.
    pub(super) fn rows_and_one(self) -> i64 {
        self.rows.saturating_add(1)
    }

    /// Of the handles of such rows, those of the page, and whether there are more.
    pub(super) fn cut(self, mut handles: Vec<String>) -> (Vec<String>, bool) {
        let rows = usize::try_from(self.rows).unwrap_or_default();
        let has_more = handles.len() > rows;
        handles.truncate(rows);
        (handles, has_more)
    }

    /// Loads what belongs to the handles, in their order, as far as the bytes go. Says whether it went
    /// to their end.
    pub(super) fn load<T>(
        self,
        handles: &[String],
        row: impl Fn(&T) -> &RaidRow,
        mut load: impl FnMut(&[String]) -> Result<Vec<T>, StoreError>,
    ) -> Result<(Vec<T>, bool), StoreError> {
        let (mut found, mut bytes) = (Vec::new(), 0_usize);
        for piece in handles.chunks(PIECE) {
            let mut loaded = load(piece)?;
            let place = |it: &T| piece.iter().position(|h| h == row(it).handle.as_str());
            loaded.sort_by_key(place);
            for it in loaded {
                bytes = bytes.saturating_add(row(&it).document.0.len());
                if bytes > self.bytes && !found.is_empty() {
                    return Ok((found, false));
                }
                found.push(it);
            }
        }
        Ok((found, true))
    }
}
