//! The sweep: finds what an event missed.
//!
//! Every change of what should be sets a task in the same transaction, so there is nothing to find
//! unless rows were damaged, lost or written by a program with a mistake. The sweep goes through
//! people, entries and RAiDs in pages, each read as of one moment, so that a task that ends
//! meanwhile is not taken for a lost one. It sets the task that is missing and leaves the rest to
//! whoever runs it. Each repair is counted and logged.

mod entries;
mod find;
mod namings;
mod people;
mod place;
mod raids;

use find::{Find, What};
use place::Place;
use raid_model::membership::MembershipPolicy;
use reconciler::{Held, Next, Reconcile, Verdict};
use std::pin::Pin;
use std::time::Duration;
use store::tasks::{Kind, Lane, Work};
use store::{Conn, Store, StoreError, sweep};

/// Rows that one run looks at.
const PAGE: i64 = 200;
/// The rest after each row: 200 rows a second.
const REST: Duration = Duration::from_millis(5);

/// Looks through the database for what an event missed.
pub struct SweepReconciler {
    store: Store,
    policy: Option<MembershipPolicy>,
    every: Duration,
}

/// What a page showed.
struct Page {
    finds: Vec<Find>,
    /// Rows that were looked at.
    rows: usize,
    /// Where the next page begins; none at the end.
    next: Option<Place>,
}

impl SweepReconciler {
    /// A sweep that begins again `every` so often. People and entries are looked at as well where
    /// there is a policy of what is written to ORCID records.
    pub fn new(store: Store, policy: Option<MembershipPolicy>, every: Duration) -> Self {
        // From the start, so that an alarm sees the first one.
        for what in What::ALL {
            count(what, 0);
        }
        metrics::counter!("raid_sweeps_total").increment(0);
        Self {
            store,
            policy,
            every,
        }
    }

    /// Looks at the next page.
    async fn run(&self) -> Result<Verdict, StoreError> {
        let (policy, clock) = (self.policy.clone(), self.store.clock().clone());
        let page = self
            .store
            .snapshot(move |c| look(c, policy.as_ref(), clock.now()))
            .await?;
        self.repair(page.finds).await?;
        let rest = if page.next.is_some() {
            REST * u32::try_from(page.rows).unwrap_or(u32::MAX)
        } else {
            metrics::counter!("raid_sweeps_total").increment(1);
            self.every
        };
        let place = page.next.map(|place| place.to_string()).unwrap_or_default();
        let verdict = Verdict::new(Next::Again(rest)).in_lane(Lane::Background);
        Ok(verdict.with(move |c| sweep::set_place(c, &place)))
    }

    /// Repairs what a page showed, in one transaction of its own: what is counted is written.
    async fn repair(&self, finds: Vec<Find>) -> Result<(), StoreError> {
        if finds.is_empty() {
            return Ok(());
        }
        let clock = self.store.clock().clone();
        let repaired = self
            .store
            .write(move |c| find::repair(c, &finds, clock.now()))
            .await?;
        for find in repaired {
            let what = find.what();
            tracing::warn!(
                what = what.as_str(),
                key = find.work().key(),
                "the sweep repaired what an event missed"
            );
            count(what, 1);
        }
        Ok(())
    }
}

fn count(what: What, n: u64) {
    metrics::counter!("raid_sweep_repairs_total", "what" => what.as_str()).increment(n);
}

/// Looks at the page at which the sweep is.
fn look(
    c: &mut Conn,
    policy: Option<&MembershipPolicy>,
    now: store::Timestamp,
) -> Result<Page, StoreError> {
    let noted = sweep::place(c)?.and_then(|place| place.parse().ok());
    match (noted.unwrap_or_else(Place::first), policy) {
        (Place::People(None), Some(_)) => {
            let mut page = people::look(c, None)?;
            page.finds.extend(namings::look(c)?);
            Ok(page)
        }
        (Place::People(after), Some(_)) => people::look(c, after.as_ref()),
        (Place::Entries(after), Some(policy)) => entries::look(c, after.as_ref(), policy, now),
        (Place::Left(after), Some(policy)) => entries::look_at_left(c, after.as_ref(), policy, now),
        (Place::Raids(after), _) => raids::look(c, after.as_ref(), now),
        (_, None) => raids::look(c, None, now),
    }
}

impl Reconcile for SweepReconciler {
    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Sweep]
    }

    fn act<'a>(&'a self, held: &'a Held) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            match held.work() {
                Work::Sweep => self.run().await.unwrap_or_else(Verdict::from),
                other => Verdict::dead(format!("no sweep: {}", other.key())),
            }
        })
    }
}
