//! What a failed call means for the task and for the person.

use orcid_client::{CallError, FailureAction};
use raid_model::permission::{PermissionChange, PermissionEvent, PermissionState};
use reconciler::{Next, Verdict};
use store::Clock;
use store::permissions::{self, Permission};
use store::tasks::{self, Lane, NewTask, Work};

/// The verdict on a call that failed for a reason that is not the entry's own. `known` is the person
/// as they were read before the call.
pub(crate) fn verdict(
    error: &CallError,
    known: &Permission,
    work: &Work,
    clock: &Clock,
) -> Verdict {
    let reason = error.to_string();
    let about_the_person = |event| {
        let change = PermissionChange::because(event, error.meaning.to_string());
        learned(known, change, work, clock)
    };
    match error.action() {
        // One refusal is no proof, and a record in another state is looked at by whoever looks after
        // permissions. This task is woken when the grant turns out to stand.
        FailureAction::SuspectToken | FailureAction::Record(_) | FailureAction::Unreachable => {
            about_the_person(PermissionEvent::TokenRefused)
        }
        FailureAction::AskForScope => about_the_person(PermissionEvent::ScopeMissing),
        FailureAction::StepAside(after) => Verdict::new(Next::Again(after)),
        FailureAction::GiveUp => Verdict::dead(reason),
        FailureAction::OutcomeUnknown(wait) => Verdict::in_doubt(reason, wait),
        FailureAction::WaitForOrcid { retry_after } => Verdict::retry_outage(reason, retry_after),
        FailureAction::Retry => Verdict::retry(reason),
    }
}

/// Applies what was learned about a person who granted, and leaves the rest to their permission
/// task. When somebody changed the person since they were read (they granted again), this task is
/// set again instead.
pub(crate) fn learned(
    known: &Permission,
    change: PermissionChange,
    work: &Work,
    clock: &Clock,
) -> Verdict {
    let (known, work, clock) = (known.clone(), work.clone(), clock.clone());
    Verdict::done().with(move |c| {
        let now = clock.now();
        if known.state != PermissionState::Granted {
            return Ok(());
        }
        if permissions::apply(c, &known, &change, now)? {
            return permissions::wake_permission(c, known.orcid.get(), now);
        }
        tasks::enqueue(
            c,
            &[NewTask {
                work: work.clone(),
                lane: Lane::Interactive,
                due_at: now,
                at: now,
            }],
        )
    })
}
