//! Claim, act, settle: the task loop, leases, retry schedule, dead letters and the shared limiter.
//!
//! A reconciler looks at what should be and what is, acts once, and records what it found; running
//! it twice, on two nodes or after a crash anywhere ends in the same place.

mod limiter;
mod recovery;
mod runner;
mod schedule;
mod verdict;

pub use limiter::{Busy, SharedLimiter};
pub use runner::{Runner, Settings};
pub use schedule::Schedule;
pub use verdict::{Cause, Held, Next, Reconcile, Verdict};
