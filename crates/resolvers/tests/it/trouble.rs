//! Services that fail, are slow, or are not there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use raid_model::Resolver;
use resolvers::{Answers, Unavailable};

use crate::peer::{Peer, all, id, nobody, online, plain, ror, settings};

#[actix_web::test]
async fn what_may_heal_is_tried_again_and_the_rest_is_not() {
    for (status, calls) in [(500, 2), (503, 2), (429, 2), (400, 1), (401, 1), (403, 1)] {
        let peer = Peer::always(status);
        let answers = online(settings(&peer.url))
            .ask("us", all(&[ror("x")]))
            .await
            .unwrap();
        let unavailable = Unavailable {
            status: Some(status),
        };
        assert!(answers.missing.is_empty());
        assert_eq!(answers.unavailable[&ror("x")], unavailable);
        assert_eq!(peer.count(), calls, "{status}");
        peer.stop().await;
    }
}

#[actix_web::test]
async fn a_service_that_recovers_at_once_is_no_trouble() {
    let calls = Arc::new(AtomicUsize::new(0));
    let peer = Peer::start(move |_| {
        let first = calls.fetch_add(1, Ordering::SeqCst) == 0;
        Some(plain(if first { 502 } else { 200 }))
    });
    let answers = online(settings(&peer.url))
        .ask("us", all(&[ror("x")]))
        .await
        .unwrap();
    assert_eq!(answers, Answers::default());
    assert_eq!(peer.count(), 2);
    peer.stop().await;
}

#[actix_web::test]
async fn nobody_there_is_unavailable() {
    let answers = online(settings(&nobody()))
        .ask("us", all(&[ror("x")]))
        .await
        .unwrap();
    assert!(answers.missing.is_empty());
    assert_eq!(answers.unavailable[&ror("x")], Unavailable { status: None });
}

#[actix_web::test]
async fn a_service_that_does_not_answer_is_given_up_and_not_tried_again() {
    let peer = Peer::start(|_| None);
    let mut settings = settings(&peer.url);
    settings.call_timeout = Duration::from_millis(100);
    let resolvers = online(settings);
    let answers = resolvers.ask("us", all(&[ror("x")])).await.unwrap();
    assert_eq!(answers.unavailable[&ror("x")], Unavailable { status: None });
    assert!(peer.count() <= 1);
    peer.stop().await;
}

#[actix_web::test]
async fn the_whole_check_has_an_end() {
    let peer = Peer::start(|req| (!req.path().contains("slow")).then(|| plain(404)));
    let mut settings = settings(&peer.url);
    // One after the other, and the first one hangs for longer than all may take.
    settings.parallel = 1;
    settings.check_timeout = Duration::from_millis(300);
    let resolvers = online(settings);
    let hangs = id(Resolver::Orcid, "https://orcid.org/slow");
    let behind = ror("x");
    let answers = resolvers
        .ask("us", all(&[hangs.clone(), behind.clone()]))
        .await
        .unwrap();
    let unavailable = Unavailable { status: None };
    assert_eq!(answers.unavailable[&hangs], unavailable);
    assert_eq!(answers.unavailable[&behind], unavailable);
    // What was given up holds no turn.
    let deadline = Instant::now() + Duration::from_secs(30);
    let behind = all(&[behind]);
    while resolvers.ask("us", behind.clone()).await.unwrap().missing != behind {
        assert!(Instant::now() < deadline);
    }
    peer.stop().await;
}

#[actix_web::test]
async fn one_in_trouble_hides_nothing_of_the_others() {
    let peer = Peer::start(|req| {
        Some(plain(match req.path().rsplit('/').next() {
            Some("gone") => 404,
            Some("broken") => 500,
            _ => 200,
        }))
    });
    let answers = online(settings(&peer.url))
        .ask("us", all(&[ror("gone"), ror("broken"), ror("fine")]))
        .await
        .unwrap();
    assert_eq!(answers.missing, all(&[ror("gone")]));
    assert_eq!(
        answers.unavailable.into_keys().collect::<Vec<_>>(),
        [ror("broken")]
    );
    peer.stop().await;
}
