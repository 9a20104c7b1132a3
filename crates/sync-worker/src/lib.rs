//! Making ORCID records agree with the RAiDs.
//!
//! The reconciler of memberships: what should stand on a record is derived from the RAiD, what does
//! stand is what we know ORCID holds, and each run takes one step from the one to the other. The sweep
//! finds what no event led to.

mod act;
mod facts;
mod failure;
mod plan;
mod release;
mod resync;
mod sweep;

pub use act::MembershipReconciler;
pub use facts::Facts;
pub use plan::{Step, plan};
pub use release::ReleaseReconciler;
pub use resync::{Resynced, resync};
pub use sweep::SweepReconciler;
