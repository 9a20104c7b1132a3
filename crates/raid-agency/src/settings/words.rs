//! Settings that are a word from a short list.

use serde::{Deserialize, Serialize};

/// A word that is not in the list of a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{found}\" is none of {known}")]
pub struct UnknownWord {
    found: String,
    known: String,
}

/// An enum whose values are written as these words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum $name { $($(#[$value_doc])* $value,)+ }

        impl $name {
            /// As it is written in the configuration.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownWord;

            fn try_from(text: String) -> Result<Self, UnknownWord> {
                match text.as_str() {
                    $($word => Ok(Self::$value),)+
                    _ => Err(UnknownWord { found: text, known: [$($word),+].join(", ") }),
                }
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }
    };
}

words! {
    /// `orcid.mode`
    Mode {
        /// This agency talks to ORCID.
        Own = "own",
        /// It mints only.
        Off = "off",
    }
}
words! {
    /// `resolvers.mode`
    ResolverMode {
        /// Form and checksum decide.
        Offline = "offline",
        /// Other registries are asked whether identifiers exist.
        Online = "online",
    }
}
words! {
    /// `resolvers.when_unavailable`
    WhenUnavailable {
        /// 503.
        Refuse = "refuse",
        /// With a warning.
        Accept = "accept",
    }
}
words! {
    /// `orcid.environment`. A database keeps the word.
    Environment {
        /// A local ORCID.
        Simulator = "simulator",
        /// `sandbox.orcid.org`.
        Sandbox = "sandbox",
        /// `orcid.org`.
        Production = "production",
    }
}
words! {
    /// `mail.transport`
    MailTransport {
        /// Into files.
        Files = "files",
        /// To a mail server.
        Smtp = "smtp",
    }
}
words! {
    /// `agency.former_versions`
    FormerVersions {
        /// For those who look after the RAiD.
        Managers = "managers",
        /// For everybody who may read the RAiD.
        Everybody = "everybody",
    }
}
words! {
    /// `mail.smtp_tls`
    SmtpTls {
        /// STARTTLS.
        Required = "required",
        /// From the first byte.
        Implicit = "implicit",
        /// Not at all.
        None = "none",
    }
}
words! {
    /// `log.format`
    LogFormat {
        /// For people.
        Text = "text",
        /// For machines.
        Json = "json",
    }
}

impl Environment {
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
