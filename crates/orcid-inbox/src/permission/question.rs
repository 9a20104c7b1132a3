//! The question in a person's inbox: posting it, finding it, archiving it, and noticing what became
//! of it.

use super::facts::Known;
use super::{AT_ONCE, PermissionReconciler, record_change};
use crate::request::{compose, is_link_of};
use orcid_client::{Archived, CallError, Meaning, NotificationPutCode, Outcome, RecordStatus};
use raid_model::permission::{
    PermissionChange, PermissionEvent, PermissionState, RecordEvent, WithdrawReason,
};
use reconciler::{Held, Next, Verdict};
use std::time::Duration;
use store::permission_requests::{self as requests, PermissionRequestRow};
use store::permissions;
use store::{Id, Timestamp};

/// ORCID archives notifications by itself after this long, and deletes them after a year.
const ORCID_ARCHIVES_AFTER: Duration = Duration::from_hours(181 * 24);

impl PermissionReconciler {
    /// Posts a question.
    pub(super) async fn ask(&self, held: &Held, known: &Known) -> Verdict {
        self.post(held, known, Id::new(self.now())).await
    }

    async fn post(&self, held: &Held, known: &Known, id: Id) -> Verdict {
        let (orcid, now) = (known.orcid(), self.now());
        let Some(said) = known.projects.said() else {
            return Verdict::new(AT_ONCE).with(move |c| requests::withdraw(c, id));
        };
        let composed = compose(
            &self.settings,
            &self.signer,
            &orcid,
            id,
            &known.projects,
            now,
        );
        let message = match composed {
            Ok(message) => message,
            Err(e) => return Verdict::dead(format!("the request cannot be written: {e}")),
        };
        let intent = held.intend(move |c| requests::intend(c, id, &orcid, &said, now));
        if let Err(e) = intent.await {
            return e.into();
        }
        match self.client.create_notification(orcid, &message).await {
            Ok(put_code) => self.posted(known, id, put_code),
            Err(e) => self.not_posted(known, id, &e),
        }
    }

    /// The question stands in the inbox. Whether it is still right to stand there, the next run
    /// finds out: the person may have answered meanwhile.
    fn posted(&self, known: &Known, id: Id, put_code: NotificationPutCode) -> Verdict {
        let opened = self.write(known, |c, known, now| {
            if known.state != PermissionState::Unasked {
                return Ok(false);
            }
            permissions::apply(c, known, &PermissionEvent::QuestionPosted.into(), now)
        });
        opened
            .with(move |c| requests::opened(c, id, put_code.get()))
            .reached()
    }

    /// The question was not posted; unless its outcome is unknown, it does not count.
    fn not_posted(&self, known: &Known, id: Id, error: &CallError) -> Verdict {
        let verdict = self.failed(known, error);
        if error.outcome == Outcome::Unknown {
            return verdict;
        }
        verdict.with(move |c| requests::withdraw(c, id))
    }

    /// Finds the question that was posted with an unknown outcome; else posts it, if it is to be.
    pub(super) async fn find_question(&self, held: &Held, known: &Known) -> Verdict {
        let Some(request) = &known.request else {
            return Verdict::new(AT_ONCE);
        };
        let id = request.id;
        let listed = match self.client.list_notifications(known.orcid()).await {
            Ok(listed) => listed,
            Err(e) => return self.failed(known, &e),
        };
        let ours = listed.iter().find(|n| {
            n.authorization_uri
                .as_deref()
                .is_some_and(|uri| is_link_of(uri, id))
        });
        match ours {
            Some(found) => self.posted(known, id, found.put_code),
            None if known.permission.state == PermissionState::Unasked => {
                self.post(held, known, id).await
            }
            None => Verdict::new(AT_ONCE).with(move |c| requests::withdraw(c, id)),
        }
    }

    /// Archives the question. Written down first: what we archive must not be taken for archived by
    /// the person.
    pub(super) async fn withdraw_question(
        &self,
        held: &Held,
        known: &Known,
        reason: WithdrawReason,
    ) -> Verdict {
        let Some((request, put_code)) = posted(known) else {
            return self.closed(known, AT_ONCE);
        };
        let id = request.id;
        if request.state == requests::State::Open {
            let counted = reason.counts();
            let intent = held.intend(move |c| requests::withdrawing(c, id, counted));
            if let Err(e) = intent.await {
                return e.into();
            }
        } else {
            // Archiving it was begun before, and perhaps carried out.
            match self.client.notification(known.orcid(), put_code).await {
                Ok(seen) if seen.archived.is_none() => {}
                Err(e) if e.meaning != Meaning::Gone => return self.failed(known, &e),
                Ok(_) | Err(_) => return self.closed(known, AT_ONCE).reached(),
            }
        }
        match self
            .client
            .archive_notification(known.orcid(), put_code)
            .await
        {
            Ok(Archived::Withdrawn | Archived::AlreadyGone) => {
                // A question that follows waits for further corrections.
                let next = match reason {
                    WithdrawReason::OutOfDate => Next::Again(self.settings.rules.ask_delay),
                    _ => AT_ONCE,
                };
                self.closed(known, next).reached()
            }
            Ok(Archived::AlreadyRead) => self.not_archived(known, id).reached(),
            Err(e) => self.failed(known, &e),
        }
    }

    /// The person has read the question, so it stays in their inbox. While it concerns them, none is
    /// posted beside it: its link shows what is true.
    fn not_archived(&self, known: &Known, id: Id) -> Verdict {
        let concerns_them = known
            .facts
            .question
            .as_ref()
            .is_some_and(|question| question.concerns_them);
        if known.permission.state != PermissionState::Asked || !concerns_them {
            return self.closed(known, AT_ONCE);
        }
        self.write(known, permissions::touch)
            .with(self.at_now(move |c, now| requests::stays_open(c, id, now)))
    }

    /// The question is gone from the inbox.
    fn closed(&self, known: &Known, next: Next) -> Verdict {
        let verdict = match known.permission.state {
            PermissionState::Asked => {
                let (permission, clock) = (known.permission.clone(), self.store.clock().clone());
                let change = PermissionChange::from(PermissionEvent::QuestionWithdrawn);
                Verdict::new(next).with(move |c| {
                    permissions::apply(c, &permission, &change, clock.now()).map(drop)
                })
            }
            _ => Verdict::new(next),
        };
        match known.request.as_ref().map(|request| request.id) {
            Some(id) => verdict.with(self.at_now(move |c, now| requests::close(c, id, now))),
            None => verdict,
        }
    }

    /// Looks what became of a question: archived by the person, gone, read, or still waiting.
    pub(super) async fn read_question(&self, held: &Held, known: &Known) -> Verdict {
        let Some((request, put_code)) = posted(known) else {
            return self.closed(known, AT_ONCE);
        };
        let (orcid, id) = (known.orcid(), request.id);
        let seen = match self.client.notification(orcid, put_code).await {
            Ok(seen) => seen,
            Err(e) if e.meaning == Meaning::Gone => {
                return self.question_gone(known, request).await;
            }
            Err(e) => return self.failed(known, &e),
        };
        if seen.archived.is_some() {
            let event = PermissionEvent::QuestionArchived;
            return self
                .apply(
                    known,
                    PermissionChange::because(event, "the request was archived"),
                )
                .with(self.at_now(move |c, now| requests::close(c, id, now)));
        }
        if seen.read.is_some() {
            return self
                .write(known, permissions::touch)
                .with(self.at_now(move |c, now| requests::mark_read(c, id, now)))
                .reached();
        }
        if known.facts.unanswered >= self.settings.rules.budget.requests {
            let change = PermissionChange::because(PermissionEvent::NoAnswer, "no answer");
            return self.apply(known, change);
        }
        // ORCID has no update: the old question is archived, and a new one posted.
        self.withdraw_question(held, known, WithdrawReason::Reminder)
            .await
    }

    /// A question that is gone says nothing about the person: ORCID deletes old ones, and all of a
    /// record that is closed.
    async fn question_gone(&self, known: &Known, request: &PermissionRequestRow) -> Verdict {
        let change = match self.client.record_status(known.orcid()).await {
            Ok(RecordStatus::Active | RecordStatus::Unclaimed) => {
                if request.asked_at + ORCID_ARCHIVES_AFTER > self.now() {
                    let event = PermissionEvent::Record(RecordEvent::Emptied);
                    PermissionChange::because(event, "the record was deactivated and is back")
                } else {
                    PermissionChange::because(PermissionEvent::NoAnswer, "no answer")
                }
            }
            Ok(status) => record_change(status),
            Err(e) => return self.failed(known, &e),
        };
        let id = request.id;
        self.apply(known, change)
            .with(self.at_now(move |c, now| requests::close(c, id, now)))
    }

    /// Writes down something with the time at which it is written.
    fn at_now(
        &self,
        f: impl Fn(&mut store::Conn, Timestamp) -> Result<(), store::StoreError> + Send + Sync + 'static,
    ) -> impl Fn(&mut store::Conn) -> Result<(), store::StoreError> + Send + Sync + 'static {
        let clock = self.store.clock().clone();
        move |c| f(c, clock.now())
    }
}

/// The question that stands in the inbox, with its put-code.
fn posted(known: &Known) -> Option<(&PermissionRequestRow, NotificationPutCode)> {
    let request = known.request.as_ref()?;
    let put_code = NotificationPutCode::try_from(request.put_code?).ok()?;
    Some((request, put_code))
}
