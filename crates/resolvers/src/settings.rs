//! Where the services are, and how patiently they are asked.

use std::time::Duration;

use secrecy::SecretString;
use url::{Host, Url};

/// The base addresses of the services; paths are added to them.
#[derive(Debug, Clone)]
pub struct Services {
    /// ORCID's API with its version: `https://pub.orcid.org/v3.0`.
    pub orcid: Url,
    /// ISNI's catalogue, which has its search (SRU) at `/sru/`: `https://isni.oclc.org`.
    pub isni: Url,
    /// ROR's API with its version: `https://api.ror.org/v2`.
    pub ror: Url,
    /// The resolver of DOIs: `https://doi.org`.
    pub doi: Url,
    /// The resolver of handles: `https://hdl.handle.net`.
    pub handle: Url,
    /// The resolver of RRIDs: `https://scicrunch.org`.
    pub rrid: Url,
    /// Where the Internet Archive shows captures: `https://web.archive.org`.
    pub web_archive: Url,
    /// The web services of `GeoNames`: `https://secure.geonames.org`.
    pub geonames: Url,
    /// OpenStreetMap: `https://www.openstreetmap.org`.
    pub openstreetmap: Url,
}

/// How other registries are asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where they are.
    pub services: Services,
    /// A token that may read at ORCID (`/read-public`); its public API needs none.
    pub orcid_token: Option<SecretString>,
    /// The client id that ROR gives to those who ask often.
    pub ror_client_id: Option<SecretString>,
    /// The account at `GeoNames`, which is not asked without one.
    pub geonames_user: Option<SecretString>,
    /// How we call ourselves.
    pub user_agent: String,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest wait for all that is said about one identifier, repeats included.
    pub call_timeout: Duration,
    /// The longest wait for all identifiers of one request.
    pub check_timeout: Duration,
    /// How often one identifier is asked about at most, while failures may heal at once.
    pub tries: u32,
    /// The pause before the second try; doubled for each further one, and shortened by chance.
    pub retry_pause: Duration,
    /// Calls at the same time, of all requests together. Callers take turns.
    pub parallel: usize,
    /// Identifiers of one request that nothing is known of, at most.
    pub most_ids: usize,
    /// How long it is remembered that an identifier exists.
    pub found_ttl: Duration,
    /// How long it is remembered that an identifier does not exist.
    pub missing_ttl: Duration,
    /// Memory for identifiers that were asked about, in bytes.
    pub identifiers_memory: u64,
    /// Memory for people's names, in bytes.
    pub names_memory: u64,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A base address is none.
    #[error("{0}_url must be an http(s) address without query, fragment, user or password")]
    Address(&'static str),
    /// A secret would travel for everybody to read.
    #[error("{0}_url must be an https address, because a secret is sent there")]
    Unencrypted(&'static str),
    /// Something that must be more is zero.
    #[error("{0} must be more than zero")]
    Zero(&'static str),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[from] reqwest::Error),
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let s = &self.services;
        for (name, url, has_secret) in [
            ("orcid", &s.orcid, self.orcid_token.is_some()),
            ("isni", &s.isni, false),
            ("ror", &s.ror, self.ror_client_id.is_some()),
            ("doi", &s.doi, false),
            ("handle", &s.handle, false),
            ("rrid", &s.rrid, false),
            ("web_archive", &s.web_archive, false),
            ("geonames", &s.geonames, self.geonames_user.is_some()),
            ("openstreetmap", &s.openstreetmap, false),
        ] {
            if !is_base(url) {
                return Err(SettingsError::Address(name));
            }
            if has_secret && url.scheme() != "https" && !is_loopback(url) {
                return Err(SettingsError::Unencrypted(name));
            }
        }
        for (name, is_zero) in [
            ("connect_timeout", self.connect_timeout.is_zero()),
            ("call_timeout", self.call_timeout.is_zero()),
            ("check_timeout", self.check_timeout.is_zero()),
            ("tries", self.tries == 0),
            ("parallel", self.parallel == 0),
            ("most_ids", self.most_ids == 0),
        ] {
            if is_zero {
                return Err(SettingsError::Zero(name));
            }
        }
        Ok(())
    }
}

fn is_base(url: &Url) -> bool {
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    is_bare && matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
