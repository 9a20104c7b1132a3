use proptest::prelude::*;

use super::*;

const TOKEN: &str = "89f0181c-168b-4d7d-831c-1fdda2d7bbbb";

#[test]
fn the_token_that_orcid_repeats_is_removed() {
    assert_eq!(
        scrub(&format!("Invalid access token: {TOKEN}"), &[]),
        "Invalid access token: [removed]"
    );
    assert_eq!(
        scrub(
            &format!(
                "Invalid access token: Unable to obtain information from the authorization \
                 server: {}",
                TOKEN.to_uppercase()
            ),
            &[]
        ),
        "Invalid access token: Unable to obtain information from the authorization server: \
         [removed]"
    );
}

#[test]
fn known_secrets_are_removed_whatever_their_form() {
    let secret = SecretString::from("not a/uuid");
    assert_eq!(
        scrub("x not a/uuid y not+a%2Fuuid", &[&secret]),
        "x [removed] y [removed]"
    );
    let empty = SecretString::from("");
    assert_eq!(scrub("kept", &[&empty]), "kept");
}

#[test]
fn labelled_values_are_removed() {
    assert_eq!(
        scrub("Authorization: Bearer abc.def, x", &[]),
        "Authorization: Bearer [removed], x"
    );
    assert_eq!(
        scrub("Invalid authorization code: Ab3xYz", &[]),
        "Invalid authorization code: [removed]"
    );
    assert_eq!(
        scrub("?ACCESS_TOKEN=q1&client_secret=s3&code=77", &[]),
        "?ACCESS_TOKEN=[removed]&client_secret=[removed]&code=[removed]"
    );
}

#[test]
fn lines_are_joined_and_cut() {
    assert_eq!(scrub("  a\r\n\tb\u{0}c  ", &[]), "a b c");
    assert_eq!(scrub(&"ä".repeat(600), &[]).chars().count(), 500);
}

proptest! {
    #[test]
    fn no_token_survives(before in ".{0,40}", after in ".{0,40}", other in "[!-~]{6,40}") {
        let secret = SecretString::from(other.clone());
        let text = format!("{before}{TOKEN}{after}{other}{after}");
        let clean = scrub(&text, &[&secret]);
        prop_assert!(!clean.contains(TOKEN));
        prop_assert!(!clean.contains(&other) || REMOVED.contains(&other));
        prop_assert!(clean.chars().count() <= 500);
    }
}
