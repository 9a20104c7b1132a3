//! From a token to a caller: which issuer, which key, good signature, good claims.

use std::sync::Arc;
use std::time::Duration;

use bounded_cache::{CacheSize, weight};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use moka::sync::Cache;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::Clock;

use super::caller::{Caller, CallerFacts};
use super::claims::{self, Expected};
use super::key_set::KeySet;
use super::{AuthSettings, OidcIssuer, Role};
use crate::problem::Problem;
use crate::refusal::Refusal;

/// Algorithms that a provider may sign with. Never a symmetric one: its key would be public.
const OIDC_ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];
const NOT_SIGNED: &str = "The signature is not valid";
const MALFORMED: &str = "Bearer token is malformed";
/// A verified token is remembered, by its hash, for at most this long, and no longer than its key
/// counts: a key that a provider withdraws stops counting then.
const REMEMBER: Duration = Duration::from_mins(1);
/// Longest token that is looked at; those of Keycloak with many roles stay below.
const MAX_TOKEN: usize = 16 * 1024;

/// Why a verifier cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum VerifierError {
    /// Two issuers would answer for the same tokens.
    #[error("the issuer {0} is configured twice")]
    IssuerTwice(String),
    /// The HTTP client cannot be made.
    #[error("the HTTP client for identity providers cannot be made")]
    Client(#[source] reqwest::Error),
}

/// Knows whose tokens count.
pub(crate) struct Verifier {
    local: Option<(String, DecodingKey)>,
    oidc: Vec<(OidcIssuer, KeySet)>,
    /// By the SHA-256 of the token: the token itself stays out of long-lived memory.
    known: Cache<[u8; 32], Known>,
    clock: Clock,
}

#[derive(Clone)]
struct Known {
    caller: Caller,
    /// Until when it is remembered, in seconds since 1970.
    until: i64,
}

impl Verifier {
    /// Remembers tokens in `memory` bytes.
    pub(crate) fn new(
        settings: &AuthSettings,
        memory: u64,
        clock: Clock,
    ) -> Result<Self, VerifierError> {
        let mut issuers: Vec<&str> = settings.oidc.iter().map(|o| o.issuer.as_str()).collect();
        issuers.extend(settings.local.as_ref().map(|l| l.issuer.as_str()));
        issuers.sort_unstable();
        if let Some(twice) = issuers.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(VerifierError::IssuerTwice(twice[0].to_owned()));
        }
        let oidc = settings
            .oidc
            .iter()
            .map(|issuer| {
                let keys = KeySet::new(issuer, clock.clone())?;
                Ok((issuer.clone(), keys))
            })
            .collect::<Result<_, reqwest::Error>>()
            .map_err(VerifierError::Client)?;
        Ok(Self {
            local: settings
                .local
                .as_ref()
                .map(|local| (local.issuer.clone(), local.key.verifying())),
            oidc,
            known: Cache::builder()
                .max_capacity(memory)
                .weigher(|hash: &[u8; 32], known: &Known| {
                    weight(hash.len() + size_of::<Known>() + known.caller.bytes())
                })
                .time_to_live(REMEMBER)
                .build(),
            clock,
        })
    }

    pub(crate) fn cache_size(&self) -> CacheSize {
        CacheSize::of("signed_tokens", &self.known)
    }

    /// The caller whom a token speaks for.
    pub(crate) async fn verify(&self, token: &str) -> Result<Caller, Refusal> {
        if token.len() > MAX_TOKEN {
            return Err(Refusal::BadToken(MALFORMED));
        }
        if let Some(caller) = self.remembered(token) {
            return Ok(caller);
        }
        let now = self.now();
        let (facts, until) = self.verify_unknown(token, now).await?;
        let caller = Caller(Arc::new(facts));
        let known = Known {
            caller: caller.clone(),
            until: until.min(now + REMEMBER.as_secs().cast_signed()),
        };
        self.known.insert(Sha256::digest(token).into(), known);
        Ok(caller)
    }

    /// The caller of a token that was found good a moment ago.
    pub(crate) fn remembered(&self, token: &str) -> Option<Caller> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        let known = self.known.get(&hash)?;
        (self.now() < known.until).then_some(known.caller)
    }

    /// In seconds since 1970.
    fn now(&self) -> i64 {
        self.clock.now().assume_utc().unix_timestamp()
    }

    /// Who calls, and until when that is certain: the token may expire, and its key get too old.
    async fn verify_unknown(&self, token: &str, now: i64) -> Result<(CallerFacts, i64), Refusal> {
        let malformed = |_| Refusal::BadToken(MALFORMED);
        let header = jsonwebtoken::decode_header(token).map_err(malformed)?;
        // RFC 7515 §4.1.11: an extension that is not understood must be refused.
        if header.crit.is_some() {
            return Err(Refusal::BadToken(NOT_SIGNED));
        }
        // Nothing of this is believed but which issuer to ask.
        let unverified: Value =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(malformed)?;
        let issuer = unverified["iss"].as_str().unwrap_or_default();
        let (claims, provider, key_until) = if let Some((local, key)) = &self.local
            && local == issuer
        {
            let claims = decode(token, key, &header, &[Algorithm::HS256])?;
            (claims, None, i64::MAX)
        } else {
            let (provider, keys) = self
                .oidc
                .iter()
                .find(|(provider, _)| provider.issuer == issuer)
                .ok_or(Refusal::BadToken("The issuer is not known here"))?;
            if !OIDC_ALGORITHMS.contains(&header.alg) {
                return Err(Refusal::BadToken(NOT_SIGNED));
            }
            let found = keys
                .find(header.kid.as_deref(), header.alg)
                .await
                .map_err(|_| {
                    Problem::unavailable("The keys of the identity provider cannot be fetched.")
                })?
                .ok_or(Refusal::BadToken("The key of the signature is not known"))?;
            let claims = decode(token, &found.key, &header, OIDC_ALGORITHMS)?;
            (claims, Some(provider), found.until)
        };
        let expected = Expected {
            issuer,
            audience: provider.and_then(|provider| provider.audience.as_deref()),
            scoped_roles: provider.is_some_and(|provider| provider.scoped_roles),
            roles: provider.map_or(Role::ALL, |provider| &provider.roles),
            groups: provider.map_or(&[], |provider| &provider.groups),
            now,
        };
        let (facts, until) = claims::read(&claims, &expected).map_err(Refusal::BadToken)?;
        Ok((facts, until.min(key_until)))
    }
}

/// Checks the signature only: the claims are checked by [`claims::read`], with our clock.
fn decode(
    token: &str,
    key: &DecodingKey,
    header: &Header,
    allowed: &[Algorithm],
) -> Result<Value, Refusal> {
    if !allowed.contains(&header.alg) {
        return Err(Refusal::BadToken(NOT_SIGNED));
    }
    let mut validation = Validation::new(header.alg);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode(token, key, &validation)
        .map(|data| data.claims)
        .map_err(|_| Refusal::BadToken(NOT_SIGNED))
}
