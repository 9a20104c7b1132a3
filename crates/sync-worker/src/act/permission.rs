//! Where the entry depends on the person's permission: leaving the rest to whoever looks after it,
//! and what stays on a record after a withdrawal.

use super::{Entry, MembershipReconciler};
use crate::failure;
use crate::plan::Step;
use orcid_client::{CallError, FailureAction};
use raid_model::permission::{PermissionChange, PermissionEvent, PermissionState};
use raid_model::{Handle, OrcidId};
use reconciler::{Held, Verdict};
use std::time::Duration;
use store::memberships::{self, Standing};
use store::permissions::{self, Permission};
use store::tasks::{self, Lane, NewTask, Work};

impl MembershipReconciler {
    /// Leaves the rest to whoever looks after the person's permission.
    pub(super) fn wake_permission(&self, orcid: OrcidId, lane: Lane, delay: Duration) -> Verdict {
        let clock = self.store.clock().clone();
        Verdict::done().with(move |c| {
            let now = clock.now();
            permissions::ensure(c, &orcid, now)?;
            let work = Work::Permission(orcid);
            let due_at = now + delay;
            tasks::enqueue(
                c,
                &[NewTask {
                    work,
                    lane,
                    due_at,
                    at: now,
                }],
            )
        })
    }

    /// A grant without its token cannot be used; the confirmation of it fails, and says so. What has
    /// to go after a withdrawal stays.
    pub(super) fn without_token(
        &self,
        held: &Held,
        known: &Permission,
        handle: &Handle,
        step: &Step,
    ) -> Verdict {
        if let (PermissionState::Revoked, Step::Delete(put_code)) = (known.state, step) {
            let refusal = "the permission was withdrawn before the entry had to go";
            return self.left_behind(*known.orcid.get(), handle, *put_code, refusal);
        }
        let event = PermissionEvent::TokenRefused;
        let change = PermissionChange::because(event, "there is no token for the grant");
        failure::learned(known, change, held.work(), self.store.clock())
    }

    /// An entry that has to go stays on the record, since ORCID refuses to remove it without a
    /// permission. It is not tried again unless the person grants again.
    pub(super) fn left_behind(
        &self,
        orcid: OrcidId,
        handle: &Handle,
        put_code: i64,
        refusal: &str,
    ) -> Verdict {
        let standing = Standing::LeftBehind {
            put_code,
            refusal: refusal.to_owned(),
        };
        let (handle, clock) = (handle.clone(), self.store.clock().clone());
        Verdict::done()
            .with(move |c| memberships::record(c, &orcid, &handle, &standing, clock.now()))
    }

    /// Whether ORCID refused a removal after the person withdrew, as it does as a rule.
    pub(super) fn is_refused_for_good(entry: &Entry, error: &CallError) -> bool {
        let action = error.action();
        entry.known.state == PermissionState::Revoked
            && matches!(
                action,
                FailureAction::SuspectToken | FailureAction::AskForScope | FailureAction::Record(_)
            )
    }
}
