//! Redirect URIs: which one is registered, and how answers are appended.

use url::{Url, form_urlencoded};

/// Whether a redirect URI agrees with a registered one: same scheme, host, port and user info, and
/// a path that begins with the registered path. Its query is free.
pub(crate) fn registered(asked: &str, registered: &[String]) -> bool {
    let Ok(asked) = Url::parse(asked) else {
        return false;
    };
    registered
        .iter()
        .filter_map(|r| Url::parse(r).ok())
        .any(|known| {
            asked.scheme() == known.scheme()
                && asked.host_str() == known.host_str()
                && asked.port_or_known_default() == known.port_or_known_default()
                && asked.username() == known.username()
                && asked.password() == known.password()
                && asked.path().starts_with(known.path())
        })
}

/// Appends parameters to an address, spaces as `%20`.
pub(crate) fn with_query(address: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters);
    // The serialiser writes a literal plus as %2B, so each plus here is a space.
    let query = query.finish().replace('+', "%20");
    let separator = if address.contains('?') { '&' } else { '?' };
    format!("{address}{separator}{query}")
}

#[cfg(test)]
mod tests {
    use super::{registered, with_query};

    #[test]
    fn the_registered_path_is_a_beginning() {
        let known = ["https://raid.example/orcid".to_owned()];
        for yes in [
            "https://raid.example/orcid",
            "https://raid.example:443/orcid/callback?x=1",
        ] {
            assert!(registered(yes, &known), "{yes}");
        }
        for no in [
            "http://raid.example/orcid",
            "https://raid.example:8443/orcid",
            "https://evil.example/orcid",
            "https://raid.example/",
            "https://user@raid.example/orcid",
            "orcid",
        ] {
            assert!(!registered(no, &known), "{no}");
        }
    }

    #[test]
    fn answers_are_appended_to_a_query() {
        let denied = with_query(
            "https://a.example/cb",
            &[("error_description", "User denied access")],
        );
        assert_eq!(
            denied,
            "https://a.example/cb?error_description=User%20denied%20access"
        );
        assert_eq!(
            with_query("https://a/?x=1", &[("state", "a+b&c")]),
            "https://a/?x=1&state=a%2Bb%26c"
        );
    }
}
