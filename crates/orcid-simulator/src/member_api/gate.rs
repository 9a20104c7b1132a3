//! Who may: the token, the record's state, the token's owner, the scope.

use time::OffsetDateTime;

use crate::OrcidId;
use crate::api_error::ApiError;
use crate::grants::{DisabledBecause, Token};
use crate::member_api::Call;
use crate::pipeline::invalid_token;
use crate::reply::Reply;
use crate::world::{Record, RecordState, World};

/// A call that does not pass the token check.
pub(crate) enum Refusal {
    /// An answer of the security layer: JSON whatever was asked for.
    OAuth(Reply),
    /// An answer of the API.
    Api(ApiError),
}

/// The token of an `Authorization` header: the scheme in any case, cut at a comma.
pub(crate) fn bearer(authorization: &str) -> Option<String> {
    let (scheme, rest) = authorization.trim().split_once(' ')?;
    let token = rest.split(',').next()?.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

/// Checks the token. A token that the researcher revoked still deletes.
pub(crate) fn token(
    world: &World,
    bearer: Option<&str>,
    deleting: bool,
    now: OffsetDateTime,
) -> Result<Token, Refusal> {
    let Some(bearer) = bearer else {
        return Err(Refusal::OAuth(Reply::oauth_error(
            403,
            "forbidden",
            "Forbidden: The server understood the request but refuses to authorize it.",
        )));
    };
    let invalid = || Refusal::OAuth(invalid_token(bearer));
    let token = world.grants.by_access(bearer).ok_or_else(invalid)?;
    let usable = match token.disabled {
        None => now < token.expires(),
        Some(DisabledBecause::UserRevoked) => deleting,
        Some(_) => false,
    };
    if !usable {
        return Err(invalid());
    }
    match world.clients.get(&token.client_id) {
        Some(client) if client.disabled => Err(Refusal::Api(ApiError::new(9057))),
        Some(_) => Ok(token.clone()),
        None => Err(invalid()),
    }
}

/// The record in the path, when its state allows the call. `deactivated_too` lets a deactivated
/// record pass: notifications of one can be read.
pub(crate) fn record<'w>(
    world: &'w mut World,
    call: &Call<'_>,
    deactivated_too: bool,
) -> Result<(OrcidId, &'w mut Record), ApiError> {
    let orcid: OrcidId = call.orcid.parse().map_err(|_| ApiError::new(9016))?;
    let record = world
        .record(&orcid, call.now)
        .ok_or_else(|| ApiError::new(9016))?;
    match &record.state {
        RecordState::Active => {}
        RecordState::Deprecated { into } => {
            let primary = format!("{}/{into}", call.app.web_url);
            return Err(ApiError::deprecated(&primary, call.reading));
        }
        RecordState::Unclaimed => return Err(ApiError::new(9036)),
        RecordState::Locked => {
            let mut locked = ApiError::new(9018);
            locked.developer_message = format!("{} ORCID {orcid}", locked.developer_message);
            return Err(locked);
        }
        RecordState::Deactivated if deactivated_too => {}
        RecordState::Deactivated => return Err(ApiError::new(9044)),
    }
    Ok((orcid, record))
}

/// A researcher's token is good for the record of that researcher only.
pub(crate) fn owner(call: &Call<'_>) -> Result<(), ApiError> {
    match &call.token.orcid {
        Some(owner) if owner.as_str() != call.orcid => {
            Err(ApiError::new(9017).detail("Access token is for a different record"))
        }
        _ => Ok(()),
    }
}

/// The token needs the scope, from a researcher when `granted` is set.
pub(crate) fn scope(call: &Call<'_>, scope: &str, granted: bool) -> Result<(), ApiError> {
    if call.token.allows(scope) && (!granted || call.token.orcid.is_some()) {
        return Ok(());
    }
    Err(ApiError::missing_scope(scope))
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn the_bearer_token_is_found() {
        assert_eq!(bearer("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(bearer("bEaReR abc, def").as_deref(), Some("abc"));
        assert_eq!(bearer("Basic abc"), None);
        assert_eq!(bearer("Bearer "), None);
        assert_eq!(bearer(""), None);
    }
}
