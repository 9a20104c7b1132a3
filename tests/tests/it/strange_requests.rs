//! What strangers send, by mistake or to do harm.

use raid_tests::{Agency, Stage, eventually};
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

raid_tests::on_both_databases!(
    errors_of_the_framework_are_problems,
    what_strangers_get_wrong_is_no_error_in_the_log,
    posts_that_write_cost_more,
);

async fn errors_of_the_framework_are_problems(stage: &Stage) {
    let agency = stage.agency().await;
    let visitor = agency.client().anonymous();
    let form = "application/x-www-form-urlencoded";
    let get = |path: &str| visitor.request(Method::GET, path);
    let post = || visitor.request(Method::POST, "/orcid/authorize");
    for (request, status) in [
        (get("/orcid/landing?i=a&i=b"), 400),
        (get("/orcid/callback?state=a&state=b"), 400),
        (post().body("i=a"), 415),
        (post().header("Content-Type", form).body("i=a&i=b"), 400),
        (
            post()
                .header("Content-Type", form)
                .body(format!("i={}", "x".repeat(1 << 20))),
            413,
        ),
        (
            visitor
                .request(Method::OPTIONS, "/raid/")
                .header("Origin", "https://evil.example.org")
                .header("Access-Control-Request-Method", "PUT"),
            400,
        ),
    ] {
        let reply = request.send().await.unwrap();
        let told = format!("{reply:?}");
        assert_eq!(reply.status(), status, "{told}");
        assert_eq!(
            reply.headers()["content-type"],
            "application/problem+json",
            "{told}"
        );
        let problem: serde_json::Value = reply.json().await.unwrap();
        assert_eq!(problem["status"], status);
    }
}

async fn what_strangers_get_wrong_is_no_error_in_the_log(stage: &Stage) {
    let agency = stage.agency().await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /raid/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /raid/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        let answer = answer_to(&agency, garbage).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    // A request is logged behind what was logged before it.
    agency.client().get("/v1/vocabularies").await.expect(200);
    let logs = eventually("the log", async || {
        let logs = stage.logs();
        logs.contains("/v1/vocabularies").then_some(logs)
    })
    .await;
    assert!(!logs.contains("ERROR"), "{logs}");
}

async fn answer_to(agency: &Agency<'_>, bytes: &[u8]) -> String {
    let address = agency.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

/// 5 each, so that a burst of 12 is two posts and two small requests.
async fn posts_that_write_cost_more(stage: &Stage) {
    let limits = "[limits]\nanonymous_per_second = 1\nanonymous_burst = 12";
    let agency = stage.agency_with(limits).await;
    let visitor = agency.client().anonymous();
    let mut answered = Vec::new();
    for _ in 0..200 {
        let post = visitor.request(Method::POST, "/orcid/authorize");
        let reply = post.form(&[("i", "x")]).send().await.unwrap();
        answered.push(reply.status().as_u16());
    }
    let refused = answered.iter().filter(|status| **status == 429).count();
    let served = answered.iter().filter(|status| **status == 400).count();
    assert_eq!(refused + served, 200, "{answered:?}");
    assert_eq!(answered[..2], [400, 400]);
    assert!(refused > served, "{answered:?}");
}
