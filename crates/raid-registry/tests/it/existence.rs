//! Asking other registries whether identifiers exist.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use raid_registry::auth::Role;
use raid_registry::{Existence, Settings, WhenUnavailable};
use resolvers::Services;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{Server, maximal, minimal, path_of, request, serve_with, settings};

store::on_both_databases!(
    what_exists_is_minted,
    what_does_not_exist_is_named,
    what_cannot_be_asked_is_503,
    a_failure_hides_what_cannot_be_asked,
    what_cannot_be_asked_may_be_accepted_with_a_warning,
    an_update_asks_about_new_identifiers_only,
    a_patch_asks_about_people,
    more_unknown_ids_than_a_request_may_have_are_refused,
);

/// Stands in for all services: the status that it gives to addresses that contain a text. Others
/// are found.
pub struct Peer {
    url: String,
    statuses: Arc<Mutex<Vec<(&'static str, u16)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    pub fn start() -> Self {
        let statuses: Arc<Mutex<Vec<(&'static str, u16)>>> = Arc::default();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = (statuses.clone(), asked.clone());
        let server = HttpServer::new(move || {
            let (statuses, asked) = shared.clone();
            App::new().default_service(web::to(move |req: HttpRequest| {
                let address = req.uri().to_string();
                asked.lock().unwrap().push(address.clone());
                let statuses = statuses.lock().unwrap();
                let found = statuses.iter().find(|(text, _)| address.contains(text));
                let answer = answer(&address, found.map_or(200, |(_, status)| *status));
                async move { answer }
            }))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap();
        tokio::spawn(server.run());
        Self {
            url,
            statuses,
            asked,
        }
    }

    /// From now on answers so.
    pub fn set(&self, statuses: &[(&'static str, u16)]) {
        *self.statuses.lock().unwrap() = statuses.to_vec();
    }

    /// The addresses that were asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    pub fn settings(&self, when_unavailable: WhenUnavailable) -> Settings {
        let base = |name: &str| format!("{}/{name}", self.url).parse().unwrap();
        let resolvers = resolvers::Settings {
            services: Services {
                orcid: base("orcid"),
                isni: base("isni"),
                ror: base("ror"),
                doi: base("doi"),
                handle: base("handle"),
                rrid: base("rrid"),
                web_archive: base("archive"),
                geonames: base("geo"),
                openstreetmap: base("osm"),
            },
            orcid_token: None,
            ror_client_id: None,
            geonames_user: Some("demo".to_owned().into()),
            user_agent: "tests".to_owned(),
            connect_timeout: Duration::from_secs(20),
            call_timeout: Duration::from_secs(20),
            check_timeout: Duration::from_secs(20),
            tries: 1,
            retry_pause: Duration::from_millis(1),
            parallel: 8,
            most_ids: 100,
            found_ttl: Duration::ZERO,
            missing_ttl: Duration::ZERO,
            identifiers_memory: 1 << 20,
            names_memory: 1 << 20,
        };
        Settings {
            existence: Existence::Online {
                resolvers: Box::new(resolvers),
                when_unavailable,
            },
            ..settings()
        }
    }
}

fn answer(address: &str, status: u16) -> HttpResponse {
    let body = match address.split('/').nth(1) {
        Some("isni") => {
            "<r><numberOfRecords>1</numberOfRecords><identity><personOrFiction><personalName>\
             <nameUse>public</nameUse><surname>Lovelace</surname><forename>Ada</forename>\
             </personalName></personOrFiction></identity></r>"
        }
        Some("geo") => r#"{"geonameId":1}"#,
        _ => "",
    };
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).body(body)
}

async fn serve(db: &TestDb) -> (Peer, Server) {
    let peer = Peer::start();
    let server = serve_with(db, peer.settings(WhenUnavailable::Refuse)).await;
    (peer, server)
}

async fn what_exists_is_minted(db: &TestDb) {
    let (peer, server) = serve(db).await;
    let reply = server.post(&server.user(), "/raid/", &maximal()).await;
    reply.expect(201);
    assert!(reply.headers.get("validation-warning").is_none());
    // Four people, three organisations, five objects, two places.
    assert_eq!(peer.asked().len(), 14);

    // What is not set is told before anybody is asked.
    let mut unset = maximal();
    unset["title"][0]["text"] = json!("");
    server
        .post(&server.user(), "/raid/", &unset)
        .await
        .expect(400);
    assert!(peer.asked().is_empty());
}

/// RAiD API, sections on contributors, organisations, related objects and spatial coverage.
async fn what_does_not_exist_is_named(db: &TestDb) {
    let (peer, server) = serve(db).await;
    peer.set(&[("", 404)]);
    let mut body = maximal();
    body["access"]["statement"]["text"] = json!(" ");
    let refused = server.post(&server.user(), "/raid/", &body).await;
    let failures = refused.expect(400)["failures"].clone();
    let failures = failures.as_array().unwrap();
    // What is wrong besides is told too, all in the order of the blocks.
    assert_eq!(failures.len(), 15);
    assert_eq!(failures[0]["fieldId"], "access.statement.text");
    let failure = |field: &str, error_type: &str, message: &str| json!({"fieldId": field, "errorType": error_type, "message": message});
    for (at, field, error_type, message) in [
        (1, "contributor[0].id", "notFound", "This id does not exist"),
        (4, "contributor[3].id", "notFound", "This id does not exist"),
        (
            5,
            "organisation[0].id",
            "notFound",
            "This ROR does not exist",
        ),
        (8, "relatedObject[0].id", "invalidValue", "uri not found"),
        (14, "spatialCoverage[1].id", "invalidValue", "uri not found"),
    ] {
        assert_eq!(failures[at], failure(field, error_type, message));
    }
    assert_eq!(server.count().await, 0);
}

/// RAiD API, section on resolver unavailability.
async fn what_cannot_be_asked_is_503(db: &TestDb) {
    let (peer, server) = serve(db).await;
    let body = maximal();
    peer.set(&[("/ror/organizations/01ej9dk98", 500), ("/doi/10.1000", 403)]);
    let refused = server.post(&server.user(), "/raid/", &body).await;
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(refused.header("content-type"), "application/json");
    assert_eq!(
        refused.expect(503),
        json!({
            "type": "https://raid.org.au/errors#ResolverUnavailable",
            "title": "Resolver unavailable",
            "status": 503,
            "detail": "2 external identifier resolver(s) were unavailable. Please retry.",
            "instance": "https://raid.org.au",
            "unavailableResolvers": [
                {
                    "field": "organisation[0].id",
                    "value": "https://ror.org/01ej9dk98",
                    "resolver": "ROR",
                    "downstreamStatus": 500,
                    "downstreamMessage": "ROR resolve https://ror.org/01ej9dk98 -> 500",
                },
                {
                    "field": "relatedObject[1].id",
                    "value": "https://dx.doi.org/10.1000/182",
                    "resolver": "DOI",
                    "downstreamStatus": 403,
                    "downstreamMessage": "DOI resolve https://dx.doi.org/10.1000/182 -> 403",
                },
            ],
        })
    );
    assert_eq!(server.count().await, 0);

    // Nobody is there at all.
    let mut nobody = peer.settings(WhenUnavailable::Refuse);
    if let Existence::Online { resolvers, .. } = &mut nobody.existence {
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", free.local_addr().unwrap());
        resolvers.services.orcid = url.parse().unwrap();
    }
    let server = serve_with(db, nobody).await;
    let refused = server.post(&server.user(), "/raid/", &minimal()).await;
    let id = "https://orcid.org/0000-0002-1825-0097";
    assert_eq!(
        refused.expect(503)["unavailableResolvers"],
        json!([{
            "field": "contributor[0].id",
            "value": id,
            "resolver": "ORCID",
            "downstreamMessage": format!("ORCID resolve {id} -> connection failed"),
        }])
    );
}

/// RAiD API, section on the precedence of outcomes.
async fn a_failure_hides_what_cannot_be_asked(db: &TestDb) {
    let (peer, server) = serve(db).await;
    peer.set(&[("/ror/", 500), ("/osm/", 404)]);
    let refused = server.post(&server.user(), "/raid/", &maximal()).await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["spatialCoverage[1].id"]);
    assert!(refused.json().get("unavailableResolvers").is_none());

    peer.set(&[("/ror/", 500)]);
    let mut body = maximal();
    body["date"]["endDate"] = json!("1999");
    let refused = server.post(&server.user(), "/raid/", &body).await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["date.endDate"]);
}

async fn what_cannot_be_asked_may_be_accepted_with_a_warning(db: &TestDb) {
    let peer = Peer::start();
    let server = serve_with(db, peer.settings(WhenUnavailable::Accept)).await;
    peer.set(&[("/ror/", 500), ("/handle/", 503)]);
    let reply = server.post(&server.user(), "/raid/", &maximal()).await;
    reply.expect(201);
    assert_eq!(
        reply.header("validation-warning"),
        "organisation[0].id, organisation[1].id, organisation[2].id, relatedObject[2].id"
    );
    // What is known not to exist is refused all the same.
    peer.set(&[("/ror/", 500), ("/orcid/", 404)]);
    let refused = server.post(&server.user(), "/raid/", &minimal()).await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["contributor[0].id"]);
    assert_eq!(server.count().await, 1);
}

async fn an_update_asks_about_new_identifiers_only(db: &TestDb) {
    let (peer, server) = serve(db).await;
    let raid = server.mint(&maximal()).await;
    let path = path_of(&raid);
    peer.asked();
    // All are down, and an edit elsewhere does not mind.
    peer.set(&[("", 500)]);
    let mut edited = raid.clone();
    edited["title"][1]["text"] = json!("Another title");
    let second = server.put(&server.user(), &path, &edited).await.expect(200);
    assert!(peer.asked().is_empty());
    let with = |ror: &str| -> Value {
        let mut body = second.clone();
        body["organisation"][0]["id"] = json!(ror);
        body
    };
    let other = with("https://ror.org/038sjwq14");
    let refused = server.put(&server.user(), &path, &other).await;
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(
        refused.expect(503)["unavailableResolvers"][0]["field"],
        "organisation[0].id"
    );
    assert_eq!(peer.asked(), ["/ror/organizations/038sjwq14"]);
    peer.set(&[("", 404)]);
    let refused = server.put(&server.user(), &path, &other).await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["organisation[0].id"]);
    peer.set(&[]);
    server.put(&server.user(), &path, &other).await.expect(200);
}

/// People who come by `PATCH` are asked about too.
async fn a_patch_asks_about_people(db: &TestDb) {
    let (peer, server) = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let writer = server.token(&[Role::ContributorWriter], None);
    let replace_by = async |orcid: &str| {
        let mut body = json!({ "contributor": raid["contributor"] });
        body["contributor"][0]["id"] = json!(format!("https://orcid.org/{orcid}"));
        let request = request(Method::PATCH, &path_of(&raid), &writer);
        server.send(request.set_json(&body)).await
    };
    peer.set(&[("", 404)]);
    let refused = replace_by("0000-0001-5109-3700").await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["contributor[0].id"]);
    peer.set(&[("", 500)]);
    let problem = replace_by("0000-0002-1694-233X").await.expect(503);
    let field = &problem["unavailableResolvers"][0]["field"];
    assert_eq!(field, "contributor[0].id");
}

/// With and without a dry run; other failures are reported first.
async fn more_unknown_ids_than_a_request_may_have_are_refused(db: &TestDb) {
    let peer = Peer::start();
    let mut settings = peer.settings(WhenUnavailable::Refuse);
    if let Existence::Online { resolvers, .. } = &mut settings.existence {
        resolvers.most_ids = 4;
        resolvers.found_ttl = Duration::from_hours(1);
    }
    let server = serve_with(db, settings).await;
    let user = server.user();
    // Four people, then three organisations.
    for path in ["/raid/", "/raid/?dryRun=true"] {
        let refused = server.post(&user, path, &maximal()).await;
        assert_eq!(refused.expect(400)["failures"].as_array().unwrap().len(), 1);
        assert_eq!(refused.fields(), ["organisation[0].id"]);
    }
    let mut wrong = maximal();
    wrong["access"]["statement"]["text"] = json!(" ");
    let refused = server.post(&user, "/raid/", &wrong).await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["access.statement.text"]);
    assert!(peer.asked().is_empty());
    // What was asked about lately, and what stands already, does not count.
    let blocks = ["organisation", "relatedObject", "spatialCoverage"];
    let mut body = maximal();
    for block in blocks {
        body.as_object_mut().unwrap().remove(block);
    }
    let mut raid = server.post(&user, "/raid/", &body).await.expect(201);
    assert_eq!(peer.asked().len(), 4);
    raid["organisation"] = maximal()["organisation"].clone();
    server.put(&user, &path_of(&raid), &raid).await.expect(200);
    assert_eq!(peer.asked().len(), 3);
}
