//! ORCID iDs.

use std::fmt;
use std::str::FromStr;

use crate::check_character::mod_11_2;
use crate::serde_text::serde_as_text;

/// An ORCID iD whose check character is right.
///
/// Held without the host: the same iD on ORCID's production and sandbox registries are two people,
/// and which one is meant is a matter of configuration ([`OrcidId::url`]).
/// Form and checksum: <https://support.orcid.org/hc/en-us/articles/360006897674>.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrcidId([u8; 16]);

/// Why a text is not an ORCID iD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrcidIdError {
    /// The text has another form.
    #[error("not an ORCID iD: write it like 0000-0002-1825-0097 (a last x in upper case)")]
    Form,
    /// The form is right, the last character is not what the others require.
    #[error("the ORCID iD is mistyped: its checksum (last character) should be {expected}")]
    Checksum {
        /// The character that would make it valid.
        expected: char,
    },
}

/// The hosts that ORCID iDs are written with.
const URL_PREFIXES: [&str; 2] = ["https://orcid.org/", "https://sandbox.orcid.org/"];

impl OrcidId {
    /// The iD as a URL: `prefix` (for instance `https://orcid.org/`) followed by the bare form.
    pub fn url(&self, prefix: &str) -> String {
        format!("{prefix}{self}")
    }
}

impl OrcidId {
    /// Whether ORCID gives out iDs in the range of this one
    /// (<https://support.orcid.org/hc/en-us/articles/360006897674>). Others are ISNIs.
    pub fn is_in_range(&self) -> bool {
        is_in_orcid_range(&self.0)
    }
}

/// Whether 16 characters are in a range of which ORCID gives out its iDs: 0000-0001-5000-0007 to
/// 0000-0003-5000-0001, and 0009-0000-0000-0000 to 0009-0010-0000-0000. The last character is the
/// checksum and does not count.
pub(crate) fn is_in_orcid_range(characters: &[u8; 16]) -> bool {
    let (digits, _) = characters.split_at(15);
    let number = digits.iter().fold(0, |number: u64, digit| {
        number * 10 + u64::from(digit - b'0')
    });
    matches!(number, 15_000_000..=35_000_000 | 900_000_000_000..=900_100_000_000)
}

impl FromStr for OrcidId {
    type Err = OrcidIdError;

    /// Takes the bare form, or the URL on `orcid.org` or `sandbox.orcid.org`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = URL_PREFIXES
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text);
        let written: [u8; 19] = bare.as_bytes().try_into().map_err(|_| OrcidIdError::Form)?;
        let mut characters = [0; 16];
        let mut place = characters.iter_mut();
        for (index, character) in written.into_iter().enumerate() {
            if matches!(index, 4 | 9 | 14) {
                if character != b'-' {
                    return Err(OrcidIdError::Form);
                }
            } else if let Some(place) = place.next() {
                *place = character;
            }
        }
        let [digits @ .., check] = &characters;
        if !(check.is_ascii_digit() || *check == b'X') {
            return Err(OrcidIdError::Form);
        }
        let expected = mod_11_2(digits).ok_or(OrcidIdError::Form)?;
        if *check != expected {
            return Err(OrcidIdError::Checksum {
                expected: char::from(expected),
            });
        }
        Ok(Self(characters))
    }
}

impl fmt::Display for OrcidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, &character) in self.0.iter().enumerate() {
            if index > 0 && index % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(character))?;
        }
        Ok(())
    }
}

impl fmt::Debug for OrcidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrcidId({self})")
    }
}

serde_as_text!(OrcidId);

#[cfg(test)]
mod tests;
