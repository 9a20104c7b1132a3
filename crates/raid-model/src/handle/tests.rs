use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

#[test]
fn reads_the_bare_form_and_the_url_in_any_case() {
    let handle: Handle = "10.82841/9F3C1a7e".parse().unwrap();
    assert_eq!(handle.to_string(), "10.82841/9f3c1a7e");
    assert_eq!(handle.prefix().as_str(), "10.82841");
    assert_eq!(handle.suffix().as_str(), "9f3c1a7e");
    let url = handle.url(&"https://raid.org/".parse().unwrap());
    assert_eq!(url, "https://raid.org/10.82841/9f3c1a7e");
    assert_eq!(Handle::from_url(&url, "https://raid.org/"), Ok(handle));
}

#[test]
fn says_which_part_is_wrong() {
    let long_prefix = format!("{}/x", "1".repeat(33));
    let long_suffix = format!("10.1/{}", "a".repeat(65));
    for (text, error) in [
        ("", HandleError::Form),
        ("10.82841", HandleError::Form),
        ("/9f3c", HandleError::Prefix),
        ("10./9f3c", HandleError::Prefix),
        ("10..1/9f3c", HandleError::Prefix),
        ("10.x/9f3c", HandleError::Prefix),
        (&long_prefix, HandleError::Prefix),
        ("10.82841/", HandleError::Suffix),
        ("10.82841/..", HandleError::Suffix),
        ("10.82841/a/b", HandleError::Suffix),
        ("10.82841/a b", HandleError::Suffix),
        ("10.82841/é", HandleError::Suffix),
        (&long_suffix, HandleError::Suffix),
    ] {
        assert_eq!(text.parse::<Handle>(), Err(error), "{text}");
    }
    assert_eq!(
        Handle::from_url("https://example.org/10.82841/9f3c", "https://raid.org/"),
        Err(HandleError::Resolver)
    );
}

#[test]
fn every_random_bit_changes_the_suffix() {
    let suffixes: HashSet<Suffix> = (0..65)
        .map(|bit| Suffix::from_random(1 << bit))
        .chain([Suffix::from_random(0)])
        .collect();
    assert_eq!(suffixes.len(), 66);
}

proptest! {
    #[test]
    fn round_trips(text in "[0-9]{1,6}(\\.[0-9]{1,6}){0,3}/[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?") {
        let handle: Handle = text.parse().unwrap();
        prop_assert_eq!(handle.to_string(), text);
        let json = serde_json::to_string(&handle).unwrap();
        prop_assert_eq!(serde_json::from_str::<Handle>(&json).unwrap(), handle);
    }

    #[test]
    fn random_suffixes_are_13_characters_that_parse_to_themselves(random in any::<u128>()) {
        let suffix = Suffix::from_random(random);
        prop_assert_eq!(suffix.as_str().len(), 13);
        prop_assert_eq!(suffix.as_str().parse::<Suffix>(), Ok(suffix.clone()));
    }

    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = text.parse::<Handle>();
        let _ = Handle::from_url(&text, "https://raid.org/");
    }
}
