//! Wiring: which parts run in this process, and how they start and stop.

mod catching_up;
mod client_check;
mod clock;
mod exchanges;
mod existence;
pub(crate) mod folders;
mod forgetting;
mod issuers;
mod listening;
mod parts;
pub(crate) mod seeds;
mod simulator;
mod upkeep;

pub(crate) use issuers::oidc_issuers;
pub(crate) use parts::{contact_budget, mail_transport, membership_policy};
pub use simulator::simulator_settings;

use crate::health;
use crate::keys;
use crate::orcid::CallLog;
use crate::private_files;
use crate::secrets;
use crate::settings::{Mode, Settings};
use crate::telemetry::Metrics;
use actix_web::dev::Server;
use actix_web::web;
use anyhow::Context as _;
use orcid_simulator::Simulator;
use raid_registry::auth::{LocalIssuer, LocalKey};
use raid_registry::{Registry, RequestLimits};
use reconciler::Runner;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use store::agency_keys::{self, Purpose};
use store::tasks::{self, Kind, Lane, NewTask, Work};
use store::{Clock, Store, StoreError, migrate};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A part that a process can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Role {
    /// The REST API.
    Registry,
    /// Asking people: pages, notifications, mail.
    Inbox,
    /// Writing to ORCID records.
    Worker,
}

/// A process that is ready to serve.
pub struct Application {
    address: SocketAddr,
    server: Server,
    /// For those who watch the process.
    internal: Option<(SocketAddr, Server)>,
    runner: Option<JoinHandle<()>>,
    call_log: Option<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    first_group: Option<String>,
    simulator: Option<Simulator>,
}

/// When the first sweep of a new database begins, at the latest: a start is busy enough.
const FIRST_SWEEP: Duration = Duration::from_mins(1);

impl Application {
    /// Opens the database, starts the simulator if it is configured, binds, and wires the roles.
    ///
    /// # Errors
    /// Says which setting or which part is the trouble.
    pub async fn build(
        settings: &Settings,
        roles: &BTreeSet<Role>,
        metrics: Metrics,
    ) -> anyhow::Result<Self> {
        private_files::warn_of_open_ones(settings);
        for setting in settings.of_example()? {
            tracing::warn!(
                setting,
                "is still the example's, which is nobody's: set your own"
            );
        }
        // A database belongs to the environment that first opened it, so what may fail comes before.
        parts::check_secrets(settings)?;
        let store = open_store(settings).await?;
        let first_group = seeds::first_group(&store, settings).await?;
        let simulator = simulator::start(settings)?;
        let listener = listening::bind("server.bind", settings.server.bind)?;
        let address = listener.local_addr()?;
        let internal_bind = settings.server.internal_bind.0;
        let internal = internal_bind.map(|at| listening::bind("server.internal_bind", at));
        let internal = internal.transpose()?;
        let (stop, stopped) = watch::channel(false);
        let upkept_until = stopped.clone();

        let registry = if roles.contains(&Role::Registry) {
            claim_token_key(&store, settings).await?;
            let mut registry_settings = parts::registry_settings(settings)?;
            issuers::warn_of_wide_trust(settings);
            registry_settings.auth.former_issuer = issuers::claim(&store, settings).await?;
            Some(web::Data::new(Registry::new(
                store.clone(),
                registry_settings,
            )?))
        } else {
            None
        };
        if registry.is_some() {
            tokio::spawn(catching_up::run(store.clone(), stopped.clone()));
        }
        if roles.contains(&Role::Worker) {
            let kept = parts::kept(settings);
            tokio::spawn(forgetting::run(store.clone(), kept, stopped.clone()));
            begin_sweep(&store, settings.worker.sweep_every).await?;
        }
        tokio::spawn(clock::run(store.clone(), stopped.clone()));
        let mut inbox = None;
        let mut client = None;
        let mut runner = None;
        let mut call_log = None;
        let node = uuid::Uuid::new_v4().to_string();
        let mut reconcilers = parts::store_reconcilers(settings, &store, roles)?;
        if settings.orcid.mode == Mode::Own && roles.iter().any(|r| *r != Role::Registry) {
            let (log, writer) = CallLog::start(store.clone(), &node);
            call_log = Some(writer);
            let signer = if roles.contains(&Role::Inbox) {
                Some(parts::signer(settings, &store).await?)
            } else {
                None
            };
            let own_parts = parts::orcid_parts(settings, &store, log, roles, signer)?;
            inbox = own_parts.inbox.map(web::Data::new);
            let every = settings.orcid.client_check;
            tokio::spawn(client_check::run(
                own_parts.client.clone(),
                every,
                stopped.clone(),
            ));
            client = Some(own_parts.client);
            reconcilers.extend(own_parts.reconcilers);
        }
        if let Some(inbox) = &inbox {
            tokio::spawn(exchanges::run(inbox.clone(), stopped.clone()));
        }
        if !reconcilers.is_empty() {
            let runner_settings = parts::runner_settings(settings, node);
            let own = Runner::new(store.clone(), runner_settings, reconcilers);
            runner = Some(tokio::spawn(async move { own.run(stopped).await }));
        }
        let judged_after = settings.permissions.confirm_after.len();
        let limits = RequestLimits::new(&parts::limits(settings), store.clock());
        let limits = web::Data::new(limits);
        let caches = health::Caches::new(registry.clone(), limits.clone());
        let everything = listening::Served {
            registry,
            inbox,
            limits,
        };
        let server = listening::serve(settings, listener, everything)?;
        let health = health::Health::new(store, metrics, caches, client, judged_after);
        let health = web::Data::new(health);
        upkeep::start(health.clone(), upkept_until);
        let watched = |listener| listening::serve_internal(listener, health);
        let internal = internal.map(watched).transpose()?;
        Ok(Self {
            address,
            server,
            internal,
            runner,
            call_log,
            stop,
            first_group,
            simulator,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it answers those who watch it, if it does.
    pub fn internal_address(&self) -> Option<SocketAddr> {
        self.internal.as_ref().map(|(address, _)| *address)
    }

    /// The group of the first service point that is configured, if one is.
    pub fn first_group(&self) -> Option<&str> {
        self.first_group.as_deref()
    }

    /// The simulator's addresses (web, member API), if it runs within this process.
    pub fn simulator(&self) -> Option<(String, String)> {
        self.simulator.as_ref().map(|s| (s.web_url(), s.api_url()))
    }

    /// Serves until SIGTERM or SIGINT, then finishes what is in flight and gives leases back.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run_until_stopped(self) -> anyhow::Result<()> {
        let Self {
            server,
            internal,
            runner,
            call_log,
            stop,
            simulator,
            ..
        } = self;
        let handle = server.handle();
        let internal = internal.map(|(_, server)| (server.handle(), tokio::spawn(server)));
        tokio::spawn(async move {
            wait_for_signal().await;
            stop.send_replace(true);
            tracing::info!("stopping: finishing what is in flight");
            handle.stop(true).await;
        });
        server.await?;
        if let Some(runner) = runner {
            runner.await?;
        }
        if let Some((handle, running)) = internal {
            handle.stop(true).await;
            running.await??;
        }
        // The runner held the last senders, so the log ends once all is written.
        if let Some(call_log) = call_log {
            call_log.await?;
        }
        if let Some(simulator) = simulator {
            simulator.stop().await;
        }
        Ok(())
    }
}

/// Sets the task of the sweep, one for all processes, unless it is there.
async fn begin_sweep(store: &Store, every: Duration) -> Result<(), StoreError> {
    let clock = store.clock().clone();
    store
        .write(move |c| {
            let keys = [Work::Sweep.key()];
            // A dead one is tried again, now that the process is perhaps another one.
            if tasks::due_times(c, Kind::Sweep, &keys)?
                .into_values()
                .any(|it| it.is_some())
            {
                return Ok(());
            }
            let now = clock.now();
            let first = NewTask {
                work: Work::Sweep,
                lane: Lane::Background,
                due_at: now + every.min(FIRST_SWEEP),
                at: now,
            };
            tasks::enqueue(c, &[first])
        })
        .await
}

/// Waits for SIGTERM or SIGINT.
pub async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        tracing::error!("signals cannot be received; stop this process with SIGKILL");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Opens the database, with its schema up to date and tied to the ORCID environment.
///
/// # Errors
/// Says what is wrong with it.
pub async fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    let folder = &settings.data.folder;
    secrets::make_private_folder(folder)
        .with_context(|| format!("data.folder: {} cannot be made", folder.display()))?;
    folders::check(settings)?;
    let database = settings.database();
    private_files::close_database(&database);
    let migrating = settings.store.migrate;
    let checked = database.clone();
    let known = tokio::task::spawn_blocking(move || {
        if migrating {
            migrate::migrate(&checked)?;
        } else {
            migrate::check(&checked)?;
        }
        agency_keys::known(&checked)
    })
    .await??;
    let clock = Clock::system();
    let now = clock.now();
    let store = Store::open(&database, clock, keys::key_ring(settings, &known)?)?;
    let ring = store.keys().clone();
    let environment = settings.orcid.environment.as_str();
    let seeds = seeds::rows(settings, now);
    let first = settings.agency.first_service_point();
    store
        .write(move |c| {
            migrate::claim_environment(c, environment)?;
            agency_keys::claim_sealing(c, &ring, now)?;
            seeds::make(c, &seeds, first)
        })
        .await??;
    Ok(store)
}

/// Ties the database to the key of local tokens, if there is one.
///
/// # Errors
/// When the database was written with another one.
pub async fn claim_token_key(store: &Store, settings: &Settings) -> anyhow::Result<()> {
    if settings.auth.local {
        keys::claim(store, settings, Purpose::Tokens).await?;
    }
    Ok(())
}

/// The issuer of local tokens.
///
/// # Errors
/// When its key cannot be had.
pub fn local_issuer(settings: &Settings) -> anyhow::Result<LocalIssuer> {
    let key = secrets::key(settings, &settings.keys.tokens, "tokens")?;
    Ok(LocalIssuer {
        issuer: settings.auth.local_issuer.clone(),
        key: LocalKey::new(key.to_vec())?,
    })
}

/// The file that the demo's token is kept in.
pub fn demo_token_file(settings: &Settings) -> PathBuf {
    settings.data.folder.join("demo.token")
}
