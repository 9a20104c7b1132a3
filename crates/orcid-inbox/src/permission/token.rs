//! Looking after what was granted: trying the token, confirming a refusal, noticing a closed record.

use super::facts::Known;
use super::{PermissionReconciler, later, record_change};
use orcid_client::{CallError, FailureAction, ReadAs, RecordStatus};
use raid_model::OrcidId;
use raid_model::permission::{PermissionChange, PermissionEvent, PermissionState, RecordEvent};
use reconciler::Verdict;
use secrecy::SecretString;
use std::time::Duration;
use store::permission_requests as requests;
use store::permissions;
use store::{StoreError, grants};

/// People whose tokens are tried to learn whether ORCID accepts any.
const COMPARED_WITH: i64 = 5;
/// After this long even a refusal that nobody could be compared with is believed.
const BELIEVED_AFTER: Duration = Duration::from_hours(7 * 24);

/// How ORCID took a token.
enum Tried {
    Accepted,
    Refused,
}

/// Whether ORCID accepts the tokens of others.
enum Others {
    /// It accepts most of them, or there is nobody else.
    Accepted,
    /// It refuses them, too.
    Refused,
}

impl PermissionReconciler {
    /// Tries the token: nothing tells us when a person withdraws it.
    pub(super) async fn try_token(&self, known: &Known) -> Verdict {
        match self.try_token_of(known.orcid()).await {
            Ok(Tried::Accepted) if known.permission.state == PermissionState::Granted => {
                self.write(known, permissions::touch).reached()
            }
            Ok(Tried::Accepted) => {
                let event = PermissionEvent::TokenAccepted;
                self.apply(known, event.into()).reached()
            }
            Ok(Tried::Refused) if known.permission.state == PermissionState::Granted => {
                let event = PermissionEvent::TokenRefused;
                self.apply(
                    known,
                    PermissionChange::because(event, "ORCID refused the token"),
                )
            }
            Ok(Tried::Refused) => self.write(known, permissions::record_refusal),
            Err(verdict) => self.not_tried(known, *verdict),
        }
    }

    /// The token could not be tried: by trouble of the store, of ORCID, or of the record.
    fn not_tried(&self, known: &Known, failure: NotTried) -> Verdict {
        match failure {
            NotTried::Store(e) => e.into(),
            NotTried::Call(e) => match e.action() {
                FailureAction::AskForScope => {
                    let event = PermissionEvent::ScopeMissing;
                    self.apply(
                        known,
                        PermissionChange::because(event, e.meaning.to_string()),
                    )
                }
                _ => self.failed(known, &e),
            },
        }
    }

    async fn try_token_of(&self, orcid: OrcidId) -> Result<Tried, Box<NotTried>> {
        let Some(token) = self.token_of(orcid).await.map_err(NotTried::boxed)? else {
            return Ok(Tried::Refused);
        };
        match self.client.memberships(orcid, ReadAs::Person(&token)).await {
            Ok(_) => Ok(Tried::Accepted),
            Err(e) => match e.action() {
                FailureAction::SuspectToken => Ok(Tried::Refused),
                _ => Err(Box::new(NotTried::Call(e))),
            },
        }
    }

    async fn token_of(&self, orcid: OrcidId) -> Result<Option<SecretString>, StoreError> {
        let keys = self.store.keys().clone();
        let grant = self.store.read(move |c| grants::active(c, &keys, &orcid));
        Ok(grant.await?.map(|grant| grant.access_token))
    }

    /// Finds out why a token was refused. A record in another state tells at once, a withdrawn
    /// permission only by further refusals.
    pub(super) async fn confirm_refusal(&self, known: &Known, wait: Duration) -> Verdict {
        match self.client.record_status(known.orcid()).await {
            Ok(RecordStatus::Active | RecordStatus::Unclaimed) => {}
            Ok(status) => return self.apply(known, record_change(status)),
            Err(e) => return self.failed(known, &e),
        }
        if !wait.is_zero() {
            return later(wait).reached();
        }
        self.try_token(known).await
    }

    /// Decides whether the refusals mean that the person withdrew: only when ORCID accepts the
    /// tokens of most others and refuses this one once more after that.
    pub(super) async fn judge_refusal(&self, known: &Known) -> Verdict {
        let others = match self.try_others(known).await {
            Ok(others) => others,
            Err(failure) => return self.not_tried(known, *failure),
        };
        match self.try_token_of(known.orcid()).await {
            Ok(Tried::Accepted) => {
                let event = PermissionEvent::TokenAccepted;
                self.apply(known, event.into()).reached()
            }
            Ok(Tried::Refused) => match others {
                Others::Refused if !self.is_believed_anyway(known) => self.hold(known),
                _ => self.believe(known).await,
            },
            Err(failure) => self.not_tried(known, *failure),
        }
    }

    /// ORCID refuses others, too: nobody is downgraded, and the refusal is judged again later.
    fn hold(&self, known: &Known) -> Verdict {
        // One line for each person, not for each look.
        if known.facts.refusals == self.settings.rules.confirm_after.len() {
            tracing::warn!(
                "ORCID refuses the tokens of most people tried; nobody counts as withdrawn until \
                 it accepts others"
            );
        }
        self.write(known, permissions::record_refusal)
    }

    /// The refusals are believed. Why the token is dead decides what follows.
    async fn believe(&self, known: &Known) -> Verdict {
        let (event, reason) = match self.was_emptied(known).await {
            Ok(true) => (
                PermissionEvent::Record(RecordEvent::Emptied),
                "the record was deactivated and is back",
            ),
            Ok(false) => (PermissionEvent::WithdrawalConfirmed, "withdrawn at ORCID"),
            Err(e) => return self.failed(known, &e),
        };
        self.apply(known, PermissionChange::because(event, reason))
            .reached()
    }

    fn is_believed_anyway(&self, known: &Known) -> bool {
        known.permission.since + BELIEVED_AFTER <= self.now()
    }

    /// Tries the tokens of others, of different people each time.
    async fn try_others(&self, known: &Known) -> Result<Others, Box<NotTried>> {
        let orcid = known.orcid();
        let (others, suspects) = self
            .store
            .read(move |c| {
                let others = permissions::to_compare_with(c, &orcid, COMPARED_WITH)?;
                Ok((others, permissions::any_other_suspect(c, &orcid)?))
            })
            .await
            .map_err(NotTried::boxed)?;
        let (mut accepted, mut refused) = (0, 0);
        for other in others {
            match self.try_token_of(other).await {
                Ok(Tried::Accepted) => accepted += 1,
                Ok(Tried::Refused) => refused += 1,
                // A closed record of theirs says nothing about ORCID.
                Err(failure) if failure.is_about_the_record() => {}
                Err(failure) => return Err(failure),
            }
        }
        // With nobody else around, the repeated refusals are all there is to go by. When they were
        // ORCID's trouble after all, the next try of the token finds out.
        let alone = accepted + refused == 0 && !suspects;
        Ok(if alone || accepted > refused {
            Others::Accepted
        } else {
            Others::Refused
        })
    }

    /// Whether everything on the record is gone, our notifications too. The person cannot remove
    /// those, so the record was deactivated in the meantime.
    async fn was_emptied(&self, known: &Known) -> Result<bool, CallError> {
        let orcid = known.orcid();
        let posted = self.store.read(move |c| requests::latest(c, &orcid)).await;
        let posted = posted.ok().flatten().is_some_and(|r| r.put_code.is_some());
        if !posted || !self.client.list_notifications(orcid).await?.is_empty() {
            return Ok(false);
        }
        let ours = &self.client.settings().client_id;
        let listed = self.client.memberships(orcid, ReadAs::Client).await?;
        Ok(!listed
            .iter()
            .any(|entry| entry.source_client_id.as_ref() == Some(ours)))
    }

    /// Looks whether a record that was locked, deactivated or unknown can be used again.
    pub(super) async fn look_at_record(&self, known: &Known) -> Verdict {
        match self.client.record_status(known.orcid()).await {
            Ok(status @ (RecordStatus::Active | RecordStatus::Unclaimed)) => {
                self.apply(known, record_change(status))
            }
            Ok(_) => self.write(known, permissions::touch),
            Err(e) => self.failed(known, &e),
        }
    }
}

/// Why a token could not be tried.
enum NotTried {
    Store(StoreError),
    Call(CallError),
}

impl NotTried {
    fn boxed(error: StoreError) -> Box<Self> {
        Box::new(Self::Store(error))
    }

    fn is_about_the_record(&self) -> bool {
        let Self::Call(error) = self else {
            return false;
        };
        matches!(
            error.action(),
            FailureAction::Record(_) | FailureAction::AskForScope
        )
    }
}
