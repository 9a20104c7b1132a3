use proptest::prelude::*;

use super::*;

/// ORCID's documented example iDs.
const EXAMPLES: [&str; 3] = [
    "0000-0002-1825-0097",
    "0000-0001-5109-3700",
    "0000-0002-1694-233X",
];

#[test]
fn takes_the_bare_form_and_both_hosts() {
    for example in EXAMPLES {
        let id: OrcidId = example.parse().unwrap();
        assert_eq!(id.to_string(), example);
        for host in ["https://orcid.org/", "https://sandbox.orcid.org/"] {
            assert_eq!(id.url(host).parse(), Ok(id));
        }
    }
}

#[test]
fn refuses_other_forms() {
    for text in [
        "",
        "0000000218250097",
        "0000-0002-1825-009",
        "0000-0002-1825-00977",
        "0000-0002-1694-233x",
        "X000-0002-1825-0097",
        " 0000-0002-1825-0097",
        "http://orcid.org/0000-0002-1825-0097",
        "https://orcid.org/0000-0002-1825-0097/",
        "https://orcid.org.example/0000-0002-1825-0097",
        "０000-0002-1825-0097",
    ] {
        assert_eq!(text.parse::<OrcidId>(), Err(OrcidIdError::Form), "{text}");
    }
}

#[test]
fn names_the_checksum() {
    let error = "0000-0002-1825-0098".parse::<OrcidId>().unwrap_err();
    assert_eq!(error, OrcidIdError::Checksum { expected: '7' });
    assert!(error.to_string().contains("checksum"));
}

#[test]
fn is_a_bare_string_in_json() {
    let id: OrcidId = EXAMPLES[2].parse().unwrap();
    let json = serde_json::to_string(&id).unwrap();
    assert_eq!(json, "\"0000-0002-1694-233X\"");
    assert_eq!(serde_json::from_str::<OrcidId>(&json).unwrap(), id);
    assert!(serde_json::from_str::<OrcidId>("\"0000-0002-1694-2330\"").is_err());
}

proptest! {
    #[test]
    fn round_trips(digits in "[0-9]{15}") {
        let check = char::from(mod_11_2(digits.as_bytes()).unwrap());
        let text = format!(
            "{}-{}-{}-{}{check}", &digits[..4], &digits[4..8], &digits[8..12], &digits[12..]
        );
        let id: OrcidId = text.parse().unwrap();
        prop_assert_eq!(id.to_string(), text);
    }

    /// MOD 11-2 finds every single substitution.
    #[test]
    fn refuses_any_single_changed_character(example in 0..3usize, at in 0..19usize, to in any::<char>()) {
        let mut characters: Vec<char> = EXAMPLES[example].chars().collect();
        prop_assume!(characters[at] != to);
        characters[at] = to;
        prop_assert!(characters.iter().collect::<String>().parse::<OrcidId>().is_err());
    }

    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = text.parse::<OrcidId>();
    }
}
