//! Asking a person, exchanging the code, revoking.

use std::time::Duration;

use orcid_client::{AuthorizationCode, ExchangeError, Meaning, Outcome, Refused, Urgency};
use secrecy::ExposeSecret;

use crate::harness::{CLIENT_ID, SECRET, TOKEN, client, client_with, orcid, settings, token};
use crate::peer::{Peer, Reply, answer, client_token, oauth_error};

#[test]
fn the_authorize_url_is_what_orcid_reads() {
    let mut settings = settings("http://127.0.0.1:1");
    settings.web_url = "https://sandbox.orcid.org/".parse().unwrap();
    settings.oauth_url = Some("https://other.example".parse().unwrap());
    let (client, _) = client_with(settings);
    let start = "https://sandbox.orcid.org/oauth/authorize?client_id=APP-0123456789ABCDEF\
                 &response_type=code&scope=%2Fread-limited%20%2Factivities%2Fupdate\
                 &redirect_uri=https%3A%2F%2Fraid.example.org%2Forcid%2Fcallback";
    assert_eq!(
        client.authorize_url("v1.a b&c+d", None).as_str(),
        format!("{start}&state=v1.a%20b%26c%2Bd")
    );
    assert_eq!(
        client.authorize_url("s", Some(orcid())).as_str(),
        format!("{start}&state=s&orcid=0000-0002-1825-0097&show_login=true")
    );
}

fn granted(name: &str, orcid: &str) -> Reply {
    answer(
        200,
        &format!(
            r#"{{"access_token":"{TOKEN}","token_type":"bearer","refresh_token":"refresh-hush",
                "expires_in":631138518,"scope":"/activities/update /read-limited",
                "name":{name},"orcid":{orcid}}}"#
        ),
    )
}

#[tokio::test]
async fn a_code_becomes_a_grant() {
    let peer = Peer::scripted([
        granted(r#""Josiah\nCarberry""#, r#""0000-0002-1825-0097""#),
        granted("null", r#""0000-0002-1825-0097""#),
    ]);
    let (client, log) = client(&peer.url());
    let grant = client
        .exchange_code(AuthorizationCode::new("Ab3xYz"))
        .await
        .unwrap();
    assert_eq!(grant.orcid, orcid());
    assert_eq!(grant.access_token.expose_secret(), TOKEN);
    assert_eq!(
        grant.refresh_token.as_ref().unwrap().expose_secret(),
        "refresh-hush"
    );
    assert_eq!(grant.scope, "/activities/update /read-limited");
    assert_eq!(grant.expires_in, Duration::from_secs(631_138_518));
    assert_eq!(grant.name.as_deref(), Some("Josiah Carberry"));
    let shown = format!("{grant:?} {:?}", AuthorizationCode::new("Ab3xYz"));
    assert!(
        ![TOKEN, "refresh-hush", "Ab3xYz"]
            .iter()
            .any(|secret| shown.contains(secret))
    );
    let form = [
        ("client_id", CLIENT_ID),
        ("client_secret", SECRET),
        ("grant_type", "authorization_code"),
        ("code", "Ab3xYz"),
        ("redirect_uri", "https://raid.example.org/orcid/callback"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(peer.seen()[0].form(), form);
    let grant = client
        .exchange_code(AuthorizationCode::new("x"))
        .await
        .unwrap();
    assert_eq!(grant.name, None);
    assert_eq!(
        log.lines(),
        ["exchange-code 200 done", "exchange-code 200 done"]
    );
}

#[tokio::test]
async fn a_lost_answer_means_restarting_and_never_repeating() {
    for reply in [
        Reply::Hangup,
        answer(500, r#"{"error":"server_error"}"#),
        answer(200, "not json"),
        granted("null", "null"),
        granted("null", r#""0000-0002-1825-0098""#),
        answer(
            200,
            r#"{"access_token":"","expires_in":1,"orcid":"0000-0002-1825-0097"}"#,
        ),
        Reply::Broken(200, "{".into()),
    ] {
        let peer = Peer::scripted([reply]);
        let (client, _) = client(&peer.url());
        let error = client
            .exchange_code(AuthorizationCode::new("Ab3xYz"))
            .await
            .unwrap_err();
        assert!(
            matches!(error, ExchangeError::RestartAuthorization(_)),
            "{error}"
        );
        assert!(error.to_string().contains("restart authorization"));
        assert_eq!(peer.seen().len(), 1);
        assert!(!format!("{error:?}").contains(TOKEN));
    }
}

#[tokio::test]
async fn a_refused_code_is_told_from_a_refused_client() {
    for (reply, meaning) in [
        (
            oauth_error(400, "invalid_grant", "Reused authorization code: Ab3xYz"),
            Meaning::CodeRefused,
        ),
        (
            oauth_error(400, "unauthorized_client", "locked Ab3xYz"),
            Meaning::TokenDenied,
        ),
        (
            oauth_error(401, "invalid_client", "Bad client credentials"),
            Meaning::ClientRefused,
        ),
    ] {
        let peer = Peer::scripted([reply]);
        let (client, _) = client(&peer.url());
        let error = client
            .exchange_code(AuthorizationCode::new("Ab3xYz"))
            .await
            .unwrap_err();
        assert!(matches!(error, ExchangeError::Failed(_)), "{error}");
        assert_eq!(error.call_error().meaning, meaning);
        assert_eq!(error.call_error().outcome, Outcome::Refused);
        assert!(!error.to_string().contains("Ab3xYz"), "{error}");
        assert_eq!(peer.seen().len(), 1, "a code is sent once");
    }
}

#[tokio::test]
async fn revoking_is_tried_again_while_orcid_is_unwell() {
    let peer = Peer::scripted([answer(500, ""), Reply::Hangup, answer(200, "")]);
    let (first, _) = client(&peer.url());
    first.revoke(&token()).await.unwrap();
    let seen = peer.seen();
    assert_eq!(peer.lines(), ["POST /oauth/revoke"; 3]);
    assert_eq!(seen[2].form()[2], ("token".to_owned(), TOKEN.to_owned()));

    let peer = Peer::new(|_| answer(500, ""));
    let (second, _) = client(&peer.url());
    let error = second.revoke(&token()).await.unwrap_err();
    assert_eq!(
        (error.meaning, error.outcome),
        (Meaning::Transient, Outcome::Unknown)
    );
    assert_eq!(peer.seen().len(), 3);
}

#[tokio::test]
async fn an_exchange_that_the_edge_refuses_is_repeated() {
    let person = r#""0000-0002-1825-0097""#;
    let peer = Peer::scripted([answer(429, ""), answer(503, ""), granted("null", person)]);
    let (client, log) = client(&peer.url());
    let code = AuthorizationCode::new("Ab3xYz");
    let granted = client
        .with_urgency(Urgency::Background)
        .exchange_code(code)
        .await
        .unwrap();
    assert_eq!(granted.orcid, orcid());
    assert_eq!(peer.lines(), ["POST /oauth/token"; 3]);
    // Whatever the client is used for.
    assert_eq!(log.urgencies(), [Urgency::Exchange; 3]);
}

#[tokio::test]
async fn a_code_that_was_not_used_is_given_back() {
    let busy = Peer::new(|_| answer(503, ""));
    let mut settings = settings(&busy.url());
    settings.exchange_wait = Duration::from_millis(500);
    let (hasty, _) = client_with(settings.clone());
    let error = hasty
        .exchange_code(AuthorizationCode::new("Ab3xYz"))
        .await
        .unwrap_err();
    let ExchangeError::NotUsed { code, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(code.expose_secret(), "Ab3xYz");

    // Nobody listens there.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}/", gone.local_addr().unwrap());
    drop(gone);
    settings.oauth_url = Some(nowhere.parse().unwrap());
    settings.exchange_wait = Duration::from_secs(20);
    let (lost, log) = client_with(settings.clone());
    let error = lost.exchange_code(code).await.unwrap_err();
    let ExchangeError::NotUsed { code, error } = error else {
        panic!("{error}");
    };
    assert_eq!(error.outcome, Outcome::NotSent);
    assert_eq!(log.lines().len(), 3);

    // Our own limiter.
    let (full, log) = client_with(settings);
    *log.refusal.lock().unwrap() = Some(Refused { retry_after: None });
    let error = full.exchange_code(code).await.unwrap_err();
    assert!(matches!(error, ExchangeError::NotUsed { .. }), "{error}");
    assert_eq!(log.lines().len(), 1);
    assert!(!format!("{error:?}").contains("Ab3xYz"));
}

#[tokio::test]
async fn a_client_that_orcid_refuses_is_known() {
    let refusals = || oauth_error(401, "invalid_client", "Bad client credentials");
    let peer = Peer::scripted([
        client_token("one"),
        // Each check is tried up to three times.
        refusals(),
        refusals(),
        refusals(),
        refusals(),
        refusals(),
        refusals(),
        client_token("two"),
    ]);
    let mut settings = settings(&peer.url());
    settings.confirm_refusal_after = Duration::ZERO;
    let (client, _) = client_with(settings);
    client.check_credentials().await.unwrap();
    client.check_credentials().await.unwrap_err();
    assert_eq!(client.health().trouble(), None, "it may heal by itself");
    client.check_credentials().await.unwrap_err();
    // Every client that shares the credentials knows.
    let other = client.with_urgency(Urgency::Bulk);
    assert!(other.health().trouble().is_some());
    client.check_credentials().await.unwrap();
    assert_eq!(other.health().trouble(), None);
}
