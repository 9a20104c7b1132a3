//! RAiDs that nothing looks at on a day to come.

use super::find::Find;
use super::place::Place;
use super::{PAGE, Page};
use raid_model::search::SearchDocument;
use raid_model::{Handle, Raid};
use std::collections::HashMap;
use store::tasks::{self, Kind};
use store::{Conn, StoreError, Timestamp, damage, raids};

/// Looks at the next page of RAiDs.
pub(super) fn look(
    c: &mut Conn,
    after: Option<&Handle>,
    now: Timestamp,
) -> Result<Page, StoreError> {
    let page = raids::sorted_as(c, after, PAGE)?;
    let keys: Vec<String> = page.iter().map(|(handle, _)| handle.to_string()).collect();
    let queue = Queue {
        embargoes: tasks::due_times(c, Kind::Embargo, &keys)?,
        boundaries: tasks::due_times(c, Kind::Boundary, &keys)?,
    };
    let mut finds = Vec::new();
    for (handle, sorted_as) in &page {
        let found = damage::readable(handle, raids::find_standing(c, handle))?;
        let Some(row) = found.flatten() else {
            continue;
        };
        match serde_json::from_str(&row.document.0) {
            Ok(raid) => finds.extend(queue.misses(&raid, sorted_as.as_deref(), now)),
            // Nothing can be derived from it, and it must not stop the sweep.
            Err(error) => {
                tracing::error!(handle = row.handle.as_str(), %error, "the sweep cannot read a RAiD");
            }
        }
    }
    Ok(Page {
        finds,
        rows: page.len(),
        next: page
            .last()
            .map(|(handle, _)| Place::Raids(Some(handle.clone()))),
    })
}

/// What the queue holds of a page of RAiDs: when each task is due, none if it is dead.
struct Queue {
    embargoes: HashMap<String, Option<Timestamp>>,
    boundaries: HashMap<String, Option<Timestamp>>,
}

impl Queue {
    /// What it lacks of a RAiD, which the search index sorts as `sorted_as`.
    fn misses(&self, raid: &Raid, sorted_as: Option<&str>, now: Timestamp) -> Vec<Find> {
        let (handle, key) = (raid.handle(), raid.handle().to_string());
        let mut finds = Vec::new();
        if let Some(end) = raids::embargo_end(raid)
            && !self.embargoes.contains_key(&key)
        {
            finds.push(Find::Embargo(handle.clone(), end));
        }
        let today = now.date();
        let is_behind = sorted_as.is_some_and(|it| it != SearchDocument::sort_title(raid, today));
        let wanted = if is_behind {
            Some(now)
        } else {
            raids::boundary(raid, today)
        };
        let is_covered = |wanted: Timestamp| {
            let known = self.boundaries.get(&key);
            // Dead ones are seen by people, and one that is due earlier sets itself again. One that is
            // due later on the day is being tried again, or was spread out.
            known.is_some_and(|due_at| due_at.is_none_or(|at| at.date() <= wanted.date()))
        };
        if let Some(at) = wanted.filter(|at| !is_covered(*at)) {
            finds.push(Find::Boundary(handle.clone(), at));
        }
        finds
    }
}
