//! What a simulator is started with.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::OrcidId;

/// Where the time comes from. The operator's `POST /operator/clock` adds an offset to it.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// Everything that can be chosen when a simulator starts.
#[derive(Clone)]
pub struct Settings {
    /// Where the web and OAuth host listens; port 0 takes a free one.
    pub web: SocketAddr,
    /// Where the member API listens; port 0 takes a free one.
    pub api: SocketAddr,
    /// The web host's address as others see it, without a slash at the end. Default: the bound one.
    pub public_web_url: Option<String>,
    /// The member API's address as others see it, without a slash at the end. Default: the bound one.
    pub public_api_url: Option<String>,
    /// Registered member clients.
    pub clients: Vec<Client>,
    /// The researchers whose records exist.
    pub researchers: Vec<Researcher>,
    /// Keeps records, inboxes and grants over a restart. The file holds live tokens of this
    /// simulator in clear.
    pub state_file: Option<PathBuf>,
    /// How long an authorization code can be exchanged.
    pub code_lifetime: Duration,
    /// Whether notification calls need `/premium-notification`. ORCID documents the rule, but has
    /// not enforced it at all times; the default is to enforce it.
    pub enforce_notification_scope: bool,
    /// Organisation identifiers which the registry does not know (error 9045). All other
    /// well-formed identifiers are known.
    pub unknown_organizations: Vec<String>,
    /// Time source.
    pub clock: Clock,
}

/// A registered member client.
#[derive(Clone)]
pub struct Client {
    /// `APP-` and 16 characters.
    pub id: String,
    /// The client's secret.
    pub secret: String,
    /// The name that researchers see.
    pub name: String,
    /// Registered redirect URIs. A request must agree in scheme, host and port, and its path must
    /// begin with the registered one.
    pub redirect_uris: Vec<String>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("redirect_uris", &self.redirect_uris)
            .finish_non_exhaustive()
    }
}

/// A researcher with a record.
#[derive(Clone)]
pub struct Researcher {
    /// Their iD.
    pub orcid: OrcidId,
    /// Their name; `None` when it is not public.
    pub name: Option<String>,
    /// When set, signing in asks for it.
    pub password: Option<String>,
}

impl Researcher {
    /// A researcher with a public name who signs in without a password.
    pub fn named(orcid: OrcidId, name: &str) -> Self {
        Self {
            orcid,
            name: Some(name.to_owned()),
            password: None,
        }
    }
}

/// The client of [`Settings::demo`].
pub const DEMO_CLIENT_ID: &str = "APP-RAIDDEMO00000001";
/// An organisation identifier that is well-formed and that the demo's registry does not know.
pub const UNKNOWN_ROR: &str = "https://ror.org/0zzzzzz02";

/// iDs which ORCID publishes as examples, with a name each; `None` is a name that is not public.
const DEMO_RESEARCHERS: &[(&str, Option<&str>)] = &[
    ("0000-0002-1825-0097", Some("Josiah Carberry")),
    ("0000-0001-5109-3700", Some("Amara Okafor")),
    ("0000-0002-1694-233X", Some("Lucía Fernández")),
    ("0000-0002-9079-593X", Some("Hinemoa Parata")),
    ("0000-0003-1415-9269", Some("Jonas Lindqvist")),
    ("0000-0001-2345-6789", Some("Mei-Ling Chen")),
    ("0000-0003-5000-0001", Some("Tomasz Zieliński")),
    ("0000-0001-5000-0007", None),
];

impl Settings {
    /// No client and no researcher, free ports on 127.0.0.1, the machine's clock.
    pub fn empty() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            web: any,
            api: any,
            public_web_url: None,
            public_api_url: None,
            clients: Vec::new(),
            researchers: Vec::new(),
            state_file: None,
            code_lifetime: Duration::from_mins(10),
            enforce_notification_scope: true,
            unknown_organizations: vec![UNKNOWN_ROR.to_owned()],
            clock: system_clock(),
        }
    }

    /// Eight researchers, Josiah Carberry first, one of them without a public name. Add a client
    /// with its secret and redirect URI before starting.
    pub fn demo() -> Self {
        let researchers = DEMO_RESEARCHERS.iter().filter_map(|(orcid, name)| {
            let orcid = orcid.parse().ok()?;
            Some(Researcher {
                orcid,
                name: name.map(str::to_owned),
                password: None,
            })
        });
        Self {
            researchers: researchers.collect(),
            ..Self::empty()
        }
    }
}

/// The machine's clock, in UTC.
// The one place where the machine's clock is read: everything else is handed a `Clock`.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge where the injected clock comes from"
)]
fn system_clock() -> Clock {
    Arc::new(OffsetDateTime::now_utc)
}

#[cfg(test)]
mod tests {
    use super::{Client, DEMO_RESEARCHERS, Settings};

    #[test]
    fn the_demo_has_all_researchers_and_one_without_a_public_name() {
        let demo = Settings::demo();
        assert_eq!(demo.researchers.len(), DEMO_RESEARCHERS.len());
        assert_eq!(demo.researchers[0].name.as_deref(), Some("Josiah Carberry"));
        assert_eq!(
            demo.researchers.iter().filter(|r| r.name.is_none()).count(),
            1
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        let client = Client {
            id: "APP-1".into(),
            secret: "hush".into(),
            name: "n".into(),
            redirect_uris: vec![],
        };
        assert!(!format!("{client:?}").contains("hush"));
    }
}
