//! A registry to send requests to, and what most tests send.

use std::rc::Rc;
use std::time::Duration;

use actix_http::{BoxedPayloadStream, Request};
use actix_web::body::to_bytes;
use actix_web::dev::{Payload, Service as _, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::test::TestRequest;
use actix_web::web::{Bytes, Data};
use actix_web::{App, test};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use raid_model::Addresses;
use raid_registry::auth::{
    AuthSettings, LocalIssuer, LocalKey, LocalToken, Role, issue_local_token,
};
use raid_registry::{
    Limits, Rate, ReadCache, Registry, RequestLimits, Settings, bound_body, configure, cors,
    explain_errors, limit_requests, log_request, open_reads, protective_headers,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use store::service_points::{self, ServicePointRow};
use store::testing::TestDb;
use store::{Clock, Store};

/// The service point of most tests.
pub const HOME: i64 = 20_000_001;
pub const HOME_GROUP: &str = "3f1c8f6e-0000-4000-8000-000000000001";
/// Another one.
pub const AWAY: i64 = 20_000_002;
pub const AWAY_GROUP: &str = "3f1c8f6e-0000-4000-8000-000000000002";
/// One that is switched off.
pub const OFF_GROUP: &str = "3f1c8f6e-0000-4000-8000-000000000003";
/// The client of the agency's own application: that of all tokens here.
const APP: &str = "raid-agency";
/// Where clients reach the registry of tests.
pub const PUBLIC_URL: &str = "https://api.example.org";
pub const PREFIX: &str = "10.82841";
pub const BODY_LIMIT: usize = 64 * 1024;
/// Long enough for a body that is there already, on any machine.
const BODY_TIME: Duration = Duration::from_millis(500);

type Call = dyn Fn(Request) -> LocalBoxFuture<'static, Reply>;

/// A registry over a test's database.
pub struct Server {
    call: Box<Call>,
    pub store: Store,
    pub clock: Clock,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub method: Method,
    /// The pattern of the route that answered, if one did.
    pub route: Option<String>,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e} in {}: {:?}", self.status, self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// The body, where that status is expected.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:?}", self.body);
        if self.body.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// The fields that a validation failure names, or the parameter that cannot be read.
    pub fn fields(&self) -> Vec<String> {
        let body = self.json();
        if body["title"] == "Invalid parameter format" {
            let name = body["detail"].as_str().unwrap().split('\'').nth(1);
            return vec![name.unwrap().to_owned()];
        }
        let failures = body["failures"].as_array().cloned().unwrap_or_default();
        let field = |failure: &Value| failure["fieldId"].as_str().unwrap().to_owned();
        failures.iter().map(field).collect()
    }
}

fn issuer() -> LocalIssuer {
    LocalIssuer {
        issuer: "https://agency.example.org".to_owned(),
        key: LocalKey::new(vec![9; 32]).unwrap(),
    }
}

/// The cursor of a list, with what it holds.
pub fn cursor(list: &str, at: &str) -> String {
    let sealed = TestDb::keys().seal(&format!("cursor {list}"), at);
    URL_SAFE_NO_PAD.encode(sealed.unwrap())
}

/// What a cursor of a list holds.
pub fn held_by_cursor(list: &str, cursor: &Value) -> String {
    let sealed = URL_SAFE_NO_PAD.decode(cursor.as_str().unwrap()).unwrap();
    let opened = TestDb::keys().open(&format!("cursor {list}"), &sealed);
    opened.unwrap()
}

/// Settings as tests want them: small limits, nothing remembered.
pub fn settings() -> Settings {
    let auth = AuthSettings {
        local: Some(issuer()),
        oidc: Vec::new(),
        former_issuer: None,
        api_token_issuer: "https://agency.example.org".to_owned(),
    };
    let agency = "https://ror.org/038sjwq14".parse().unwrap();
    Settings {
        public_url: PUBLIC_URL.to_owned(),
        body_limit: BODY_LIMIT,
        page_size: 2,
        first_service_point: 20_000_000,
        settle_delay: Duration::from_millis(500),
        app_clients: vec![APP.to_owned()],
        cors_origins: vec!["https://app.example.org".to_owned()],
        read_cache: ReadCache {
            ttl: Duration::ZERO,
        },
        ..Settings::new(
            Addresses {
                landing_prefix: "https://agency.example.org/raids/".parse().unwrap(),
                id_prefix: "https://raid.org/".parse().unwrap(),
            },
            agency,
            PREFIX.parse().unwrap(),
            auth,
        )
    }
}

pub const NO_LIMITS: Limits = {
    let rate = Rate {
        per_second: 0,
        burst: 0,
    };
    Limits {
        clients: rate,
        anonymous: rate,
        large_answers: 0,
        memory: 1 << 20,
        trusted_proxy: false,
    }
};

/// A registry with three service points.
pub async fn serve(db: &TestDb) -> Server {
    serve_with(db, settings()).await
}

pub async fn serve_with(db: &TestDb, settings: Settings) -> Server {
    let store = db.store().clone();
    seed(&store).await;
    serve_store(store, settings).await
}

/// A registry over a store as it is.
pub async fn serve_store(store: Store, settings: Settings) -> Server {
    serve_limited(store, settings, NO_LIMITS).await
}

/// The same, whose callers may ask for so much.
pub async fn serve_limited(store: Store, settings: Settings, limits: Limits) -> Server {
    let clock = store.clock().clone();
    let cross_origin = cors(&settings);
    let registry = Data::new(Registry::new(store.clone(), settings).unwrap());
    let limits = Data::new(RequestLimits::new(&limits, &clock));
    let app = App::new()
        .app_data(limits)
        .configure(|cfg| configure(cfg, registry))
        .wrap(from_fn(limit_requests))
        .wrap(protective_headers())
        .wrap(from_fn(|req, next| bound_body(req, next, BODY_TIME)))
        .wrap(cross_origin)
        .wrap(from_fn(open_reads))
        .wrap(from_fn(explain_errors))
        .wrap(from_fn(log_request));
    let app = Rc::new(test::init_service(app).await);
    let call = move |request: Request| {
        let app = app.clone();
        async move {
            let method = request.method().clone();
            match app.call(request).await {
                Ok(response) => reply(method, response).await,
                Err(error) => panic!("no answer to {method}: {error}"),
            }
        }
        .boxed_local()
    };
    Server {
        call: Box::new(call),
        store,
        clock,
    }
}

async fn reply<B: actix_web::body::MessageBody>(
    method: Method,
    response: ServiceResponse<B>,
) -> Reply {
    let route = response.request().match_pattern();
    let (_, response) = response.into_parts();
    let status = response.status();
    let headers = response.headers().clone();
    let Ok(body) = to_bytes(response.into_body()).await else {
        panic!("the body of {method} broke off");
    };
    Reply {
        method,
        route,
        status,
        headers,
        body,
    }
}

async fn seed(store: &Store) {
    let rows = [
        (HOME, HOME_GROUP, true),
        (AWAY, AWAY_GROUP, true),
        (20_000_003, OFF_GROUP, false),
    ]
    .map(|(id, group, enabled)| ServicePointRow {
        id,
        name: format!("Service point {id}"),
        identifier_owner: "https://ror.org/02stey378".to_owned(),
        repository_id: None,
        prefix: PREFIX.to_owned(),
        group_id: group.to_owned(),
        admin_email: Some("admin@example.org".to_owned()),
        tech_email: Some("tech@example.org".to_owned()),
        enabled,
        app_writes_enabled: true,
        created_at: store.clock().now(),
        trust: raid_model::trust::Trust::Auto,
        retired: false,
    });
    store
        .write(move |c| {
            for row in &rows {
                service_points::seed(c, row)?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

impl Server {
    pub async fn send(&self, request: TestRequest) -> Reply {
        (self.call)(request.to_request()).await
    }

    /// Sends a request whose body never comes.
    pub async fn send_stalled(&self, request: TestRequest) -> Reply {
        self.send_stream(request, Box::pin(futures::stream::pending()))
            .await
    }

    /// Sends a request whose body comes in pieces.
    pub async fn send_stream(&self, request: TestRequest, body: BoxedPayloadStream) -> Reply {
        let payload = Payload::Stream { payload: body };
        let (request, _) = request.to_request().replace_payload(payload);
        (self.call)(request).await
    }

    /// A token of the agency's own, good for an hour.
    pub fn token(&self, roles: &[Role], group: Option<&str>) -> String {
        self.token_of("user-1", roles, group)
    }

    /// The same, of somebody else.
    pub fn token_of(&self, subject: &str, roles: &[Role], group: Option<&str>) -> String {
        let token = LocalToken {
            subject: subject.to_owned(),
            roles: roles.to_vec(),
            group: group.map(str::to_owned),
            lifetime: Duration::from_hours(1),
        };
        let token = issue_local_token(&issuer(), &token, self.clock.now()).unwrap();
        token.expose_secret().to_owned()
    }

    /// A user of the service point of most tests.
    pub fn user(&self) -> String {
        self.token(&[Role::ServicePointUser], Some(HOME_GROUP))
    }

    pub fn operator(&self) -> String {
        self.token(&[Role::Operator], None)
    }

    pub async fn get(&self, token: &str, path: &str) -> Reply {
        self.send(request(Method::GET, path, token)).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Reply {
        let request = request(Method::POST, path, token);
        self.send(request.set_json(body)).await
    }

    pub async fn put(&self, token: &str, path: &str, body: &Value) -> Reply {
        let request = request(Method::PUT, path, token);
        self.send(request.set_json(body)).await
    }

    /// Mints for the user of most tests.
    pub async fn mint(&self, body: &Value) -> Value {
        self.post(&self.user(), "/raid/", body).await.expect(201)
    }

    /// How many RAiDs there are.
    pub async fn count(&self) -> usize {
        let all = |c: &mut store::Conn| {
            store::raids::page(c, &store::raids::Filter::default(), None, 10_000)
        };
        self.store.read(all).await.unwrap().rows.len()
    }
}

pub fn request(method: Method, path: &str, token: &str) -> TestRequest {
    TestRequest::default()
        .method(method)
        .uri(path)
        .insert_header(("Authorization", format!("Bearer {token}")))
}

/// The path of a RAiD that was minted.
pub fn path_of(raid: &Value) -> String {
    let id = raid["identifier"]["id"].as_str().unwrap();
    format!("/raid/{}", id.strip_prefix("https://raid.org/").unwrap())
}

/// A small request that can be minted.
pub fn minimal() -> Value {
    serde_json::from_str(include_str!("../../../../examples/raid-min.json")).unwrap()
}

/// A request with every block.
pub fn maximal() -> Value {
    serde_json::from_str(include_str!("../../../../examples/raid-max.json")).unwrap()
}

/// A small request under embargo.
pub fn embargoed(server: &Server) -> Value {
    let mut body = minimal();
    let expiry = server.clock.now().date() + time::Duration::days(30);
    body["access"] = json!({
        "type": {
            "id": "https://vocabularies.coar-repositories.org/access_rights/c_f1cf/",
            "schemaUri": "https://vocabularies.coar-repositories.org/access_rights/",
        },
        "statement": { "text": "Until the <b>patent</b> is granted" },
        "embargoExpiry": expiry.to_string(),
    });
    body
}
