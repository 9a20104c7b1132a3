//! In what form one RAiD is shown: RAiD API, section on content negotiation.

use actix_web::http::Method;
use raid_registry::auth::Role;
use store::testing::TestDb;

use crate::harness::{
    AWAY_GROUP, HOME_GROUP, Reply, Server, embargoed, maximal, minimal, path_of, request, serve,
};

store::on_both_databases!(
    a_raid_comes_in_the_form_that_is_asked_for,
    rdf_is_what_json_readers_get,
    rights_do_not_depend_on_the_form,
);

const TYPES: [&str; 5] = [
    "application/json",
    "text/turtle",
    "application/n-triples",
    "application/rdf+xml",
    "text/plain",
];

async fn get_as(server: &Server, token: &str, path: &str, accept: &str) -> Reply {
    let get = request(Method::GET, path, token);
    server.send(get.insert_header(("Accept", accept))).await
}

/// RAiD API, section on content negotiation: four media types on this path, 406 for others.
async fn a_raid_comes_in_the_form_that_is_asked_for(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let (user, path) = (server.user(), path_of(&raid));
    let id = raid["identifier"]["id"].as_str().unwrap();
    let no_accept = server.get(&user, &path).await;
    assert_eq!(no_accept.header("content-type"), "application/json");
    for (accept, answered) in [
        ("*/*", Some("application/json")),
        ("application/json", Some("application/json")),
        ("application/*", Some("application/json")),
        ("text/turtle", Some("text/turtle")),
        ("text/*", Some("text/turtle")),
        ("application/n-triples", Some("application/n-triples")),
        ("application/rdf+xml", Some("application/rdf+xml")),
        ("text/turtle, application/json", Some("application/json")),
        ("text/turtle, application/json;q=0.9", Some("text/turtle")),
        (
            "application/ld+json, application/rdf+xml;q=0.8, text/turtle;q=0.3",
            Some("application/rdf+xml"),
        ),
        ("text/html, */*;q=0.1", Some("application/json")),
        ("*/*, application/json;q=0", Some("text/turtle")),
        ("application/ld+json", None),
        ("text/html", None),
        ("application/xml", None),
        ("text/xml", None),
        ("application/turtle", None),
        // As rdflib asks for N-Triples, and as axios asks for JSON.
        ("text/plain", Some("text/plain")),
        ("text/plain, */*;q=0.1", Some("text/plain")),
        (
            "application/json, text/plain, */*",
            Some("application/json"),
        ),
        ("text/turtle;q=0", None),
    ] {
        let reply = get_as(&server, &user, &path, accept).await;
        let Some(media_type) = answered else {
            assert_eq!(reply.status, 406, "{accept}");
            assert_eq!(reply.header("content-type"), "application/problem+json");
            let detail = reply.json()["detail"].to_string();
            assert!(detail.contains(&TYPES.join(", ")), "{detail}");
            continue;
        };
        assert_eq!(reply.status, 200, "{accept}");
        let content_type = reply.header("content-type");
        assert!(content_type.starts_with(media_type), "{content_type}");
        let body = std::str::from_utf8(&reply.body).unwrap();
        assert!(body.contains(id), "{body}");
        let is_xml = media_type == "application/rdf+xml";
        assert_eq!(body.contains("<rdf:RDF"), is_xml, "{body}");
        let mut varies = reply.header("vary").split(", ");
        assert!(
            varies.any(|name| name.eq_ignore_ascii_case("accept")),
            "{:?}",
            reply.headers
        );
    }
    let older = get_as(&server, &user, &path, "text/plain").await;
    let newer = get_as(&server, &user, &path, "application/n-triples").await;
    assert_eq!(older.body, newer.body);
    assert_ne!(older.header("etag"), newer.header("etag"));
    assert_eq!(older.header("content-type"), "text/plain; charset=utf-8");
    // On the way to one RAiD only.
    for other in ["/raid/", &format!("{path}/1"), "/service-point/"] {
        let reply = get_as(&server, &user, other, "text/turtle").await;
        assert_eq!(reply.status, 406, "{other}");
    }
}

/// What is not in the stored document comes too: the identifier block and people's status.
async fn rdf_is_what_json_readers_get(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&maximal()).await;
    let (user, path) = (server.user(), path_of(&raid));
    let turtle = get_as(&server, &user, &path, "text/turtle").await;
    assert_eq!(turtle.status, 200);
    let turtle = std::str::from_utf8(&turtle.body).unwrap();
    for text in [
        "raid:version \"1\"",
        "raid:servicePoint \"20000001\"",
        "raid:status \"AWAITING_AUTHENTICATION\"",
        "raid:hasPosition <https://vocabulary.raid.org/contributor.position.schema/308>",
        "Stations d'écoute pour les zones humides côtières",
    ] {
        assert!(turtle.contains(text), "{text} is not in {turtle}");
    }
    // Each time the same bytes.
    for accept in TYPES {
        let first = get_as(&server, &user, &path, accept).await;
        let second = get_as(&server, &user, &path, accept).await;
        assert_eq!(first.body, second.body);
    }
}

/// RAiD API, section on who may read a single RAiD.
async fn rights_do_not_depend_on_the_form(db: &TestDb) {
    let server = serve(db).await;
    let open = path_of(&server.mint(&minimal()).await);
    let closed = path_of(&server.mint(&embargoed(&server)).await);
    let unknown = "/raid/10.82841/nowhere".to_owned();
    let (home, away) = (Some(HOME_GROUP), Some(AWAY_GROUP));
    let table = [
        (Role::ServicePointUser, home, [200, 200, 403]),
        (Role::ServicePointUser, away, [200, 403, 403]),
        (Role::RaidAdmin, home, [200, 403, 403]),
        (Role::Operator, None, [200, 200, 404]),
        (Role::RaidDumper, home, [200, 403, 403]),
    ];
    for (role, group, expected) in table {
        let token = server.token(&[role], group);
        for (path, status) in [&open, &closed, &unknown].into_iter().zip(expected) {
            for accept in TYPES {
                let reply = get_as(&server, &token, path, accept).await;
                assert_eq!(reply.status, status, "{role:?} reads {path} as {accept}");
                let is_told = status == 200 || (*path == closed && status == 403);
                assert_eq!(is_told, !reply.body.is_empty());
            }
        }
    }
    for accept in TYPES {
        let reply = get_as(&server, "no.such.token", &open, accept).await;
        assert_eq!(reply.expect(401), serde_json::Value::Null);
    }
}
