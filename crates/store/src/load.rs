//! How long a caller would wait for a connection or a writer. One who would wait too long is refused at
//! once: an answer after the caller's patience helps nobody, and whoever waits takes memory.

use crate::error::StoreError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How much a new measurement changes the average: one eighth, as in the round-trip time of TCP
/// (RFC 6298 §2). One slow job does not refuse those behind it.
const SMOOTHING: u32 = 8;

/// The callers that wait for workers (connections, or threads that write), and those being served.
#[derive(Debug)]
pub(crate) struct Load {
    /// The longest wait.
    wait: Duration,
    workers: usize,
    /// Jobs that a worker finishes together, at most.
    group: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    waiting: usize,
    working: usize,
    /// When a worker last finished, or when all workers got work, if that was later.
    progress: Instant,
    /// The usual time between a worker that finishes and the next one, while callers wait.
    round: Duration,
}

impl Load {
    pub(crate) fn new(wait: Duration, workers: usize, group: usize) -> Arc<Self> {
        Arc::new(Self {
            wait,
            workers,
            group,
            state: Mutex::new(State {
                waiting: 0,
                working: 0,
                progress: Instant::now(),
                round: Duration::ZERO,
            }),
        })
    }

    /// The longest wait.
    pub(crate) fn wait(&self) -> Duration {
        self.wait
    }

    /// Counts a caller among those who wait.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] when the caller would wait longer than it may.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Waiting, StoreError> {
        self.enter_at(Instant::now())
    }

    fn enter_at(self: &Arc<Self>, now: Instant) -> Result<Waiting, StoreError> {
        let mut state = self.state();
        if self.expected_wait(&state, now) > self.wait {
            return Err(StoreError::Overloaded);
        }
        state.waiting += 1;
        if state.waiting + state.working == self.workers {
            state.progress = now;
        }
        Ok(Waiting(self.clone()))
    }

    /// Where no worker is free: what has taken long already is expected to take as long again, and each
    /// group ahead takes its usual time.
    fn expected_wait(&self, state: &State, now: Instant) -> Duration {
        if state.waiting + state.working < self.workers {
            return Duration::ZERO;
        }
        let groups = u32::try_from(state.waiting / self.group).unwrap_or(u32::MAX);
        let ahead = state.round.saturating_mul(groups);
        now.saturating_duration_since(state.progress)
            .saturating_add(ahead)
    }

    /// Counts a worker as busy until it finishes, with one job or a group.
    pub(crate) fn begin(self: &Arc<Self>) -> Working {
        self.state().working += 1;
        Working(self.clone())
    }

    fn finish_at(&self, now: Instant) {
        let mut state = self.state();
        state.working -= 1;
        if state.waiting > 0 {
            let took = now.saturating_duration_since(state.progress);
            state.round = (state.round * (SMOOTHING - 1) + took) / SMOOTHING;
        }
        state.progress = now;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A caller that waits, until this is dropped.
#[derive(Debug)]
pub(crate) struct Waiting(Arc<Load>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

/// A worker that is busy, until this is dropped.
#[derive(Debug)]
pub(crate) struct Working(Arc<Load>);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.finish_at(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// One worker for single jobs; nobody waits longer than 100 ms.
    fn one_worker() -> (Arc<Load>, Instant) {
        let load = Load::new(100 * MILLISECOND, 1, 1);
        (load, Instant::now())
    }

    #[test]
    fn nobody_is_refused_while_a_worker_is_free() {
        let (load, start) = one_worker();
        for second in 1..10 {
            let now = start + Duration::from_secs(second);
            drop(load.enter_at(now).unwrap());
        }
    }

    #[test]
    fn behind_a_stalled_worker_callers_are_refused_once_it_took_longer_than_they_may_wait() {
        let (load, start) = one_worker();
        let first = load.enter_at(start).unwrap();
        let _working = load.begin();
        drop(first);
        let _second = load.enter_at(start + 100 * MILLISECOND).unwrap();
        let refused = load.enter_at(start + 101 * MILLISECOND);
        assert!(matches!(refused, Err(StoreError::Overloaded)));
    }

    #[test]
    fn a_caller_is_refused_when_too_many_slow_jobs_are_ahead() {
        let (load, start) = one_worker();
        let mut waiting = vec![load.enter_at(start).unwrap()];
        let mut now = start;
        // Each job takes 10 ms, until that is known.
        for _ in 0..100 {
            load.state().working += 1;
            now += 10 * MILLISECOND;
            load.finish_at(now);
        }
        load.state().working += 1;
        while let Ok(more) = load.enter_at(now) {
            waiting.push(more);
            assert!(waiting.len() < 20, "more than 100 ms of work wait");
        }
        assert!(waiting.len() > 8, "{} wait", waiting.len());
        // When the work is done the next ones are welcome.
        waiting.clear();
        load.finish_at(now);
        drop(load.enter_at(now).unwrap());
    }

    #[test]
    fn jobs_that_are_finished_together_are_one_step() {
        let load = Load::new(100 * MILLISECOND, 1, 64);
        let mut now = Instant::now();
        let mut waiting = vec![load.enter_at(now).unwrap()];
        for _ in 0..100 {
            load.state().working += 1;
            now += 10 * MILLISECOND;
            load.finish_at(now);
        }
        load.state().working += 1;
        while let Ok(more) = load.enter_at(now) {
            waiting.push(more);
            assert!(waiting.len() < 20 * 64, "more than 100 ms of work wait");
        }
        assert!(waiting.len() > 8 * 64, "{} wait", waiting.len());
    }

    #[test]
    fn one_slow_job_refuses_nobody_behind_it() {
        let (load, start) = one_worker();
        let _first = load.enter_at(start).unwrap();
        load.state().working += 1;
        let now = start + 90 * MILLISECOND;
        load.finish_at(now);
        let few: Vec<_> = (0..5).map(|_| load.enter_at(now).unwrap()).collect();
        assert_eq!(few.len(), 5);
    }
}
