//! The next step, from what we know of the person and of their record.

use crate::facts::Facts;
use raid_model::membership::Entry;
use store::memberships::Membership;

pub use raid_model::membership::Step;

/// Chooses the next step. Never adds what the researcher removed, and writes only with a grant.
pub fn plan(facts: Facts) -> Step {
    let entry = facts
        .actual
        .as_ref()
        .map_or(Entry::Absent, Membership::entry);
    Step::next(facts.desired, facts.permission.consent(), entry)
}

#[cfg(test)]
mod tests;
