//! Which ORCID to talk to, and as whom.

use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

/// Where ORCID is and who we are there.
///
/// The three hosts are given separately and never derived from each other: ORCID's sandbox and
/// production name them differently, and tests run them on three ports.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the ORCID registry, for instance `production`, `sandbox` or `simulator`. The same iD
    /// in two environments is two people.
    pub environment: String,
    /// Where the researcher's browser goes: `https://sandbox.orcid.org/`.
    pub web_url: Url,
    /// Where tokens are issued and revoked; `None` means `web_url`.
    pub oauth_url: Option<Url>,
    /// The member API with its version: `https://api.sandbox.orcid.org/v3.0`.
    pub api_url: Url,
    /// Our client id: `APP-` and 16 characters.
    pub client_id: String,
    /// Our client secret.
    pub client_secret: SecretString,
    /// Where ORCID sends the browser back to; registered with ORCID.
    pub redirect_uri: Url,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest wait from sending a request to the end of its answer.
    pub call_timeout: Duration,
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// An address cannot be used.
    #[error(
        "{name}: {url} is not usable; give an https address (http only for this machine) without \
         user, query and fragment"
    )]
    Address {
        /// The setting's name.
        name: &'static str,
        /// The address as given.
        url: Url,
    },
    /// A setting is empty or zero.
    #[error("{0}: must not be empty or zero")]
    Empty(&'static str),
    /// The HTTP client cannot be set up, for instance because no root certificates are installed.
    #[error("cannot set up the HTTP client (are root certificates installed?): {0}")]
    Http(#[from] reqwest::Error),
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let oauth_url = self.oauth_base();
        for (name, url) in [
            ("web_url", &self.web_url),
            ("oauth_url", oauth_url),
            ("api_url", &self.api_url),
        ] {
            if !is_usable(url) || url.query().is_some() {
                return Err(SettingsError::Address {
                    name,
                    url: url.clone(),
                });
            }
        }
        // The redirect URI may carry a query; ORCID adds to it.
        if !is_usable(&self.redirect_uri) {
            return Err(SettingsError::Address {
                name: "redirect_uri",
                url: self.redirect_uri.clone(),
            });
        }
        if self.client_id.trim().is_empty() {
            return Err(SettingsError::Empty("client_id"));
        }
        if self.connect_timeout.is_zero() {
            return Err(SettingsError::Empty("connect_timeout"));
        }
        if self.call_timeout.is_zero() {
            return Err(SettingsError::Empty("call_timeout"));
        }
        Ok(())
    }

    pub(crate) fn oauth_base(&self) -> &Url {
        self.oauth_url.as_ref().unwrap_or(&self.web_url)
    }
}

fn is_usable(url: &Url) -> bool {
    let encrypted = match url.scheme() {
        "https" => true,
        // The client secret and the tokens go over these addresses.
        "http" => is_loopback(url),
        _ => false,
    };
    encrypted && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// `base` with `segments` added to its path; each is percent-encoded as needed.
pub(crate) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // Cannot fail: `check` lets only http and https addresses through.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}
