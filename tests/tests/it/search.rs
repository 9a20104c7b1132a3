//! Searching for what must not be there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Whether a content holds a text: as it is, in hexadecimal digits (as dumps show bytes), or in
/// base64. A content of bytes may be read as text with losses: no ASCII character is lost.
pub fn holds(content: &str, text: &str) -> bool {
    let digits = text.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect();
    // Without the last group, whose end depends on what follows.
    let whole = &text.as_bytes()[..text.len() / 3 * 3];
    let base64 = STANDARD_NO_PAD.encode(whole);
    let forms = [text.to_owned(), base64, hex.to_uppercase(), hex];
    forms
        .iter()
        .any(|form| !form.is_empty() && content.contains(form))
}

#[test]
fn a_planted_text_is_found_in_each_form() {
    let secret = "5f0c2a7e-5d4b";
    assert!(holds("token 5f0c2a7e-5d4b.", secret), "as it is");
    assert!(
        !holds(r"\x35663063326137", secret),
        "a half is not the whole"
    );
    assert!(
        holds(r"a \x35663063326137652d35643462 b", secret),
        "hexadecimal"
    );
    assert!(holds("5F 35663063326137652D35643462", secret), "upper case");
    assert!(
        holds("authorization: Basic NWYwYzJhN2UtNWQ0Yg==", secret),
        "base64"
    );
    assert!(!holds("nothing of the kind", secret));
}
