//! Why a mail could not be handed over, in words that an operator can act on and that hold no address
//! and no secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::transport::smtp;
use std::error::Error as _;
use std::io;
use std::time::Duration;

/// Most characters that are kept of what a mail server says.
const MAX_TEXT: usize = 300;
/// Longest word that is kept of it. Longer ones are links, or encoded.
const MAX_WORD: usize = 60;
/// The shortest local part of an address that is looked for alone: shorter ones are in many words.
const MIN_LOCAL: usize = 3;

/// How far a session came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Until the server greeted and told what it offers.
    Connect,
    /// The connection is encrypted by STARTTLS.
    StartTls,
    /// User and password are checked.
    SignIn,
    /// Sender, recipient and content are transferred.
    Send,
}

/// What must not be in any text.
pub(crate) struct Secrets<'a> {
    pub(crate) address: &'a str,
    pub(crate) user: Option<&'a str>,
    pub(crate) password: Option<&'a str>,
}

/// Why a mail could not be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailFailure {
    outcome: &'static str,
    code: Option<u16>,
    text: String,
    is_final: bool,
}

impl MailFailure {
    /// The folder for mail took no file.
    pub(crate) fn folder() -> Self {
        Self::without_code(
            "folder",
            "the mail cannot be written into its folder".into(),
        )
    }

    /// The server does not offer STARTTLS.
    pub(crate) fn starttls_not_offered() -> Self {
        let text = "the mail server does not offer STARTTLS, which mail.smtp_tls requires: set it to \
                    \"implicit\" where the port is one for TLS (465), or have STARTTLS switched on";
        Self::without_code("starttls-missing", text.into())
    }

    /// The server did not answer in time.
    pub(crate) fn too_slow(stage: Stage, timeout: Duration) -> Self {
        let seconds = timeout.as_secs_f64();
        let text = format!("no answer within {seconds} s while {}", doing(stage));
        Self::without_code("unreachable", text)
    }

    /// The session failed in this stage.
    pub(crate) fn smtp(stage: Stage, error: &smtp::Error, secrets: &Secrets<'_>) -> Self {
        let code = error.status().map(u16::from);
        let outcome = outcome(stage, error, code);
        let what = match outcome {
            "tls" => "the encrypted connection to the mail server cannot be made",
            "starttls-refused" => "the mail server refused STARTTLS",
            "sign-in" => "the mail server did not accept mail.smtp_user and its password",
            "refused" if stage == Stage::Send => "the mail server refused the mail",
            "refused" => "the mail server refused the connection",
            "deferred" => "the mail server does not take the mail now",
            _ => "the mail server cannot be reached",
        };
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        let said = scrubbed(&said, secrets);
        let mut text = format!("{what} ({})", doing(stage));
        if let Some(code) = code {
            text = format!("{text}: {code}");
        }
        if !said.is_empty() {
            let mark = if code.is_some() { " " } else { ": " };
            text = format!("{text}{mark}{said}");
        }
        Self {
            outcome,
            code,
            text,
            is_final: outcome == "refused" && stage == Stage::Send,
        }
    }

    fn without_code(outcome: &'static str, text: String) -> Self {
        Self {
            outcome,
            code: None,
            text,
            is_final: false,
        }
    }

    /// Whether the server refused this very mail, so that to send it again is of no use. A server that
    /// refuses us all mails may be set right.
    pub(crate) fn is_final(&self) -> bool {
        self.is_final
    }

    /// A word for the metrics.
    pub(crate) fn outcome(&self) -> &'static str {
        self.outcome
    }

    /// The reply code of SMTP, if there was a reply.
    pub(crate) fn code(&self) -> Option<u16> {
        self.code
    }

    /// What happened, with what the server said.
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// What went wrong, as a word for the metrics.
fn outcome(stage: Stage, error: &smtp::Error, code: Option<u16>) -> &'static str {
    match (stage, code) {
        (Stage::StartTls, Some(_)) => "starttls-refused",
        (Stage::StartTls, None) => "tls",
        // The server offers no way to sign in that is known here.
        (Stage::SignIn, None) if error.is_client() => "sign-in",
        // RFC 4954 §6: the server wants a sign-in before it takes any mail.
        (Stage::SignIn, Some(_)) | (_, Some(530 | 534 | 535 | 538)) => "sign-in",
        (_, Some(_)) if error.is_permanent() => "refused",
        (_, Some(_)) => "deferred",
        (Stage::Send, None) if error.is_client() => "refused",
        (_, None) if error.is_tls() || is_invalid_tls(error) => "tls",
        (_, None) => "unreachable",
    }
}

/// Whether a connection broke since its TLS is not valid: such errors come as those of the connection.
fn is_invalid_tls(error: &smtp::Error) -> bool {
    let mut cause = error.source();
    while let Some(found) = cause {
        let io = found.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        cause = found.source();
    }
    false
}

fn doing(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "connecting",
        Stage::StartTls => "starting TLS",
        Stage::SignIn => "signing in",
        Stage::Send => "sending",
    }
}

/// What a server said, on one line, without addresses, links and secrets.
fn scrubbed(said: &str, secrets: &Secrets<'_>) -> String {
    let hidden = hidden_words(secrets);
    let words = said.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words
        .filter(|word| !word.is_empty())
        .map(|word| {
            let lower = word.to_lowercase();
            if word.contains('@') {
                "(address)"
            } else if word.contains("://") || word.len() > MAX_WORD {
                "(link)"
            } else if hidden.iter().any(|hidden| lower.contains(hidden)) {
                "(removed)"
            } else {
                word
            }
        })
        .collect();
    words.join(" ").chars().take(MAX_TEXT).collect()
}

/// What no word may contain, in lower case.
fn hidden_words(secrets: &Secrets<'_>) -> Vec<String> {
    let local = secrets.address.split('@').next().unwrap_or_default();
    let mut hidden = vec![local.to_owned()];
    hidden.retain(|local| local.len() >= MIN_LOCAL);
    if let (Some(user), Some(password)) = (secrets.user, secrets.password) {
        hidden.extend([
            user.to_owned(),
            password.to_owned(),
            STANDARD.encode(user),
            STANDARD.encode(password),
            STANDARD.encode(format!("\0{user}\0{password}")),
        ]);
    }
    hidden.retain(|word| !word.is_empty());
    hidden.iter().map(|word| word.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::{MailFailure, Secrets, scrubbed};

    const SECRETS: Secrets<'_> = Secrets {
        address: "amara.okafor@university.example",
        user: Some("mailer"),
        password: Some("hunter2"),
    };

    #[test]
    fn what_a_server_says_keeps_neither_addresses_nor_secrets() {
        let said = "5.1.1 <Amara.Okafor@university.example>: user AMARA.OKAFOR unknown,\r\nsee \
                    https://help.example/x?i=abc\tmailer/hunter2 bWFpbGVy";
        assert_eq!(
            scrubbed(said, &SECRETS),
            "5.1.1 (address) user (removed) unknown, see (link) (removed) (removed)"
        );
    }

    #[test]
    fn what_a_server_says_is_short() {
        let long = "word ".repeat(1000);
        assert_eq!(scrubbed(&long, &SECRETS).chars().count(), 300);
        assert_eq!(scrubbed(&"x".repeat(1000), &SECRETS), "(link)");
    }

    #[test]
    fn no_mail_is_lost_for_a_server_that_is_set_up_wrongly() {
        assert!(!MailFailure::starttls_not_offered().is_final());
        assert!(!MailFailure::folder().is_final());
    }
}
