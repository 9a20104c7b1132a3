//! Names of keys that follow from the keys themselves, so that two keys never share one.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt;

/// What an id is derived with, so that it is of no use for anything else.
const LABEL: &[u8] = b"raid-agency key id 1";
/// Bytes of the keyed hash that make an id.
const BYTES: usize = 8;

/// A key's id: `k` and 16 hexadecimal digits of a keyed hash. It tells nothing about the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// The id of a key.
    pub fn of(key: &[u8; 32]) -> Self {
        let hash = mac(key).chain_update(LABEL).finalize().into_bytes();
        Self(format!("k{}", hexadecimal(&hash[..BYTES])))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text has the form of an id. Names of keys in the configuration of versions without
    /// ids have another one.
    pub(crate) fn is_one(text: &str) -> bool {
        let digits = text.strip_prefix('k').unwrap_or_default();
        let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        digits.len() == BYTES * 2 && digits.bytes().all(is_digit)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn mac(key: &[u8]) -> Hmac<Sha256> {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes a key of any length")
    };
    mac
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::KeyId;

    #[test]
    fn an_id_follows_from_its_key() {
        let id = KeyId::of(&[1; 32]);
        assert_eq!(id, KeyId::of(&[1; 32]));
        assert_ne!(id, KeyId::of(&[2; 32]));
        assert!(KeyId::is_one(id.as_str()), "{id}");
        for name in ["", "1", "2026", "k", "test", "k123456789abcdeG", "k123"] {
            assert!(!KeyId::is_one(name), "{name}");
        }
    }
}
