//! What a reconciler is given and what it answers.

use std::pin::Pin;
use std::time::Duration;
use store::tasks::{self, Kind, Lane, Task, Work};

pub use store::tasks::Cause;
use store::{Conn, Store, StoreError, Timestamp};

/// Makes the world agree with the store, for the kinds of work it knows.
pub trait Reconcile: Send + Sync + 'static {
    /// The kinds it takes.
    fn kinds(&self) -> &'static [Kind];

    /// Loads what should be and what is, acts at most once on the world, and says what it found.
    /// It may be dropped at any `.await` when the lease runs out.
    fn act<'a>(&'a self, held: &'a Held) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;
}

/// A task that this worker holds.
pub struct Held {
    pub(crate) task: Task,
    pub(crate) owner: String,
    pub(crate) until: Timestamp,
    pub(crate) store: Store,
}

impl Held {
    /// What to look at.
    pub fn work(&self) -> &Work {
        &self.task.work
    }

    /// How often it was tried since it last succeeded, this time included.
    pub fn attempts(&self) -> i32 {
        self.task.attempts
    }

    /// The task's lane, for tasks that follow from it.
    pub fn lane(&self) -> Lane {
        self.task.lane
    }

    /// Writes down what is about to be done, before it is done, so that an answer that never
    /// comes is known to be missing.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when another worker has taken the task: do nothing then.
    pub async fn intend(
        &self,
        f: impl Fn(&mut Conn) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        let (task, owner, until) = (self.task.clone(), self.owner.clone(), self.until);
        self.store
            .write(move |c| {
                tasks::still_mine(c, &owner, &task, until)?;
                f(c)
            })
            .await
    }
}

/// What is to happen to the task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing is left to do until somebody sets the task again.
    Done,
    /// There is more to do after this long; it is no failure.
    Again(Duration),
    /// It failed, and may heal: the schedule says when it is tried again.
    Retry {
        /// Why, without secrets.
        reason: String,
        /// What the other side asked for; taken within 1 to 2 times the schedule's step.
        retry_after: Option<Duration>,
        /// Whether other calls fail in the same way.
        cause: Cause,
    },
    /// No answer came, so it may be done or still being done: the schedule says when it is tried
    /// again, but not before this long, and until then nobody works on the same subject.
    InDoubt {
        /// Why, without secrets.
        reason: String,
        /// How long the other side may still be at it.
        wait: Duration,
        /// Whether other calls fail in the same way.
        cause: Cause,
    },
    /// It failed in a way that cannot heal by itself.
    Dead(String),
}

type Record = Box<dyn Fn(&mut Conn) -> Result<(), StoreError> + Send + Sync>;

/// What a reconciler found, and what is to be written down with it in one transaction.
pub struct Verdict {
    pub(crate) next: Next,
    pub(crate) record: Option<Record>,
    pub(crate) lane: Option<Lane>,
    pub(crate) reached: bool,
}

impl Verdict {
    /// A verdict with nothing to write down.
    pub fn new(next: Next) -> Self {
        Self {
            next,
            record: None,
            lane: None,
            reached: false,
        }
    }

    /// Nothing is left to do.
    pub fn done() -> Self {
        Self::new(Next::Done)
    }

    /// It failed, and may heal.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::new(Next::Retry {
            reason: reason.into(),
            retry_after: None,
            cause: Cause::Other,
        })
    }

    /// It failed since ORCID is away, overloaded, or refuses our own client. It is tried by the
    /// schedule, and at once when any call to ORCID succeeds ([`Self::reached`]).
    pub fn retry_outage(reason: impl Into<String>, retry_after: Option<Duration>) -> Self {
        Self::new(Next::Retry {
            reason: reason.into(),
            retry_after,
            cause: Cause::Outage,
        })
    }

    /// No answer came, so the other side may still be at it for `wait`.
    pub fn in_doubt(reason: impl Into<String>, wait: Duration) -> Self {
        Self::new(Next::InDoubt {
            reason: reason.into(),
            wait,
            cause: Cause::Outage,
        })
    }

    /// It failed in a way that cannot heal by itself.
    pub fn dead(reason: impl Into<String>) -> Self {
        Self::new(Next::Dead(reason.into()))
    }

    /// The lane in which the task goes on, in place of its own. News that comes meanwhile brings its
    /// own lane.
    #[must_use]
    pub fn in_lane(mut self, lane: Lane) -> Self {
        self.lane = Some(lane);
        self
    }

    /// ORCID did what it was asked to: whatever waits for it to come back need not wait any longer.
    #[must_use]
    pub fn reached(mut self) -> Self {
        self.reached = true;
        self
    }

    /// Adds what is written in the transaction that settles the task. If the lease was lost it is
    /// dropped: the worker that has the task now finds out for itself.
    #[must_use]
    pub fn with(
        mut self,
        f: impl Fn(&mut Conn) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        self.record = Some(match self.record {
            None => Box::new(f),
            Some(before) => Box::new(move |c| {
                before(c)?;
                f(c)
            }),
        });
        self
    }

    /// What is to happen to the task.
    pub fn next(&self) -> &Next {
        &self.next
    }
}

impl From<StoreError> for Verdict {
    /// Trouble with the store heals with time, or is seen in the dead letters.
    fn from(e: StoreError) -> Self {
        Self::retry(e.to_string())
    }
}
