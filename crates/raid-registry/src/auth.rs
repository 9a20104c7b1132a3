//! Who is calling: bearer tokens, and the roles and the group in them.
//!
//! Tokens are JWTs as Keycloak issues them: `realm_access.roles` holds the roles,
//! `service_point_group_id` the group whose service point the caller acts for. They come from this
//! agency itself ([`LocalIssuer`]), from `OpenID` providers, or both; `iss` chooses.
//!
//! Other tokens begin with `raid_`: the agency issued them ([`issue_api_token`]), keeps a hash of each,
//! and can revoke each alone.

use std::time::Duration;

mod api_tokens;
mod caller;
mod claims;
mod key_set;
mod local;
mod verifier;

#[cfg(test)]
mod tests;

pub use api_tokens::{Creator, NewApiToken, issue_api_token};
pub use caller::{Role, UnknownRole};
pub use key_set::{KEY_REFRESHES, KeySetError, count_keys};
pub use local::{LocalIssuer, LocalKey, LocalKeyError, LocalToken, issue_local_token};

pub(crate) use api_tokens::ApiTokens;
pub(crate) use caller::{Caller, Visitor, identified, remembered};
pub(crate) use verifier::{Verifier, VerifierError};

/// Whose tokens count. With neither, every request to the API is refused. A person or system is
/// known by issuer and subject together: the same subject at another issuer is somebody else.
#[derive(Debug, Clone, Default)]
pub struct AuthSettings {
    /// Tokens that this agency issues itself.
    pub local: Option<LocalIssuer>,
    /// Tokens of `OpenID` providers.
    pub oidc: Vec<OidcIssuer>,
    /// The issuer of tokens from before issuers were stored: its callers' idempotency keys are
    /// found as they were stored then.
    pub former_issuer: Option<String>,
    /// The issuer of the tokens that the agency keeps ([`issue_api_token`]).
    pub api_token_issuer: String,
}

impl AuthSettings {
    /// Whether tokens of an issuer count.
    pub(crate) fn accepts(&self, issuer: &str) -> bool {
        self.local.iter().any(|local| local.issuer == issuer)
            || self.oidc.iter().any(|oidc| oidc.issuer == issuer)
            || self.api_token_issuer == issuer
    }
}

/// An `OpenID` provider.
#[derive(Debug, Clone)]
pub struct OidcIssuer {
    /// `iss` of its tokens; its keys are found from there (`OpenID` Connect Discovery 1.0).
    pub issuer: String,
    /// What `aud` must contain. Unchecked if none: then tokens that the provider issued for any
    /// other application count here.
    pub audience: Option<String>,
    /// Whether the roles at a service point count only with its group behind them,
    /// `service-point-user:<group>`. Otherwise they count without it, too: then whoever chooses the
    /// group in their token chooses the service point.
    pub scoped_roles: bool,
    /// The roles that its tokens may give; others in a token do not count.
    pub roles: Vec<Role>,
    /// The groups that its tokens may speak for; all if empty. Another group in a token does not
    /// count, nor do the roles at its service point.
    pub groups: Vec<String>,
    /// It is asked for its keys at most this often, whatever tokens come.
    pub keys_pause: Duration,
    /// How long its keys count when they cannot be fetched again. They are fetched again after a
    /// third of this.
    pub keys_max_age: Duration,
}
