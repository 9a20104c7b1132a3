//! Clients that ask too fast, against a real server.

use raid_tests::{Stage, eventually};

raid_tests::on_both_databases!(who_asks_too_fast_waits);

async fn who_asks_too_fast_waits(stage: &Stage) {
    let agency = stage
        .agency_with("[limits]\nanonymous_per_second = 1\nanonymous_burst = 5")
        .await;
    let (user, visitor) = (agency.client(), agency.client().anonymous());
    let page = "/v1/vocabularies";
    let refused = eventually("a refusal", async || {
        let reply = visitor.get(page).await;
        (reply.status == 429).then_some(reply)
    })
    .await;
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.expect(429)["status"], 429);
    // Who watches the process, and who has a token, does not wait for others.
    for _ in 0..10 {
        visitor.get("/health/live").await.expect(200);
        for path in ["/health/live", "/health/ready", "/metrics"] {
            assert_eq!(agency.watcher().get(path).await.status, 200, "{path}");
        }
    }
    user.get("/raid/").await.expect(200);
    eventually("the limit to be over", async || {
        (visitor.get(page).await.status == 200).then_some(())
    })
    .await;
    let refusals = agency
        .metric(r#"raid_rate_limited_total{who="anonymous"}"#)
        .await;
    assert!(refusals > 0);
}
