//! Finding out that ORCID is back, and what follows.

use std::time::{Duration, Instant};
use store::tasks;
use store::{Store, StoreError};

/// Tasks that one transaction brings forward.
const BATCH: usize = 500;

/// Tries one of the tasks that wait for ORCID, every so often.
pub(crate) struct Probe {
    every: Duration,
    next: Instant,
}

impl Probe {
    pub(crate) fn new(every: Duration) -> Self {
        Self {
            every,
            next: Instant::now(),
        }
    }

    /// Brings one waiting task forward if it is time to. Cheap while nothing waits.
    pub(crate) async fn run(&mut self, store: &Store) {
        if Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + self.every;
        if let Err(e) = probe(store, self.every).await {
            tracing::warn!(error = %e, "no waiting task can be tried");
        }
    }
}

async fn probe(store: &Store, every: Duration) -> Result<(), StoreError> {
    // Looked up by a reader first: usually nothing waits, and nothing has to be written.
    if !store.read(tasks::waiting).await? {
        return Ok(());
    }
    let clock = store.clock().clone();
    let every = time::Duration::try_from(every).unwrap_or(time::Duration::HOUR);
    store
        .write(move |c| tasks::probe(c, clock.now(), every))
        .await?;
    Ok(())
}

/// A call to ORCID succeeded: brings the tasks that wait for it forward.
pub(crate) async fn reached(store: &Store) {
    match bring_all_forward(store).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "ORCID is back: waiting tasks are brought forward"),
        // The next success goes on.
        Err(e) => tracing::warn!(error = %e, "waiting tasks cannot be brought forward"),
    }
}

async fn bring_all_forward(store: &Store) -> Result<usize, StoreError> {
    if !store.read(tasks::waiting).await? {
        return Ok(0);
    }
    let clock = store.clock().clone();
    let begin = store.write(move |c| tasks::begin_recovery(c, clock.now()));
    if !begin.await? {
        return Ok(0);
    }
    let started = store.clock().now();
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    let mut all = 0;
    loop {
        let done = all;
        let batch = store
            .write(move |c| tasks::bring_forward(c, started, done, limit))
            .await?;
        all += batch;
        metrics::counter!("raid_tasks_brought_forward_total").increment(batch as u64);
        if batch < BATCH {
            return Ok(all);
        }
    }
}
