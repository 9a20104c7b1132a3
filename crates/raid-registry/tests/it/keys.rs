//! How long a provider's key counts: while the provider says so, and for a while when it does not
//! answer.

use jsonwebtoken::Algorithm;
use serde_json::json;
use store::testing::TestDb;
use time::Duration;

use crate::harness::{Server, serve_with, settings};
use crate::tokens::{Provider, claims, now, of, p256, public, signed};

store::on_both_databases!(
    keys_that_cannot_be_fetched_again_stop_counting,
    a_withdrawn_key_counts_for_a_refresh_and_a_minute,
);

async fn serve_for(db: &TestDb, provider: &Provider) -> Server {
    let mut settings = settings();
    settings.auth.oidc.push(of(&provider.issuer, None));
    let server = serve_with(db, settings).await;
    server.clock.stop();
    server
}

/// A token that is good for a day and was not shown before.
fn token(server: &Server, provider: &Provider) -> String {
    let mut claims = claims(&provider.issuer, now(server));
    claims["exp"] = json!(now(server) + 24 * 60 * 60);
    claims["jti"] = json!(server.clock.now().to_string());
    signed(&claims)
}

async fn status(server: &Server, token: &str) -> u16 {
    server.get(token, "/raid/").await.status.as_u16()
}

async fn keys_that_cannot_be_fetched_again_stop_counting(db: &TestDb) {
    let keys = vec![public(&p256(), Algorithm::ES256)];
    let provider = Provider::start(keys.clone()).await;
    let server = serve_for(db, &provider).await;
    assert_eq!(status(&server, &token(&server, &provider)).await, 200);
    provider.set(None);
    server.clock.advance(Duration::seconds(14 * 60 + 50));
    let late = token(&server, &provider);
    assert_eq!(status(&server, &late).await, 200);
    // The token was remembered for a minute, but not beyond its key.
    server.clock.advance(Duration::seconds(9));
    assert_eq!(status(&server, &late).await, 200);
    server.clock.advance(Duration::seconds(1));
    assert_eq!(status(&server, &late).await, 503);
    assert_eq!(status(&server, &token(&server, &provider)).await, 503);
    // The provider is back.
    provider.set(Some(keys));
    server.clock.advance(Duration::seconds(61));
    assert_eq!(status(&server, &late).await, 200);
}

async fn a_withdrawn_key_counts_for_a_refresh_and_a_minute(db: &TestDb) {
    let provider = Provider::start(vec![public(&p256(), Algorithm::ES256)]).await;
    let server = serve_for(db, &provider).await;
    assert_eq!(status(&server, &token(&server, &provider)).await, 200);
    provider.set(Some(Vec::new()));
    server.clock.advance(Duration::seconds(4 * 60 + 59));
    let late = token(&server, &provider);
    assert_eq!(status(&server, &late).await, 200);
    server.clock.advance(Duration::seconds(60));
    assert_eq!(status(&server, &late).await, 401);
    assert_eq!(status(&server, &token(&server, &provider)).await, 401);
}
