//! Random values: tokens and authorization codes.

use rand::RngExt;

/// A version 4 UUID, the form of ORCID's tokens.
pub(crate) fn token_uuid() -> String {
    let bits: u128 = rand::random();
    let bits = bits & !(0xf << 76) | (0x4 << 76);
    let bits = bits & !(0x3 << 62) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

/// An authorization code: six base-62 characters.
pub(crate) fn authorization_code() -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rng = rand::rng();
    (0..6)
        .map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{authorization_code, token_uuid};

    #[test]
    fn tokens_are_version_4_uuids() {
        let token = token_uuid();
        let parts: Vec<usize> = token.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(token.as_bytes()[14], b'4');
        assert!("89ab".contains(char::from(token.as_bytes()[19])));
        assert_ne!(token, token_uuid());
    }

    #[test]
    fn codes_are_six_base_62_characters() {
        let code = authorization_code();
        assert_eq!(code.len(), 6);
        assert!(code.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
