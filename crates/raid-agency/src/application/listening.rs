//! The listeners of a process: one for everybody, and one for those who watch it.

use crate::application::parts as configured;
use crate::health::{self, Health};
use crate::settings::Settings;
use actix_web::dev::{Extensions, Server};
use actix_web::middleware::{Compress, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use anyhow::Context as _;
use orcid_inbox::Inbox;
use raid_registry::{Registry, RequestLimits};
use socket2::SockRef;
use std::any::Any;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// How long requests in flight may take to end when the process stops, in seconds.
const SHUTDOWN_SECONDS: u64 = 20;

/// Takes the address of a setting.
pub(super) fn bind(setting: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| {
        format!(
            "{setting}: cannot listen on {address}; perhaps an agency runs here already, and this one \
             needs an address of its own"
        )
    })
}

/// What is served to everybody.
pub(super) struct Served {
    pub(super) registry: Option<web::Data<Registry>>,
    pub(super) inbox: Option<web::Data<Inbox>>,
    pub(super) limits: web::Data<RequestLimits>,
}

/// Serves everybody.
pub(super) fn serve(
    settings: &Settings,
    listener: TcpListener,
    parts: Served,
) -> anyhow::Result<Server> {
    let registry_settings = match &parts.registry {
        Some(_) => Some(configured::registry_settings(settings)?),
        None => None,
    };
    let body_timeout = settings.server.body_timeout;
    let write_timeout = settings.server.write_timeout;
    let server = HttpServer::new(move || {
        let (registry, inbox) = (parts.registry.clone(), parts.inbox.clone());
        let cors = registry_settings
            .as_ref()
            .map(raid_registry::cors)
            .unwrap_or_default();
        App::new()
            .app_data(parts.limits.clone())
            // Innermost, so that it knows how large answers are.
            .wrap(from_fn(raid_registry::limit_requests))
            .wrap(Compress::default())
            .wrap(raid_registry::protective_headers())
            .wrap(from_fn(move |req, next| {
                raid_registry::bound_body(req, next, body_timeout)
            }))
            .wrap(cors)
            .wrap(from_fn(raid_registry::open_reads))
            .wrap(from_fn(raid_registry::explain_errors))
            // Outermost, so that it sees every answer.
            .wrap(from_fn(raid_registry::log_request))
            .configure(move |cfg| {
                health::configure_public(cfg);
                if let Some(inbox) = inbox {
                    orcid_inbox::configure(cfg, inbox, raid_registry::resource);
                }
                if let Some(registry) = registry {
                    raid_registry::configure(cfg, registry);
                }
            })
    })
    .on_connect(move |connection, _: &mut Extensions| drop_unread(connection, write_timeout))
    .tcp_nodelay(true)
    .disable_signals()
    .shutdown_timeout(SHUTDOWN_SECONDS);
    let server = match settings.server.workers {
        0 => server,
        n => server.workers(n),
    };
    Ok(server.listen(listener)?.run())
}

/// Serves those who watch the process. They wait for nobody.
pub(super) fn serve_internal(
    listener: TcpListener,
    health: web::Data<Health>,
) -> anyhow::Result<(SocketAddr, Server)> {
    let address = listener.local_addr()?;
    let server = HttpServer::new(move || {
        let health = health.clone();
        App::new()
            .wrap(raid_registry::protective_headers())
            .configure(|cfg| health::configure_internal(cfg, health))
    })
    .workers(1)
    .disable_signals()
    .shutdown_timeout(SHUTDOWN_SECONDS);
    Ok((address, server.listen(listener)?.run()))
}

/// Has the system drop a connection whose other end takes nothing for so long: neither what is on its
/// way, nor what waits because the other end has no room for it.
fn drop_unread(connection: &dyn Any, within: Duration) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(within)) {
        tracing::warn!(%error, "a connection that is not read cannot be dropped in time");
    }
}
