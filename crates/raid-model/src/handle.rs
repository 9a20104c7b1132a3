//! Handles: the `prefix/suffix` that names a RAiD.

use std::fmt;
use std::str::FromStr;

use crate::AddressPrefix;
use crate::serde_text::serde_as_text;

/// The name of a RAiD without its resolver: `10.82841/9f3c1a7e`.
///
/// Handles are case-insensitive like the DOIs they are registered as (DOI Handbook §2.4), so they
/// are held in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle {
    prefix: Prefix,
    suffix: Suffix,
}

/// The part before the slash: numbers separated by dots, at most 32 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(String);

/// The part after the slash: letters, digits, `-`, `.` and `_`, at most 64 characters, with a
/// letter or digit at both ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Suffix(String);

/// Why a text is not a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// There is no slash between two parts.
    #[error("not a handle: write prefix/suffix, like 10.82841/9f3c1a7e")]
    Form,
    /// The part before the slash has another form.
    #[error(
        "not a handle prefix: write numbers separated by dots, like 10.82841, at most 32 characters"
    )]
    Prefix,
    /// The part after the slash has another form.
    #[error(
        "not a handle suffix: write at most 64 letters, digits, '-', '.' or '_', with a letter or \
         digit at both ends"
    )]
    Suffix,
    /// A URL that does not begin with the resolver that RAiDs have here.
    #[error("not the URL of a RAiD: it begins with another address")]
    Resolver,
}

const PREFIX_LIMIT: usize = 32;
const SUFFIX_LIMIT: usize = 64;

/// Crockford's base32 alphabet in lower case: no i, l, o, u.
const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl Handle {
    /// A handle from its two parts.
    pub fn new(prefix: Prefix, suffix: Suffix) -> Self {
        Self { prefix, suffix }
    }

    /// Reads `https://raid.org/10.82841/9f3c1a7e`, given `id_prefix` = `https://raid.org/`.
    pub fn from_url(url: &str, id_prefix: &str) -> Result<Self, HandleError> {
        url.strip_prefix(id_prefix)
            .ok_or(HandleError::Resolver)?
            .parse()
    }

    /// The handle as a URL: `id_prefix` (for instance `https://raid.org/`) and the handle.
    pub fn url(&self, id_prefix: &AddressPrefix) -> String {
        format!("{id_prefix}{self}")
    }

    /// The part before the slash.
    pub fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// The part after the slash.
    pub fn suffix(&self) -> &Suffix {
        &self.suffix
    }
}

impl Prefix {
    /// The prefix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Suffix {
    /// A new suffix of 13 characters, which carry the lowest 65 bits of `random`.
    pub fn from_random(random: u128) -> Self {
        let characters = (0..13).map(|place| {
            let index = usize::from((random >> (5 * place)).to_le_bytes()[0] & 0x1f);
            char::from(BASE32[index])
        });
        Self(characters.collect())
    }

    /// The suffix as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Handle {
    type Err = HandleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (prefix, suffix) = text.split_once('/').ok_or(HandleError::Form)?;
        Ok(Self {
            prefix: prefix.parse()?,
            suffix: suffix.parse()?,
        })
    }
}

impl FromStr for Prefix {
    type Err = HandleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
        if text.len() > PREFIX_LIMIT || !text.split('.').all(is_number) {
            return Err(HandleError::Prefix);
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Suffix {
    type Err = HandleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text.as_bytes();
        // Alphanumeric ends keep "." and ".." out of URLs, and a sentence's full stop out of copies.
        let ends_well = bytes.first().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric);
        let allowed = |c: &u8| c.is_ascii_alphanumeric() || b"-._".contains(c);
        if bytes.len() > SUFFIX_LIMIT || !ends_well || !bytes.iter().all(allowed) {
            return Err(HandleError::Suffix);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.prefix, self.suffix)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(Handle);
serde_as_text!(Prefix);
serde_as_text!(Suffix);

#[cfg(test)]
mod tests;
