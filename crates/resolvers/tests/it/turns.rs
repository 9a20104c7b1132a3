//! One caller with many identifiers beside one with a single one.

use std::collections::BTreeSet;

use futures::future::{join, join_all};
use raid_model::ExternalId;

use crate::peer::{Peer, all, online, ror, settings};

/// Identifiers with these numbers.
fn many(numbers: std::ops::Range<usize>) -> BTreeSet<ExternalId> {
    all(&numbers.map(|n| ror(&n.to_string())).collect::<Vec<_>>())
}

#[actix_web::test]
async fn a_caller_with_many_requests_holds_nobody_up() {
    let peer = Peer::always(200);
    let mut settings = settings(&peer.url);
    settings.parallel = 1;
    let resolvers = online(settings);
    let greedy = (0..20).map(|n| resolvers.ask("greedy", many(n * 5..n * 5 + 5)));
    let (greedy, modest) = join(join_all(greedy), resolvers.ask("modest", all(&[ror("x")]))).await;
    assert!(greedy.iter().all(Result::is_ok) && modest.is_ok());
    let hits = peer.hits();
    let turn = hits
        .iter()
        .position(|hit| hit.line.ends_with("/x"))
        .unwrap();
    assert_eq!(hits.len(), 101);
    assert!(turn < 5, "it came after {turn} others");
    peer.stop().await;
}

#[actix_web::test]
async fn a_request_with_too_many_unknown_ids_asks_nobody() {
    let peer = Peer::always(200);
    let mut settings = settings(&peer.url);
    settings.most_ids = 3;
    let resolvers = online(settings);
    let refused = resolvers.ask("us", many(0..4)).await.unwrap_err();
    assert_eq!((refused.most, refused.ids), (3, many(0..4)));
    assert_eq!(peer.count(), 0);
    // What is known does not count.
    resolvers.ask("us", many(0..3)).await.unwrap();
    resolvers.ask("us", many(0..6)).await.unwrap();
    resolvers.ask("us", many(0..6)).await.unwrap();
    assert_eq!(peer.count(), 6);
    peer.stop().await;
}
