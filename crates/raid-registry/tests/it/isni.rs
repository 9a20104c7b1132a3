//! The names of people who are known by an ISNI.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use raid_registry::WhenUnavailable;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::existence::Peer;
use crate::harness::{Server, request, serve, serve_store};
use crate::notes::Notes;

store::on_both_databases!(
    a_person_is_named_by_an_isni,
    what_is_no_isni_asks_nobody,
    a_name_that_cannot_be_had_is_missing_or_unavailable,
);

const PATHS: [&str; 2] = ["/ui/isni/{isni}/name", "/isni/{isni}/name"];
const KNOWN: &str = "0000000121032683";

/// The same store, online.
async fn online(server: &Server) -> (Peer, Server) {
    let peer = Peer::start();
    let settings = peer.settings(WhenUnavailable::Refuse);
    let server = serve_store(server.store.clone(), settings).await;
    (peer, server)
}

/// RAiD API, section on what changed: any valid token, whatever its roles.
async fn a_person_is_named_by_an_isni(db: &TestDb) {
    let (peer, server) = online(&serve(db).await).await;
    let nobody = server.token(&[], None);
    for path in PATHS {
        for isni in [KNOWN, "000000012150090X", "000000012150090x"] {
            let path = path.replace("{isni}", isni);
            let named = server.get(&nobody, &path).await;
            assert_eq!(named.expect(200), json!({"name": "Ada Lovelace"}));
            assert_eq!(server.send(TestRequest::get().uri(&path)).await.status, 401);
        }
    }
    let asked = peer.asked();
    assert!(
        asked
            .iter()
            .all(|it| it.starts_with("/isni/sru/?query=pica.isn")),
        "{asked:?}"
    );
    assert!(
        asked.iter().any(|it| it.contains("000000012150090X")),
        "{asked:?}"
    );
}

/// RAiD API, section on what changed: 400 with an empty body.
async fn what_is_no_isni_asks_nobody(db: &TestDb) {
    let (peer, server) = online(&serve(db).await).await;
    for path in PATHS {
        for odd in [
            "0000000121032684",
            "0000-0001-2103-2683",
            "0000%200001%202103%202683",
            "00000001210326830",
            "000000012103268",
            "https:%2F%2Fisni.org%2Fisni%2F0000000121032683",
            "x",
        ] {
            let reply = server
                .get(&server.user(), &path.replace("{isni}", odd))
                .await;
            assert_eq!(reply.expect(400), Value::Null, "{odd}");
        }
    }
    assert!(peer.asked().is_empty());
}

/// RAiD API, section on what changed: 404 with an empty body, 503 as of a resolver.
async fn a_name_that_cannot_be_had_is_missing_or_unavailable(db: &TestDb) {
    let offline = serve(db).await;
    let (peer, server) = online(&offline).await;
    let path = PATHS[0].replace("{isni}", KNOWN);
    peer.set(&[("isni", 404)]);
    let missing = server.get(&server.user(), &path).await;
    assert_eq!(missing.expect(404), Value::Null);
    peer.set(&[("isni", 502)]);
    let unavailable = server.get(&server.user(), &path).await;
    let problem = unavailable.expect(503);
    assert_eq!(unavailable.header("retry-after"), "30");
    assert_eq!(
        problem["unavailableResolvers"],
        json!([{
            "field": "isni",
            "value": KNOWN,
            "resolver": "ISNI",
            "downstreamStatus": 502,
            "downstreamMessage": format!("ISNI resolve {KNOWN} -> 502"),
        }])
    );
    assert_eq!(offline.get(&offline.user(), &path).await.status, 503);
}

/// Every status of both addresses, but that of a client that is too fast.
pub async fn what_isni_names_give(notes: &mut Notes, offline: &Server) {
    let (peer, server) = online(offline).await;
    let user = server.user();
    for path in PATHS {
        let known = path.replace("{isni}", KNOWN);
        notes.get(&server, &user, &known).await.expect(200);
        notes
            .get(&server, &user, &path.replace("{isni}", "x"))
            .await
            .expect(400);
        notes
            .get(&server, "no.such.token", &known)
            .await
            .expect(401);
        let html = request(Method::GET, &known, &user).insert_header(("Accept", "text/html"));
        notes.send(&server, html).await.expect(406);
        peer.set(&[("isni", 404)]);
        notes.get(&server, &user, &known).await.expect(404);
        peer.set(&[]);
        notes.get(offline, &user, &known).await.expect(503);
    }
}
