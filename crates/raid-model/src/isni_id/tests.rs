use proptest::prelude::*;

use super::*;

const EXAMPLE: &str = "0000000121032683";

#[test]
fn takes_the_characters_and_the_url() {
    let id: IsniId = EXAMPLE.parse().unwrap();
    assert_eq!(id.to_string(), EXAMPLE);
    assert_eq!(format!("https://isni.org/isni/{EXAMPLE}").parse(), Ok(id));
    assert_eq!(
        "000000012146438x".parse::<IsniId>().unwrap().to_string(),
        "000000012146438X"
    );
}

#[test]
fn refuses_spaces_hyphens_and_wrong_checksums() {
    for text in [
        "",
        "0000 0001 2103 2683",
        "0000-0001-2103-2683",
        "000000012103268",
        "X000000121032683",
    ] {
        assert_eq!(text.parse::<IsniId>(), Err(IsniIdError::Form), "{text}");
    }
    assert_eq!(
        "0000000121032680".parse::<IsniId>(),
        Err(IsniIdError::Checksum { expected: '3' })
    );
}

proptest! {
    #[test]
    fn round_trips(digits in "[0-9]{15}") {
        let text = format!("{digits}{}", char::from(mod_11_2(digits.as_bytes()).unwrap()));
        let id: IsniId = text.parse().unwrap();
        prop_assert_eq!(id.to_string(), text);
    }

    #[test]
    fn refuses_any_single_changed_character(at in 0..16usize, to in any::<char>()) {
        let mut characters: Vec<char> = EXAMPLE.chars().collect();
        prop_assume!(characters[at] != to);
        characters[at] = to;
        prop_assert!(characters.iter().collect::<String>().parse::<IsniId>().is_err());
    }

    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = text.parse::<IsniId>();
    }
}
