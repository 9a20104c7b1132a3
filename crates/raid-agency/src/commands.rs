//! What can be said on the command line.

mod backup;
mod check;
mod damaged;
mod dead_letters;
mod demo;
mod forget_put_codes;
mod import;
mod keys;
mod restore;
mod resync;
mod serve;
mod token;
mod tokens;
mod why;
mod withdraw;

use crate::application::{self, Role, simulator_settings};
use crate::private_files::make_new_ones_private;
use crate::secrets::make_private_folder;
use crate::settings::Settings;
use crate::telemetry;
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use orcid_simulator::Simulator;
use secrecy::SecretString;
use std::path::PathBuf;
use store::Id;
use url::Url;

/// RAiD registration agency: mint RAiDs, and keep them on the contributors' ORCID records.
#[derive(Debug, Parser)]
#[command(
    version,
    about = "RAiD registration agency: mints RAiDs and keeps contributors' ORCID records true"
)]
pub struct CommandLine {
    /// A configuration file that overrides the defaults; may be given several times.
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Vec<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: the REST API, the pages and the workers.
    Serve {
        /// Only these parts of it.
        #[arg(
            long,
            value_enum,
            value_delimiter = ',',
            default_value = "registry,inbox,worker"
        )]
        role: Vec<Role>,
    },
    /// Bring the database's schema up to date.
    Migrate,
    /// Issue a token of this agency's API, and print it.
    Token(token::Arguments),
    /// List the tokens that were issued, with their last use, or revoke some.
    Tokens {
        /// Revoke this one, by its id; may be given several times.
        #[arg(long, value_name = "ID")]
        revoke: Vec<Id>,
    },
    /// Run the local ORCID simulator alone.
    Simulator,
    /// Walk through the whole workflow against a running instance with the simulator.
    Demo {
        /// Where the agency runs; the configured address by default.
        #[arg(long)]
        agency: Option<Url>,
        /// Where the simulator's pages are; the configured address by default.
        #[arg(long)]
        simulator: Option<Url>,
    },
    /// Mint many RAiDs from a file, one request a line, at a running agency.
    Import(import::Arguments),
    /// Withdraw all RAiDs that an import minted, at a running agency.
    Withdraw(withdraw::Arguments),
    /// Damaged records: list them, or repair one.
    Damaged {
        #[command(subcommand)]
        action: damaged::Action,
    },
    /// List the work that cannot heal by itself, with its reason; try it again, or drop it.
    DeadLetters(dead_letters::Arguments),
    /// Look at every entry on ORCID records, after a setting changed that they are derived from, and
    /// have those written that differ.
    Resync {
        /// Only say how many would change.
        #[arg(long)]
        dry_run: bool,
    },
    /// Forget ORCID's put-codes, after the client at ORCID was replaced: entries of the old client
    /// cannot be changed by the new one, which writes its own.
    ForgetPutCodes {
        /// Only say how many there are.
        #[arg(long)]
        dry_run: bool,
    },
    /// The keys that the database was written with: list, re-seal, retire.
    Keys {
        #[command(subcommand)]
        what: keys::What,
    },
    /// Write a backup of the database while the agency runs. The keys are not in it.
    Backup {
        /// A folder that is not there yet.
        folder: PathBuf,
    },
    /// Restore a backup to where the configuration says that the database is.
    Restore {
        /// What `backup` wrote.
        folder: PathBuf,
    },
    /// Tell in words why an entry is, or is not, on an ORCID record.
    Why {
        /// An ORCID iD: the person in their projects. Or a handle: all contributors of the RAiD.
        subject: String,
    },
    /// Look at everything that the configuration needs, and print a table: syntax, settings, files, keys,
    /// database, clocks, ORCID, token issuers, mail server. Changes nothing.
    Check,
    /// Print the configuration in effect, without secrets.
    Config,
    /// Write the description of the API.
    Openapi {
        /// Where to.
        #[arg(default_value = "openapi/raid-registry.json")]
        file: PathBuf,
    },
}

impl CommandLine {
    /// Does what was said.
    ///
    /// # Errors
    /// Says what went wrong, and which setting to look at.
    pub async fn run(self) -> anyhow::Result<()> {
        if let Command::Openapi { file } = &self.command {
            return std::fs::write(file, raid_registry::openapi_json())
                .with_context(|| file.display().to_string());
        }
        make_new_ones_private();
        if let Command::Check = self.command {
            return check::check(&self.config, std::env::vars().collect()).await;
        }
        let settings = Settings::load(&self.config, std::env::vars())?;
        match self.command {
            Command::Serve { role } => serve::serve(&settings, &role.into_iter().collect()).await,
            Command::Migrate => migrate(&settings).await,
            Command::Token(arguments) => token::token(&settings, &arguments).await,
            Command::Simulator => simulator(&settings).await,
            Command::Demo { agency, simulator } => demo::demo(&settings, agency, simulator).await,
            Command::Import(arguments) => import::import(&settings, &arguments, token()).await,
            Command::Withdraw(arguments) => {
                withdraw::withdraw(&settings, &arguments, token()).await
            }
            Command::Damaged { action } => damaged::damaged(&settings, &action).await,
            Command::Tokens { revoke } => tokens::tokens(&settings, &revoke).await,
            Command::DeadLetters(what) => dead_letters::dead_letters(&settings, &what).await,
            Command::Resync { dry_run } => resync::resync(&settings, dry_run).await,
            Command::ForgetPutCodes { dry_run } => {
                forget_put_codes::forget_put_codes(&settings, dry_run).await
            }
            Command::Keys { what } => keys::keys(&settings, &what).await,
            Command::Backup { folder } => backup::backup(&settings, &folder),
            Command::Restore { folder } => restore::restore(&settings, &folder),
            Command::Why { subject } => why::why(&settings, &subject).await,
            Command::Config => {
                print!("{}", toml::to_string_pretty(&settings)?);
                Ok(())
            }
            Command::Check | Command::Openapi { .. } => Ok(()),
        }
    }
}

/// The token in the environment.
fn token() -> Option<SecretString> {
    let token = std::env::vars().find(|(name, _)| name == import::TOKEN);
    token.map(|(_, token)| token.into())
}

async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let _log = telemetry::start_log(&settings.log)?;
    make_private_folder(&settings.data.folder)
        .with_context(|| settings.data.folder.display().to_string())?;
    let database = settings.database();
    let ran = tokio::task::spawn_blocking(move || store::migrate::migrate(&database)).await??;
    for version in &ran {
        println!("ran migration {version}");
    }
    println!("the schema is up to date");
    Ok(())
}

async fn simulator(settings: &Settings) -> anyhow::Result<()> {
    let _log = telemetry::start_log(&settings.log)?;
    make_private_folder(&settings.data.folder)
        .with_context(|| settings.data.folder.display().to_string())?;
    let simulator = Simulator::start(simulator_settings(settings)?)?;
    println!(
        "ORCID simulator: pages {}, member API {}",
        simulator.web_url(),
        simulator.api_url()
    );
    simulator.run_until(application::wait_for_signal()).await;
    Ok(())
}
