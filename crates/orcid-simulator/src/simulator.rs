//! Starting and stopping: two listeners on one thread of their own.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App as ActixApp, HttpServer, rt};

use crate::app::App;
use crate::settings::Settings;
use crate::{member_api, pages};

/// Worker threads of each host.
const WORKERS: usize = 2;
/// Idle connections stay open longer than a client's pool usually keeps them, so that a client does
/// not meet a closing one by chance.
const KEEP_ALIVE: Duration = Duration::from_secs(100);

/// Why a simulator does not start or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A listener could not be opened: choose another address or port.
    #[error("the simulator's {host} host cannot listen on {address}: {source}")]
    Bind {
        /// `web` or `api`.
        host: &'static str,
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The state file could not be read, or its folder is not there.
    #[error("the simulator's state file cannot be used: {0}")]
    StateFile(io::Error),
    /// The servers could not be started.
    #[error("the simulator's servers cannot be started: {0}")]
    Start(io::Error),
}

/// A running simulator. Dropping it stops it without waiting.
pub struct Simulator {
    app: Arc<App>,
    handles: [ServerHandle; 2],
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Simulator {
    /// Binds both hosts and serves them on a thread of its own until it is stopped. Needs no async
    /// runtime.
    pub fn start(settings: Settings) -> Result<Self, Error> {
        let (web, web_address) = bind("web", settings.web)?;
        let (api, api_address) = bind("api", settings.api)?;
        let url = |public: &Option<String>, bound: SocketAddr| {
            let url = public.clone().unwrap_or_else(|| format!("http://{bound}"));
            url.trim_end_matches('/').to_owned()
        };
        let web_url = url(&settings.public_web_url, web_address);
        let api_url = url(&settings.public_api_url, api_address);
        let app = App::new(settings, web_url, api_url).map_err(Error::StateFile)?;
        let app = Arc::new(app);
        let (sender, receiver) = mpsc::sync_channel(1);
        let own = Arc::clone(&app);
        let thread = thread::Builder::new()
            .name("orcid-simulator".to_owned())
            .spawn(move || serve(&own, web, api, &sender))
            .map_err(Error::Start)?;
        let started = receiver
            .recv()
            .map_err(io::Error::other)
            .and_then(|started| started);
        let handles = started.map_err(Error::Start)?;
        Ok(Self {
            app,
            handles,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The web and OAuth host's address, without a slash at the end.
    pub fn web_url(&self) -> String {
        self.app.web_url.clone()
    }

    /// The member API host's address, without a slash at the end and without a version.
    pub fn api_url(&self) -> String {
        self.app.api_url.clone()
    }

    /// Stops both hosts, lets calls in progress end, and writes the state file.
    pub async fn stop(self) {
        let [web, api] = &self.handles;
        web.stop(true).await;
        api.stop(true).await;
        self.app.close();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if thread.is_some_and(|t| t.join().is_err()) {
            tracing::error!("the simulator's thread panicked");
        }
    }

    /// Serves until `shutdown` is ready, then stops.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) {
        shutdown.await;
        self.stop().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // The command is sent at once; only waiting for its end needs the future.
        for handle in &self.handles {
            drop(handle.stop(false));
        }
        self.app.close();
    }
}

/// Starts a simulator, says where it listens, and serves until `shutdown` is ready.
pub async fn run(settings: Settings, shutdown: impl Future<Output = ()>) -> Result<(), Error> {
    let simulator = Simulator::start(settings)?;
    tracing::info!(web = %simulator.web_url(), api = %simulator.api_url(), "ORCID simulator");
    simulator.run_until(shutdown).await;
    Ok(())
}

fn bind(host: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |source| Error::Bind {
        host,
        address,
        source,
    };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// What the starting thread waits for.
type Started = io::Result<[ServerHandle; 2]>;

fn serve(app: &Arc<App>, web: TcpListener, api: TcpListener, started: &mpsc::SyncSender<Started>) {
    rt::System::new().block_on(async {
        let servers = server(app, web, pages::configure)
            .and_then(|web| Ok((web, server(app, api, member_api::configure)?)));
        let (web, api) = match servers {
            Ok(servers) => servers,
            Err(error) => {
                // Nobody waits any more when this fails.
                drop(started.send(Err(error)));
                return;
            }
        };
        if started.send(Ok([web.handle(), api.handle()])).is_err() {
            return;
        }
        let (web, api) = futures::future::join(web, api).await;
        for error in [web.err(), api.err()].into_iter().flatten() {
            tracing::error!(%error, "a host of the simulator ended badly");
        }
    });
}

/// Holds an answer back until what its request changed is in the state file.
async fn answer_when_written(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let app = req.app_data::<Data<Arc<App>>>().cloned();
    let before = app.as_ref().map(|app| app.changes());
    let answer = next.call(req).await?;
    if let (Some(app), Some(before)) = (app, before) {
        let changes = app.changes();
        if changes > before {
            app.written(changes).await;
        }
    }
    Ok(answer)
}

fn server(
    app: &Arc<App>,
    listener: TcpListener,
    configure: fn(&mut ServiceConfig),
) -> io::Result<Server> {
    let app = Data::new(Arc::clone(app));
    let server = HttpServer::new(move || {
        ActixApp::new()
            .wrap(from_fn(answer_when_written))
            .app_data(app.clone())
            .configure(configure)
    });
    Ok(server
        .workers(WORKERS)
        .keep_alive(KEEP_ALIVE)
        .disable_signals()
        .shutdown_timeout(5)
        .tcp_nodelay(true)
        .listen(listener)?
        .run())
}
