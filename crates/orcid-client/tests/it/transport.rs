//! What holds for every call: headers, outcomes, repeats, bounds, records, scrubbing.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orcid_client::{
    AuthorizationCode, CallError, CallKind, Feedback, Meaning, Outcome, PutCode, ReadAs,
    RecordStatus, Refused, Urgency,
};
use secrecy::SecretString;

use crate::harness::{self, ORCID, SECRET, TOKEN, client, client_with, document, orcid, token};
use crate::peer::{Peer, Reply, answer, client_token, created, error, oauth_error};

async fn create(reply: Reply) -> (Result<i64, CallError>, Vec<String>, Vec<Feedback>) {
    let peer = Peer::scripted([reply]);
    let (client, log) = client(&peer.url());
    let result = client
        .create_membership(orcid(), &token(), &document())
        .await;
    assert_eq!(peer.seen().len(), 1, "a write is sent once");
    (result.map(PutCode::get), log.lines(), log.feedback())
}

#[tokio::test]
async fn a_write_carries_what_orcid_needs() {
    let location = "http://internal:8080/orcid-api-web/v3.0/x/membership/4711";
    let peer = Peer::scripted([created(location)]);
    let (client, log) = client(&peer.url());
    let put_code = client
        .create_membership(orcid(), &token(), &document())
        .await
        .unwrap();
    assert_eq!(put_code.get(), 4711);
    let seen = &peer.seen()[0];
    assert_eq!(seen.line, format!("POST /v3.0/{ORCID}/membership"));
    assert_eq!(seen.header("accept"), Some("application/vnd.orcid+xml"));
    assert_eq!(
        seen.header("content-type"),
        Some("application/vnd.orcid+xml; charset=UTF-8")
    );
    assert_eq!(seen.header("accept-language"), Some("en"));
    assert_eq!(
        seen.header("authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert!(
        seen.header("user-agent")
            .unwrap()
            .starts_with("raid-agency/")
    );
    assert!(
        seen.body
            .contains("<c:external-id-value>10.82841/c588ab06</c:external-id-value>")
    );
    let record = &log.records()[0];
    assert_eq!(
        (record.kind, record.orcid, &record.handle),
        (
            CallKind::CreateMembership,
            Some(orcid()),
            &Some(document().handle)
        )
    );
    assert_eq!(
        (record.status, record.code, record.failed),
        (Some(201), None, None)
    );
    assert_eq!(log.feedback(), [Feedback::Fine]);
}

#[tokio::test]
async fn a_success_that_cannot_be_read_leaves_the_outcome_unknown() {
    for reply in [
        answer(201, ""),
        created("https://api.orcid.org/v3.0/x/membership/"),
        created("https://api.orcid.org/v3.0/x/membership/abc"),
        created(""),
    ] {
        let (result, lines, _) = create(reply).await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.outcome, error.status),
            (Outcome::Unknown, Some(201)),
            "{error}"
        );
        assert_eq!(lines, ["create-membership 201 unknown"]);
    }
}

#[tokio::test]
async fn a_failed_write_says_whether_it_may_have_happened() {
    let page = "<html><body>502 Bad Gateway</body></html>";
    for (reply, meaning, outcome, line) in [
        (
            Reply::Hangup,
            Meaning::Transient,
            Outcome::Unknown,
            "- unknown",
        ),
        (
            answer(502, page),
            Meaning::Transient,
            Outcome::Unknown,
            "502 unknown",
        ),
        (
            error(500, 9008, "x"),
            Meaning::Transient,
            Outcome::Unknown,
            "500 unknown",
        ),
        (
            answer(503, ""),
            Meaning::Overloaded,
            Outcome::Refused,
            "503 refused",
        ),
        (
            answer(429, "Too Many"),
            Meaning::Overloaded,
            Outcome::Refused,
            "429 refused",
        ),
        (
            error(409, 9018, "x"),
            Meaning::RecordLocked,
            Outcome::Refused,
            "409 refused",
        ),
        (
            Reply::Broken(409, "<e".into()),
            Meaning::Unexpected,
            Outcome::Refused,
            "409 refused",
        ),
    ] {
        let (result, lines, feedback) = create(reply).await;
        let error = result.unwrap_err();
        assert_eq!(
            (&error.meaning, error.outcome),
            (&meaning, outcome),
            "{error}"
        );
        assert_eq!(lines, [format!("create-membership {line}")]);
        let expected = match (error.status, meaning) {
            (None, _) => vec![],
            (_, Meaning::Overloaded) => vec![Feedback::Overloaded],
            _ => vec![Feedback::Fine],
        };
        assert_eq!(feedback, expected);
    }
}

#[tokio::test]
async fn silence_ends_at_the_time_limit() {
    let peer = Peer::new(|_| Reply::Silence);
    let mut settings = harness::settings(&peer.url());
    settings.call_timeout = Duration::from_millis(100);
    let (client, log) = client_with(settings);
    let error = client
        .create_membership(orcid(), &token(), &document())
        .await
        .unwrap_err();
    assert_eq!(
        (error.meaning, error.outcome),
        (Meaning::Transient, Outcome::Unknown)
    );
    // A timeout is not repeated, not even for a harmless call: the second would take as long.
    let token = token();
    client
        .memberships(orcid(), ReadAs::Person(&token))
        .await
        .unwrap_err();
    client.revoke(&token).await.unwrap_err();
    client.record_status(orcid()).await.unwrap_err();
    assert_eq!(
        log.lines(),
        [
            "create-membership - unknown",
            "list-memberships - unknown",
            "revoke - unknown",
            "client-token - unknown"
        ]
    );
}

#[tokio::test]
async fn without_connection_nothing_was_sent() {
    let free = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let (client, log) = client(&format!("http://{free}"));
    let error = client
        .create_membership(orcid(), &token(), &document())
        .await
        .unwrap_err();
    assert_eq!(
        (error.meaning, error.outcome),
        (Meaning::Transient, Outcome::NotSent)
    );
    assert_eq!(log.lines(), ["create-membership - not-sent"]);
    assert_eq!(log.feedback(), []);
}

const EMPTY: &str = r#"<a:memberships xmlns:a="http://www.orcid.org/ns/activities"/>"#;

#[tokio::test]
async fn a_read_is_repeated_once_when_the_connection_fails() {
    let token = token();
    let peer = Peer::scripted([Reply::Hangup, answer(200, EMPTY)]);
    let (first, log) = client(&peer.url());
    assert_eq!(
        first
            .memberships(orcid(), ReadAs::Person(&token))
            .await
            .unwrap(),
        []
    );
    assert_eq!(
        log.lines(),
        ["list-memberships - unknown", "list-memberships 200 done"]
    );

    let peer = Peer::scripted([Reply::Hangup, Reply::Hangup]);
    let (second, _) = client(&peer.url());
    second
        .memberships(orcid(), ReadAs::Person(&token))
        .await
        .unwrap_err();
    assert_eq!(peer.seen().len(), 2);

    // An answer is an answer: it is for the caller to come back.
    let peer = Peer::scripted([answer(502, "")]);
    let (third, _) = client(&peer.url());
    let error = third
        .memberships(orcid(), ReadAs::Person(&token))
        .await
        .unwrap_err();
    assert_eq!(
        (error.meaning, error.outcome),
        (Meaning::Transient, Outcome::Refused)
    );
    assert_eq!(peer.seen().len(), 1);
}

#[tokio::test]
async fn answers_are_read_up_to_a_bound() {
    let padding = " ".repeat(5 << 20);
    let person = token();
    let list = EMPTY.replace("/>", &format!(">{padding}</a:memberships>"));
    for reply in [
        answer(200, &list),
        Reply::Broken(200, EMPTY.into()),
        answer(200, "<html>"),
    ] {
        let peer = Peer::scripted([reply]);
        let (client, log) = client(&peer.url());
        let error = client
            .memberships(orcid(), ReadAs::Person(&person))
            .await
            .unwrap_err();
        assert_eq!(
            (error.meaning, error.outcome),
            (Meaning::Unexpected, Outcome::Unknown)
        );
        assert_eq!(log.lines(), ["list-memberships 200 unknown"]);
    }
    let (result, ..) = create(answer(502, &padding.replace(' ', "x"))).await;
    assert_eq!(result.unwrap_err().message.len(), 500);
}

#[tokio::test]
async fn the_limiter_comes_first() {
    let peer = Peer::scripted([]);
    let (client, log) = client(&peer.url());
    let retry_after = Some(Duration::from_secs(7));
    *log.refusal.lock().unwrap() = Some(Refused { retry_after });
    let error = client
        .create_membership(orcid(), &token(), &document())
        .await
        .unwrap_err();
    assert_eq!(
        (error.meaning, error.outcome),
        (Meaning::Overloaded, Outcome::NotSent)
    );
    assert_eq!(error.retry_after, retry_after);
    client.revoke(&token()).await.unwrap_err();
    client.record_status(orcid()).await.unwrap_err();
    let code = AuthorizationCode::new("Ab3xYz");
    client.exchange_code(code).await.unwrap_err();
    assert_eq!(peer.seen().len(), 0);
    assert_eq!(
        log.lines(),
        [
            "create-membership - not-sent",
            "revoke - not-sent",
            "client-token - not-sent",
            "exchange-code - not-sent"
        ]
    );
}

#[tokio::test]
async fn orcid_may_say_how_long_to_wait() {
    let reply = Reply::Answer(503, vec![("Retry-After", "12".into())], String::new());
    assert_eq!(
        create(reply).await.0.unwrap_err().retry_after,
        Some(Duration::from_secs(12))
    );
}

#[tokio::test]
async fn a_call_given_up_is_recorded() {
    let peer = Peer::new(|_| Reply::Silence);
    let (client, log) = client(&peer.url());
    let client = Arc::new(client);
    let task = tokio::spawn({
        let client = client.clone();
        async move {
            client
                .create_membership(orcid(), &token(), &document())
                .await
        }
    });
    let deadline = Instant::now() + Duration::from_secs(30);
    while peer.seen().is_empty() {
        assert!(Instant::now() < deadline, "the request never came");
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(log.lines(), ["create-membership - unknown"]);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = "0000-0001-5109-3700";
    let peer = Peer::new(move |seen| {
        if seen.line.ends_with("/oauth/token") {
            return client_token("t");
        }
        let location = format!(
            "http://{}/v3.0/{other}/person",
            seen.header("host").unwrap()
        );
        let body =
            r#"<error xmlns="http://www.orcid.org/ns/error"><error-code>9007</error-code></error>"#;
        Reply::Answer(301, vec![("Location", location)], body.into())
    });
    let (client, log) = client(&peer.url());
    let primary = Some(other.parse().unwrap());
    let status = client.record_status(orcid()).await.unwrap();
    assert_eq!(status, RecordStatus::Deprecated { primary });
    let person = format!("GET /v3.0/{ORCID}/person");
    assert_eq!(peer.lines(), ["POST /oauth/token", &person]);
    assert_eq!(log.records()[1].code, Some(9007));
}

#[tokio::test]
async fn no_secret_comes_back_in_an_error() {
    let text = format!("Invalid access token: {TOKEN} of {SECRET}");
    let (result, ..) = create(oauth_error(401, "invalid_token", &text)).await;
    let error = result.unwrap_err();
    assert_eq!(error.meaning, Meaning::TokenRefused);
    assert_eq!(
        error.message,
        "Invalid access token: [removed] of [removed]"
    );
    // A token that is no UUID, and an answer in another shape.
    let odd = SecretString::from("odd+token/1");
    let peer = Peer::scripted([answer(500, "<html>odd+token/1 odd%2Btoken%2F1</html>")]);
    let (client, _) = client(&peer.url());
    let error = client
        .create_membership(orcid(), &odd, &document())
        .await
        .unwrap_err();
    assert_eq!(error.message, "<html>[removed] [removed]</html>");
    assert!(!format!("{error:?} {error} {client:?} {odd:?}").contains("odd+token"));
    assert!(!format!("{client:?}").contains(SECRET));
    assert!(!format!("{:?}", ReadAs::Person(&odd)).contains("odd+token"));
}

#[tokio::test]
async fn doubt_lasts_as_long_as_the_write_may_run() {
    let disconnected = Duration::from_secs(2);
    for reply in [
        Reply::Hangup,
        answer(500, ""),
        answer(502, ""),
        answer(201, ""),
    ] {
        let error = create(reply).await.0.unwrap_err();
        assert_eq!(error.outcome, Outcome::Unknown, "{error}");
        assert_eq!(error.doubt, disconnected, "{error}");
    }
    for reply in [answer(503, ""), error(409, 9021, "put-code 4711")] {
        let error = create(reply).await.0.unwrap_err();
        assert_eq!(error.doubt, Duration::ZERO, "{error}");
    }
    // A gateway that stopped waiting: twice the timeout of 30 s, from sending it.
    let error = create(answer(504, "")).await.0.unwrap_err();
    assert!(error.doubt > Duration::from_secs(30), "{error}");

    let peer = Peer::new(|_| Reply::Silence);
    let mut settings = harness::settings(&peer.url());
    settings.call_timeout = Duration::from_secs(1);
    settings.doubt_after_disconnect = Duration::ZERO;
    let (hasty, _) = client_with(settings);
    let error = hasty
        .create_membership(orcid(), &token(), &document())
        .await
        .unwrap_err();
    // Of the two seconds at least one has passed.
    assert!(error.doubt <= Duration::from_secs(1), "{error}");
    assert!(error.doubt > Duration::ZERO, "{error}");
}

#[tokio::test]
async fn calls_are_as_urgent_as_their_client() {
    let peer = Peer::scripted([created("/1"), created("/2"), created("/3")]);
    let (client, log) = client(&peer.url());
    for client in [
        client.with_urgency(Urgency::Bulk),
        client.with_urgency(Urgency::Background),
        client,
    ] {
        let (person, document) = (token(), document());
        let write = client.create_membership(orcid(), &person, &document);
        write.await.unwrap();
    }
    assert_eq!(
        log.urgencies(),
        [Urgency::Bulk, Urgency::Background, Urgency::Interactive]
    );
}
