//! What a failed call means for the task and for the person.

use orcid_client::{CallError, Meaning, Outcome};
use raid_model::OrcidId;
use reconciler::{Cause, Next, Verdict};
use std::time::Duration;
use store::permissions::{self, Change, State};
use store::tasks::{self, Lane, NewTask, Work};
use store::{Clock, Conn, StoreError};

/// How long a task steps aside when our own limiter is full.
const STEP_ASIDE: Duration = Duration::from_secs(2);

/// The verdict on a call that failed for a reason that is not the entry's own. ORCID may still be
/// at a call `wait` after no answer came.
pub(crate) fn verdict(error: &CallError, orcid: OrcidId, clock: &Clock, wait: Duration) -> Verdict {
    match &error.meaning {
        // About the person. One refusal is no proof: whoever looks after permissions finds out
        // what it is, and this task is woken when the grant turns out to stand.
        Meaning::TokenRefused
        | Meaning::RecordDeactivated
        | Meaning::RecordDeprecated { .. }
        | Meaning::RecordLocked
        | Meaning::RecordUnclaimed
        | Meaning::RecordUnknown
        | Meaning::TokenDenied => suspected(orcid, &error.meaning.to_string(), clock),
        // Our limiter did not let it go: no failure, it only has to wait.
        Meaning::Overloaded if error.outcome == Outcome::NotSent => {
            Verdict::new(Next::Again(error.retry_after.unwrap_or(STEP_ASIDE)))
        }
        Meaning::OurDocument { .. }
        | Meaning::NotOurs
        | Meaning::WrongRecord
        | Meaning::ScopeMissing => Verdict::dead(error.to_string()),
        // It may stand already or come to stand yet: looking too early would miss it.
        _ if error.outcome == Outcome::Unknown && !error.kind.is_read() => {
            Verdict::new(Next::InDoubt {
                reason: error.to_string(),
                wait,
                cause: Cause::Outage,
            })
        }
        meaning if meaning.may_heal() => {
            Verdict::retry_outage(error.to_string(), error.retry_after)
        }
        // Everything else may heal: by ORCID, or by an operator who mends the configuration.
        _ => Verdict::new(Next::Retry {
            reason: error.to_string(),
            retry_after: error.retry_after,
            cause: Cause::Other,
        }),
    }
}

/// The grant is under suspicion, and this task is done until it turns out to stand.
pub(crate) fn suspected(orcid: OrcidId, reason: &str, clock: &Clock) -> Verdict {
    let (reason, clock) = (reason.to_owned(), clock.clone());
    Verdict::done().with(move |c| suspect(c, &orcid, &reason, &clock))
}

fn suspect(c: &mut Conn, orcid: &OrcidId, reason: &str, clock: &Clock) -> Result<(), StoreError> {
    let now = clock.now();
    let change = Change::because(State::Suspect, reason);
    if permissions::change(c, orcid, &[State::Granted], &change, now)? {
        let work = Work::Permission(*orcid);
        tasks::enqueue(
            c,
            &[NewTask {
                work,
                lane: Lane::Interactive,
                due_at: now,
                at: now,
            }],
        )?;
    }
    Ok(())
}
