use proptest::prelude::*;

use super::*;

#[test]
fn white_space_and_controls_go() {
    assert_eq!(
        clean_line("  A \t <b> & \u{1}\u{85} \u{fffe}c\n", 100),
        "A <b> & c"
    );
    assert_eq!(clean_line("\u{1} \u{200b}\u{200d}", 100), "");
    assert_eq!(clean_line("a\u{2028}b\u{a0}c", 100), "a b c");
}

#[test]
fn invisible_characters_go() {
    let named = [
        0xad, 0x61c, 0x180e, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c,
        0x202d, 0x202e, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069,
        0x206a, 0x206f, 0xfeff, 0xfff9, 0xfffb, 0xe0001, 0xe0041,
    ];
    for code in named {
        let c = char::from_u32(code).unwrap();
        assert_eq!(
            clean_line(&format!("{c}al{c}pha{c} {c} {c}b{c}"), 100),
            "alpha b",
            "U+{code:04X}"
        );
    }
}

#[test]
fn joiners_stay_where_spelling_needs_them() {
    // Persian "I want" and Sinhala "Sri".
    for word in [
        "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
        "\u{dc1}\u{dca}\u{200d}\u{dbb}\u{dd3}",
    ] {
        assert_eq!(clean_line(word, 100), word);
        // At an edge, or doubled, they join nothing.
        assert_eq!(clean_line(&format!("\u{200c}{word}\u{200d}"), 100), word);
    }
    assert_eq!(
        clean_line("\u{645}\u{200c}\u{200c}\u{645}", 9),
        "\u{645}\u{200c}\u{645}"
    );
    assert_eq!(clean_line("\u{645}\u{200c}a", 9), "\u{645}a");
    // Direction marks between them do not hide the neighbour.
    assert_eq!(
        clean_line("\u{645}\u{200c}\u{200f}\u{645}", 9),
        "\u{645}\u{200c}\u{645}"
    );
}

#[test]
fn variation_selectors_stay() {
    for word in ["\u{845b}\u{e0100}", "\u{2764}\u{fe0f}", "\u{1820}\u{180b}"] {
        assert_eq!(clean_line(word, 100), word);
    }
}

#[test]
fn it_ends_at_the_longest() {
    assert_eq!(clean_line(&"é".repeat(11), 10), "é".repeat(10));
    assert_eq!(clean_line("aaaa b", 5), "aaaa");
    assert_eq!(clean_line("\u{645}\u{200c}\u{645}", 2), "\u{645}");
}

/// Text with many of the characters that matter.
fn odd_text() -> impl Strategy<Value = String> {
    let odd = prop_oneof![
        any::<char>(),
        proptest::char::range('\u{200a}', '\u{2010}'),
        proptest::char::range('\u{2028}', '\u{2070}'),
        proptest::char::range('\u{628}', '\u{630}'),
        Just('\u{200c}'),
        Just('\u{200d}'),
        Just(' '),
        Just('a'),
    ];
    proptest::collection::vec(odd, 0..40).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn a_clean_line_is_clean(text in odd_text(), max in 0..45usize) {
        let line = clean_line(&text, max);
        prop_assert_eq!(clean_line(&line, max), line.as_str());
        prop_assert!(line.chars().count() <= max);
        prop_assert!(!line.contains(is_removed));
        prop_assert_eq!(line.trim(), line.as_str());
        prop_assert!(!line.chars().any(|c| c != ' ' && c.is_whitespace()));
    }
}
