//! International Standard Name Identifiers (ISO 27729).

use std::fmt;
use std::str::FromStr;

use crate::check_character::mod_11_2;
use crate::orcid_id::is_in_orcid_range;
use crate::serde_text::serde_as_text;

/// An ISNI whose check character is right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IsniId([u8; 16]);

/// Why a text is not an ISNI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IsniIdError {
    /// The text has another form.
    #[error("not an ISNI: write its 16 characters without spaces, like 0000000121032683")]
    Form,
    /// The form is right, the last character is not what the others require.
    #[error("the ISNI is mistyped: its checksum (last character) should be {expected}")]
    Checksum {
        /// The character that would make it valid.
        expected: char,
    },
}

/// How ISNIs are written as URLs; the shorter one occurs in older records.
const URL_PREFIXES: [&str; 2] = ["https://isni.org/isni/", "https://isni.org/"];

impl IsniId {
    /// Whether it is in the ranges that ISNI keeps for ORCID iDs.
    pub fn is_orcid(&self) -> bool {
        is_in_orcid_range(&self.0)
    }
}

impl FromStr for IsniId {
    type Err = IsniIdError;

    /// Takes the 16 characters, or the URL on `isni.org`; a last `x` may be in lower case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = URL_PREFIXES
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text);
        let mut characters: [u8; 16] = bare.as_bytes().try_into().map_err(|_| IsniIdError::Form)?;
        characters[15] = characters[15].to_ascii_uppercase();
        let [digits @ .., check] = &characters;
        if !(check.is_ascii_digit() || *check == b'X') {
            return Err(IsniIdError::Form);
        }
        let expected = mod_11_2(digits).ok_or(IsniIdError::Form)?;
        if *check != expected {
            return Err(IsniIdError::Checksum {
                expected: char::from(expected),
            });
        }
        Ok(Self(characters))
    }
}

impl fmt::Display for IsniId {
    /// The 16 characters without spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|&character| write!(f, "{}", char::from(character)))
    }
}

impl fmt::Debug for IsniId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IsniId({self})")
    }
}

serde_as_text!(IsniId);

#[cfg(test)]
mod tests;
