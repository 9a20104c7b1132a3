//! `raid-agency withdraw`: all RAiDs that an import minted, by its report.

use super::import::report::minted_handles;
use crate::settings::Settings;
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use futures::StreamExt as _;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Withdrawals at the same time: each waits until no node shows the RAiD any more.
const AT_ONCE: usize = 16;
/// How often one is tried while the agency is busy or away.
const TRIES: u32 = 8;
/// The pause between tries, unless the agency says how long.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest pause, whatever the agency asks for.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
const TIMEOUT: Duration = Duration::from_mins(1);

/// Which, and why.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The report of an import: the RAiDs that it minted are withdrawn.
    report: PathBuf,
    /// Why; shown to everybody.
    #[arg(long)]
    reason: String,
    /// Where the agency runs; the configured address by default.
    #[arg(long)]
    url: Option<Url>,
    /// A file that holds an operator's token, unless `RAID_TOKEN` in the environment does.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Only list them.
    #[arg(long)]
    dry_run: bool,
}

/// What became of one.
enum Outcome {
    Withdrawn,
    /// It was withdrawn before.
    Before,
    Failed(String),
}

pub(crate) async fn withdraw(
    settings: &Settings,
    arguments: &Arguments,
    token: Option<SecretString>,
) -> anyhow::Result<()> {
    let shown = || arguments.report.display().to_string();
    let handles = minted_handles(&arguments.report).with_context(shown)?;
    ensure!(!handles.is_empty(), "{}: no RAiD was minted", shown());
    if arguments.dry_run {
        for handle in &handles {
            println!("{handle}");
        }
        println!("{} RAiDs would be withdrawn", handles.len());
        return Ok(());
    }
    let token = super::import::token_of(arguments.token_file.as_deref(), token)?;
    let url = arguments
        .url
        .as_ref()
        .unwrap_or(settings.server.public_url.get());
    let base = Url::parse(&format!("{}/", url.as_str().trim_end_matches('/')))?;
    // A redirect would carry the token elsewhere.
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()?;
    let (mut withdrawn, mut before, mut failed) = (0, 0, 0);
    let mut outcomes = futures::stream::iter(&handles)
        .map(|handle| {
            let (http, base, token) = (&http, &base, &token);
            async move {
                (
                    handle,
                    one(http, base, token, handle, &arguments.reason).await,
                )
            }
        })
        .buffer_unordered(AT_ONCE);
    while let Some((handle, outcome)) = outcomes.next().await {
        match outcome? {
            Outcome::Withdrawn => withdrawn += 1,
            Outcome::Before => before += 1,
            Outcome::Failed(why) => {
                eprintln!("{handle}: {why}");
                failed += 1;
            }
        }
    }
    println!("{withdrawn} RAiDs withdrawn, {before} were withdrawn before, {failed} failed");
    if failed > 0 {
        bail!("{failed} RAiDs were not withdrawn: run the command again");
    }
    Ok(())
}

/// Withdraws one RAiD. Sent again after an unknown outcome it is found withdrawn.
async fn one(
    http: &reqwest::Client,
    base: &Url,
    token: &SecretString,
    handle: &str,
    reason: &str,
) -> anyhow::Result<Outcome> {
    let url = base.join(&format!("v1/raids/{handle}/withdrawal"))?;
    let mut why = String::new();
    for _ in 0..TRIES {
        let sent = http
            .post(url.clone())
            .bearer_auth(token.expose_secret())
            .json(&json!({ "reason": reason }))
            .send();
        let answer = match sent.await {
            Ok(answer) => answer,
            Err(error) => {
                why = error.to_string();
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        match answer.status() {
            StatusCode::OK => return Ok(Outcome::Withdrawn),
            StatusCode::GONE => return Ok(Outcome::Before),
            status if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => {
                why = status.to_string();
                let seconds = answer.headers().get(RETRY_AFTER);
                let seconds = seconds.and_then(|text| text.to_str().ok()?.parse().ok());
                let pause = seconds.map_or(PAUSE, Duration::from_secs);
                tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            }
            // The token or the reason is refused: so it would be for all others.
            status @ (StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::BAD_REQUEST) => {
                let text = answer.text().await.unwrap_or_default();
                bail!("the agency refuses: {status} {text}");
            }
            status => return Ok(Outcome::Failed(status.to_string())),
        }
    }
    Ok(Outcome::Failed(why))
}
