//! Each service: what it is asked, and what its answers mean.

use actix_web::HttpResponse;
use raid_model::{ExternalId, Resolver};
use resolvers::{Answers, Unavailable};

use crate::peer::{Peer, all, id, online, plain, settings};

/// One identifier of each kind, and the request it leads to.
fn each() -> [(ExternalId, &'static str); 9] {
    use Resolver::{Doi, GeoNames, Handle, Isni, OpenStreetMap, Orcid, Ror, Rrid, WebArchive};
    [
        (
            id(Orcid, "https://orcid.org/0000-0002-1825-0097"),
            "HEAD /orcid/v3.0/0000-0002-1825-0097",
        ),
        (
            id(Isni, "https://isni.org/isni/000000012150090x"),
            "GET /isni/sru/?query=pica.isn+%3D+%22000000012150090X%22\
             &operation=searchRetrieve&recordSchema=isni-b",
        ),
        (
            id(Ror, "https://ror.org/038sjwq14"),
            "GET /ror/v2/organizations/038sjwq14",
        ),
        (
            id(Doi, "https://dx.doi.org/10.1000/(a)<b>?c=1 2"),
            "HEAD /doi/10.1000/(a)%3Cb%3E?c=1%202",
        ),
        (
            id(Handle, "https://hdl.handle.net/4263537/4000"),
            "HEAD /handle/4263537/4000",
        ),
        (
            id(Rrid, "https://scicrunch.org/resolver/RRID:SCR_003070"),
            "HEAD /resolver/RRID:SCR_003070.json",
        ),
        (
            id(
                WebArchive,
                "https://web.archive.org/web/20230415120000/https://example.org/a?b=c&d",
            ),
            "HEAD /archive/web/20230415120000/https://example.org/a?b=c&d",
        ),
        (
            id(GeoNames, "https://www.geonames.org/2147714/sydney.html"),
            "GET /geo/getJSON?geonameId=2147714&username=demo",
        ),
        (
            id(
                OpenStreetMap,
                "https://www.openstreetmap.org/relation/80500",
            ),
            "HEAD /osm/relation/80500",
        ),
    ]
}

/// What a service says when an identifier exists.
fn found(path: &str) -> HttpResponse {
    let text = if path.starts_with("/isni/") {
        "<srw:searchRetrieveResponse><srw:numberOfRecords>1</srw:numberOfRecords>"
    } else if path.starts_with("/geo/") {
        r#"{"geonameId":2147714}"#
    } else {
        ""
    };
    HttpResponse::Ok().body(text)
}

/// What it says, with status 200, when an identifier does not; none where it is a 404.
fn not_found(path: &str) -> HttpResponse {
    let text = if path.starts_with("/isni/") {
        "<srw:numberOfRecords>0</srw:numberOfRecords>"
    } else if path.starts_with("/geo/") {
        r#"{"status":{"message":"the geoname feature does not exist","value":11}}"#
    } else {
        return plain(404);
    };
    HttpResponse::Ok().body(text)
}

#[actix_web::test]
async fn what_exists_is_found_with_the_right_request() {
    let peer = Peer::start(|req| Some(found(req.path())));
    let resolvers = online(settings(&peer.url));
    for (id, line) in each() {
        let answers = resolvers.ask("us", all(&[id])).await.unwrap();
        assert_eq!(answers, Answers::default(), "{line}");
        assert_eq!(peer.hits().last().unwrap().line, line);
    }
    assert_eq!(peer.count(), 9);
    assert!(peer.hits().iter().all(|hit| hit.authorization.is_none()));
    peer.stop().await;
}

#[actix_web::test]
async fn what_does_not_exist_is_missing() {
    let words = Peer::start(|req| Some(not_found(req.path())));
    let statuses = [404, 410, 414].map(|status| (Peer::always(status), status == 404));
    for (peer, is_plain) in statuses.into_iter().chain([(words, true)]) {
        let mut ids = all(&each().map(|(id, _)| id));
        if !is_plain {
            ids.retain(|id| id.resolver != Resolver::WebArchive);
        }
        let answers = online(settings(&peer.url))
            .ask("us", ids.clone())
            .await
            .unwrap();
        assert_eq!(answers.missing, ids);
        assert!(answers.unavailable.is_empty());
        peer.stop().await;
    }
}

/// Its limits answer with all kinds of statuses.
#[actix_web::test]
async fn only_404_says_that_there_is_no_capture() {
    let page = "https://web.archive.org/web/20230415120000/https://example.org/a";
    for status in [400, 403, 410, 414, 429, 451, 500, 503] {
        let peer = Peer::always(status);
        let page = id(Resolver::WebArchive, page);
        let resolvers = online(settings(&peer.url));
        let answers = resolvers
            .ask("us", all(std::slice::from_ref(&page)))
            .await
            .unwrap();
        let status = Some(status);
        assert_eq!(answers.unavailable[&page], Unavailable { status });
        peer.stop().await;
    }
}

/// What is stored is what was sent; what is asked for is an address.
#[actix_web::test]
async fn what_no_address_may_have_is_encoded() {
    let peer = Peer::always(200);
    let resolvers = online(settings(&peer.url));
    for (page, asked) in [
        ("ü b|c", "%C3%BC%20b%7Cc"),
        ("%C3%BC?%zz%", "%C3%BC?%25zz%25"),
        ("[a]^`{b}\\", "%5Ba%5D%5E%60%7Bb%7D%5C"),
    ] {
        let of = |page: &str| format!("web/20230415120000/https://example.org/{page}");
        let id = id(
            Resolver::WebArchive,
            &format!("https://web.archive.org/{}", of(page)),
        );
        resolvers.ask("us", all(&[id])).await.unwrap();
        let line = format!("HEAD /archive/{}", of(asked));
        assert_eq!(peer.hits().last().unwrap().line, line);
    }
    peer.stop().await;
}

#[actix_web::test]
async fn a_resolver_that_sends_on_knows_the_identifier() {
    use Resolver::{Doi, Handle, OpenStreetMap, Orcid, Rrid, WebArchive};
    let peer = Peer::start(|_| {
        let mut answer = HttpResponse::Found();
        Some(answer.insert_header(("Location", "/gone")).finish())
    });
    let ids = all(&each().map(|(id, _)| id));
    let answers = online(settings(&peer.url))
        .ask("us", ids.clone())
        .await
        .unwrap();
    assert!(answers.missing.is_empty());
    // An API that sends on says nothing.
    let expected: Vec<_> = ids
        .iter()
        .filter(|id| ![Doi, Handle, OpenStreetMap, Orcid, Rrid, WebArchive].contains(&id.resolver))
        .collect();
    assert_eq!(answers.unavailable.keys().collect::<Vec<_>>(), expected);
    // Nobody went there.
    assert!(peer.hits().iter().all(|hit| !hit.line.contains("gone")));
    peer.stop().await;
}

#[actix_web::test]
async fn a_locked_or_deactivated_orcid_record_exists() {
    let peer = Peer::always(409);
    let ids = all(&each().map(|(id, _)| id));
    let answers = online(settings(&peer.url)).ask("us", ids).await.unwrap();
    assert!(answers.missing.is_empty());
    assert_eq!(answers.unavailable.len(), 8);
    let orcid = |id: &&ExternalId| id.resolver == Resolver::Orcid;
    assert!(answers.unavailable.keys().find(orcid).is_none());
    peer.stop().await;
}

#[actix_web::test]
async fn secrets_go_where_they_belong() {
    let peer = Peer::start(|req| Some(found(req.path())));
    let mut settings = settings(&peer.url);
    settings.orcid_token = Some("hush".to_owned().into());
    settings.ror_client_id = Some("who".to_owned().into());
    assert!(!format!("{settings:?}").contains("hush"));
    let resolvers = online(settings);
    resolvers
        .ask("us", all(&each().map(|(id, _)| id)))
        .await
        .unwrap();
    for hit in peer.hits() {
        let orcid = hit
            .line
            .contains("/orcid/")
            .then(|| "Bearer hush".to_owned());
        assert_eq!(hit.authorization, orcid, "{}", hit.line);
        let ror = hit.line.contains("/ror/").then(|| "who".to_owned());
        assert_eq!(hit.client_id, ror, "{}", hit.line);
    }
    peer.stop().await;
}

#[actix_web::test]
async fn geonames_is_asked_by_those_who_have_an_account() {
    let peer = Peer::always(404);
    let mut settings = settings(&peer.url);
    settings.geonames_user = None;
    let place = id(
        Resolver::GeoNames,
        "https://www.geonames.org/2147714/sydney.html",
    );
    let resolvers = online(settings);
    assert_eq!(
        resolvers.ask("us", all(&[place])).await.unwrap(),
        Answers::default()
    );
    assert_eq!(peer.count(), 0);
    peer.stop().await;
}

#[actix_web::test]
async fn what_cannot_be_is_missing_without_a_question() {
    let peer = Peer::always(200);
    let ids = all(&[
        id(Resolver::GeoNames, "https://www.geonames.org/99999999999/x"),
        id(
            Resolver::Doi,
            &format!("https://doi.org/10.1/{}", "x".repeat(8000)),
        ),
    ]);
    let answers = online(settings(&peer.url))
        .ask("us", ids.clone())
        .await
        .unwrap();
    assert_eq!(answers.missing, ids);
    assert_eq!(peer.count(), 0);
    peer.stop().await;
}

#[actix_web::test]
async fn nonsense_says_nothing() {
    let peer = Peer::start(|_| Some(HttpResponse::Ok().body("<html>Maintenance</html>")));
    let ids = all(&each().map(|(id, _)| id));
    let answers = online(settings(&peer.url)).ask("us", ids).await.unwrap();
    assert!(answers.missing.is_empty());
    let status = Unavailable { status: Some(200) };
    let unsure: Vec<_> = answers
        .unavailable
        .into_iter()
        .map(|(id, why)| (id.resolver, why))
        .collect();
    let unsettled = [Resolver::Isni, Resolver::GeoNames];
    assert_eq!(unsure, unsettled.map(|resolver| (resolver, status)));
    peer.stop().await;
}
