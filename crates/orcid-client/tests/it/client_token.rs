//! Our own tokens: kept, shared, replaced once, tried again within bounds.

use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use orcid_client::{CallKind, Meaning, Outcome, RecordStatus};

use crate::harness::{CLIENT_ID, SECRET, client, orcid};
use crate::peer::{Peer, Reply, answer, client_token, oauth_error};

const NONE: &str = r#"<n:notifications xmlns:n="http://www.orcid.org/ns/notification"/>"#;

fn is_token(line: &str) -> bool {
    line == "POST /oauth/token"
}

fn token_requests(peer: &Peer) -> usize {
    peer.lines().iter().filter(|line| is_token(line)).count()
}

#[tokio::test]
async fn one_token_per_scope_is_asked_for_and_kept() {
    let peer = Peer::new(|seen| match seen.line.as_str() {
        line if is_token(line) => client_token(&format!("token-{}", seen.form()[3].1)),
        line if line.contains("notification") => answer(200, NONE),
        _ => answer(200, ""),
    });
    let (client, _) = client(&peer.url());
    for _ in 0..2 {
        client.list_notifications(orcid()).await.unwrap();
        assert_eq!(
            client.record_status(orcid()).await.unwrap(),
            RecordStatus::Active
        );
    }
    assert_eq!(token_requests(&peer), 2);
    let seen = peer.seen();
    assert_eq!(seen[0].header("accept"), Some("application/json"));
    let form = |scope: &str| {
        [
            ("client_id", CLIENT_ID),
            ("client_secret", SECRET),
            ("grant_type", "client_credentials"),
            ("scope", scope),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    assert_eq!(seen[0].form(), form("/premium-notification"));
    assert_eq!(seen[2].form(), form("/read-public"));
    assert_eq!(
        seen[1].header("authorization"),
        Some("Bearer token-/premium-notification")
    );
    assert_eq!(
        seen[3].header("authorization"),
        Some("Bearer token-/read-public")
    );
    // The token is all that is left out of the second round.
    assert_eq!(seen.len(), 6);
}

#[tokio::test]
async fn a_token_about_to_expire_is_not_kept() {
    let peer = Peer::new(|seen| {
        if is_token(&seen.line) {
            answer(
                200,
                r#"{"access_token":"t","token_type":"bearer","expires_in":0}"#,
            )
        } else {
            answer(200, NONE)
        }
    });
    let (client, _) = client(&peer.url());
    client.list_notifications(orcid()).await.unwrap();
    client.list_notifications(orcid()).await.unwrap();
    assert_eq!(token_requests(&peer), 2);
}

#[tokio::test]
async fn many_callers_share_one_request() {
    let peer = Peer::new(|seen| {
        if is_token(&seen.line) {
            client_token("t")
        } else {
            answer(200, NONE)
        }
    });
    let (client, _) = client(&peer.url());
    for result in join_all((0..20).map(|_| client.list_notifications(orcid()))).await {
        result.unwrap();
    }
    assert_eq!(token_requests(&peer), 1);
}

#[tokio::test]
async fn many_callers_share_one_failure() {
    let peer = Peer::new(|_| oauth_error(400, "invalid_scope", "Invalid scope"));
    let (client, _) = client(&peer.url());
    for result in join_all((0..20).map(|_| client.list_notifications(orcid()))).await {
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind, error.meaning),
            (CallKind::ClientToken, Meaning::Misconfigured)
        );
    }
    assert_eq!(peer.lines(), ["POST /oauth/token"]);
    // The failure is not kept for those who come later.
    client.list_notifications(orcid()).await.unwrap_err();
    assert_eq!(token_requests(&peer), 2);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let given = AtomicU32::new(0);
    let peer = Peer::new(move |seen| {
        if is_token(&seen.line) {
            return client_token(&format!("t{}", given.fetch_add(1, Ordering::SeqCst)));
        }
        match seen.header("authorization") {
            Some("Bearer t0") => oauth_error(401, "invalid_token", "Invalid access token: t0"),
            _ => answer(200, NONE),
        }
    });
    let (client, log) = client(&peer.url());
    client.list_notifications(orcid()).await.unwrap();
    client.list_notifications(orcid()).await.unwrap();
    assert_eq!(
        log.lines(),
        [
            "client-token 200 done",
            "list-notifications 401 refused",
            "client-token 200 done",
            "list-notifications 200 done",
            "list-notifications 200 done"
        ]
    );
}

#[tokio::test]
async fn a_fresh_token_refused_says_nothing_about_the_person() {
    let peer = Peer::new(|seen| {
        if is_token(&seen.line) {
            client_token("t")
        } else {
            oauth_error(401, "invalid_token", "Invalid access token: t")
        }
    });
    let (client, _) = client(&peer.url());
    let error = client.record_status(orcid()).await.unwrap_err();
    assert_eq!(
        (error.meaning, error.outcome),
        (Meaning::ClientRefused, Outcome::Refused)
    );
    assert_eq!(peer.seen().len(), 4);
}

#[tokio::test]
async fn a_token_request_is_tried_three_times() {
    let unwell = || oauth_error(401, "server_error", "x");
    let peer = Peer::scripted([
        unwell(),
        Reply::Hangup,
        client_token("t"),
        answer(200, NONE),
    ]);
    let (healed, log) = client(&peer.url());
    healed.list_notifications(orcid()).await.unwrap();
    assert_eq!(
        log.lines(),
        [
            "client-token 401 refused",
            "client-token - unknown",
            "client-token 200 done",
            "list-notifications 200 done"
        ]
    );

    let peer = Peer::new(move |_| unwell());
    let (client, _) = client(&peer.url());
    let error = client.list_notifications(orcid()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.meaning),
        (CallKind::ClientToken, Meaning::ClientRefused)
    );
    assert_eq!(peer.seen().len(), 3);
}

#[tokio::test]
async fn without_a_token_nothing_was_sent() {
    let peer = Peer::new(|_| Reply::Hangup);
    let (client, _) = client(&peer.url());
    let error = client.list_notifications(orcid()).await.unwrap_err();
    // The token's own outcome is unknown, but the question for notifications never left.
    assert_eq!(
        (error.kind, error.outcome),
        (CallKind::ClientToken, Outcome::NotSent)
    );
}
