//! Tokens that the agency issues itself, for an installation without an identity provider.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde_json::json;
use store::Timestamp;

use super::Role;

/// The key that signs local tokens.
#[derive(Clone)]
pub struct LocalKey(Arc<SecretSlice<u8>>);

/// Why a key cannot sign tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocalKeyError {
    /// RFC 7518 §3.2: a key for HS256 has at least 256 bits.
    #[error("the key for local tokens must have at least 32 bytes")]
    TooShort,
    /// The token could not be signed.
    #[error("the token could not be signed")]
    Unsigned,
}

impl LocalKey {
    /// A key of at least 32 random bytes.
    ///
    /// # Errors
    /// [`LocalKeyError::TooShort`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, LocalKeyError> {
        if bytes.len() < 32 {
            return Err(LocalKeyError::TooShort);
        }
        Ok(Self(Arc::new(bytes.into())))
    }

    pub(super) fn verifying(&self) -> DecodingKey {
        DecodingKey::from_secret(self.0.expose_secret())
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalKey(…)")
    }
}

/// The agency as an issuer of tokens.
#[derive(Debug, Clone)]
pub struct LocalIssuer {
    /// `iss` of its tokens.
    pub issuer: String,
    /// Signs them.
    pub key: LocalKey,
}

/// A token to be issued.
#[derive(Debug, Clone)]
pub struct LocalToken {
    /// Who will act with it, `sub`.
    pub subject: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// The group of their service point.
    pub group: Option<String>,
    /// How long it counts.
    pub lifetime: Duration,
}

/// Issues a token, signed with HS256.
///
/// # Errors
/// [`LocalKeyError::Unsigned`] if the signature cannot be made.
pub fn issue_local_token(
    issuer: &LocalIssuer,
    token: &LocalToken,
    now: Timestamp,
) -> Result<SecretString, LocalKeyError> {
    let issued_at = now.assume_utc().unix_timestamp();
    let lifetime = i64::try_from(token.lifetime.as_secs()).unwrap_or(i64::MAX);
    let roles: Vec<_> = token.roles.iter().map(|role| role.as_str()).collect();
    let mut claims = json!({
        "iss": issuer.issuer,
        "sub": token.subject,
        "azp": "raid-agency",
        "iat": issued_at,
        "exp": issued_at.saturating_add(lifetime),
        "realm_access": { "roles": roles },
    });
    if let Some(group) = &token.group {
        claims["service_point_group_id"] = json!(group);
    }
    let key = EncodingKey::from_secret(issuer.key.0.expose_secret());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
        .map(SecretString::from)
        .map_err(|_| LocalKeyError::Unsigned)
}
