//! The configuration: `config/default.toml`, then the files named on the command line, then
//! `RAID_…` environment variables; later ones win.

mod derived;
mod quotas;
mod values;

pub use quotas::Quotas;
use raid_model::trust::Trust;
use raid_model::validate::Strictness;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;
use values::bounded;
pub use values::{
    Environment, LogFormat, MailTransport, MaybeAddress, Mode, ResolverMode, Secret, SmtpTls, Span,
    WhenUnavailable,
};

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
        id_prefix: Url,
        landing_prefix: String,
        #[serde(with = "bounded")]
        invitation_lifetime: Duration,
        new_service_point_trust: Trust,
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
        web_url: String,
        oauth_url: String,
        api_url: String,
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
        orcid_url: String,
        orcid_token: Secret,
        orcid_token_file: PathBuf,
        isni_url: Url,
        ror_url: Url,
        ror_client_id: Secret,
        ror_client_id_file: PathBuf,
        doi_url: Url,
        handle_url: Url,
        rrid_url: Url,
        web_archive_url: Url,
        geonames_url: Url,
        geonames_user: Secret,
        geonames_user_file: PathBuf,
        openstreetmap_url: Url,
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
    Unreadable(#[from] config::ConfigError),
    /// A setting is wrong.
    #[error("{0}: {1}")]
    Wrong(&'static str, String),
}

impl Settings {
    /// Reads the configuration. `environment` is the process's: only names with `RAID_` in front
    /// and two underscores between their levels count.
    ///
    /// # Errors
    /// [`SettingsError`] names the setting and what is wrong with it.
    pub fn load(
        files: &[PathBuf],
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let toml = config::FileFormat::Toml;
        let mut builder =
            config::Config::builder().add_source(config::File::from_str(DEFAULT, toml));
        for file in files {
            builder = builder.add_source(config::File::from(file.as_path()).format(toml));
        }
        // Nothing is guessed, so that a secret is not taken for a number: the types that values
        // are read into decide. Lists can only be given in a file.
        let variables = environment
            .into_iter()
            .filter(|(name, _)| name.starts_with("RAID_") && name.contains("__"))
            .collect();
        let source = config::Environment::with_prefix("RAID")
            .prefix_separator("_")
            .separator("__")
            .source(Some(variables));
        let settings: Self = builder.add_source(source).build()?.try_deserialize()?;
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), SettingsError> {
        self.auth.check()?;
        let wrong = |name, text: &str| Err(SettingsError::Wrong(name, text.to_owned()));
        if self.worker.lease < self.orcid.call_timeout * 3 {
            return wrong(
                "worker.lease",
                "must be at least three times orcid.call_timeout",
            );
        }
        if self.worker.slots == 0 {
            return wrong("worker.slots", "must be at least 1");
        }
        if self.worker.poll < Duration::from_millis(10) {
            return wrong("worker.poll", "must be at least 10ms");
        }
        if self.worker.outage_probe < Duration::from_millis(100) {
            return wrong("worker.outage_probe", "must be at least 100ms");
        }
        if self.server.workers > 512 {
            return wrong("server.workers", "must be at most 512");
        }
        if self.server.body_limit < 4096 {
            return wrong("server.body_limit", "must be at least 4096 bytes");
        }
        if self.server.body_timeout < Duration::from_secs(1) {
            return wrong("server.body_timeout", "must be at least 1s");
        }
        if self.server.write_timeout < Duration::from_secs(1) {
            return wrong("server.write_timeout", "must be at least 1s");
        }
        if self.limits.per_second > 0 && self.limits.burst == 0 {
            return wrong("limits.burst", "must be at least 1");
        }
        if self.limits.anonymous_per_second > 0 && self.limits.anonymous_burst == 0 {
            return wrong("limits.anonymous_burst", "must be at least 1");
        }
        if self.store.connections > 1000 {
            return wrong("store.connections", "must be at most 1000");
        }
        if !(self.orcid.per_second.is_finite() && self.orcid.per_second >= 0.1) {
            return wrong("orcid.per_second", "must be at least 0.1");
        }
        if self.orcid.client_check < Duration::from_millis(60) {
            return wrong("orcid.client_check", "must be at least 60ms");
        }
        if self.orcid.burst == 0 {
            return wrong("orcid.burst", "must be at least 1");
        }
        if self.simulator.enabled
            && self.orcid.mode == Mode::Own
            && self.orcid.environment != Environment::Simulator
        {
            return wrong(
                "simulator.enabled",
                "must be false unless orcid.environment is \"simulator\"",
            );
        }
        if self.server.public_url.cannot_be_a_base() || !self.server.public_url.has_host() {
            return wrong("server.public_url", "must be an http(s) address");
        }
        Ok(())
    }
}
