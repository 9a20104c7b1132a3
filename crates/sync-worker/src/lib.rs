//! Making ORCID records agree with the RAiDs.
//!
//! The reconciler of memberships: what should stand on a record is derived from the RAiD, what does
//! stand is what we know ORCID holds, and each run takes one step from the one to the other.

mod act;
mod failure;
mod plan;

pub use act::MembershipReconciler;
pub use plan::{Facts, Step, plan};
