//! On PostgreSQL, mints that arrive together are written together: two writers collect them and
//! use multi-row inserts, which doubles the throughput of one transaction a mint.

use crate::engine::in_transaction;
use crate::error::StoreError;
use crate::pool::{Manager, with_connection};
use crate::queue::{Queue, queue};
use crate::raids::{RaidWrite, insert};
use diesel::r2d2::Pool;
use std::time::Duration;
use tokio::sync::oneshot;

/// RAiDs that share one commit.
const MAX_GROUP: usize = 64;

struct Job {
    write: RaidWrite,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// The queue in front of the writers.
#[derive(Clone)]
pub(crate) struct MintQueue {
    // Boxed, since the queue keeps room for as many jobs as it may hold.
    jobs: Queue<Box<Job>>,
}

impl MintQueue {
    /// Writers, each with a connection while it works.
    pub(crate) const WRITERS: u32 = 2;

    pub(crate) fn start(pool: &Pool<Manager>, wait: Duration) -> Result<Self, StoreError> {
        let (queue, jobs) = queue::<Box<Job>>(wait, Self::WRITERS as usize, MAX_GROUP);
        for n in 0..Self::WRITERS {
            let (jobs, pool) = (jobs.clone(), pool.clone());
            std::thread::Builder::new()
                .name(format!("mint-writer-{n}"))
                .spawn(move || {
                    while let Some((first, _working)) = jobs.next() {
                        let mut group = vec![*first];
                        let others = std::iter::from_fn(|| jobs.more()).take(MAX_GROUP - 1);
                        group.extend(others.map(|job| *job));
                        mint_group(&pool, group);
                    }
                })
                .map_err(|e| StoreError::Connect(e.to_string()))?;
        }
        Ok(Self { jobs: queue })
    }

    pub(crate) async fn mint(&self, write: RaidWrite) -> Result<(), StoreError> {
        let (done, answer) = oneshot::channel();
        self.jobs.run(Box::new(Job { write, done }), answer).await
    }
}

fn mint_group(pool: &Pool<Manager>, group: Vec<Job>) {
    let (writes, waiting): (Vec<_>, Vec<_>) = group.into_iter().map(|j| (j.write, j.done)).unzip();
    if writes.len() > 1 {
        match mint_together(pool, &writes) {
            // Nothing was written.
            Err(e) if !matches!(e, StoreError::Commit(_) | StoreError::NotWritable(_)) => {}
            together => {
                for done in waiting {
                    // A caller that went away does not wait for the answer.
                    let _ = done.send(together.as_ref().copied().map_err(of_all));
                }
                return;
            }
        }
    }
    // One bad mint must not take its neighbours with it: each on its own.
    for (write, done) in writes.iter().zip(waiting) {
        let _ = done.send(mint_together(pool, std::slice::from_ref(write)));
    }
}

fn mint_together(pool: &Pool<Manager>, writes: &[RaidWrite]) -> Result<(), StoreError> {
    with_connection(pool, |c| in_transaction(c, &|c| insert(c, writes)))
}

/// What each of a group learns of its failure. Where nothing tells whether the commit happened, nobody
/// may be told to mint again.
fn of_all(e: &StoreError) -> StoreError {
    match e {
        StoreError::NotWritable(why) => StoreError::NotWritable(why.clone()),
        _ => StoreError::Commit(e.to_string()),
    }
}
