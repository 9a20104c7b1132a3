//! Days on which something that is derived from a RAiD and the date changes: another title comes into
//! force. The RAiD itself does not change, so no version is written.

use std::pin::Pin;
use std::time::Duration;

use raid_model::{Handle, Raid};
use reconciler::{Held, Next, Reconcile, Verdict};
use store::raids;
use store::tasks::{self, Kind, Lane, NewTask, Work};
use store::{Conn, Store, StoreError, Timestamp, contributions};

use crate::record;

/// Follows the date: on such a day the search index is brought up to date, and the contributors'
/// ORCID records are looked at.
///
/// Answers of the API hold nothing that is derived from the date, so no cached record is dropped.
pub struct BoundaryReconciler {
    store: Store,
}

impl BoundaryReconciler {
    /// A reconciler over a store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    async fn reconcile(&self, handle: Handle) -> Verdict {
        let wanted = handle.clone();
        let found = self.store.read(move |c| standing(c, &wanted)).await;
        let now = self.store.clock().now();
        let next = match found {
            Ok(Some((_, raid))) => raids::boundary(&raid, now.date()),
            Ok(None) => return Verdict::done(),
            Err(e) => return e.into(),
        };
        let verdict = next.map_or_else(Verdict::done, |next| {
            let left = Duration::try_from(next - now).unwrap_or_default();
            Verdict::new(Next::Again(left))
        });
        verdict.with(move |c| follow(c, &handle, now))
    }
}

impl Reconcile for BoundaryReconciler {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Boundary]
    }

    fn act<'a>(&'a self, held: &'a Held) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            match held.work() {
                Work::Boundary(handle) => self.reconcile(handle.clone()).await,
                other => Verdict::dead(format!("no boundary: {}", other.key())),
            }
        })
    }
}

/// The RAiD and its version, unless it was withdrawn.
fn standing(c: &mut Conn, handle: &Handle) -> Result<Option<(i32, Raid)>, StoreError> {
    let Some(row) = raids::find_standing(c, handle)? else {
        return Ok(None);
    };
    Ok(Some((row.version, record::parse(&row.document)?)))
}

/// Brings what is derived from the RAiD and the date up to date.
fn follow(c: &mut Conn, handle: &Handle, now: Timestamp) -> Result<(), StoreError> {
    let Some((version, raid)) = standing(c, handle)? else {
        return Ok(());
    };
    raids::follow_day(c, handle, version, &raid, now.date())?;
    let people = contributions::of_raid(c, handle)?;
    let due: Vec<_> = people
        .into_iter()
        .map(|orcid| NewTask {
            work: Work::Membership(orcid, handle.clone()),
            lane: Lane::Bulk,
            due_at: now,
            at: now,
        })
        .collect();
    tasks::enqueue(c, &due)
}
