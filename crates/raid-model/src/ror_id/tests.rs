use proptest::prelude::*;

use super::*;

#[test]
fn takes_ids_of_real_organisations() {
    for text in [
        "https://ror.org/038sjwq14",
        "https://ror.org/00rqy9422",
        "https://ror.org/02stey378",
    ] {
        assert_eq!(text.parse::<RorId>().unwrap().to_string(), text);
    }
}

#[test]
fn refuses_other_forms() {
    for text in [
        "",
        "038sjwq14",
        "http://ror.org/038sjwq14",
        "https://ror.org/038SJWQ14",
        "https://ror.org/138sjwq14",
        "https://ror.org/038ujwq14",
        "https://ror.org/038sjwq1x",
        "https://ror.org/038sjwq14/",
    ] {
        assert_eq!(text.parse::<RorId>(), Err(RorIdError::Form), "{text}");
    }
}

#[test]
fn names_the_checksum() {
    let error = "https://ror.org/038sjwq15".parse::<RorId>().unwrap_err();
    assert_eq!(error, RorIdError::Checksum { expected: 14 });
    assert!(error.to_string().contains("checksum"));
}

proptest! {
    #[test]
    fn exactly_one_pair_of_check_digits_fits(coded in "0[0-9a-hjkmnp-tv-z]{6}") {
        let valid: Vec<RorId> = (0..100)
            .filter_map(|check| format!("https://ror.org/{coded}{check:02}").parse().ok())
            .collect();
        prop_assert_eq!(valid.len(), 1);
        prop_assert_eq!(valid[0].to_string().parse(), Ok(valid[0]));
    }

    #[test]
    fn refuses_any_single_changed_character(at in 0..25usize, to in any::<char>()) {
        let mut characters: Vec<char> = "https://ror.org/038sjwq14".chars().collect();
        prop_assume!(characters[at] != to);
        characters[at] = to;
        prop_assert!(characters.iter().collect::<String>().parse::<RorId>().is_err());
    }

    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = text.parse::<RorId>();
        let _ = format!("https://ror.org/{text}").parse::<RorId>();
    }
}
