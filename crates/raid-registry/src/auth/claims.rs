//! What a token says, read without trust in its shape.

use serde_json::Value;

use super::caller::{CallerFacts, Role};

/// Seconds by which the clocks of issuer and registry may differ.
const LEEWAY: i64 = 60;
/// Longest subject, group or client; longer ones are nobody's.
const MAX_TEXT: usize = 255;

/// What must hold for the claims.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: Option<&'a str>,
    /// Whether a role at a service point counts only where it names the group.
    pub(super) scoped_roles: bool,
    /// The roles that the issuer may give.
    pub(super) roles: &'a [Role],
    /// The groups that it may speak for; all if empty.
    pub(super) groups: &'a [String],
    /// Now, in seconds since 1970.
    pub(super) now: i64,
}

/// Checks the claims of a token whose signature is good, and reads who calls and until when the
/// token counts.
pub(super) fn read(
    claims: &Value,
    expected: &Expected<'_>,
) -> Result<(CallerFacts, i64), &'static str> {
    if claims["iss"].as_str() != Some(expected.issuer) {
        return Err("The issuer is not known here");
    }
    if let Some(audience) = expected.audience
        && !is_among(&claims["aud"], audience)
    {
        return Err("The token is for another audience");
    }
    let expiry = seconds(&claims["exp"]).ok_or("The token has no expiry")?;
    let until = expiry.saturating_add(LEEWAY);
    if expected.now >= until {
        return Err("The token expired");
    }
    if !claims["nbf"].is_null() {
        let start = seconds(&claims["nbf"]).ok_or("The claim nbf is not a time")?;
        if expected.now < start.saturating_sub(LEEWAY) {
            return Err("The token does not count yet");
        }
    }
    let subject = text(&claims["sub"]).ok_or("The token has no subject")?;
    let claimed = text(&claims["service_point_group_id"]).filter(|group| !group.trim().is_empty());
    let speaks_for = |group: &String| expected.groups.is_empty() || expected.groups.contains(group);
    let is_foreign = claimed.as_ref().is_some_and(|group| !speaks_for(group));
    let group = claimed.filter(speaks_for);
    let named = |name: &str| is_among(&claims["realm_access"]["roles"], name);
    // Names the group of the token, letter for letter.
    let named_with_group = |role: &Role| {
        let scoped = group
            .as_ref()
            .map(|group| format!("{}:{group}", role.as_str()));
        scoped.is_some_and(|name| named(&name))
    };
    let has = |role: &&Role| {
        if !expected.roles.contains(role) {
            false
        } else if !role.is_at_service_point() {
            named(role.as_str())
        } else if is_foreign {
            false
        } else {
            named_with_group(role) || (!expected.scoped_roles && named(role.as_str()))
        }
    };
    let facts = CallerFacts {
        issuer: expected.issuer.to_owned(),
        subject,
        client: text(&claims["azp"]),
        roles: Role::ALL.iter().filter(has).copied().collect(),
        group,
        is_api_token: false,
    };
    Ok((facts, until))
}

/// Whether a text, or a list of texts, holds `wanted`.
fn is_among(claim: &Value, wanted: &str) -> bool {
    match claim {
        Value::String(one) => one == wanted,
        Value::Array(many) => many.iter().any(|one| one.as_str() == Some(wanted)),
        _ => false,
    }
}

/// A time in seconds since 1970; fractions are allowed (RFC 7519 §2) and cut off.
#[allow(clippy::cast_possible_truncation)] // Checked to be far inside the range.
fn seconds(claim: &Value) -> Option<i64> {
    claim.as_i64().or_else(|| {
        claim
            .as_f64()
            .filter(|s| s.abs() < 1e15)
            .map(|float| float as i64)
    })
}

fn text(claim: &Value) -> Option<String> {
    claim
        .as_str()
        .filter(|text| !text.is_empty() && text.len() <= MAX_TEXT)
        .filter(|text| !text.contains(char::is_control))
        .map(str::to_owned)
}
