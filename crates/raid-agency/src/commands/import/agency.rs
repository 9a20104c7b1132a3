//! The agency that mints.

use super::report::line_and_status;
use anyhow::{Context as _, bail};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
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
    pub(super) fn new(url: &Url, token: SecretString, is_trial: bool) -> anyhow::Result<Self> {
        let path = if is_trial {
            "v1/raids/bulk?dryRun=true"
        } else {
            "v1/raids/bulk"
        };
        let base = format!("{}/", url.as_str().trim_end_matches('/'));
        Ok(Self {
            // A redirect would carry the token to who knows where.
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .no_gzip()
                .build()?,
            url: Url::parse(&base)?.join(path)?,
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
            let why: String = answer.text().await.unwrap_or_default();
            let why: String = why.chars().take(SHOWN).collect();
            bail!("the agency refuses: {status} {why}");
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
        let mut why = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            why = format!("{why}: {cause}");
            source = cause.source();
        }
        Self {
            why,
            retry_after: None,
        }
    }
}

/// In seconds; dates are not sent by this agency.
fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(seconds.parse().ok()?))
}
