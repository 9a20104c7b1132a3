//! What is remembered, and for how long.

use std::time::{Duration, Instant};

use resolvers::{Answers, Resolvers};

use crate::peer::{Peer, all, online, plain, ror, settings};

/// Asks until the server was asked `calls` times.
async fn asked_again(resolvers: &Resolvers, peer: &Peer, code: &str, calls: usize) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while peer.count() < calls {
        assert!(Instant::now() < deadline, "{code} is never asked again");
        resolvers.ask("us", all(&[ror(code)])).await.unwrap();
        tokio::task::yield_now().await;
    }
}

#[actix_web::test]
async fn an_answer_is_kept() {
    let peer = Peer::start(|req| {
        Some(plain(if req.path().contains("gone") {
            404
        } else {
            200
        }))
    });
    let resolvers = online(settings(&peer.url));
    let ids = all(&[ror("here"), ror("gone")]);
    for _ in 0..3 {
        assert_eq!(
            resolvers.ask("us", ids.clone()).await.unwrap().missing,
            all(&[ror("gone")])
        );
    }
    assert_eq!(peer.count(), 2);
    peer.stop().await;
}

#[actix_web::test]
async fn what_did_not_exist_is_forgotten_sooner() {
    let peer = Peer::start(|req| {
        Some(plain(if req.path().contains("gone") {
            404
        } else {
            200
        }))
    });
    let mut settings = settings(&peer.url);
    settings.missing_ttl = Duration::from_millis(50);
    let resolvers = online(settings);
    resolvers.ask("us", all(&[ror("here")])).await.unwrap();
    asked_again(&resolvers, &peer, "gone", 3).await;
    resolvers.ask("us", all(&[ror("here")])).await.unwrap();
    let here = peer
        .hits()
        .into_iter()
        .filter(|hit| hit.line.contains("here"));
    assert_eq!(here.count(), 1);
    peer.stop().await;
}

#[actix_web::test]
async fn what_existed_is_forgotten_too() {
    let peer = Peer::always(200);
    let mut settings = settings(&peer.url);
    settings.found_ttl = Duration::from_millis(50);
    let resolvers = online(settings);
    asked_again(&resolvers, &peer, "here", 2).await;
    peer.stop().await;
}

#[actix_web::test]
async fn trouble_is_not_remembered() {
    let peer = Peer::always(403);
    let resolvers = online(settings(&peer.url));
    for calls in 1..=2 {
        assert_eq!(
            resolvers
                .ask("us", all(&[ror("x")]))
                .await
                .unwrap()
                .unavailable
                .len(),
            1
        );
        assert_eq!(peer.count(), calls);
    }
    peer.stop().await;
}

#[actix_web::test]
async fn offline_nobody_is_asked() {
    let resolvers = Resolvers::offline();
    assert!(resolvers.is_offline());
    assert_eq!(
        resolvers.ask("us", all(&[ror("x")])).await.unwrap(),
        Answers::default()
    );
    assert!(!online(settings("http://127.0.0.1:9")).is_offline());
}
