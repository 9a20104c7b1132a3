//! Health and metrics are on a listener of their own.

use raid_tests::{Agency, Client, Stage};
use reqwest::Method;
use std::time::Instant;

raid_tests::on_both_databases!(
    strangers_reach_neither_metrics_nor_details,
    readiness_is_proved_once_a_second_and_leaves_nothing,
    a_process_without_the_listener_serves_all_the_same,
    every_address_answers_head_and_options,
    links_to_further_pages_are_where_clients_reach_the_agency,
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

/// RAiD API, section on rules common to all endpoints. Health, metrics, the docs and the pages for people as well as the API.
async fn every_address_answers_head_and_options(stage: &Stage) {
    let agency = stage.agency().await;
    let (visitor, watcher) = (agency.client().anonymous(), agency.watcher());
    let reads = "GET, HEAD, OPTIONS";
    let checks: [(&Client, &str, &str); 12] = [
        (&visitor, "/", reads),
        (&visitor, "/health/live", reads),
        (&visitor, "/docs", reads),
        (&visitor, "/docs/", reads),
        (&visitor, "/orcid/landing", reads),
        (&visitor, "/invitation", reads),
        (&visitor, "/orcid/authorize", "POST, OPTIONS"),
        (&visitor, "/raid/", "GET, HEAD, POST, OPTIONS"),
        (&watcher, "/health/live", reads),
        (&watcher, "/health/ready", reads),
        (&watcher, "/health/details", reads),
        (&watcher, "/metrics", reads),
    ];
    for (client, path, allowed) in checks {
        let options = client.send(Method::OPTIONS, path, None).await.unwrap();
        assert_eq!(options.status, 204, "{path}");
        assert_eq!(options.header("allow"), allowed, "{path}");
        let other = client.send(Method::DELETE, path, None).await.unwrap();
        assert_eq!(other.status, 405, "{path}");
        assert_eq!(other.header("allow"), allowed, "{path}");
        if allowed.contains("HEAD") {
            let head = client.send(Method::HEAD, path, None).await.unwrap();
            assert_eq!(head.text, "", "{path}");
            assert_eq!(head.status, client.get(path).await.status, "{path}");
        }
    }
}

/// Also where a proxy serves the agency below a path.
async fn links_to_further_pages_are_where_clients_reach_the_agency(stage: &Stage) {
    let base = "https://api.example.org/raid-agency";
    let settings = format!("[server]\npublic_url = \"{base}\"");
    let agency = stage.agency_with(&settings).await;
    let path = "/v1/changes?limit=1";
    let page = agency.client().get(path).await;
    let link = page.header("link");
    assert!(link.starts_with(&format!("<{base}{path}&after=")), "{link}");
}
