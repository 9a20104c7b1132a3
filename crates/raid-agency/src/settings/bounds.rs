//! Rules that hold wherever the agency runs.

use super::{Environment, MailTransport, Mistakes, Settings};
use raid_model::ServicePointRequest;
use raid_model::validate::validate_service_point_create;
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use url::Url;

/// Schemes of PostgreSQL's addresses.
const POSTGRES: [&str; 2] = ["postgres", "postgresql"];
/// The levels of a log filter.
const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

impl Settings {
    /// Looks at each setting, and at those that depend on each other.
    pub(super) fn check_bounds(&self, mistakes: &mut Mistakes) {
        self.auth.check(mistakes);
        self.agency.check_block(mistakes);
        self.memory.check(mistakes);
        self.check_numbers(mistakes);
        self.check_durations(mistakes);
        self.check_texts(mistakes);
        if let Err(error) = self.addresses() {
            mistakes.refuse("server.public_url", error.to_string());
        }
        self.check_service_points(mistakes);
        self.check_origins(mistakes);
        check_database(self.store.url.get().expose_secret(), mistakes);
        check_filter(&self.log.filter, mistakes);
        if self.simulator.enabled && self.orcid.environment != Environment::Simulator {
            let why = "must be false unless orcid.environment is \"simulator\"";
            mistakes.refuse("simulator.enabled", why);
        }
    }

    fn check_numbers(&self, mistakes: &mut Mistakes) {
        let (server, limits) = (&self.server, &self.limits);
        let (orcid, worker) = (&self.orcid, &self.worker);
        let second = Duration::from_secs(1);
        let per_second = orcid.per_second;
        for (is_right, setting, why) in [
            (
                worker.lease >= orcid.call_timeout * 3,
                "worker.lease",
                "must be at least three times orcid.call_timeout",
            ),
            (worker.slots > 0, "worker.slots", "must be at least 1"),
            (
                worker.poll >= Duration::from_millis(10),
                "worker.poll",
                "must be at least 10ms",
            ),
            (
                worker.outage_probe >= Duration::from_millis(100),
                "worker.outage_probe",
                "must be at least 100ms",
            ),
            (
                server.workers <= 512,
                "server.workers",
                "must be at most 512",
            ),
            (
                server.body_limit >= 4096,
                "server.body_limit",
                "must be at least 4096 bytes",
            ),
            (
                server.body_timeout >= second,
                "server.body_timeout",
                "must be at least 1s",
            ),
            (
                server.write_timeout >= second,
                "server.write_timeout",
                "must be at least 1s",
            ),
            (
                limits.per_second == 0 || limits.burst > 0,
                "limits.burst",
                "must be at least 1",
            ),
            (
                limits.anonymous_per_second == 0 || limits.anonymous_burst > 0,
                "limits.anonymous_burst",
                "must be at least 1",
            ),
            (
                self.store.connections <= 1000,
                "store.connections",
                "must be at most 1000",
            ),
            (
                self.store.long_connections <= 1000,
                "store.long_connections",
                "must be at most 1000",
            ),
            (
                self.store.long_deadline >= Duration::from_millis(100),
                "store.long_deadline",
                "must be at least 100ms",
            ),
            (
                self.resolvers.most_ids > 0,
                "resolvers.most_ids",
                "must be at least 1",
            ),
            (
                per_second.is_finite() && per_second >= 0.1,
                "orcid.per_second",
                "must be at least 0.1",
            ),
            (
                orcid.client_check >= Duration::from_millis(60),
                "orcid.client_check",
                "must be at least 60ms",
            ),
            (orcid.burst > 0, "orcid.burst", "must be at least 1"),
            (
                worker.max_tries > 0,
                "worker.max_tries",
                "must be at least 1",
            ),
            (
                !worker.retry.is_empty(),
                "worker.retry",
                "must name at least one duration",
            ),
        ] {
            mistakes.refuse_unless(is_right, setting, why);
        }
    }

    /// Durations that would leave no time for what they bound, or no pause in a loop.
    fn check_durations(&self, mistakes: &mut Mistakes) {
        let (orcid, resolvers) = (&self.orcid, &self.resolvers);
        let permissions = &self.permissions;
        for (duration, setting) in [
            (self.store.wait, "store.wait"),
            (
                self.agency.invitation_lifetime,
                "agency.invitation_lifetime",
            ),
            (self.auth.keys_pause, "auth.keys_pause"),
            (orcid.connect_timeout, "orcid.connect_timeout"),
            (orcid.call_timeout, "orcid.call_timeout"),
            (orcid.max_wait, "orcid.max_wait"),
            (orcid.exchange_wait, "orcid.exchange_wait"),
            (resolvers.connect_timeout, "resolvers.connect_timeout"),
            (resolvers.call_timeout, "resolvers.call_timeout"),
            (resolvers.check_timeout, "resolvers.check_timeout"),
            (permissions.remind_after, "permissions.remind_after"),
            (permissions.window, "permissions.window"),
            (permissions.link_lifetime, "permissions.link_lifetime"),
            (permissions.visit_lifetime, "permissions.visit_lifetime"),
            (permissions.breaker_window, "permissions.breaker_window"),
            (permissions.probe_every, "permissions.probe_every"),
            (permissions.recheck_after, "permissions.recheck_after"),
            (self.worker.sweep_every, "worker.sweep_every"),
            (self.mail.timeout, "mail.timeout"),
        ] {
            mistakes.refuse_unless(!duration.is_zero(), setting, "must be longer than 0s");
        }
    }

    /// What people and other programs read. It stands in records, messages and headers.
    fn check_texts(&self, mistakes: &mut Mistakes) {
        let agency = &self.agency;
        for (setting, text) in [
            ("agency.name", &agency.name),
            ("agency.licence", &agency.licence),
        ] {
            mistakes.refuse_unless(!text.trim().is_empty(), setting, "must not be empty");
        }
        for (setting, text) in [
            ("agency.name", &agency.name),
            ("agency.contact", &agency.contact),
            ("agency.licence", &agency.licence),
        ] {
            let is_right = !text.chars().any(char::is_control);
            mistakes.refuse_unless(
                is_right,
                setting,
                "must be one line without control characters",
            );
        }
        let mail = &self.mail;
        if mail.transport == MailTransport::Smtp && mail.smtp_host.is_empty() {
            let why = "must be set with mail.transport = \"smtp\": the name of the mail server";
            mistakes.refuse("mail.smtp_host", why);
        }
        let has_password = !mail.smtp_password.is_empty() || is_named(&mail.smtp_password_file);
        if mail.transport == MailTransport::Smtp && !mail.smtp_user.is_empty() && !has_password {
            let why = "must be set with mail.smtp_user, or mail.smtp_password_file";
            mistakes.refuse("mail.smtp_password", why);
        }
    }

    /// By the rules of the API, where others are created.
    fn check_service_points(&self, mistakes: &mut Mistakes) {
        let mut ids = BTreeMap::new();
        let mut names = BTreeMap::new();
        let mut groups = BTreeMap::new();
        for (index, point) in self.service_points.iter().enumerate() {
            let request = ServicePointRequest {
                name: Some(point.name.clone()),
                identifier_owner: Some(point.identifier_owner.to_string()),
                group_id: Some(point.group_id.clone()),
                ..ServicePointRequest::default()
            };
            for failure in validate_service_point_create(&request).into_listed() {
                let setting = match failure.field_id.as_str() {
                    "groupId" => "group_id",
                    "identifierOwner" => "identifier_owner",
                    other => other,
                };
                mistakes.refuse(
                    format!("service_points[{index}].{setting}"),
                    failure.message,
                );
            }
            if point.id < 1 {
                let why = "must be at least 1";
                mistakes.refuse(format!("service_points[{index}].id"), why);
            }
            let name = point.name.trim().to_lowercase();
            let group = point.group_id.clone();
            for (setting, first) in [
                ("id", ids.insert(point.id, index)),
                ("name", names.insert(name, index)),
                ("group_id", groups.insert(group, index)),
            ] {
                if let Some(first) = first {
                    let why = format!("service_points[{first}] has the same; give each its own");
                    mistakes.refuse(format!("service_points[{index}].{setting}"), why);
                }
            }
        }
    }

    /// Browsers send an origin in one form only, and it is compared as text.
    fn check_origins(&self, mistakes: &mut Mistakes) {
        for origin in &self.server.cors_origins {
            let parsed = Url::parse(origin).ok();
            let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https"));
            match parsed.map(|url| url.origin().ascii_serialization()) {
                Some(sent) if sent == *origin => {}
                Some(sent) => {
                    let why = format!("browsers send \"{sent}\" for \"{origin}\": write that");
                    mistakes.refuse("server.cors_origins", why);
                }
                None => {
                    let why =
                        format!("\"{origin}\" is no origin: write it like https://app.example.org");
                    mistakes.refuse("server.cors_origins", why);
                }
            }
        }
    }
}

/// Whether a setting names a file.
pub(super) fn is_named(file: &Path) -> bool {
    !file.as_os_str().is_empty()
}

/// The address may hold a password, so the message does not repeat it.
fn check_database(url: &str, mistakes: &mut Mistakes) {
    const WHAT: &str = "write the path of a SQLite file, or postgres://user@host/database";
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        Some(scheme) if POSTGRES.contains(&scheme) => {}
        Some(_) => {
            let why = format!("is no database that this program knows, by its scheme: {WHAT}");
            mistakes.refuse("store.url", why);
        }
        None if url == ":memory:" || url.starts_with("file:") || url.starts_with("sqlite:") => {
            mistakes.refuse("store.url", format!("is not the path of a file: {WHAT}"));
        }
        None => {}
    }
}

/// The filter's parser takes any word for the name of a part, so a mistyped level would leave the log
/// empty.
fn check_filter(filter: &str, mistakes: &mut Mistakes) {
    let levels = LEVELS.join(", ");
    if filter.trim().is_empty() {
        mistakes.refuse(
            "log.filter",
            format!("must not be empty: write one of {levels}"),
        );
    }
    // Within brackets are the fields of spans.
    if filter.contains('[') {
        return;
    }
    let directives = filter.split(',').map(str::trim).filter(|it| !it.is_empty());
    for directive in directives {
        let (part, level) = match directive.rsplit_once('=') {
            Some((part, level)) => (Some(part), level),
            None => (None, directive),
        };
        let is_level = LEVELS.iter().any(|it| it.eq_ignore_ascii_case(level));
        if is_level && part != Some("") {
            continue;
        }
        let why = match part {
            Some(_) => {
                format!("\"{directive}\" must be a part and one of {levels}, like store=debug")
            }
            None => format!(
                "\"{directive}\" is not one of {levels}; for a part write its level too, like \
                 store=debug"
            ),
        };
        mistakes.refuse("log.filter", why);
    }
}
