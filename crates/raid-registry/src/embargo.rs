//! The end of an embargo: on its day the RAiD opens, in a version of its own.

use std::pin::Pin;
use std::time::Duration;

use raid_model::{Handle, Raid};
use reconciler::{Held, Next, Reconcile, Verdict};
use store::raids::{self, Actor, RaidWrite};
use store::tasks::{Kind, Lane, Work};
use store::{Conn, Store, StoreError, Timestamp};

use crate::record;
use crate::registry::saturating;

/// Who writes the version that opens a RAiD.
const ACTOR: &str = "embargo";

/// Ends embargoes: a RAiD opens at the beginning (UTC) of the day that `access.embargoExpiry` names.
pub struct EmbargoReconciler {
    store: Store,
    settle_delay: Duration,
}

impl EmbargoReconciler {
    /// A reconciler over a store; contributors' ORCID records follow after `settle_delay`.
    pub fn new(store: Store, settle_delay: Duration) -> Self {
        Self {
            store,
            settle_delay,
        }
    }

    async fn reconcile(&self, handle: Handle) -> Verdict {
        let wanted = handle.clone();
        let found = self.store.read(move |c| embargoed(c, &wanted)).await;
        let raid = match found {
            Ok(Some(raid)) => raid,
            Ok(None) => return Verdict::done(),
            Err(e) => return e.into(),
        };
        let now = self.store.clock().now();
        match remaining(&raid, now) {
            None => Verdict::done(),
            Some(left) if !left.is_zero() => Verdict::new(Next::Again(left)),
            Some(_) => {
                let delay = saturating(self.settle_delay);
                Verdict::done().with(move |c| open(c, &handle, now, now.saturating_add(delay)))
            }
        }
    }
}

impl Reconcile for EmbargoReconciler {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Embargo]
    }

    fn act<'a>(&'a self, held: &'a Held) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            match held.work() {
                Work::Embargo(handle) => self.reconcile(handle.clone()).await,
                other => Verdict::dead(format!("no embargo: {other:?}")),
            }
        })
    }
}

/// How long the embargo lasts yet; none if nothing ends it.
fn remaining(raid: &Raid, now: Timestamp) -> Option<Duration> {
    let ends = raid.access.embargo_expiry?.midnight();
    Some(Duration::try_from(ends - now).unwrap_or(Duration::ZERO))
}

/// The RAiD as it stands, if it is under embargo.
fn embargoed(c: &mut Conn, handle: &Handle) -> Result<Option<Raid>, StoreError> {
    let Some(row) = raids::find_standing(c, handle)? else {
        return Ok(None);
    };
    let raid = record::parse(&row.document)?;
    Ok(Some(raid).filter(|raid| raid.access.is_embargoed()))
}

/// Writes the version that opens a RAiD, unless its embargo was prolonged meanwhile.
fn open(c: &mut Conn, handle: &Handle, now: Timestamp, due: Timestamp) -> Result<(), StoreError> {
    let Some(raid) = embargoed(c, handle)? else {
        return Ok(());
    };
    if remaining(&raid, now).is_none_or(|left| !left.is_zero()) {
        return Ok(());
    }
    let next = raid.opened(now.assume_utc());
    raids::amend(
        c,
        &RaidWrite::of(&next, Actor::system(ACTOR), now, due, Lane::Bulk)?,
    )
}
