//! `raid-agency serve`

use crate::application::{Application, Role, demo_token_file, local_issuer};
use crate::secrets::write_private;
use crate::settings::{Environment, Settings};
use crate::telemetry;
use raid_registry::auth::{self, LocalToken, issue_local_token};
use rustix::process::Signal;
use secrecy::ExposeSecret as _;
use std::collections::BTreeSet;
use std::time::Duration;
use store::Clock;
use tokio::signal::unix::{self, SignalKind};

const DEMO_TOKEN_LIFETIME: Duration = Duration::from_hours(30 * 24);

pub(crate) async fn serve(settings: &Settings, roles: &BTreeSet<Role>) -> anyhow::Result<()> {
    let log = telemetry::start_log(&settings.log)?;
    let metrics = telemetry::start_metrics(&log)?;
    survive_files_that_may_not_grow()?;
    let application = Application::build(settings, roles, metrics).await?;
    if settings.orcid.environment == Environment::Simulator && settings.auth.local {
        write_demo_token(settings, application.first_group())?;
    }
    greet(settings, &application);
    application.run_until_stopped().await
}

/// A limit on the size of files (`RLIMIT_FSIZE`) is an error to writes, as a full disk is, and does not
/// end the process. The handler that this installs stays.
fn survive_files_that_may_not_grow() -> std::io::Result<()> {
    let signal = SignalKind::from_raw(Signal::XFSZ.as_raw());
    unix::signal(signal).map(drop)
}

/// A token for the first service point, so that a newcomer can mint at once.
fn write_demo_token(settings: &Settings, group: Option<&str>) -> anyhow::Result<()> {
    if let Some(group) = group {
        let token = LocalToken {
            subject: "demo".to_owned(),
            roles: vec![auth::Role::ServicePointUser],
            group: Some(group.to_owned()),
            lifetime: DEMO_TOKEN_LIFETIME,
        };
        let issuer = local_issuer(settings)?;
        let token = issue_local_token(&issuer, &token, Clock::system().now())?;
        write_private(&demo_token_file(settings), token.expose_secret())?;
    }
    Ok(())
}

fn greet(settings: &Settings, application: &Application) {
    let address = application.address();
    println!("\nRAiD registration agency: http://{address}");
    match application.internal_address() {
        Some(internal) => println!("  is it ready?   http://{internal}/health/ready"),
        None => println!("  is it ready?   nobody can ask: server.internal_bind is empty"),
    }
    println!("  API            http://{address}/docs/");
    let Some((web, _)) = application.simulator() else {
        println!();
        return;
    };
    let token = demo_token_file(settings);
    println!("  local ORCID    {web}");
    println!("\nMint a RAiD:\n");
    println!("  curl -i http://{address}/raid/ -H 'Content-Type: application/json' \\");
    println!(
        "       -H \"Authorization: Bearer $(cat {})\" \\",
        token.display()
    );
    println!("       -d @examples/raid-min.json\n");
    println!("Then open the contributor's ORCID inbox, and press “Grant permission”:\n");
    println!("  {web}/researchers/0000-0002-1825-0097/inbox\n");
    println!("Their record then shows the project: {web}/0000-0002-1825-0097");
    println!("`make demo`, in another terminal, does all of this by itself. Ctrl-C stops.\n");
}
