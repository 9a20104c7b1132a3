//! Keys and roles. Tokens are tested through the API.

use std::time::Duration;
use store::Clock;

use super::key_set::{KeySet, KeySetError};
use super::{AuthSettings, LocalIssuer, LocalKey, LocalKeyError, OidcIssuer, Role, Verifier};

#[test]
fn a_key_has_256_bits() {
    assert_eq!(
        LocalKey::new(vec![1; 31]).err(),
        Some(LocalKeyError::TooShort)
    );
    let key = LocalKey::new(vec![1; 32]).unwrap();
    assert_eq!(format!("{key:?}"), "LocalKey(…)");
}

#[test]
fn roles_have_their_names() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(*role));
    }
    assert!("raid-upgrade".parse::<Role>().is_err());
}

fn provider(issuer: &str) -> OidcIssuer {
    OidcIssuer {
        issuer: issuer.to_owned(),
        audience: None,
        scoped_roles: false,
        roles: Vec::new(),
        groups: Vec::new(),
        keys_pause: Duration::ZERO,
        keys_max_age: Duration::ZERO,
    }
}

/// Also after a redirect, and when its description of itself names another address.
#[tokio::test]
async fn the_keys_of_a_provider_with_https_are_read_over_https() {
    let key_set = |issuer: &str| KeySet::new(&provider(issuer), Clock::system()).unwrap();
    // Nobody listens there.
    let there = "http://127.0.0.1:9/keys";
    let refused = async |issuer| match key_set(issuer).get(there).await {
        Err(KeySetError::Http(error)) => error.is_builder(),
        other => panic!("{other:?}"),
    };
    assert!(refused("https://agency.example.org").await);
    assert!(refused("HTTPS://agency.example.org").await);
    assert!(!refused("http://agency.example.org").await);
}

#[test]
fn no_two_issuers_answer_for_the_same_tokens() {
    let issuer = "https://agency.example.org".to_owned();
    let settings = AuthSettings {
        local: Some(LocalIssuer {
            issuer: issuer.clone(),
            key: LocalKey::new(vec![1; 32]).unwrap(),
        }),
        oidc: vec![provider(&issuer)],
        former_issuer: None,
        api_token_issuer: "raid-agency".to_owned(),
    };
    assert!(Verifier::new(&settings, 1 << 20, store::Clock::system()).is_err());
}
