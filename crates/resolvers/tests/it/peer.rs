//! A server in place of the services, and settings that point at it.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use raid_model::{ExternalId, Resolver};
use resolvers::{Resolvers, Services, Settings};

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Method, path and query.
    pub line: String,
    pub authorization: Option<String>,
    pub client_id: Option<String>,
}

/// A server that answers as a closure says; `None` never answers.
pub struct Peer {
    pub url: String,
    hits: Arc<Mutex<Vec<Hit>>>,
    handle: ServerHandle,
}

impl Peer {
    pub fn start(
        answer: impl Fn(&HttpRequest) -> Option<HttpResponse> + Clone + Send + 'static,
    ) -> Self {
        let hits = Arc::new(Mutex::new(Vec::new()));
        let noted = hits.clone();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = HttpServer::new(move || {
            let (answer, noted) = (answer.clone(), noted.clone());
            App::new().default_service(web::to(move |req: HttpRequest| {
                noted.lock().unwrap().push(hit(&req));
                let answer = answer(&req);
                async move {
                    match answer {
                        Some(answer) => answer,
                        None => std::future::pending().await,
                    }
                }
            }))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { url, hits, handle }
    }

    /// A server that always answers with this status.
    pub fn always(status: u16) -> Self {
        Self::start(move |_| Some(plain(status)))
    }

    pub fn hits(&self) -> Vec<Hit> {
        self.hits.lock().unwrap().clone()
    }

    /// How many requests came.
    pub fn count(&self) -> usize {
        self.hits.lock().unwrap().len()
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}

fn hit(req: &HttpRequest) -> Hit {
    let header = |name: &str| {
        let value = req.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    Hit {
        line: format!("{} {}", req.method(), req.uri()),
        authorization: header("authorization"),
        client_id: header("client-id"),
    }
}

pub fn plain(status: u16) -> HttpResponse {
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).finish()
}

/// An address where nobody listens.
pub fn nobody() -> String {
    let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", free.local_addr().unwrap())
}

/// All services at one address, with patience for a slow machine and short pauses.
pub fn settings(url: &str) -> Settings {
    let base = |path: &str| format!("{url}{path}").parse().unwrap();
    Settings {
        services: Services {
            orcid: base("/orcid/v3.0"),
            isni: base("/isni"),
            ror: base("/ror/v2/"),
            doi: base("/doi"),
            handle: base("/handle/"),
            rrid: base(""),
            web_archive: base("/archive"),
            geonames: base("/geo"),
            openstreetmap: base("/osm"),
        },
        orcid_token: None,
        ror_client_id: None,
        geonames_user: Some("demo".to_owned().into()),
        user_agent: "tests".to_owned(),
        connect_timeout: Duration::from_secs(20),
        call_timeout: Duration::from_secs(20),
        check_timeout: Duration::from_secs(20),
        tries: 2,
        retry_pause: Duration::from_millis(2),
        parallel: 8,
        most_ids: 100,
        found_ttl: Duration::from_hours(1),
        missing_ttl: Duration::from_hours(1),
        identifiers_memory: 1 << 20,
        names_memory: 1 << 20,
    }
}

pub fn online(settings: Settings) -> Resolvers {
    Resolvers::online(settings).unwrap()
}

pub fn id(resolver: Resolver, value: &str) -> ExternalId {
    ExternalId {
        resolver,
        value: value.to_owned(),
    }
}

pub fn ror(code: &str) -> ExternalId {
    id(Resolver::Ror, &format!("https://ror.org/{code}"))
}

pub fn all(ids: &[ExternalId]) -> BTreeSet<ExternalId> {
    ids.iter().cloned().collect()
}
