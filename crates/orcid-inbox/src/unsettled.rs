//! Exchanges that nobody settled: their process died, or their outcome is unknown.
//!
//! ORCID may hold a pair for such a code that we do not know. If the pair was kept already it is
//! revoked. Else the code is exchanged again: either it gives a pair, which is revoked, or ORCID has
//! seen it before, and disables what it gave for it.

use crate::grant;
use crate::visit::Inbox;
use orcid_client::{AuthorizationCode, ExchangeError, Meaning};
use std::time::Duration;
use store::visits::{self, State, Unsettled};
use store::{Conn, StoreError, Timestamp, grants};

/// ORCID accepts a code for a day at most; then there is nothing to find out any more.
const CODE_LIFETIME: time::Duration = time::Duration::days(1);
/// Exchanges that one run settles, so that it ends.
const MOST: usize = 100;

impl Inbox {
    /// The longest that an exchange takes in a process that lives: waiting for its turn, the last call,
    /// and writing down what came of it.
    pub fn longest_exchange(&self) -> Duration {
        let settings = self.client.settings();
        settings.exchange_wait + settings.call_timeout * 2
    }

    /// Settles exchanges that stand for longer than one can take. Gives how many.
    pub async fn settle_exchanges(&self) -> Result<usize, StoreError> {
        let wait = time::Duration::try_from(self.longest_exchange());
        let wait = wait.unwrap_or(time::Duration::MAX);
        for count in 0..MOST {
            let clock = self.store.clock().clone();
            let claim = move |c: &mut Conn| {
                let now = clock.now();
                visits::claim_unsettled(c, now.saturating_sub(wait), now)
            };
            match self.store.write(claim).await? {
                Some(unsettled) => self.settle_exchange(unsettled).await?,
                None => return Ok(count),
            }
        }
        Ok(MOST)
    }

    /// Forgets the codes of people who did not try again. Gives how many.
    pub async fn forget_codes(&self) -> Result<usize, StoreError> {
        let now = self.store.clock().now();
        self.store
            .write(move |c| visits::forget_codes(c, now))
            .await
    }

    async fn settle_exchange(&self, unsettled: Unsettled) -> Result<(), StoreError> {
        let (nonce, clock) = (unsettled.nonce.clone(), self.store.clock().clone());
        let release = move |c: &mut Conn| {
            let givers = grants::release(c, &nonce, clock.now())?;
            if !givers.is_empty() {
                visits::settle_claimed(c, &nonce, State::HandedBack)?;
            }
            Ok(!givers.is_empty())
        };
        if self.store.write(release).await? {
            tracing::warn!("a permission that was not decided on is handed back");
            return Ok(());
        }
        let Some(sealed) = &unsettled.code else {
            return self.settled(&unsettled, State::Failed).await;
        };
        let code = match self.store.keys().open(&unsettled.nonce, sealed) {
            Ok(code) => AuthorizationCode::new(code),
            Err(error) => {
                tracing::error!(%error, "a kept code cannot be opened");
                return self.settled(&unsettled, State::Failed).await;
            }
        };
        match self.client.exchange_code(code).await {
            Ok(granted) => {
                let (nonce, keys) = (unsettled.nonce.clone(), self.store.keys().clone());
                let clock = self.store.clock().clone();
                let hand_back = move |c: &mut Conn| {
                    let now = clock.now();
                    grants::keep(c, &keys, &grant::pair(&granted, now), &nonce, now)?;
                    grants::release(c, &nonce, now)?;
                    visits::settle_claimed(c, &nonce, State::HandedBack)
                };
                self.store.write(hand_back).await
            }
            Err(error) if is_dead(&error) => {
                tracing::info!("the code of an exchange that was lost is of no use any more");
                self.settled(&unsettled, State::Failed).await
            }
            Err(error) if is_over(&unsettled, self.store.clock().now()) => {
                tracing::error!(%error, "what came of an exchange was not found out in time");
                self.settled(&unsettled, State::Failed).await
            }
            Err(error) => {
                tracing::warn!(%error, "what came of an exchange is looked for again later");
                Ok(())
            }
        }
    }

    async fn settled(&self, unsettled: &Unsettled, to: State) -> Result<(), StoreError> {
        let nonce = unsettled.nonce.clone();
        let settle = move |c: &mut Conn| visits::settle_claimed(c, &nonce, to);
        self.store.write(settle).await
    }
}

/// Whether ORCID says that the code gives nothing (any more).
fn is_dead(error: &ExchangeError) -> bool {
    let meaning = &error.call_error().meaning;
    matches!(error, ExchangeError::Failed(_))
        && matches!(meaning, Meaning::CodeRefused | Meaning::TokenDenied)
}

fn is_over(unsettled: &Unsettled, now: Timestamp) -> bool {
    unsettled.expires_at.saturating_add(CODE_LIFETIME) < now
}
