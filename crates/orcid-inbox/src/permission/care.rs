//! Looking after what was granted: trying it out, confirming a refusal, noticing a closed record.

use super::{AT_ONCE, Known, PermissionReconciler, closed, remaining};
use orcid_client::{CallError, CallKind, Meaning, Outcome, ReadAs, RecordStatus};
use raid_model::OrcidId;
use reconciler::{Next, Verdict};
use std::time::Duration;
use store::permissions::{self, Change, State};

impl PermissionReconciler {
    /// Tries a grant out: nothing tells us when a person withdraws it.
    pub(super) async fn probe(&self, orcid: OrcidId, known: &Known) -> Verdict {
        let every = self.settings.probe_every;
        let wait = remaining(self.now(), known.permission.updated_at, every);
        if !wait.is_zero() {
            return Verdict::new(Next::Again(wait));
        }
        match self.try_token(orcid, known).await {
            Ok(()) => {
                let now = self.now();
                Verdict::new(Next::Again(every)).with(move |c| permissions::touch(c, &orcid, now))
            }
            Err(e) if tells_of_the_person(&e.meaning) => self.moved(
                orcid,
                Change::because(State::Suspect, e.meaning.to_string()),
            ),
            Err(e) => Self::failed(&e),
        }
    }

    async fn try_token(&self, orcid: OrcidId, known: &Known) -> Result<(), CallError> {
        let Some(grant) = &known.token else {
            return Err(missing_token());
        };
        self.client
            .memberships(orcid, ReadAs::Person(&grant.access_token))
            .await
            .map(drop)
    }

    /// Finds out why a token was refused: a record in another state tells at once, a withdrawn
    /// permission only by being refused again and again while ORCID is well.
    pub(super) async fn confirm(&self, orcid: OrcidId, known: &Known) -> Verdict {
        match self.client.record_status(orcid).await {
            Ok(RecordStatus::Active | RecordStatus::Unclaimed) => {}
            Ok(status) => return self.moved(orcid, closed(status)),
            Err(e) => return Self::failed(&e),
        }
        let suspicion = &self.settings.suspicion;
        let done = usize::try_from(known.permission.suspicions).unwrap_or_default();
        let Some(wait) = suspicion.confirm_after.get(done).copied() else {
            return self.withdrawn(orcid, known);
        };
        let wait = remaining(self.now(), known.permission.updated_at, wait);
        if !wait.is_zero() {
            return Verdict::new(Next::Again(wait));
        }
        match self.try_token(orcid, known).await {
            Ok(()) => self.moved(orcid, Change::to(State::Granted)),
            Err(e) if e.meaning == Meaning::TokenRefused => {
                let now = self.now();
                Verdict::new(AT_ONCE)
                    .with(move |c| permissions::suspect_again(c, &orcid, now).map(drop))
            }
            Err(e) => Self::failed(&e),
        }
    }

    fn withdrawn(&self, orcid: OrcidId, known: &Known) -> Verdict {
        let suspicion = &self.settings.suspicion;
        if known.suspects > i64::from(suspicion.breaker_people) {
            tracing::warn!(
                people = known.suspects,
                "many tokens are refused at once: taken for ORCID's trouble, nobody is downgraded"
            );
            let now = self.now();
            return Verdict::new(Next::Again(suspicion.breaker_window))
                .with(move |c| permissions::absolve(c, &orcid, now));
        }
        self.moved(orcid, Change::because(State::Revoked, "withdrawn at ORCID"))
    }

    /// Looks whether a record that was locked, deactivated or unknown is there again.
    pub(super) async fn recheck(&self, orcid: OrcidId, known: &Known) -> Verdict {
        let after = self.settings.recheck_after;
        let wait = remaining(self.now(), known.permission.updated_at, after);
        if !wait.is_zero() {
            return Verdict::new(Next::Again(wait));
        }
        match self.client.record_status(orcid).await {
            Ok(RecordStatus::Active | RecordStatus::Unclaimed) => {
                let back = if known.token.is_some() && known.permission.state == State::Locked {
                    State::Suspect
                } else {
                    State::Unasked
                };
                self.moved(orcid, Change::to(back))
            }
            Ok(_) => {
                let now = self.now();
                Verdict::new(Next::Again(after)).with(move |c| permissions::touch(c, &orcid, now))
            }
            Err(e) => Self::failed(&e),
        }
    }
}

/// Whether a refusal may come from the person's side, so that it has to be looked into.
fn tells_of_the_person(meaning: &Meaning) -> bool {
    matches!(
        meaning,
        Meaning::TokenRefused
            | Meaning::RecordDeactivated
            | Meaning::RecordDeprecated { .. }
            | Meaning::RecordLocked
            | Meaning::RecordUnknown
    )
}

fn missing_token() -> CallError {
    CallError {
        kind: CallKind::ListMemberships,
        meaning: Meaning::TokenRefused,
        status: None,
        code: None,
        outcome: Outcome::NotSent,
        retry_after: None,
        doubt: Duration::ZERO,
        message: "there is no token for the grant".into(),
    }
}
