//! Asking, and noticing what became of the request.

use super::{AT_ONCE, Known, PermissionReconciler, closed, remaining};
use crate::request::{compose, is_link_of, projects};
use orcid_client::{CallError, Meaning, NotificationPutCode, Outcome, RecordStatus};
use raid_model::OrcidId;
use raid_model::membership::MembershipPolicy;
use reconciler::{Held, Next, Verdict};
use std::time::Duration;
use store::Id;
use store::permission_requests as requests;
use store::permissions::{self, Change, State};

/// How long ORCID leaves new records unclaimed is not known; days are right.
const UNCLAIMED: Duration = Duration::from_hours(3 * 24);

impl PermissionReconciler {
    /// Posts the request, or finds the one that was posted and never acknowledged.
    pub(super) async fn ask(&self, held: &Held, orcid: OrcidId, known: &Known) -> Verdict {
        let request = match &known.request {
            Some(request) if request.state == requests::State::Posting => {
                match self.adopt(orcid, request.id).await {
                    Ok(Some(verdict)) => return verdict,
                    Ok(None) => request.id,
                    Err(e) => return self.refused(orcid, &e),
                }
            }
            _ => {
                if known.asked >= i64::from(self.settings.budget.requests) {
                    return Verdict::new(Next::Again(self.settings.remind_after));
                }
                Id::new(self.now())
            }
        };
        self.post(held, orcid, request).await
    }

    async fn post(&self, held: &Held, orcid: OrcidId, id: Id) -> Verdict {
        let policy = MembershipPolicy {
            write_embargoed: self.settings.write_embargoed,
        };
        let now = self.now();
        let listed = self
            .store
            .read(move |c| projects(c, &orcid, policy, now.date()))
            .await;
        let listed = match listed {
            Ok(found) if found.listed.is_empty() => return Verdict::done(),
            Ok(found) => found,
            Err(e) => return e.into(),
        };
        let composed = compose(&self.settings, &self.signer, &orcid, id, &listed, now);
        let message = match composed {
            Ok(message) => message,
            Err(e) => return Verdict::dead(format!("the request cannot be written: {e}")),
        };
        let intent = held.intend(move |c| requests::intend(c, id, &orcid, now));
        if let Err(e) = intent.await {
            return e.into();
        }
        match self.client.create_notification(orcid, &message).await {
            Ok(put_code) => self.asked(orcid, id, put_code),
            Err(e) => self.unasked(orcid, id, &e),
        }
    }

    async fn adopt(&self, orcid: OrcidId, id: Id) -> Result<Option<Verdict>, CallError> {
        let listed = self.client.list_notifications(orcid).await?;
        let ours = listed.iter().find(|n| {
            n.authorization_uri
                .as_deref()
                .is_some_and(|uri| is_link_of(uri, id))
        });
        Ok(ours.map(|found| self.asked(orcid, id, found.put_code)))
    }

    fn asked(&self, orcid: OrcidId, id: Id, put_code: NotificationPutCode) -> Verdict {
        let now = self.now();
        Verdict::new(Next::Again(self.settings.remind_after)).with(move |c| {
            requests::opened(c, id, put_code.get())?;
            let change = Change::to(State::Asked);
            permissions::change(c, &orcid, &[State::Unasked], &change, now)?;
            Ok(())
        })
    }

    /// The request was not posted; unless its outcome is unknown, it does not count.
    fn unasked(&self, orcid: OrcidId, id: Id, error: &CallError) -> Verdict {
        let verdict = self.refused(orcid, error);
        if error.outcome == Outcome::Unknown {
            return verdict;
        }
        verdict.with(move |c| requests::withdraw(c, id))
    }

    fn refused(&self, orcid: OrcidId, error: &CallError) -> Verdict {
        match record_state(&error.meaning) {
            Some(change) => self.moved(orcid, change),
            None if error.meaning == Meaning::RecordUnclaimed => {
                Verdict::new(Next::Again(UNCLAIMED))
            }
            None => Self::failed(error),
        }
    }

    /// Looks what became of a request: archived by the person, gone, or still waiting.
    pub(super) async fn follow_up(&self, held: &Held, orcid: OrcidId, known: &Known) -> Verdict {
        let open = known.request.as_ref().and_then(|r| {
            let put_code = NotificationPutCode::try_from(r.put_code?).ok()?;
            Some((r, put_code))
        });
        let Some((request, put_code)) = open else {
            return self.moved(orcid, Change::to(State::Unasked));
        };
        let withdrawing = request.state == requests::State::Withdrawing;
        let wait = remaining(self.now(), request.asked_at, self.settings.remind_after);
        if !withdrawing && !wait.is_zero() {
            return Verdict::new(Next::Again(wait));
        }
        let id = request.id;
        let now = self.now();
        let seen = match self.client.notification(orcid, put_code).await {
            Ok(found) => Some(found),
            // A closed record loses its inbox; that is no answer of the person's.
            Err(e) if e.meaning == Meaning::Gone => match self.client.record_status(orcid).await {
                Ok(RecordStatus::Active | RecordStatus::Unclaimed) => None,
                Ok(status) => return self.moved(orcid, closed(status)),
                Err(e) => return Self::failed(&e),
            },
            Err(e) => return self.refused(orcid, &e),
        };
        let archived = seen.as_ref().is_none_or(|n| n.archived.is_some());
        if withdrawing && archived {
            return self.replaced(orcid, id);
        }
        if archived || known.asked >= i64::from(self.settings.budget.requests) {
            let reason = if archived {
                "the request was archived"
            } else {
                "no answer"
            };
            return self
                .moved(orcid, Change::because(State::Ignored, reason))
                .with(move |c| requests::close(c, id, now));
        }
        // ORCID has no update: the old request is withdrawn, and a new one posted. Written down
        // first: what we archive must not pass for archived by the person.
        let intent = held.intend(move |c| requests::withdrawing(c, id));
        if let Err(e) = intent.await {
            return e.into();
        }
        match self.client.archive_notification(orcid, put_code).await {
            Ok(_) => self.replaced(orcid, id),
            Err(e) => self.refused(orcid, &e),
        }
    }

    /// The old request is withdrawn, and the next run posts a new one.
    fn replaced(&self, orcid: OrcidId, id: Id) -> Verdict {
        let now = self.now();
        Verdict::new(AT_ONCE).with(move |c| {
            requests::close(c, id, now)?;
            let change = Change::to(State::Unasked);
            permissions::change(c, &orcid, &[State::Asked], &change, now)?;
            Ok(())
        })
    }
}

/// The state of a record that a refusal tells of.
fn record_state(meaning: &Meaning) -> Option<Change> {
    Some(match meaning {
        Meaning::RecordLocked => closed(RecordStatus::Locked),
        Meaning::RecordDeactivated => closed(RecordStatus::Deactivated),
        Meaning::RecordDeprecated { primary } => {
            closed(RecordStatus::Deprecated { primary: *primary })
        }
        Meaning::RecordUnknown => closed(RecordStatus::Unknown),
        Meaning::NotificationsRefused => {
            Change::because(State::Unreachable, "they take no notifications")
        }
        _ => return None,
    })
}
