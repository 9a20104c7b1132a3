//! What a handle is appended to, so that the result is an address that reads back.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::serde_text::serde_as_text;

/// An `http` or `https` address that handles are appended to, such as `https://raid.org/`.
///
/// It ends with a slash, has neither a query nor a fragment, and its path has only characters that an
/// IRI may have as they are. So an address that is made of it and a [`crate::Handle`] is valid in JSON,
/// HTML and RDF, and is read back as the same handle ([`crate::RaidUrl`]).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressPrefix(String);

/// Why a text cannot be the beginning of RAiDs' addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressPrefixError {
    /// It is no address.
    #[error("not an address: {0}; write it like https://raid.org/")]
    Form(#[from] url::ParseError),
    /// It has another scheme.
    #[error("not an http or https address: write it like https://raid.org/")]
    Scheme,
    /// It has a user or password.
    #[error("an address that everybody sees must not have a user or password")]
    Credentials,
    /// It has a query or fragment, behind which a handle would not be in the path.
    #[error("handles are appended to the path: the address must have no \"?\" and no \"#\"")]
    Query,
    /// A character that IRIs do not have.
    #[error("the path has a {0:?}, which addresses do not have: percent-encode it")]
    Character(char),
    /// Two slashes in a row: a handle is read from between slashes.
    #[error("the path has an empty part, \"//\": leave one slash out")]
    EmptySegment,
    /// It is too long.
    #[error("the address is longer than {ADDRESS_LIMIT} characters")]
    Length,
}

const ADDRESS_LIMIT: usize = 500;

impl AddressPrefix {
    /// As text; the last character is a slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether what is sent there is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }
}

impl FromStr for AddressPrefix {
    type Err = AddressPrefixError;

    /// A missing slash at the end is added.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut url = Url::parse(text)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressPrefixError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressPrefixError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AddressPrefixError::Query);
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        // What `Url` leaves as it is, and RFC 3987 does not have in a path.
        let path = url.path();
        if let Some(other) = path.chars().find(|c| !is_path_character(*c)) {
            return Err(AddressPrefixError::Character(other));
        }
        if path.split('%').skip(1).any(|rest| !begins_with_hex(rest)) {
            return Err(AddressPrefixError::Character('%'));
        }
        if path.contains("//") {
            return Err(AddressPrefixError::EmptySegment);
        }
        if url.as_str().len() > ADDRESS_LIMIT {
            return Err(AddressPrefixError::Length);
        }
        Ok(Self(url.into()))
    }
}

fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~%!$&'()*+,;=:@/".contains(c)
}

/// Whether the two characters after a `%` encode a byte.
fn begins_with_hex(rest: &str) -> bool {
    rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
}

impl fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

serde_as_text!(AddressPrefix);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{AddressPrefix, AddressPrefixError};
    use crate::{Handle, RaidUrl};

    #[test]
    fn a_missing_slash_is_added() {
        for (text, expected) in [
            ("https://raid.org/", "https://raid.org/"),
            ("https://raid.org", "https://raid.org/"),
            (
                "https://resolver.example/raid",
                "https://resolver.example/raid/",
            ),
            (
                "HTTP://Resolver.Example:80/a/../b",
                "http://resolver.example/b/",
            ),
        ] {
            let prefix: AddressPrefix = text.parse().unwrap();
            assert_eq!(prefix.as_str(), expected);
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        use AddressPrefixError::{Character, Credentials, EmptySegment, Length, Query, Scheme};
        for (text, why) in [
            ("javascript:x", Scheme),
            ("ftp://raid.org/", Scheme),
            ("https://me:secret@raid.org/", Credentials),
            ("https://raid.org/?handle=", Query),
            ("https://raid.org/#", Query),
            ("https://raid.org/a|b/", Character('|')),
            ("https://raid.org/100%/", Character('%')),
            ("https://raid.org//", EmptySegment),
            ("https://raid.org/\\x", EmptySegment),
            (&format!("https://raid.org/{}", "a".repeat(500)), Length),
        ] {
            assert_eq!(text.parse::<AddressPrefix>(), Err(why), "{text}");
        }
        for text in ["", "raid.org/", "https://", "/raids/"] {
            let refused = text.parse::<AddressPrefix>();
            assert!(
                matches!(refused, Err(AddressPrefixError::Form(_))),
                "{text}"
            );
        }
    }

    proptest! {
        /// Either refused, or all that is made of it reads back.
        #[test]
        fn addresses_read_back(
            text in prop_oneof![
                "https?://[a-z0-9.]{1,12}(:[0-9]{1,5})?(/.{0,8}){0,4}",
                "[a-z]{1,8}:.{0,20}",
                ".{0,30}",
            ],
            suffix in "[0-9a-z]([0-9a-z._-]{0,20}[0-9a-z])?",
        ) {
            if let Ok(prefix) = text.parse::<AddressPrefix>() {
                let handle: Handle = format!("10.82841/{suffix}").parse().unwrap();
                let url = handle.url(&prefix);
                prop_assert_eq!(url::Url::parse(&url).unwrap().to_string(), url.clone());
                let read: RaidUrl = url.parse().unwrap();
                prop_assert_eq!(read.handle(), &handle);
                prop_assert_eq!(read.to_string(), url.clone());
                prop_assert_eq!(Handle::from_url(&url, prefix.as_str()).unwrap(), handle);
                prop_assert_eq!(prefix.to_string().parse::<AddressPrefix>().unwrap(), prefix);
                prop_assert!(oxrdf::NamedNode::new(url).is_ok());
            }
        }
    }
}
