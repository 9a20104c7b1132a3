//! Who may call next: callers take turns, so that one with a thousand identifiers holds nobody up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The calls that may go on at the same time, and who waits for one.
#[derive(Debug, Clone)]
pub(crate) struct Turns(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Calls that may begin.
    free: usize,
    /// The callers who wait, in the order of their turns. Nobody waits while a call may begin.
    waiting: VecDeque<Caller>,
}

#[derive(Debug)]
struct Caller {
    name: String,
    calls: VecDeque<oneshot::Sender<Turn>>,
}

/// A call that may go on. Dropping it gives the turn to the next caller.
#[derive(Debug)]
pub(crate) struct Turn(Option<Turns>);

impl Turns {
    /// So many calls go on at the same time.
    pub(crate) fn new(parallel: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: parallel,
            waiting: VecDeque::new(),
        })))
    }

    /// Waits for a turn. Whoever gives up waiting loses the place.
    pub(crate) async fn take(&self, caller: &str) -> Turn {
        let given = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Turn(Some(self.clone()));
            }
            let (give, given) = oneshot::channel();
            let known = state.waiting.iter_mut().find(|it| it.name == caller);
            match known {
                Some(known) => known.calls.push_back(give),
                None => state.waiting.push_back(Caller {
                    name: caller.to_owned(),
                    calls: VecDeque::from([give]),
                }),
            }
            given
        };
        // A sender is dropped only with the state, which this call holds.
        given.await.unwrap_or(Turn(None))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a turn to the next caller who still waits, or keeps it for whoever comes.
    fn give(self) {
        let mut turn = Turn(Some(self.clone()));
        let mut state = self.state();
        while let Some(mut caller) = state.waiting.pop_front() {
            let Some(call) = caller.calls.pop_front() else {
                continue;
            };
            if !caller.calls.is_empty() {
                state.waiting.push_back(caller);
            }
            match call.send(turn) {
                Ok(()) => return,
                Err(unwanted) => turn = unwanted,
            }
        }
        state.free += 1;
        drop(state);
        // It is counted as free.
        turn.0 = None;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.give();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[test]
    fn callers_take_turns() {
        let turns = Turns::new(1);
        let first = turns.take("many").now_or_never().unwrap();
        let mut order = Vec::new();
        let mut waiting = Vec::new();
        for name in ["many", "many", "many", "one", "two"] {
            let mut wait = Box::pin({
                let turns = turns.clone();
                async move { turns.take(name).await }
            });
            assert!((&mut wait).now_or_never().is_none());
            waiting.push((name, wait));
        }
        let mut held = Some(first);
        while !waiting.is_empty() {
            drop(held.take());
            let next = waiting
                .iter_mut()
                .position(|(_, wait)| wait.now_or_never().map(|turn| held = Some(turn)).is_some());
            order.push(waiting.remove(next.unwrap()).0);
        }
        assert_eq!(order, ["many", "one", "two", "many", "many"]);
    }

    #[test]
    fn a_turn_of_whoever_gave_up_is_not_lost() {
        let turns = Turns::new(1);
        let first = turns.take("one").now_or_never().unwrap();
        let mut gone = Box::pin(turns.take("two"));
        let mut late = Box::pin(turns.take("three"));
        assert!((&mut gone).now_or_never().is_none());
        assert!((&mut late).now_or_never().is_none());
        drop(gone);
        drop(first);
        // This one has its turn, and never learns of it.
        drop(late);
        let free = turns.take("four").now_or_never();
        assert!(free.is_some());
        assert!(turns.take("five").now_or_never().is_none());
        drop(free);
        assert!(turns.state().waiting.is_empty());
    }
}
