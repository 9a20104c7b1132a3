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
    /// How long an exchange of a code may take until it is sent for the last time.
    pub exchange_wait: Duration,
    /// See [`CallError::doubt`](crate::CallError::doubt): the wait when the connection ended.
    pub doubt_after_disconnect: Duration,
    /// Our credentials count as refused when ORCID still refuses them after this long: its proxy
    /// answers the same way while its authorization server is away.
    pub confirm_refusal_after: Duration,
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// An address cannot be used.
    #[error(
        "{name}: give a web address without user, query and fragment; https where secrets go, \
         unless it is this machine"
    )]
    Address {
        /// The setting's name.
        name: &'static str,
    },
    /// A setting is empty or zero.
    #[error("{0}: must not be empty or zero")]
    Empty(&'static str),
    /// The HTTP client cannot be set up, for instance because no root certificates are installed.
    #[error("cannot set up the HTTP client (are root certificates installed?): {0}")]
    Http(#[from] reqwest::Error),
}

impl Settings {
    /// How long after a write was sent whose answer never came ORCID may still carry it out: as long
    /// again as we wait for it. Whoever looks earlier may miss it. This is the bound for a process
    /// that knows nothing about the end of the call; [`CallError::doubt`](crate::CallError::doubt)
    /// is often shorter.
    pub fn doubt(&self) -> Duration {
        self.call_timeout * 2
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let addresses = [
            ("web_url", &self.web_url),
            ("oauth_url", self.oauth_base()),
            ("api_url", &self.api_url),
        ];
        for (name, url) in addresses {
            // The client secret and the tokens go to all but the web host.
            let encrypted = name == "web_url" || url.scheme() == "https" || is_loopback(url);
            if !is_address(url) || url.query().is_some() || !encrypted {
                return Err(SettingsError::Address { name });
            }
        }
        // The redirect URI may carry a query; ORCID adds to it.
        if !is_address(&self.redirect_uri) {
            return Err(SettingsError::Address {
                name: "redirect_uri",
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

fn is_address(url: &Url) -> bool {
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    bare && matches!(url.scheme(), "http" | "https") && url.has_host()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            environment: "sandbox".into(),
            web_url: "https://sandbox.orcid.org/".parse().unwrap(),
            oauth_url: None,
            api_url: "https://api.sandbox.orcid.org/v3.0".parse().unwrap(),
            client_id: "APP-0123456789ABCDEF".into(),
            client_secret: SecretString::from("hush-hush"),
            redirect_uri: "https://raid.example.org/orcid/callback?x=1"
                .parse()
                .unwrap(),
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            exchange_wait: Duration::from_secs(45),
            doubt_after_disconnect: Duration::from_secs(2),
            confirm_refusal_after: Duration::from_secs(10),
        }
    }

    fn fault(change: impl FnOnce(&mut Settings)) -> String {
        let mut settings = settings();
        change(&mut settings);
        settings
            .check()
            .map_or_else(|error| error.to_string(), |()| "fine".into())
    }

    #[test]
    fn secrets_go_over_encrypted_addresses_only() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        assert_eq!(fault(|_| {}), "fine");
        for own in [
            "http://127.0.0.1:8081/v3.0",
            "http://[::1]:1",
            "http://localhost:9",
        ] {
            assert_eq!(fault(|s| s.api_url = url(own)), "fine", "{own}");
        }
        assert_eq!(
            fault(|s| s.oauth_url = Some(url("http://127.0.0.1:1"))),
            "fine"
        );
        let http = url("http://192.0.2.1:8081/");
        assert!(fault(|s| s.api_url = http.clone()).starts_with("api_url"));
        assert!(fault(|s| s.oauth_url = Some(http.clone())).starts_with("oauth_url"));
        // Without its own address, tokens come from the web host.
        assert!(fault(|s| s.web_url = http.clone()).starts_with("oauth_url"));
        let separate = |s: &mut Settings| {
            s.web_url = http.clone();
            s.oauth_url = Some(url("https://sandbox.orcid.org"));
        };
        assert_eq!(fault(separate), "fine");
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let url = |text: &str| text.parse::<Url>().unwrap();
        for bad in [
            "ftp://a.example/",
            "https://u:p@a.example/",
            "https://a.example/#x",
        ] {
            assert!(
                fault(|s| s.redirect_uri = url(bad)).starts_with("redirect_uri"),
                "{bad}"
            );
            let message = fault(|s| s.api_url = url(bad));
            assert!(
                message.starts_with("api_url") && !message.contains("u:p"),
                "{message}"
            );
        }
        assert!(fault(|s| s.api_url = url("https://a.example/?q")).starts_with("api_url"));
        assert!(fault(|s| s.client_id = " ".into()).starts_with("client_id"));
        assert!(fault(|s| s.connect_timeout = Duration::ZERO).starts_with("connect_timeout"));
        assert!(fault(|s| s.call_timeout = Duration::ZERO).starts_with("call_timeout"));
    }

    #[test]
    fn paths_are_added_and_encoded() {
        for base in ["https://a.example/v3.0", "https://a.example/v3.0/"] {
            let url = below(&base.parse().unwrap(), &["x", "a/b ?"]);
            assert_eq!(url.as_str(), "https://a.example/v3.0/x/a%2Fb%20%3F");
        }
    }

    #[test]
    fn the_secret_is_not_shown() {
        assert!(!format!("{:?}", settings()).contains("hush"));
    }
}
