//! A few places for each caller, so that nobody takes all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::caller_key::CallerKey;

/// How many places each caller holds.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    most: usize,
    held: Arc<Mutex<HashMap<CallerKey, usize>>>,
}

impl Places {
    /// At most this many for each caller; 0 for no limit.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            held: Arc::default(),
        }
    }

    /// A place, until it is dropped; none while the caller has as many as it may.
    pub(crate) fn take(&self, who: &CallerKey) -> Option<Place> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.get(who).copied().unwrap_or_default();
        if self.most > 0 && count >= self.most {
            return None;
        }
        held.insert(who.clone(), count + 1);
        Some(Place {
            who: who.clone(),
            held: self.held.clone(),
        })
    }
}

/// One place. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Place {
    who: CallerKey,
    held: Arc<Mutex<HashMap<CallerKey, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_a_few_and_gets_them_back() {
        let places = Places::new(2);
        let (one, other) = (
            CallerKey::Client("one".to_owned()),
            CallerKey::Client("other".to_owned()),
        );
        let held = [places.take(&one).unwrap(), places.take(&one).unwrap()];
        assert!(places.take(&one).is_none());
        assert!(places.take(&other).is_some());
        drop(held);
        assert!(places.take(&one).is_some());
        assert!(places.held.lock().unwrap().is_empty());
    }
}
