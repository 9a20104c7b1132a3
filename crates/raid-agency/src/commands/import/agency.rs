//! The agency that mints.

use super::report::line_and_status;
use crate::causes::{causes, with_causes};
use crate::settings::WebAddress;
use anyhow::{Context as _, bail};
use reqwest::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::error::Error;
use std::io::ErrorKind;
use std::time::Duration;
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence in the middle of an answer: a line may wait for other registries.
const READ_TIMEOUT: Duration = Duration::from_mins(1);
/// So much of an answer that explains a refusal is shown.
const SHOWN: usize = 500;
/// Longest line of an answer; those that tell of many mistakes are long.
const LONGEST_RESULT: usize = 8 * 1024 * 1024;

/// Where a chunk goes.
pub(super) struct Agency {
    http: reqwest::Client,
    url: Url,
    token: SecretString,
}

/// Why not all of a chunk was answered, where it may be when it is sent again.
pub(super) struct Trouble {
    pub(super) why: String,
    /// When the agency wants to be asked again.
    pub(super) retry_after: Option<Duration>,
}

impl Agency {
    /// With `is_trial` the agency checks the lines and mints none.
    pub(super) fn new(
        address: &WebAddress,
        token: SecretString,
        is_trial: bool,
    ) -> anyhow::Result<Self> {
        let mut url = address.with_path("v1/raids/bulk");
        url.set_query(is_trial.then_some("dryRun=true"));
        Ok(Self {
            // A redirect would carry the token to who knows where.
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .no_gzip()
                .build()?,
            url,
            token,
        })
    }

    /// Sends a chunk, and gives each result (its line in the file, its status, itself) to `settle`
    /// as it comes.
    pub(super) async fn send(
        &self,
        key: &str,
        body: Vec<u8>,
        first_line: u64,
        mut settle: impl FnMut(u64, u16, Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<Option<Trouble>> {
        let sent = self
            .http
            .post(self.url.clone())
            .bearer_auth(self.token.expose_secret())
            .header(CONTENT_TYPE, "application/x-ndjson")
            .header("Idempotency-Key", key)
            .body(body)
            .send();
        let mut answer = match sent.await {
            Ok(answer) => answer,
            Err(error) if is_permanent(&error) => bail!("{}: {}", self.url, refused(&error)),
            Err(error) => return Ok(Some(Trouble::from(&error))),
        };
        let status = answer.status();
        if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
            return Ok(Some(Trouble {
                why: status.to_string(),
                retry_after: retry_after(&answer),
            }));
        }
        if status != StatusCode::OK {
            let advice = advice(&answer);
            let why: String = answer.text().await.unwrap_or_default();
            let why: String = why.chars().take(SHOWN).collect();
            bail!("{} refuses with {status}: {advice} {why}", self.url);
        }
        let mut buffer = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(piece)) => buffer.extend_from_slice(&piece),
                Ok(None) => return Ok(None),
                Err(error) => return Ok(Some(Trouble::from(&error))),
            }
            let mut lines = buffer.split_inclusive(|b| *b == b'\n').peekable();
            let mut rest = Vec::new();
            while let Some(line) = lines.next() {
                if lines.peek().is_none() && !line.ends_with(b"\n") {
                    rest = line.to_vec();
                    break;
                }
                let result: Value = serde_json::from_slice(line)
                    .with_context(|| format!("{} is no agency's address", self.url))?;
                let (line, status) = line_and_status(&result)
                    .with_context(|| format!("{} is no agency's address", self.url))?;
                settle(first_line + line.saturating_sub(1), status, result)?;
            }
            if rest.len() > LONGEST_RESULT {
                bail!("{} answers without end", self.url);
            }
            buffer = rest;
        }
    }
}

impl From<&reqwest::Error> for Trouble {
    fn from(error: &reqwest::Error) -> Self {
        Self {
            why: with_causes(error),
            retry_after: None,
        }
    }
}

/// Whether no later try could succeed: TLS fails in the same way each time. A host that does not answer
/// may be back in a moment.
fn is_permanent(error: &reqwest::Error) -> bool {
    let is_tls = |cause: &(dyn Error + 'static)| cause.downcast_ref().is_some_and(is_invalid_data);
    error.is_builder() || (error.is_connect() && causes(error).any(is_tls))
}

/// The TLS layer reports what it refuses as invalid data, perhaps within another error.
fn is_invalid_data(error: &std::io::Error) -> bool {
    let inner = || error.get_ref()?.downcast_ref();
    error.kind() == ErrorKind::InvalidData || inner().is_some_and(is_invalid_data)
}

/// Why TLS failed, and what to do.
fn refused(error: &reqwest::Error) -> String {
    let why = causes(error).last().map(ToString::to_string);
    let why = why.unwrap_or_else(|| error.to_string());
    if why.contains("certificate") {
        format!(
            "the server's certificate is not accepted ({why}). Give the host that it is for as --url. \
             If an authority of your own signed it, add that to the system's certificates, or name \
             its file in SSL_CERT_FILE"
        )
    } else {
        format!("no encrypted connection can be made ({why}). Check the scheme and port of --url")
    }
}

/// What to do about an answer that sending again does not change.
fn advice(answer: &Response) -> String {
    let location = || {
        let value = answer.headers().get(LOCATION)?;
        Some(value.to_str().ok()?.to_owned())
    };
    match answer.status() {
        StatusCode::UNAUTHORIZED => {
            "the token is not accepted: it is expired, or of another agency. Get a new one from your \
             identity provider (or `raid-agency token`), in RAID_TOKEN or --token-file."
                .to_owned()
        }
        StatusCode::FORBIDDEN => {
            "the token must have the role service-point-user, and the group of a service point that \
             is enabled."
                .to_owned()
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            "no agency answers at this address: check --url.".to_owned()
        }
        status if status.is_redirection() => format!(
            "redirects are not followed, as they could carry the token away. Give the address behind \
             it as --url: {}",
            location().unwrap_or_default()
        ),
        _ => "the agency says:".to_owned(),
    }
}

/// In seconds; dates are not sent by this agency.
fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(seconds.parse().ok()?))
}
