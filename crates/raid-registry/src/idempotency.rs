//! `Idempotency-Key`: a request that is sent again, because its answer never came, gets the answer
//! that the first one got.
//!
//! The answer is kept with the bytes of its body: contributors' statuses change, and a client that
//! compares must see no difference. It is written in the transaction of the mint, so that whatever
//! dies in between, and whichever node is asked again, finds both or neither.

use std::collections::HashSet;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderName;
use raid_model::{ErrorType, Failure};
use sha2::{Digest as _, Sha256};
use store::answers::{self, KeptAnswer};
use store::{StoreError, Timestamp};

use crate::auth::Caller;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;

/// The header.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest key.
const LONGEST: usize = 255;
/// How long an answer is kept.
const KEPT: time::Duration = time::Duration::hours(24);
/// Seconds after which a request that is in hand will have its answer.
const RETRY_AFTER: u64 = 1;

/// A client's key, for one request or for all lines of one.
#[derive(Debug, Clone)]
pub(crate) struct Key(String);

impl Key {
    /// The key that a request carries, if it does.
    pub(crate) fn of(req: &HttpRequest) -> Result<Option<Self>, Refusal> {
        let mut sent = req.headers().get_all(IDEMPOTENCY_KEY);
        let Some(first) = sent.next() else {
            return Ok(None);
        };
        let is_key = |key: &&str| {
            (1..=LONGEST).contains(&key.len()) && key.bytes().all(|c| c.is_ascii_graphic())
        };
        if let (Some(key), None) = (first.to_str().ok().filter(is_key), sent.next()) {
            return Ok(Some(Self(key.to_owned())));
        }
        let failure = Failure {
            field_id: "Idempotency-Key".to_owned(),
            error_type: ErrorType::InvalidValue,
            message: format!(
                "has invalid/unsupported value - one key of 1 to {LONGEST} visible ASCII \
                 characters is expected"
            ),
        };
        Err(Problem::validation(vec![failure]).into())
    }

    /// The request with this body, by this caller, into this service point. `line` is its number
    /// where it is one of many.
    pub(crate) fn request(
        &self,
        registry: &Registry,
        caller: &Caller,
        service_point: i64,
        line: Option<u64>,
        body: &[u8],
    ) -> Once {
        let actor = caller.actor();
        let client = actor.client.unwrap_or_default();
        let line = line.unwrap_or_default().to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![
            actor.subject.as_bytes(),
            client.as_bytes(),
            &line,
            self.0.as_bytes(),
        ];
        // The keys of former tokens were stored without an issuer.
        let former_issuer = registry.settings.auth.former_issuer.as_deref();
        if former_issuer != Some(caller.issuer()) {
            parts.push(caller.issuer().as_bytes());
        }
        Once {
            key: hash(&parts),
            request: hash(&[&service_point.to_be_bytes(), body]),
        }
    }
}

/// The SHA-256 of the parts, in hex. Each goes in with its length, so that they cannot run into
/// each other.
fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    let hash = hasher.finalize();
    hash.iter()
        .fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = std::fmt::Write::write_fmt(&mut hex, format_args!("{byte:02x}"));
            hex
        })
}

/// A request that is served once. Of key and body there are hashes only.
#[derive(Debug, Clone)]
pub(crate) struct Once {
    key: String,
    request: String,
}

/// An answer that tells of a new RAiD.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The RAiD as a URL.
    pub(crate) location: String,
    pub(crate) body: Vec<u8>,
    /// The members that were accepted with a warning.
    pub(crate) warning: Option<String>,
}

impl Once {
    /// What is kept of the answer, given at `now`.
    pub(crate) fn kept(
        &self,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<Box<KeptAnswer>, StoreError> {
        let body = String::from_utf8(answer.body.clone())
            .map_err(|e| StoreError::Corrupt(format!("an answer: {e}")))?;
        Ok(Box::new(KeptAnswer {
            key: self.key.clone(),
            request: self.request.clone(),
            location: answer.location.clone(),
            body,
            warning: answer.warning.clone(),
            created_at: now,
            expires_at: now.saturating_add(KEPT),
        }))
    }

    /// Serves the request with `serve`, unless it was served before: then the answer is the same.
    /// `serve` keeps its answer in the transaction that makes it true.
    pub(crate) async fn serve(
        &self,
        registry: &Registry,
        path: &str,
        serve: impl Future<Output = Result<Answer, Refusal>>,
    ) -> Result<Answer, Refusal> {
        let _turn = registry.in_hand.take(&self.key).ok_or_else(|| {
            let detail = "A request with this Idempotency-Key is being served. Its answer is given \
                          to who asks again.";
            Problem::of_http(StatusCode::CONFLICT, detail, path).retry_in(RETRY_AFTER)
        })?;
        if let Some(kept) = self.find(registry, path).await? {
            return Ok(kept);
        }
        match serve.await {
            // Another node was faster.
            Err(Refusal::Failed(StoreError::KeyTaken)) => {
                let kept = self.find(registry, path).await?;
                kept.ok_or(Refusal::Failed(StoreError::KeyTaken))
            }
            served => served,
        }
    }

    async fn find(&self, registry: &Registry, path: &str) -> Result<Option<Answer>, Refusal> {
        let (key, now) = (self.key.clone(), registry.now());
        let found = registry.store.read(move |c| answers::find(c, &key, now));
        let Some(kept) = found.await? else {
            return Ok(None);
        };
        if kept.request != self.request {
            let detail = "This Idempotency-Key was used for another request: each request needs \
                          one of its own";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Problem::of_http(status, detail, path).into());
        }
        Ok(Some(Answer {
            location: kept.location,
            body: kept.body.into_bytes(),
            warning: kept.warning,
        }))
    }
}

/// The keys of the requests that this process is serving.
#[derive(Debug, Clone, Default)]
pub(crate) struct InHand(Arc<Mutex<HashSet<String>>>);

/// A key's turn, which ends when it is dropped.
pub(crate) struct Turn {
    keys: InHand,
    key: String,
}

impl InHand {
    /// None while another request has the key.
    fn take(&self, key: &str) -> Option<Turn> {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(key.to_owned()).then(|| Turn {
            keys: self.clone(),
            key: key.to_owned(),
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let keys = &self.keys.0;
        keys.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}
