//! Addresses of services, parsed once, when the configuration is read.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use url::Url;

/// The `http` or `https` address of a service, such as `https://api.orcid.org/v3.0`.
///
/// It has no user, password, query or fragment, so that paths can be appended to it, and it can be logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebAddress(Url);

/// Why a text is no address of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebAddressError {
    /// It is no address.
    #[error("not an address: {0}; write it like https://raid.example.org")]
    Form(#[from] url::ParseError),
    /// It has another scheme.
    #[error("not an http or https address: write it like https://raid.example.org")]
    Scheme,
    /// It has a user or password. The message does not repeat it.
    #[error("an address must not have a user or password")]
    Credentials,
    /// It has more than a path.
    #[error("paths are appended to this address: it must have no \"?\" and no \"#\"")]
    Query,
}

impl WebAddress {
    /// The address.
    pub fn get(&self) -> &Url {
        &self.0
    }

    /// Whether what is sent there is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The address with a path appended to its own.
    pub fn with_path(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }
}

impl FromStr for WebAddress {
    type Err = WebAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(WebAddressError::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebAddressError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(WebAddressError::Query);
        }
        Ok(Self(url))
    }
}

impl TryFrom<String> for WebAddress {
    type Error = WebAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<WebAddress> for String {
    fn from(address: WebAddress) -> Self {
        address.0.into()
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Another address than the usual one, or an empty text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MaybeWebAddress(pub Option<WebAddress>);

impl TryFrom<String> for MaybeWebAddress {
    type Error = WebAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        Ok(Self(Some(text.parse()?)))
    }
}

impl From<MaybeWebAddress> for String {
    fn from(address: MaybeWebAddress) -> Self {
        address.0.map(Self::from).unwrap_or_default()
    }
}

/// The beginning of RAiDs' addresses, or an empty text where it follows from another setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MaybeAddressPrefix(pub Option<raid_model::AddressPrefix>);

impl TryFrom<String> for MaybeAddressPrefix {
    type Error = raid_model::AddressPrefixError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        Ok(Self(Some(text.parse()?)))
    }
}

impl From<MaybeAddressPrefix> for String {
    fn from(prefix: MaybeAddressPrefix) -> Self {
        prefix.0.map(|it| it.to_string()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{WebAddress, WebAddressError};

    #[test]
    fn paths_are_appended_to_the_path() {
        for (base, whole) in [
            (
                "https://raid.example.org",
                "https://raid.example.org/orcid/callback",
            ),
            (
                "https://example.org/raid",
                "https://example.org/raid/orcid/callback",
            ),
            (
                "https://example.org/raid/",
                "https://example.org/raid/orcid/callback",
            ),
        ] {
            let address: WebAddress = base.parse().unwrap();
            assert_eq!(address.with_path("orcid/callback").as_str(), whole);
        }
    }

    #[test]
    fn what_is_no_address_of_a_service_is_refused() {
        use WebAddressError::{Credentials, Query, Scheme};
        for (text, why) in [
            ("javascript:alert(1)", Scheme),
            ("ftp://example.org", Scheme),
            ("https://me:hunter2@example.org", Credentials),
            ("https://example.org/?a=b", Query),
            ("https://example.org/#a", Query),
        ] {
            assert_eq!(text.parse::<WebAddress>(), Err(why), "{text}");
            assert!(!why.to_string().contains("hunter2"));
        }
    }
}
