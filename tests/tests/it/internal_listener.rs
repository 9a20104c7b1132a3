//! Health and metrics are on a listener of their own.

use raid_tests::{Agency, Stage};
use std::time::Instant;

raid_tests::on_both_databases!(
    strangers_reach_neither_metrics_nor_details,
    readiness_is_proved_once_a_second_and_leaves_nothing,
    a_process_without_the_listener_serves_all_the_same,
);

/// However the path is written: a proxy that knows `/metrics` alone would let the others through.
async fn strangers_reach_neither_metrics_nor_details(stage: &Stage) {
    let agency = stage.agency().await;
    let stranger = agency.client().anonymous();
    for path in [
        "/metrics",
        "/%6detrics",
        "/%6Detric%73",
        "//metrics",
        "/./metrics",
        "/docs/../metrics",
        "/docs/%2e%2e/metrics",
        "/METRICS",
        "/metrics/",
        "/health/ready",
        "/health/%64etails",
        "/health/details",
    ] {
        let answer = raw(&agency, path).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.contains("raid_tasks"), "{path}: {answer}");
    }
    stranger.get("/health/live").await.expect(200);
    assert!(
        agency
            .watcher()
            .get("/metrics")
            .await
            .text
            .contains("raid_tasks")
    );
}

/// As a stranger sends it: clients tidy paths up.
async fn raw(agency: &Agency<'_>, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = agency.url().trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn readiness_is_proved_once_a_second_and_leaves_nothing(stage: &Stage) {
    // Without a worker nobody else writes.
    let agency = stage.agency_in_roles("registry").await;
    let watcher = agency.watcher();
    let proofs = || stage.with_database(store::testing::proofs);
    let (before, begun) = (proofs(), Instant::now());
    for _ in 0..200 {
        watcher.get("/health/ready").await.expect(200);
    }
    let seconds = i64::try_from(begun.elapsed().as_secs()).unwrap();
    let more = proofs() - before;
    assert!(more <= seconds + 1, "{more} in {seconds} s");
    let size = stage.database_content().len();
    assert!(size < 2_000_000, "the proof takes {size} bytes");
}

async fn a_process_without_the_listener_serves_all_the_same(stage: &Stage) {
    let agency = stage.agency_with("[server]\ninternal_bind = \"\"").await;
    agency.client().get("/raid/").await.expect(200);
    let taken = agency.url().trim_start_matches("http://");
    let complaint = stage.refused_start(&format!("[server]\ninternal_bind = \"{taken}\""));
    assert!(complaint.contains("server.internal_bind"), "{complaint}");
    let nonsense = stage.refused_start("[server]\ninternal_bind = \"nowhere\"");
    assert!(nonsense.contains("internal_bind"), "{nonsense}");
}
