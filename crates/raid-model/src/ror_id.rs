//! Research Organization Registry identifiers.

use std::fmt;
use std::str::FromStr;

use crate::serde_text::serde_as_text;

/// A ROR id whose check digits are right; its text form is the full URL.
///
/// Six characters of Crockford base32 after a leading zero, then two check digits by
/// ISO/IEC 7064 MOD 97-10. See <https://ror.readme.io/docs/identifier>.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RorId([u8; 9]);

/// Why a text is not a ROR id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RorIdError {
    /// The text has another form.
    #[error("not a ROR id: write it like https://ror.org/038sjwq14, in lower case")]
    Form,
    /// The form is right, the check digits are not what the other characters require.
    #[error("the ROR id is mistyped: its checksum (last two digits) should be {expected:02}")]
    Checksum {
        /// The check digits that would make it valid.
        expected: u8,
    },
}

const URL_PREFIX: &str = "https://ror.org/";

/// Crockford's base32 alphabet: no i, l, o, u.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl FromStr for RorId {
    type Err = RorIdError;

    /// Takes the full URL only.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.strip_prefix(URL_PREFIX).ok_or(RorIdError::Form)?;
        let characters: [u8; 9] = bare.as_bytes().try_into().map_err(|_| RorIdError::Form)?;
        let [coded @ .., tens, ones] = &characters;
        if coded.first() != Some(&b'0') || !tens.is_ascii_digit() || !ones.is_ascii_digit() {
            return Err(RorIdError::Form);
        }
        let mut number: u64 = 0;
        for character in coded {
            let value = BASE32
                .iter()
                .position(|c| c == character)
                .ok_or(RorIdError::Form)?;
            number = number * 32 + value as u64;
        }
        let expected = u8::try_from(98 - number * 100 % 97).map_err(|_| RorIdError::Form)?;
        if (tens - b'0') * 10 + (ones - b'0') != expected {
            return Err(RorIdError::Checksum { expected });
        }
        Ok(Self(characters))
    }
}

impl fmt::Display for RorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(URL_PREFIX)?;
        self.0
            .iter()
            .try_for_each(|&character| write!(f, "{}", char::from(character)))
    }
}

impl fmt::Debug for RorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RorId({self})")
    }
}

serde_as_text!(RorId);

#[cfg(test)]
mod tests;
