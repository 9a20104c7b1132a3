//! Who is calling: bearer tokens, and the roles and the group in them.
//!
//! Tokens are JWTs as Keycloak issues them: `realm_access.roles` holds the roles,
//! `service_point_group_id` the group whose service point the caller acts for. They come from this
//! agency itself ([`LocalIssuer`]), from `OpenID` providers, or both; `iss` chooses.

use std::time::Duration;

mod caller;
mod claims;
mod key_set;
mod local;
mod verifier;

#[cfg(test)]
mod tests;

pub use caller::{Role, UnknownRole};
pub use local::{LocalIssuer, LocalKey, LocalKeyError, LocalToken, issue_local_token};

pub(crate) use caller::{Caller, Visitor, identified, remembered};
pub(crate) use verifier::{Verifier, VerifierError};

/// Whose tokens count. With neither, every request to the API is refused.
#[derive(Debug, Clone, Default)]
pub struct AuthSettings {
    /// Tokens that this agency issues itself.
    pub local: Option<LocalIssuer>,
    /// Tokens of `OpenID` providers.
    pub oidc: Vec<OidcIssuer>,
}

/// An `OpenID` provider.
#[derive(Debug, Clone)]
pub struct OidcIssuer {
    /// `iss` of its tokens; its keys are found from there (`OpenID` Connect Discovery 1.0).
    pub issuer: String,
    /// What `aud` must contain; unchecked if none.
    pub audience: Option<String>,
    /// Whether the roles that speak for a service point count only with its group behind them,
    /// `service-point-user:<group>`: without that, who chooses the group in their token chooses
    /// the service point.
    pub scoped_roles: bool,
    /// It is asked for its keys at most this often, whatever tokens come.
    pub keys_pause: Duration,
}
