//! The next step, from what we know of the person and of their record.

use crate::facts::Facts;
use raid_model::membership::Entry;
use store::memberships::Membership;

pub use raid_model::membership::Step;

/// Chooses the next step. Never adds what the researcher removed, writes only with a grant, and begins
/// nothing that waits for release.
pub fn plan(facts: Facts) -> Step {
    let entry = facts
        .actual
        .as_ref()
        .map_or(Entry::Absent, Membership::entry);
    let waits = facts.gate().waits();
    let step = Step::next(facts.desired, facts.permission.consent(), entry);
    if waits { step.while_waiting() } else { step }
}

#[cfg(test)]
mod tests;
