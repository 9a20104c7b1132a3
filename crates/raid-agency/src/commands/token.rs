//! `raid-agency token`: issues a token of the API.

use crate::application::open_store;
use crate::settings::Settings;
use anyhow::Context as _;
use clap::Args;
use raid_registry::auth::{NewApiToken, Role, issue_api_token};
use secrecy::ExposeSecret as _;
use std::time::Duration;
use store::{api_tokens, service_points};

/// For whom, and what for.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What people call it in lists; the subject by default.
    #[arg(long)]
    name: Option<String>,
    /// Who will act with it.
    #[arg(long, default_value = "local-user")]
    subject: String,
    /// What they may do: service-point-user, operator, raid-admin, raid-user, pid-searcher,
    /// contributor-writer, raid-dumper, raid-access-handler or raid-upgrader; may be given several
    /// times.
    #[arg(long, default_value = "service-point-user")]
    role: Vec<String>,
    /// The number of the service point that they act for; the first by default.
    #[arg(long)]
    service_point: Option<i64>,
    /// How many days it is accepted.
    #[arg(long, default_value_t = 1)]
    days: u32,
}

/// Prints a new token, which is kept as a hash: `raid-agency tokens` lists and revokes it.
pub(crate) async fn token(settings: &Settings, arguments: &Arguments) -> anyhow::Result<()> {
    let folder = &settings.data.folder;
    if !folder.exists() {
        eprintln!(
            "note: {} is not there and is made, with new keys; an agency that runs with another \
             folder or database does not accept this token",
            folder.display()
        );
    }
    let roles = arguments
        .role
        .iter()
        .map(|role| role.parse::<Role>())
        .collect::<Result<Vec<_>, _>>()?;
    let store = open_store(settings).await?;
    let wanted = arguments.service_point;
    let all = store.read(service_points::all).await?;
    let point = all
        .into_iter()
        .find(|point| wanted.is_none_or(|id| point.id == id))
        .context("there is no such service point")?;
    let new = NewApiToken {
        name: arguments
            .name
            .clone()
            .unwrap_or_else(|| arguments.subject.clone()),
        subject: Some(arguments.subject.clone()),
        roles,
        service_point: Some(point.id),
        lifetime: Duration::from_secs(u64::from(arguments.days) * 24 * 3600),
        creator: None,
    };
    let (token, row) = issue_api_token(new, store.clock().now());
    let id = row.id;
    store.write(move |c| api_tokens::create(c, &row)).await?;
    eprintln!("note: this token is shown once; to revoke it: raid-agency tokens --revoke {id}");
    println!("{}", token.expose_secret());
    Ok(())
}
