//! The queue in front of threads that write. A job begins within the time that its caller may wait, or
//! never.

use crate::error::StoreError;
use crate::load::{Load, Waiting, Working};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Jobs that may wait, at most, however fast they would be done.
const MAX_QUEUE: usize = 4096;

/// Where callers bring their jobs. Cheap to clone.
pub(crate) struct Queue<J> {
    jobs: crossbeam_channel::Sender<Queued<J>>,
    load: Arc<Load>,
}

impl<J> Clone for Queue<J> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            load: self.load.clone(),
        }
    }
}

/// Where writers take jobs from.
pub(crate) struct Jobs<J> {
    jobs: crossbeam_channel::Receiver<Queued<J>>,
    load: Arc<Load>,
}

impl<J> Clone for Jobs<J> {
    fn clone(&self) -> Self {
        Self {
            jobs: self.jobs.clone(),
            load: self.load.clone(),
        }
    }
}

struct Queued<J> {
    job: J,
    turn: Turn,
}

/// A job's turn: a writer takes it, or it expires. Whichever comes first decides, so that a caller who
/// is refused knows that nothing was done.
#[derive(Clone)]
struct Turn {
    state: Arc<Mutex<TurnState>>,
    deadline: Instant,
}

enum TurnState {
    /// The job waits; for so long its caller is counted among those who do.
    Open {
        _counted: Waiting,
    },
    Taken,
    Expired,
}

impl Turn {
    fn new(counted: Waiting, wait: Duration) -> Self {
        Self {
            state: Arc::new(Mutex::new(TurnState::Open { _counted: counted })),
            deadline: Instant::now() + wait,
        }
    }

    /// Whether the writer who calls this does the job. Past the deadline nobody does.
    fn take(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = matches!(*state, TurnState::Open { .. });
        let is_taken = is_open && Instant::now() < self.deadline;
        if is_taken {
            *state = TurnState::Taken;
        } else if is_open {
            *state = TurnState::Expired;
        }
        is_taken
    }

    /// Ends the wait. Says whether the job is never done.
    fn expire(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, TurnState::Open { .. }) {
            *state = TurnState::Expired;
        }
        matches!(*state, TurnState::Expired)
    }
}

/// Jobs of a kind for some writers, each of which finishes up to `group` jobs together. A caller waits
/// for `wait` at most until its job begins.
pub(crate) fn queue<J>(wait: Duration, writers: usize, group: usize) -> (Queue<J>, Jobs<J>) {
    let (tx, rx) = crossbeam_channel::bounded(MAX_QUEUE);
    let load = Load::new(wait, writers, group);
    let jobs = Jobs {
        jobs: rx,
        load: load.clone(),
    };
    (Queue { jobs: tx, load }, jobs)
}

impl<J> Queue<J> {
    /// Has a writer do the job, which sends its `answer`.
    ///
    /// # Errors
    /// What the job answers, or [`StoreError::Overloaded`] when it was never begun: at once where the
    /// wait would be too long, else when it was.
    pub(crate) async fn run<T>(
        &self,
        job: J,
        mut answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let turn = Turn::new(self.load.enter()?, self.load.wait());
        let queued = Queued {
            job,
            turn: turn.clone(),
        };
        self.jobs
            .try_send(queued)
            .map_err(|_| StoreError::Overloaded)?;
        let answered = match timeout(self.load.wait(), &mut answer).await {
            Ok(answered) => answered,
            Err(_) if turn.expire() => return Err(StoreError::Overloaded),
            // It was begun, so its outcome counts, however long it takes.
            Err(_) => answer.await,
        };
        match answered {
            Ok(result) => result,
            // A writer came to it too late and dropped it.
            Err(_) if turn.expire() => Err(StoreError::Overloaded),
            Err(_) => Err(StoreError::Panicked),
        }
    }
}

impl<J> Jobs<J> {
    /// Waits for a job. None when there are no callers any more. The writer counts as busy until the
    /// second value is dropped.
    pub(crate) fn next(&self) -> Option<(J, Working)> {
        loop {
            let queued = self.jobs.recv().ok()?;
            if queued.turn.take() {
                return Some((queued.job, self.load.begin()));
            }
        }
    }

    /// A further job for the same group, if one waits.
    pub(crate) fn more(&self) -> Option<J> {
        loop {
            let queued = self.jobs.try_recv().ok()?;
            if queued.turn.take() {
                return Some(queued.job);
            }
        }
    }
}
