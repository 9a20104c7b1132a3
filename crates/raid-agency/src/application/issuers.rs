//! Whose tokens are accepted, and whose the identities are that were stored without an issuer.

use super::local_issuer;
use crate::settings::{Auth, Settings};
use raid_registry::auth::{AuthSettings, OidcIssuer};
use store::issuers::{self, Configured};
use store::{Store, StoreError};

/// Holders that get their issuer in one transaction: few, as nobody else writes to SQLite meanwhile.
const BATCH: i64 = 500;

/// Whose tokens are accepted.
///
/// # Errors
/// When the key of local tokens cannot be had.
pub(super) fn of(settings: &Settings) -> anyhow::Result<AuthSettings> {
    let auth = &settings.auth;
    let local = if auth.local {
        Some(local_issuer(settings)?)
    } else {
        None
    };
    Ok(AuthSettings {
        local,
        oidc: oidc_issuers(auth),
        former_issuer: None,
        api_token_issuer: auth.local_issuer.clone(),
    })
}

/// The providers whose tokens are accepted.
pub(crate) fn oidc_issuers(auth: &Auth) -> Vec<OidcIssuer> {
    let oidc = auth.issuers.iter().map(|issuer| OidcIssuer {
        issuer: issuer.issuer.clone(),
        audience: issuer.audience.clone(),
        scoped_roles: issuer.scoped_roles,
        roles: auth.roles_of(issuer),
        groups: issuer.groups.clone(),
        keys_pause: auth.keys_pause,
        keys_max_age: auth.keys_max_age,
    });
    oidc.collect()
}

/// Records whose the tokens from before issuers were stored are, and gives that issuer to the
/// holders from before.
///
/// # Errors
/// When only the setting `auth.former_issuer` could tell.
pub(super) async fn claim(
    store: &Store,
    settings: &Settings,
) -> Result<Option<String>, StoreError> {
    let auth = &settings.auth;
    let former = Some(auth.former_issuer.clone()).filter(|issuer| !issuer.is_empty());
    let only = match auth.accepted()[..] {
        [only] => Some(only.to_owned()),
        _ => None,
    };
    let claim = move |c: &mut store::Conn| {
        let configured = Configured {
            former: former.as_deref(),
            only: only.as_deref(),
        };
        issuers::claim(c, configured)
    };
    let former = store.write(claim).await?;
    claim_holders(store).await?;
    Ok(former)
}

/// Gives their issuer to holders from before, and to those of nodes that are not upgraded yet.
pub(super) async fn claim_holders(store: &Store) -> Result<(), StoreError> {
    let mut claimed = 0;
    loop {
        match store.write(|c| issuers::claim_holders(c, BATCH)).await? {
            0 => break,
            some => claimed += some,
        }
    }
    if claimed > 0 {
        tracing::info!(
            claimed,
            "holders of RAiDs are known by issuer and subject now"
        );
    }
    Ok(())
}

/// Says what several issuers should be told apart by.
pub(super) fn warn_of_wide_trust(settings: &Settings) {
    let auth = &settings.auth;
    if auth.issuers.len() < 2 {
        return;
    }
    for issuer in &auth.issuers {
        if issuer.groups.is_empty() {
            tracing::warn!(
                issuer = issuer.issuer,
                "may speak for every service point: name its groups in auth.issuers.groups"
            );
        }
        if issuer.roles.is_none() {
            tracing::warn!(
                issuer = issuer.issuer,
                "gives no role that holds at every service point: name them in auth.issuers.roles \
                 if it shall"
            );
        }
    }
}
