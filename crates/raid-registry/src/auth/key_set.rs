//! The keys of an `OpenID` provider, fetched when needed and kept.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use store::{Clock, Timestamp};
use tokio::sync::Mutex;

use super::OidcIssuer;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(5);
/// Keys are asked for again after this part of the time for which they count, so that withdrawn
/// ones go, and a provider in trouble has the rest to recover.
pub const KEY_REFRESHES: u32 = 3;
/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// Most keys that are kept.
const MAX_KEYS: usize = 100;

/// Why the keys could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// No answer, or one that tells of a failure.
    #[error("the provider did not answer: {0}")]
    Http(#[from] reqwest::Error),
    /// Larger than any provider's.
    #[error("the provider's answer is too large")]
    TooLarge,
    /// It is not what `OpenID` Connect Discovery says.
    #[error("the provider's answer cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Its tokens would name another issuer, and would not be accepted.
    #[error("the provider calls itself {0}")]
    OtherIssuer(String),
    /// Whoever stands between could exchange the keys.
    #[error(
        "the provider has its keys at {0}: they are read from https addresses only, as its own is"
    )]
    Insecure(String),
    /// It is asked at most once in a while.
    #[error("the provider was asked just now and could not be reached")]
    TooSoon,
}

impl KeySetError {
    /// Whether nobody answered, which says nothing about the settings.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Http(error) if error.status().is_none() && !error.is_builder())
    }
}

/// Asks a provider for its keys, as the first token that it signed does. Gives how many can be used.
///
/// # Errors
/// [`KeySetError`] tells whether the provider could not be reached, or is another one.
pub async fn count_keys(issuer: &OidcIssuer, clock: Clock) -> Result<usize, KeySetError> {
    let keys = KeySet::new(issuer, clock)?;
    Ok(keys.fetch().await?.len())
}

/// A key that counts.
pub(super) struct Found {
    pub(super) key: Arc<DecodingKey>,
    /// Until when it does, in seconds since 1970, unless it is fetched again.
    pub(super) until: i64,
}

/// One public key.
#[derive(Clone)]
struct Key {
    id: Option<String>,
    algorithms: &'static [Algorithm],
    decoding: Arc<DecodingKey>,
}

#[derive(Default)]
struct Kept {
    keys: Vec<Key>,
    fetched_at: Option<Timestamp>,
}

/// The keys of one provider.
pub(super) struct KeySet {
    issuer: String,
    http: reqwest::Client,
    kept: RwLock<Kept>,
    /// When the provider was last asked. Held while it is being asked: one request at a time.
    asked_at: Mutex<Option<Timestamp>>,
    /// At least so long between two times.
    pause: Duration,
    /// How long keys count that cannot be fetched again.
    max_age: Duration,
    clock: Clock,
}

impl KeySet {
    pub(super) fn new(issuer: &OidcIssuer, clock: Clock) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::limited(3))
            .https_only(is_https(&issuer.issuer))
            .build()?;
        Ok(Self {
            issuer: issuer.issuer.clone(),
            http,
            kept: RwLock::default(),
            asked_at: Mutex::default(),
            pause: issuer.keys_pause,
            max_age: issuer.keys_max_age,
            clock,
        })
    }

    /// The key that made a signature; none if the provider has no such key. A token without `kid`
    /// is good only if the provider has exactly one key of its kind.
    ///
    /// # Errors
    /// [`KeySetError`] when the provider has not told its keys for so long that nothing is certain.
    pub(super) async fn find(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Found>, KeySetError> {
        let refreshed = match self.kept_key(id, algorithm) {
            Some(found) if !self.is_older_than(self.max_age / KEY_REFRESHES) => {
                return Ok(Some(found));
            }
            // Only one request waits for the provider. Meanwhile, and for a while if it does not
            // answer, the old keys count.
            Some(found) => match self.asked_at.try_lock() {
                Ok(asked_at) => self.refresh(asked_at).await,
                Err(_) => return Ok(Some(found)),
            },
            None => self.refresh(self.asked_at.lock().await).await,
        };
        match (self.kept_key(id, algorithm), refreshed) {
            (Some(found), _) => Ok(Some(found)),
            (None, Err(error)) if self.is_older_than(self.max_age) => Err(error),
            (None, _) => Ok(None),
        }
    }

    async fn refresh(
        &self,
        mut asked_at: tokio::sync::MutexGuard<'_, Option<Timestamp>>,
    ) -> Result<(), KeySetError> {
        let now = self.clock.now();
        if asked_at.is_some_and(|at| now - at < self.pause) {
            return Err(KeySetError::TooSoon);
        }
        *asked_at = Some(now);
        match self.fetch().await {
            Ok(keys) => {
                let fetched_at = Some(now);
                *self.kept.write().unwrap_or_else(PoisonError::into_inner) =
                    Kept { keys, fetched_at };
                Ok(())
            }
            Err(error) => {
                tracing::warn!(issuer = %self.issuer, %error, "keys cannot be fetched");
                Err(error)
            }
        }
    }

    async fn fetch(&self) -> Result<Vec<Key>, KeySetError> {
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<Value>,
        }
        let base = self.issuer.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let discovery: Discovery = serde_json::from_slice(&self.get(&url).await?)?;
        if discovery.issuer != self.issuer {
            return Err(KeySetError::OtherIssuer(discovery.issuer));
        }
        if is_https(&self.issuer) && !is_https(&discovery.jwks_uri) {
            return Err(KeySetError::Insecure(discovery.jwks_uri));
        }
        let keys: Keys = serde_json::from_slice(&self.get(&discovery.jwks_uri).await?)?;
        // A key that we cannot use must not hide the others.
        let usable = keys
            .keys
            .into_iter()
            .filter_map(|key| usable(&serde_json::from_value(key).ok()?));
        Ok(usable.take(MAX_KEYS).collect())
    }

    pub(super) async fn get(&self, url: &str) -> Result<Vec<u8>, KeySetError> {
        let mut answer = self.http.get(url).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(KeySetError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn kept(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept_key(&self, id: Option<&str>, algorithm: Algorithm) -> Option<Found> {
        if self.is_older_than(self.max_age) {
            return None;
        }
        let kept = self.kept();
        let until = kept.fetched_at? + self.max_age;
        let mut fitting = kept.keys.iter().filter(|key| {
            key.algorithms.contains(&algorithm) && (id.is_none() || key.id.as_deref() == id)
        });
        let first = fitting.next()?;
        (id.is_some() || fitting.next().is_none()).then(|| Found {
            key: first.decoding.clone(),
            until: until.assume_utc().unix_timestamp(),
        })
    }

    /// Whether the keys were fetched longer ago, or never.
    fn is_older_than(&self, age: Duration) -> bool {
        self.kept()
            .fetched_at
            .is_none_or(|at| self.clock.now() - at >= age)
    }
}

/// Whether what is read there comes from whom the address names.
fn is_https(address: &str) -> bool {
    address
        .get(..6)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
}

/// A key that signs, with the algorithms it may be used for; others are left out.
fn usable(jwk: &Jwk) -> Option<Key> {
    if !matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    ) {
        return None;
    }
    // RFC 7517 §4.4: a key that names its algorithm is for no other.
    let algorithms: &[Algorithm] = match (&jwk.algorithm, jwk.common.key_algorithm) {
        (AlgorithmParameters::RSA(_), None) => &[Algorithm::RS256, Algorithm::PS256],
        (AlgorithmParameters::RSA(_), Some(KeyAlgorithm::RS256)) => &[Algorithm::RS256],
        (AlgorithmParameters::RSA(_), Some(KeyAlgorithm::PS256)) => &[Algorithm::PS256],
        (AlgorithmParameters::EllipticCurve(key), None | Some(KeyAlgorithm::ES256))
            if key.curve == EllipticCurve::P256 =>
        {
            &[Algorithm::ES256]
        }
        (AlgorithmParameters::OctetKeyPair(key), None | Some(KeyAlgorithm::EdDSA))
            if key.curve == EllipticCurve::Ed25519 =>
        {
            &[Algorithm::EdDSA]
        }
        _ => return None,
    };
    Some(Key {
        id: jwk.common.key_id.clone(),
        algorithms,
        decoding: Arc::new(DecodingKey::from_jwk(jwk).ok()?),
    })
}
