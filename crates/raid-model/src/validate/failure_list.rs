//! What is wrong with a request: the first failures, and how many there are.

use super::Failure;

/// Failures that are listed, at most. A request of a megabyte can hold a million mistakes, and each
/// takes more room in an answer than in the request.
const MOST_LISTED: usize = 100;

/// What is wrong with a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailureList {
    listed: Vec<Failure>,
    count: usize,
}

impl FailureList {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many things are wrong, listed or not.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The first of them, in their order.
    pub fn listed(&self) -> &[Failure] {
        &self.listed
    }

    /// As [`Self::listed`].
    pub fn into_listed(self) -> Vec<Failure> {
        self.listed
    }

    /// Adds one. `failure` makes it, where it is listed.
    pub fn add(&mut self, failure: impl FnOnce() -> Failure) {
        if self.listed.len() < MOST_LISTED {
            self.listed.push(failure());
        }
        self.count += 1;
    }

    /// Adds others behind these.
    pub fn extend(&mut self, others: impl Into<Self>) {
        let others = others.into();
        let room = MOST_LISTED - self.listed.len();
        self.listed.extend(others.listed.into_iter().take(room));
        self.count += others.count;
    }
}

impl From<Vec<Failure>> for FailureList {
    fn from(mut failures: Vec<Failure>) -> Self {
        let count = failures.len();
        failures.truncate(MOST_LISTED);
        Self {
            listed: failures,
            count,
        }
    }
}
