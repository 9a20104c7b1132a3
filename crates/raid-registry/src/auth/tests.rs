//! Keys and roles. Tokens are tested through the API.

use std::time::Duration;

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

#[test]
fn no_two_issuers_answer_for_the_same_tokens() {
    let issuer = "https://agency.example.org".to_owned();
    let settings = AuthSettings {
        local: Some(LocalIssuer {
            issuer: issuer.clone(),
            key: LocalKey::new(vec![1; 32]).unwrap(),
        }),
        oidc: vec![OidcIssuer {
            issuer,
            audience: None,
            scoped_roles: false,
            roles: Vec::new(),
            groups: Vec::new(),
            keys_pause: Duration::ZERO,
            keys_max_age: Duration::ZERO,
        }],
        former_issuer: None,
        api_token_issuer: "raid-agency".to_owned(),
    };
    assert!(Verifier::new(&settings, store::Clock::system()).is_err());
}
