//! What a request leaves in the log and in the metrics.

use std::io::Write;
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use store::testing::TestDb;

use crate::harness::{minimal, request, serve, serve_store, settings};

store::on_both_databases!(
    a_request_leaves_one_line_and_no_secret,
    requests_are_counted
);

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn a_request_leaves_one_line_and_no_secret(db: &TestDb) {
    let server = serve(db).await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let user = server.user();
    {
        let _guard = tracing::subscriber::set_default(subscriber);
        let list = request(Method::GET, "/raid/?secret=hunter2", &user)
            .insert_header(("X-Request-Id", "abc"));
        server.send(list).await.expect(200);
        let mut invite = minimal();
        invite["email"] = "colleague@example.org".into();
        server
            .post(&user, "/v1/raids/1/x/invitations", &invite)
            .await
            .expect(403);
        server.get("bad.token.here", "/raid/").await.expect(401);
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for secret in ["hunter2", user.as_str(), "bad.token", "colleague"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &Value| line["fields"]["message"] == "request")
        .map(|line: Value| line["fields"].clone())
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(lines[0]["method"], "GET");
    assert_eq!(lines[0]["path"], "/raid/");
    assert_eq!(lines[0]["status"], 200);
    assert_eq!(lines[0]["request_id"], "abc");
    assert_eq!(lines[0]["subject"], "user-1");
    assert!(lines[0]["millis"].is_u64());
    assert_eq!(lines[1]["status"], 403);
    assert_eq!(lines[2]["status"], 401);
    assert_eq!(lines[2]["subject"], Value::Null);
}

store::on_both_databases!(a_failure_leaves_its_cause_and_the_clients_none);

async fn a_failure_leaves_its_cause_and_the_clients_none(db: &TestDb) {
    // The database has no tables.
    let server = serve_store(db.another_node(), settings()).await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_writer(move || writer.clone())
        .finish();
    {
        let _guard = tracing::subscriber::set_default(subscriber);
        let read = request(Method::GET, "/raid/1/x", &server.operator())
            .insert_header(("X-Request-Id", "abc"));
        let problem = server.send(read).await.expect(500);
        assert_eq!(
            problem["detail"],
            "An unexpected error occurred. Please try again later."
        );
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["fields"]["request_id"], "abc");
    let error = line["fields"]["error"].as_str().unwrap();
    assert!(error.starts_with("the database refused: "), "{error}");
}

async fn requests_are_counted(db: &TestDb) {
    let server = serve(db).await;
    let recorder = PrometheusBuilder::new().build_recorder();
    {
        let _guard = metrics::set_default_local_recorder(&recorder);
        server.get(&server.user(), "/raid/10.1/a").await;
        server.get(&server.user(), "/raid/10.1/b").await;
        let odd = request("BREW".parse().unwrap(), "/coffee", "x");
        server.send(odd).await;
    }
    let text = recorder.handle().render();
    let series = [
        "raid_http_requests_total{method=\"GET\",route=\"/raid/{prefix}/{suffix}\",status=\"403\"} 2",
        "raid_http_requests_total{method=\"other\",route=\"unmatched\",status=\"404\"} 1",
        "raid_http_request_seconds_count{route=\"/raid/{prefix}/{suffix}\"} 2",
    ];
    for line in series {
        assert!(text.contains(line), "{line} not in {text}");
    }
}
