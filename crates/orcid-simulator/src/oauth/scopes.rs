//! The scopes that exist, by how they are obtained.

use crate::grants::Scopes;

/// Granted by a researcher, with what they allow.
const GRANTED: &[(&str, &str)] = &[
    ("/authenticate", "Get your ORCID iD"),
    ("openid", "Get your ORCID iD"),
    (
        "/read-limited",
        "Read your information with visibility set to Trusted Parties",
    ),
    (
        "/activities/update",
        "Add/update your research activities (works, affiliations, etc)",
    ),
    (
        "/person/update",
        "Add/update other information about you (country, keywords, etc.)",
    ),
];

/// Taken and ignored on the authorize page.
const IGNORED: &[&str] = &["email", "profile", "address", "phone", "offline_access"];

/// Given to a client for itself; the flag tells the premium ones.
const CLIENT: &[(&str, bool)] = &[
    ("/read-public", false),
    ("/group-id-record/read", false),
    ("/group-id-record/update", false),
    ("/premium-notification", true),
    ("/webhook", true),
];

/// What a scope allows, in the words of the consent page.
pub(crate) fn description(scope: &str) -> &'static str {
    GRANTED
        .iter()
        .find(|(name, _)| *name == scope)
        .map_or("", |(_, text)| text)
}

/// The scopes that the authorize page asks the researcher for: ignored and client scopes are
/// stripped. `None` when one is unknown or nothing is left.
pub(crate) fn to_grant(asked: &Scopes) -> Option<Scopes> {
    let mut granted = Scopes::new();
    for scope in asked {
        if GRANTED.iter().any(|(name, _)| name == scope) {
            granted.insert(scope.clone());
        } else if !IGNORED.contains(&scope.as_str()) && !CLIENT.iter().any(|(n, _)| n == scope) {
            return None;
        }
    }
    (!granted.is_empty()).then_some(granted)
}

/// Why a client cannot have the scopes that it asks for itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotForClient {
    /// Not a scope at all.
    Unknown(String),
    /// Not enabled for this client.
    NotEnabled(String),
}

/// The scopes a client gets for itself; those that a researcher must grant are silently dropped.
pub(crate) fn for_client(asked: &Scopes, premium: bool) -> Result<Scopes, NotForClient> {
    let mut given = Scopes::new();
    for scope in asked {
        match CLIENT.iter().find(|(name, _)| name == scope) {
            Some((_, true)) if !premium => return Err(NotForClient::NotEnabled(scope.clone())),
            Some(_) => {
                given.insert(scope.clone());
            }
            None if GRANTED.iter().any(|(name, _)| name == scope) => {}
            None => return Err(NotForClient::Unknown(scope.clone())),
        }
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::{NotForClient, for_client, to_grant};
    use crate::grants::{join_scopes, parse_scopes};

    #[test]
    fn what_the_consent_page_asks_for() {
        let ask = |text| to_grant(&parse_scopes(text)).map(|s| join_scopes(&s));
        assert_eq!(
            ask("/read-limited /activities/update email /read-public").as_deref(),
            Some("/activities/update /read-limited")
        );
        assert_eq!(ask("/premium-notification"), None);
        assert_eq!(ask("/read-limited /nonsense"), None);
        assert_eq!(ask(""), None);
    }

    #[test]
    fn what_a_client_gets_for_itself() {
        let ask = |text, premium| for_client(&parse_scopes(text), premium).map(|s| join_scopes(&s));
        assert_eq!(
            ask("/premium-notification", true).as_deref(),
            Ok("/premium-notification")
        );
        let refused = NotForClient::NotEnabled("/premium-notification".into());
        assert_eq!(ask("/premium-notification", false), Err(refused));
        assert_eq!(
            ask("/read-public /read-limited", false).as_deref(),
            Ok("/read-public")
        );
        assert_eq!(ask("/x", true), Err(NotForClient::Unknown("/x".into())));
    }
}
