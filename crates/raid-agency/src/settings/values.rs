//! What settings can be: durations, addresses, secrets, and words from short lists.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use std::net::SocketAddr;
use std::time::Duration;

/// Durations such as `30s`, of at most a hundred years: later sums with dates stay in range.
pub(super) mod bounded {
    use super::Duration;
    use serde::de::Error as _;
    use serde::{Deserializer, Serializer};

    /// In the largest unit that gives a whole number.
    pub(super) fn text(span: Duration) -> String {
        const UNITS: [(u128, &str); 5] = [
            (24 * 60 * 60 * 1000, "d"),
            (60 * 60 * 1000, "h"),
            (60 * 1000, "m"),
            (1000, "s"),
            (1, "ms"),
        ];
        let whole = |(unit, _): &&(u128, &str)| span.as_nanos().is_multiple_of(unit * 1_000_000);
        UNITS
            .iter()
            .filter(|_| !span.is_zero())
            .find(whole)
            .map_or_else(
                || humantime_serde::re::humantime::format_duration(span).to_string(),
                |(unit, name)| format!("{}{name}", span.as_millis() / unit),
            )
    }

    const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

    pub(in crate::settings) fn serialize<S: Serializer>(
        span: &Duration,
        s: S,
    ) -> Result<S::Ok, S::Error> {
        s.serialize_str(&text(*span))
    }

    pub(in crate::settings) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<Duration, D::Error> {
        let span: Duration = humantime_serde::deserialize(d)?;
        if span <= LONGEST {
            Ok(span)
        } else {
            Err(D::Error::custom(
                "a duration must not be longer than a hundred years",
            ))
        }
    }
}

/// An address to listen on, such as `127.0.0.1:8090`, or an empty text for none.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MaybeAddress(pub Option<SocketAddr>);

impl TryFrom<String> for MaybeAddress {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let address = text.parse().map(Some).map(Self);
        address.map_err(|_| format!("{text} is not an address such as 127.0.0.1:8090"))
    }
}
impl From<MaybeAddress> for String {
    fn from(address: MaybeAddress) -> Self {
        address.0.map(|it| it.to_string()).unwrap_or_default()
    }
}

/// A secret from the configuration: it can be used, but is never printed.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// The secret.
    pub fn get(&self) -> &SecretString {
        &self.0
    }
    /// Whether none is configured.
    pub fn is_empty(&self) -> bool {
        self.0.expose_secret().is_empty()
    }
}
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_empty() {
            "(not set)"
        } else {
            "(set, not shown)"
        })
    }
}
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(if self.is_empty() {
            ""
        } else {
            "(set, not shown)"
        })
    }
}

/// A duration within a list.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(#[serde(with = "bounded")] pub Duration);

/// `orcid.mode`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// This agency talks to ORCID.
    Own,
    /// It mints only.
    Off,
}

/// `resolvers.mode`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResolverMode {
    /// Form and checksum decide.
    Offline,
    /// Other registries are asked whether identifiers exist.
    Online,
}

/// `resolvers.when_unavailable`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenUnavailable {
    /// 503.
    Refuse,
    /// With a warning.
    Accept,
}

/// `orcid.environment`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// A local ORCID.
    Simulator,
    /// `sandbox.orcid.org`.
    Sandbox,
    /// `orcid.org`.
    Production,
}

impl Environment {
    /// As it is kept in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Simulator => "simulator",
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }

    /// ORCID's public API there. The simulator's people are looked up where production's are.
    pub fn orcid_public_api(self) -> &'static str {
        match self {
            Self::Sandbox => "https://pub.sandbox.orcid.org/v3.0",
            Self::Simulator | Self::Production => "https://pub.orcid.org/v3.0",
        }
    }

    /// What an iD's URL begins with there. The simulator uses production's, as the examples do.
    pub fn orcid_prefix(self) -> &'static str {
        match self {
            Self::Sandbox => "https://sandbox.orcid.org/",
            Self::Simulator | Self::Production => "https://orcid.org/",
        }
    }
}

/// `agency.former_versions`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormerVersions {
    /// For those who look after the RAiD.
    Managers,
    /// For everybody who may read the RAiD.
    Everybody,
}

/// `mail.transport`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTransport {
    /// Into files.
    Files,
    /// To a mail server.
    Smtp,
}

/// `mail.smtp_tls`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// STARTTLS.
    Required,
    /// From the first byte.
    Implicit,
    /// Not at all.
    None,
}

/// `log.format`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

#[cfg(test)]
mod tests {
    use super::Span;
    use std::time::Duration;

    /// What is printed is what people would write, and reads back.
    #[test]
    fn durations_are_printed_in_whole_units() {
        for (span, text) in [
            (Duration::from_hours(60 * 24), "60d"),
            (Duration::from_hours(365 * 24), "365d"),
            (Duration::from_hours(6), "6h"),
            (Duration::from_mins(90), "90m"),
            (Duration::from_secs(15), "15s"),
            (Duration::from_millis(1500), "1500ms"),
            (Duration::ZERO, "0s"),
            (Duration::from_nanos(1_000_001), "1ms 1ns"),
        ] {
            let printed = serde_json::to_value(Span(span)).unwrap_or_default();
            assert_eq!(printed, text);
            let read: Result<Span, _> = serde_json::from_value(printed);
            assert_eq!(read.map(|read| read.0).ok(), Some(span));
        }
    }
}
