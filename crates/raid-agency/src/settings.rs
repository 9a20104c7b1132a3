//! The configuration: `config/default.toml`, then the files named on the command line, then
//! `RAID_…` environment variables; later ones win.

mod block;
mod bounds;
mod derived;
mod mistakes;
mod of_example;
mod outside_simulator;
mod quotas;
mod values;
mod variables;
mod web_address;
mod words;

pub use mistakes::{Mistake, Mistakes};
pub use quotas::Quotas;
use raid_model::trust::Trust;
use raid_model::validate::Strictness;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use values::bounded;
pub use values::{MaybeAddress, Secret, Span};
pub use variables::{Variables, paths};
pub use web_address::{MaybeAddressPrefix, MaybeWebAddress, WebAddress, WebAddressError};
pub use words::{
    Environment, FormerVersions, LogFormat, MailTransport, Mode, ResolverMode, SmtpTls,
    UnknownWord, WhenUnavailable,
};

const TOML: config::FileFormat = config::FileFormat::Toml;
const DEFAULT: &str = include_str!("../../../config/default.toml");

/// Everything that can be configured; `config/default.toml` says what each setting means.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "config/default.toml describes every setting, once"
)]
pub struct Settings {
    pub server: Server,
    pub limits: Limits,
    pub quotas: Quotas,
    pub data: Data,
    pub store: Database,
    pub memory: Memory,
    pub agency: Agency,
    #[serde(default)]
    pub service_points: Vec<ServicePoint>,
    pub auth: Auth,
    pub orcid: Orcid,
    pub simulator: Simulator,
    pub validation: Validation,
    pub resolvers: Resolvers,
    pub permissions: Permissions,
    pub sync: Sync,
    pub worker: Worker,
    pub mail: Mail,
    pub keys: Keys,
    pub log: Log,
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(missing_docs, reason = "config/default.toml describes every setting, once")]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)+ }
    };
}

// After the macro, which it uses.
mod auth;
pub use auth::{Auth, Issuer};

mod memory;
pub use memory::{Memory, MemoryShares};

mod serving;
pub use serving::{Limits, Server};

section! {
    /// `[data]`
    Data {
        folder: PathBuf,
    }
}
section! {
    /// `[store]`
    Database {
        url: Secret,
        connections: u32,
        #[serde(with = "bounded")]
        wait: Duration,
        long_connections: u32,
        #[serde(with = "bounded")]
        long_deadline: Duration,
        migrate: bool,
    }
}
section! {
    /// `[agency]`
    Agency {
        name: String,
        contact: String,
        ror: raid_model::RorId,
        licence: String,
        prefix: raid_model::Prefix,
        service_point_block: u32,
        id_prefix: raid_model::AddressPrefix,
        landing_prefix: MaybeAddressPrefix,
        #[serde(with = "bounded")]
        invitation_lifetime: Duration,
        new_service_point_trust: Trust,
        former_versions: FormerVersions,
        #[serde(with = "bounded")]
        withdrawal_grace: Duration,
    }
}
section! {
    /// `[validation]`
    Validation {
        limits: Strictness,
        person_ids: Strictness,
    }
}
section! {
    /// One of `[[service_points]]`
    ServicePoint {
        id: i64,
        name: String,
        identifier_owner: raid_model::RorId,
        prefix: raid_model::Prefix,
        group_id: String,
        #[serde(default)]
        admin_email: Option<String>,
        #[serde(default)]
        tech_email: Option<String>,
        #[serde(default)]
        trust: Option<Trust>,
    }
}
section! {
    /// `[orcid]`
    Orcid {
        mode: Mode,
        environment: Environment,
        web_url: MaybeWebAddress,
        oauth_url: MaybeWebAddress,
        api_url: MaybeWebAddress,
        client_id: String,
        client_secret: Secret,
        client_secret_file: PathBuf,
        #[serde(with = "bounded")]
        connect_timeout: Duration,
        #[serde(with = "bounded")]
        call_timeout: Duration,
        per_second: f64,
        burst: u32,
        #[serde(with = "bounded")]
        max_wait: Duration,
        #[serde(with = "bounded")]
        calls_kept: Duration,
        #[serde(with = "bounded")]
        failed_calls_kept: Duration,
        #[serde(with = "bounded")]
        exchange_wait: Duration,
        #[serde(with = "bounded")]
        doubt_after_disconnect: Duration,
        #[serde(with = "bounded")]
        client_check: Duration,
    }
}
section! {
    /// `[simulator]`
    Simulator {
        enabled: bool,
        web: SocketAddr,
        api: SocketAddr,
    }
}
section! {
    /// `[resolvers]`
    Resolvers {
        mode: ResolverMode,
        when_unavailable: WhenUnavailable,
        orcid_url: MaybeWebAddress,
        orcid_token: Secret,
        orcid_token_file: PathBuf,
        isni_url: WebAddress,
        ror_url: WebAddress,
        ror_client_id: Secret,
        ror_client_id_file: PathBuf,
        doi_url: WebAddress,
        handle_url: WebAddress,
        rrid_url: WebAddress,
        web_archive_url: WebAddress,
        geonames_url: WebAddress,
        geonames_user: Secret,
        geonames_user_file: PathBuf,
        openstreetmap_url: WebAddress,
        #[serde(with = "bounded")]
        connect_timeout: Duration,
        #[serde(with = "bounded")]
        call_timeout: Duration,
        #[serde(with = "bounded")]
        check_timeout: Duration,
        tries: u32,
        #[serde(with = "bounded")]
        retry_pause: Duration,
        parallel: usize,
        most_ids: usize,
        #[serde(with = "bounded")]
        found_ttl: Duration,
        #[serde(with = "bounded")]
        missing_ttl: Duration,
    }
}
section! {
    /// `[permissions]`
    Permissions {
        #[serde(with = "bounded")]
        remind_after: Duration,
        requests: u32,
        #[serde(with = "bounded")]
        window: Duration,
        announcements: u32,
        #[serde(with = "bounded")]
        link_lifetime: Duration,
        #[serde(with = "bounded")]
        visit_lifetime: Duration,
        confirm_after: Vec<Span>,
        #[serde(with = "bounded")]
        breaker_window: Duration,
        retry_revoked_after: Vec<Span>,
        #[serde(with = "bounded")]
        probe_every: Duration,
        #[serde(with = "bounded")]
        recheck_after: Duration,
        #[serde(with = "bounded")]
        forget_after: Duration,
    }
}
section! {
    /// `[sync]`
    Sync {
        write_embargoed: bool,
        #[serde(with = "bounded")]
        settle_delay: Duration,
        #[serde(with = "bounded")]
        ask_delay: Duration,
    }
}
section! {
    /// `[worker]`
    Worker {
        slots: usize,
        #[serde(with = "bounded")]
        lease: Duration,
        #[serde(with = "bounded")]
        poll: Duration,
        retry: Vec<Span>,
        max_tries: u32,
        #[serde(with = "bounded")]
        outage_probe: Duration,
        #[serde(with = "bounded")]
        sweep_every: Duration,
    }
}
section! {
    /// `[mail]`
    Mail {
        transport: MailTransport,
        from: String,
        folder: PathBuf,
        smtp_host: String,
        smtp_port: u16,
        smtp_tls: SmtpTls,
        smtp_user: String,
        smtp_password: Secret,
        smtp_password_file: PathBuf,
        #[serde(with = "bounded")]
        timeout: Duration,
    }
}
section! {
    /// `[keys]`
    Keys {
        current: String,
        links: Secret,
        tokens: Secret,
        former_links: BTreeMap<String, Secret>,
        sealing: BTreeMap<String, Secret>,
    }
}
section! {
    /// `[log]`
    Log {
        format: LogFormat,
        filter: String,
    }
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(config::ConfigError),
    /// Settings are refused.
    #[error("{0}")]
    Refused(Mistakes),
}

impl From<config::ConfigError> for SettingsError {
    /// A value that cannot be read is a mistake in a setting that has a name.
    fn from(error: config::ConfigError) -> Self {
        let setting = match &error {
            config::ConfigError::At { key: Some(key), .. }
            | config::ConfigError::Type { key: Some(key), .. } => key.clone(),
            _ => return Self::Unreadable(error),
        };
        let why = match error {
            config::ConfigError::At { error, .. } => error.to_string(),
            config::ConfigError::Type {
                unexpected,
                expected,
                ..
            } => format!("{unexpected} is not {expected}"),
            other => other.to_string(),
        };
        let mut mistakes = Mistakes::default();
        mistakes.refuse(setting, why);
        Self::Refused(mistakes)
    }
}

impl Settings {
    /// Reads the configuration. `environment` is the process's: only names with `RAID_` in front
    /// and two underscores between their levels count.
    ///
    /// # Errors
    /// [`SettingsError`] names each setting that is refused and what is wrong with it.
    pub fn load(
        files: &[PathBuf],
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let variables = Variables::of(environment);
        let mut builder = default_configuration();
        for file in files {
            builder = builder.add_source(config::File::from(file.as_path()).format(TOML));
        }
        // Nothing is guessed, so that a secret is not taken for a number: the types that values
        // are read into decide. Lists can only be given in a file.
        let source = config::Environment::with_prefix("RAID")
            .prefix_separator("_")
            .separator("__")
            .source(Some(variables.settings.iter().cloned().collect()));
        let settings: Self = builder.add_source(source).build()?.try_deserialize()?;
        let mistakes = settings.mistakes(&Self::demo()?, &variables);
        if mistakes.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError::Refused(mistakes))
        }
    }

    /// The configuration that is compiled in, which is the demo's.
    ///
    /// # Errors
    /// None, as the tests load it.
    pub fn demo() -> Result<Self, SettingsError> {
        Ok(default_configuration().build()?.try_deserialize()?)
    }

    /// Everything that is wrong.
    fn mistakes(&self, demo: &Self, variables: &Variables) -> Mistakes {
        let mut mistakes = Mistakes::default();
        variables.check(demo, &mut mistakes);
        self.check_bounds(&mut mistakes);
        self.check_outside_simulator(demo, &mut mistakes);
        mistakes
    }
}

fn default_configuration() -> config::ConfigBuilder<config::builder::DefaultState> {
    config::Config::builder().add_source(config::File::from_str(DEFAULT, TOML))
}
