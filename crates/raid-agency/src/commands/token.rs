//! `raid-agency token`

use crate::application::{claim_token_key, local_issuer, open_store};
use crate::settings::Settings;
use anyhow::{Context as _, bail};
use clap::Args;
use raid_registry::auth::{LocalToken, Role, issue_local_token};
use secrecy::{ExposeSecret as _, SecretString};
use std::time::Duration;
use store::{Clock, service_points};

/// For whom, and what for.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Who will act with it.
    #[arg(long, default_value = "local-user")]
    subject: String,
    /// What they may do: service-point-user, operator, raid-admin, contributor-writer, raid-dumper,
    /// raid-access-handler or raid-upgrader; may be given several times.
    #[arg(long, default_value = "service-point-user")]
    role: Vec<String>,
    /// The number of the service point that they act for; the first by default.
    #[arg(long)]
    service_point: Option<i64>,
    /// How many days it is good.
    #[arg(long, default_value_t = 1)]
    days: u32,
}

pub(crate) async fn token(settings: &Settings, arguments: &Arguments) -> anyhow::Result<()> {
    if !settings.auth.local {
        bail!("auth.local is off: tokens come from the identity provider");
    }
    let folder = &settings.data.folder;
    if !folder.exists() {
        eprintln!(
            "note: {} is not there and is made anew, with new keys; an agency that runs with \
             another folder does not accept this token",
            folder.display()
        );
    }
    let store = open_store(settings).await?;
    claim_token_key(&store, settings).await?;
    let wanted = arguments.service_point;
    let group = store
        .read(move |c| {
            let all = service_points::all(c)?;
            Ok(all
                .into_iter()
                .find(|s| wanted.is_none_or(|id| s.id == id))
                .map(|s| s.group_id))
        })
        .await?
        .context("there is no such service point")?;
    let lifetime = Duration::from_secs(u64::from(arguments.days) * 24 * 3600);
    let token = issue(
        settings,
        &arguments.subject,
        &arguments.role,
        &group,
        lifetime,
    )?;
    println!("{}", token.expose_secret());
    Ok(())
}

/// A token for a service point's group.
pub(crate) fn issue(
    settings: &Settings,
    subject: &str,
    roles: &[String],
    group: &str,
    lifetime: Duration,
) -> anyhow::Result<SecretString> {
    let roles = roles
        .iter()
        .map(|r| r.parse::<Role>())
        .collect::<Result<Vec<_>, _>>()?;
    let token = LocalToken {
        subject: subject.to_owned(),
        roles,
        group: Some(group.to_owned()),
        lifetime,
    };
    Ok(issue_local_token(
        &local_issuer(settings)?,
        &token,
        Clock::system().now(),
    )?)
}
