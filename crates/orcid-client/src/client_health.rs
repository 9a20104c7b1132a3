//! Whether ORCID accepts our own client.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::call::CallError;
use crate::meaning::Meaning;

/// Whether ORCID accepts our own client, as far as this process has seen: from requests for tokens of
/// our own, exchanges of codes, and answers that say that our client is disabled.
///
/// It logs one line when that changes.
#[derive(Debug)]
pub struct ClientHealth {
    /// A refusal of our credentials counts when another one comes at least this much later.
    confirm_after: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Clone)]
enum State {
    /// Nothing speaks against it, and ORCID accepted it at this moment, if it ever did.
    Usable(Option<Instant>),
    /// Our credentials were refused since then; that may heal by itself.
    Suspect(Instant),
    Unusable(ClientTrouble),
}

/// Why our client cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTrouble {
    /// In plain words, for operators.
    pub reason: &'static str,
    /// Since when.
    pub since: Instant,
}

impl ClientHealth {
    pub(crate) fn new(confirm_after: Duration) -> Self {
        Self {
            confirm_after,
            state: Mutex::new(State::Usable(None)),
        }
    }

    /// Why our client cannot be used, if it cannot. No sign-in of a person can end well then.
    pub fn trouble(&self) -> Option<ClientTrouble> {
        match &*self.lock() {
            State::Unusable(trouble) => Some(trouble.clone()),
            State::Usable(_) | State::Suspect(_) => None,
        }
    }

    /// When to check next, if nothing is seen before: every `interval`, sooner to confirm a refusal.
    /// Zero when it is due.
    pub fn next_check(&self, interval: Duration) -> Duration {
        match &*self.lock() {
            State::Usable(seen) => {
                let age = seen.map_or(interval, |seen| seen.elapsed());
                interval.saturating_sub(age)
            }
            State::Suspect(since) => self.confirm_after.saturating_sub(since.elapsed()),
            State::Unusable(_) => interval,
        }
    }

    pub(crate) fn succeeded(&self) {
        let mut state = self.lock();
        if let State::Unusable(trouble) = &*state {
            let seconds = trouble.since.elapsed().as_secs();
            tracing::info!(seconds, "ORCID accepts our client again");
        }
        *state = State::Usable(Some(Instant::now()));
    }

    pub(crate) fn failed(&self, error: &CallError) {
        let now = Instant::now();
        let mut state = self.lock();
        let (since, reason) = match (&error.meaning, &*state) {
            (_, State::Unusable(_)) => return,
            (Meaning::ClientDisabled, _) => (now, "ORCID disabled our client"),
            (Meaning::Misconfigured, _) => (
                now,
                "our set-up with ORCID is wrong: check hosts, scopes and client",
            ),
            (Meaning::ClientRefused, State::Suspect(since)) => {
                if since.elapsed() < self.confirm_after {
                    return;
                }
                (
                    *since,
                    "ORCID refuses our client id or secret, or locked our client",
                )
            }
            (Meaning::ClientRefused, State::Usable(_)) => {
                *state = State::Suspect(now);
                return;
            }
            _ => return,
        };
        tracing::error!(
            reason,
            %error,
            "ORCID does not accept our client; nobody is sent to sign in until it does"
        );
        *state = State::Unusable(ClientTrouble { reason, since });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallKind, Outcome};

    fn failure(meaning: Meaning) -> CallError {
        CallError {
            kind: CallKind::ClientToken,
            meaning,
            status: Some(401),
            code: None,
            outcome: Outcome::Refused,
            retry_after: None,
            doubt: Duration::ZERO,
            message: String::new(),
        }
    }

    #[test]
    fn a_refusal_counts_when_it_lasts() {
        let health = ClientHealth::new(Duration::from_hours(1));
        health.failed(&failure(Meaning::ClientRefused));
        health.failed(&failure(Meaning::ClientRefused));
        assert_eq!(health.trouble(), None);
        assert!(health.next_check(Duration::from_hours(9)) <= Duration::from_hours(1));

        let health = ClientHealth::new(Duration::ZERO);
        health.failed(&failure(Meaning::ClientRefused));
        assert_eq!(health.trouble(), None);
        health.succeeded();
        health.failed(&failure(Meaning::ClientRefused));
        assert_eq!(health.trouble(), None, "a success lies between the two");
        health.failed(&failure(Meaning::ClientRefused));
        let trouble = health.trouble().unwrap();
        assert!(trouble.reason.contains("client id or secret"));
        health.succeeded();
        assert_eq!(health.trouble(), None);
    }

    #[test]
    fn only_what_is_about_our_client_counts() {
        let health = ClientHealth::new(Duration::ZERO);
        for meaning in [
            Meaning::Transient,
            Meaning::Overloaded,
            Meaning::CodeRefused,
            Meaning::TokenDenied,
            Meaning::Unexpected,
        ] {
            health.failed(&failure(meaning.clone()));
            health.failed(&failure(meaning));
            assert_eq!(health.trouble(), None);
        }
        for meaning in [Meaning::ClientDisabled, Meaning::Misconfigured] {
            health.failed(&failure(meaning));
            assert!(health.trouble().is_some());
            health.succeeded();
        }
    }

    #[test]
    fn a_client_that_was_just_accepted_is_not_checked() {
        let health = ClientHealth::new(Duration::ZERO);
        let minute = Duration::from_mins(1);
        assert_eq!(health.next_check(minute), Duration::ZERO);
        health.succeeded();
        assert!(health.next_check(minute) > Duration::from_secs(30));
    }
}
