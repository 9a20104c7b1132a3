//! The loop that claims tasks, lets reconcilers act, and settles.

use crate::recovery::{self, Probe};
use crate::schedule::Schedule;
use crate::verdict::{Held, Next, Reconcile, Verdict};
use rand::RngExt as _;
use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use store::tasks::{self, Kind, Lane, Room, Settle, Task};
use store::{Store, StoreError, Timestamp};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

/// How the loop runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// This process, unique among all that share the store.
    pub node: String,
    /// Tasks at work at the same time. Some slots are kept for the interactive lane
    /// ([`Room::free`]).
    pub slots: usize,
    /// How long a task is held. A worker that dies is succeeded after this long, so it must
    /// outlive every call that an action makes.
    pub lease: Duration,
    /// How long to rest when nothing is due.
    pub poll: Duration,
    /// When failed tasks are tried again.
    pub schedule: Schedule,
    /// How often one of the tasks that wait for ORCID is tried while it is away, over all
    /// processes.
    pub outage_probe: Duration,
}

/// Claims tasks of the kinds that its reconcilers know, and runs them.
pub struct Runner {
    store: Store,
    settings: Settings,
    reconcilers: Vec<Arc<dyn Reconcile>>,
    kinds: Vec<Kind>,
}

impl Runner {
    /// A loop over these reconcilers.
    pub fn new(store: Store, settings: Settings, reconcilers: Vec<Arc<dyn Reconcile>>) -> Self {
        let kinds = reconcilers
            .iter()
            .flat_map(|r| r.kinds().iter().copied())
            .collect();
        Self {
            store,
            settings,
            reconcilers,
            kinds,
        }
    }

    /// Runs until `stop` turns true (or its sender is gone), then finishes what is in hand.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut hands = Hands::default();
        let mut probe = Probe::new(self.settings.outage_probe);
        while !*stop.borrow() {
            probe.run(&self.store).await;
            hands.clear_finished();
            let room = Room::free(self.settings.slots, hands.lanes.values().copied());
            let claimed = if room.all == 0 {
                Vec::new()
            } else {
                self.claim(room).await
            };
            let idle = claimed.is_empty();
            for held in claimed {
                hands.spawn(held.lane(), self.work(held));
            }
            if !idle && hands.lanes.len() < self.settings.slots {
                continue;
            }
            // Slots that are kept for the interactive lane may be free: it is looked for again
            // when a task ends, and after the rest.
            let rest = self
                .settings
                .poll
                .mul_f64(rand::rng().random_range(0.75..=1.25));
            tokio::select! {
                () = hands.next_finished(), if !hands.lanes.is_empty() => {}
                () = tokio::time::sleep(rest) => {}
                gone = stop.changed() => if gone.is_err() { break },
            }
        }
        while !hands.lanes.is_empty() {
            hands.next_finished().await;
        }
    }

    async fn claim(&self, room: Room) -> Vec<Held> {
        let (kinds, owner) = (self.kinds.clone(), self.settings.node.clone());
        let clock = self.store.clock().clone();
        let lease = self.settings.lease;
        let claimed = self
            .store
            .write(move |c| {
                let now = clock.now();
                let until = now + lease;
                Ok((tasks::claim(c, &owner, &kinds, room, now, until)?, until))
            })
            .await;
        match claimed {
            Ok((tasks, until)) => tasks
                .into_iter()
                .map(|task| self.held(task, until))
                .collect(),
            Err(e) => {
                tracing::warn!(error = %e, "tasks cannot be claimed");
                Vec::new()
            }
        }
    }

    fn held(&self, task: Task, until: Timestamp) -> Held {
        let owner = self.settings.node.clone();
        Held {
            task,
            owner,
            until,
            store: self.store.clone(),
        }
    }

    fn work(&self, held: Held) -> impl Future<Output = ()> + Send + 'static {
        let reconciler = self
            .reconcilers
            .iter()
            .find(|r| r.kinds().contains(&held.work().kind()))
            .cloned();
        let (store, settings) = (self.store.clone(), self.settings.clone());
        async move {
            let held = Arc::new(held);
            let verdict = match reconciler {
                Some(reconciler) => act(&settings, reconciler, held.clone()).await,
                None => Verdict::dead("this process does not know the kind of work"),
            };
            settle(&store, &settings, &held, verdict).await;
        }
    }
}

/// The tasks at work, and their lanes.
#[derive(Default)]
struct Hands {
    set: JoinSet<()>,
    lanes: HashMap<tokio::task::Id, Lane>,
}

impl Hands {
    fn spawn(&mut self, lane: Lane, work: impl Future<Output = ()> + Send + 'static) {
        let id = self.set.spawn(work).id();
        self.lanes.insert(id, lane);
    }

    fn clear_finished(&mut self) {
        while let Some(ended) = self.set.try_join_next_with_id() {
            self.forget(ended);
        }
    }

    /// Waits for one to end.
    async fn next_finished(&mut self) {
        match self.set.join_next_with_id().await {
            Some(ended) => self.forget(ended),
            None => self.lanes.clear(),
        }
    }

    fn forget(&mut self, ended: Result<(tokio::task::Id, ()), JoinError>) {
        let id = ended.map_or_else(|panicked| panicked.id(), |(id, ())| id);
        self.lanes.remove(&id);
    }
}

/// Lets the reconciler act, for less than the lease lasts; a panic is a failure like another.
/// What is left of the lease counts: the process may have stood still since the claim.
async fn act(settings: &Settings, reconciler: Arc<dyn Reconcile>, held: Arc<Held>) -> Verdict {
    let margin = settings.lease.mul_f64(0.25);
    let left = held.until - held.store.clock().now() - margin;
    let limit = Duration::try_from(left).unwrap_or_default();
    let end = Instant::now() + limit;
    let mut hand = tokio::spawn(async move {
        let mut act = reconciler.act(&held);
        // Asked before each step, since a process that stood still must not take another one.
        poll_fn(|cx| {
            if Instant::now() >= end {
                return Poll::Ready(None);
            }
            act.as_mut().poll(cx).map(Some)
        })
        .await
    });
    let too_late = || Verdict::retry(format!("no result within {} s", limit.as_secs_f64()));
    match tokio::time::timeout(limit, &mut hand).await {
        Ok(Ok(verdict)) => verdict.unwrap_or_else(too_late),
        Ok(Err(e)) if e.is_panic() => Verdict::retry("the worker panicked"),
        Ok(Err(_)) => Verdict::retry("the worker was stopped"),
        Err(_) => {
            hand.abort();
            too_late()
        }
    }
}

async fn settle(store: &Store, settings: &Settings, held: &Arc<Held>, verdict: Verdict) {
    let Verdict {
        next,
        record,
        lane,
        reached,
    } = verdict;
    let mut task = held.task.clone();
    task.lane = lane.unwrap_or(task.lane);
    let (task, record) = (Arc::new(task), Arc::new(record));
    let tries = u32::try_from(held.attempts()).unwrap_or(u32::MAX);
    let kind = held.work().kind();
    let end = end(settings, next, tries, store.clock().now());
    let outcome = match &end {
        Settle::Done => "done",
        Settle::Again(_) => "again",
        Settle::Retry { .. } => "retry",
        Settle::InDoubt { .. } => "in-doubt",
        Settle::Dead(_) => "dead",
    };
    metrics::counter!("raid_tasks_total", "kind" => kind.as_str(), "outcome" => outcome)
        .increment(1);
    if let Settle::Retry { error: reason, .. }
    | Settle::InDoubt { error: reason, .. }
    | Settle::Dead(reason) = &end
    {
        tracing::warn!(%kind, key = held.work().key(), tries, outcome, reason, "a task failed");
    }
    // The outcome of a call is worth a few tries: without it the call is made again.
    for attempt in 1..=3u32 {
        let (owner, task, end) = (settings.node.clone(), task.clone(), end.clone());
        let (record, clock) = (record.clone(), store.clock().clone());
        let settled = store
            .write(move |c| {
                // The fence comes first: who lost the lease writes nothing.
                tasks::settle(c, &owner, &task, &end, clock.now())?;
                record.as_ref().as_ref().map_or(Ok(()), |f| f(c))
            })
            .await;
        match settled {
            Ok(()) => break,
            Err(StoreError::LeaseLost) => {
                tracing::warn!(%kind, "the lease was lost before the task was settled");
                break;
            }
            Err(e) => tracing::warn!(%kind, attempt, error = %e, "a task cannot be settled"),
        }
        tokio::time::sleep(Duration::from_millis(50) * attempt).await;
    }
    if reached {
        recovery::reached(store).await;
    }
}

/// What a verdict means for the task's row.
fn end(settings: &Settings, next: Next, tries: u32, now: Timestamp) -> Settle {
    let again = |retry_after| {
        settings
            .schedule
            .after(tries, retry_after, &mut rand::rng())
    };
    let gave_up = |reason| Settle::Dead(format!("gave up after {tries} tries: {reason}"));
    match next {
        Next::Done => Settle::Done,
        Next::Again(after) => Settle::Again(now + after),
        Next::Dead(reason) => Settle::Dead(reason),
        Next::Retry {
            reason,
            retry_after,
            cause,
        } => match again(retry_after) {
            Some(after) => Settle::Retry {
                at: now + after,
                error: reason,
                cause,
            },
            None => gave_up(reason),
        },
        Next::InDoubt {
            reason,
            wait,
            cause,
        } => match again(None) {
            Some(after) => Settle::InDoubt {
                at: now + after.max(wait),
                quiet: now + wait,
                error: reason,
                cause,
            },
            None => gave_up(reason),
        },
    }
}
