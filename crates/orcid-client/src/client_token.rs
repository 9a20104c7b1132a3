//! Our own tokens (client credentials), kept in memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::call::{CallError, CallKind};
use crate::client::Client;
use crate::meaning::Meaning;
use crate::oauth::TokenAnswer;
use crate::pace::Urgency;
use crate::transport::Call;

/// What a token of our own allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Permission notifications; ORCID enables it per client.
    PremiumNotification,
    /// Public data, and our own items whatever their visibility.
    ReadPublic,
}

impl Scope {
    fn as_str(self) -> &'static str {
        match self {
            Self::PremiumNotification => "/premium-notification",
            Self::ReadPublic => "/read-public",
        }
    }
}

/// One token per scope.
#[derive(Default)]
pub(crate) struct ClientTokens {
    premium_notification: Slot,
    read_public: Slot,
}

#[derive(Default)]
struct Slot {
    /// Held during the request, so that one caller asks and the others wait for its result.
    state: Mutex<State>,
    /// How many requests have ended.
    rounds: AtomicU64,
}

#[derive(Default)]
struct State {
    token: Option<Held>,
    /// How the last request failed, for those who waited for it.
    failure: Option<CallError>,
}

struct Held {
    secret: SecretString,
    /// When it must not be used any more; `None` when that is beyond reckoning.
    until: Option<Instant>,
}

impl Client {
    /// Asks ORCID for a token of our own, so that [`Self::health`] says what holds now.
    ///
    /// The result is the token request's; the health is the same for every caller.
    pub async fn check_credentials(&self) -> Result<(), CallError> {
        // Without the slot's lock: who needs a token does not wait for this.
        let held = self.request_client_token(Scope::ReadPublic).await?;
        self.tokens.read_public.state.lock().await.token = Some(held);
        Ok(())
    }

    /// Our token for `scope`. Asks ORCID when there is none, it has expired, or it is `refused`.
    pub(crate) async fn client_token(
        &self,
        scope: Scope,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, CallError> {
        let slot = match scope {
            Scope::PremiumNotification => &self.tokens.premium_notification,
            Scope::ReadPublic => &self.tokens.read_public,
        };
        let rounds = slot.rounds.load(Ordering::Acquire);
        let mut state = slot.state.lock().await;
        if let Some(held) = &state.token {
            let expired = held.until.is_some_and(|until| until <= Instant::now());
            let is_refused =
                refused.is_some_and(|token| token.expose_secret() == held.secret.expose_secret());
            if !expired && !is_refused {
                return Ok(held.secret.clone());
            }
        }
        // Someone asked while we waited: share the failure instead of asking again one by one.
        if let Some(failure) = &state.failure
            && slot.rounds.load(Ordering::Acquire) != rounds
        {
            return Err(failure.clone());
        }
        let result = self.request_client_token(scope).await;
        slot.rounds.fetch_add(1, Ordering::AcqRel);
        match result {
            Ok(held) => {
                let secret = held.secret.clone();
                *state = State {
                    token: Some(held),
                    failure: None,
                };
                Ok(secret)
            }
            Err(error) => {
                *state = State {
                    token: None,
                    failure: Some(error.clone()),
                };
                Err(error)
            }
        }
    }

    async fn request_client_token(&self, scope: Scope) -> Result<Held, CallError> {
        let request = self.oauth_request(
            "token",
            &[
                ("grant_type", "client_credentials"),
                ("scope", scope.as_str()),
            ],
        );
        let secrets = [&self.settings.client_secret];
        let call = Call {
            kind: CallKind::ClientToken,
            orcid: None,
            handle: None,
            request,
            secrets: &secrets,
            // Shared by callers of every urgency.
            urgency: Urgency::Interactive,
            turn_by: None,
        };
        let result = self
            .transport
            .call(call, |answer| {
                let answer = TokenAnswer::read(answer)?;
                let lifetime = Duration::from_secs(answer.expires_in);
                // Leave room for the call that the token is for.
                let margin = (lifetime / 10).min(Duration::from_mins(1));
                Ok(Held {
                    secret: answer.access_token,
                    until: Instant::now().checked_add(lifetime.saturating_sub(margin)),
                })
            })
            .await;
        match &result {
            Ok(_) => self.health.succeeded(),
            // Notifications are enabled per client; without them people can still sign in.
            Err(e) if e.meaning == Meaning::Misconfigured && scope != Scope::ReadPublic => {}
            Err(error) => self.health.failed(error),
        }
        result
    }
}
