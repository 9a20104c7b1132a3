//! What operators see and do: metrics, dead letters, tokens.

use crate::steps::{granted_project, operator};
use raid_tests::examples::{self, handle_of};
use raid_tests::{Agency, Client, Stage, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

raid_tests::on_both_databases!(
    every_metric_has_a_help_text,
    the_metrics_of_the_alerts_are_there,
    a_mail_that_is_refused_says_why,
    dead_letters_are_redriven_and_dropped_by_command,
    a_token_is_revoked_by_command,
);

const ADDRESS: &str = "amara.okafor.4711@university.example";

async fn metrics(agency: &Agency<'_>) -> String {
    agency.watcher().get("/metrics").await.text
}

/// The names of the samples, without what a histogram adds.
fn families(metrics: &str) -> BTreeSet<String> {
    let samples = metrics.lines().filter(|line| !line.starts_with('#'));
    samples
        .filter_map(|line| line.split(['{', ' ']).next())
        .filter(|name| !name.is_empty())
        .map(|name| {
            let parts = ["_bucket", "_sum", "_count"];
            let family = parts.iter().find_map(|part| name.strip_suffix(part));
            family.unwrap_or(name).to_owned()
        })
        .collect()
}

async fn every_metric_has_a_help_text(stage: &Stage) {
    let agency = stage.agency().await;
    granted_project(stage, &agency).await;
    let metrics = metrics(&agency).await;
    let families = families(&metrics);
    for name in [
        "raid_build_info",
        "raid_tasks_overdue",
        "raid_oldest_overdue_task_seconds",
        "raid_orcid_calls_total",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_threads",
        "process_start_time_seconds",
    ] {
        assert!(families.contains(name), "{name} is not in:\n{metrics}");
    }
    for family in families {
        let help = format!("# HELP {family} ");
        assert!(metrics.contains(&help), "{family} has no help text");
        assert!(metrics.contains(&format!("# TYPE {family} ")), "{family}");
    }
}

/// Every metric that an alert looks at is there before anything is wrong.
async fn the_metrics_of_the_alerts_are_there(stage: &Stage) {
    let agency = stage.agency().await;
    agency.client().mint(&examples::minimal()).await;
    let alerts = include_str!("../../../ops/prometheus/alerts.yml");
    let expressions = alerts
        .lines()
        .skip_while(|line| !line.contains("expr:"))
        .filter(|line| !line.contains("description:") && !line.contains("summary:"));
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let wanted: BTreeSet<_> = expressions
        .flat_map(|line| line.split(|c: char| !is_part(c)))
        .filter(|word| word.starts_with("raid_") || word.starts_with("process_"))
        .collect();
    assert!(wanted.len() > 7, "{wanted:?}");
    eventually("the metrics of the alerts", async || {
        let there = families(&metrics(&agency).await);
        wanted
            .iter()
            .all(|name| there.contains(*name))
            .then_some(())
    })
    .await;
}

/// A mail server that knows nobody; gives its port.
async fn mail_server_that_refuses() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
            let mut line = String::new();
            while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                let answer = if line.starts_with("RCPT") {
                    format!("550 5.1.1 <{ADDRESS}>: no such user\r\n")
                } else {
                    "250 ok\r\n".to_owned()
                };
                let _ = stream.write_all(answer.as_bytes()).await;
                line.clear();
            }
        }
    });
    port
}

/// Invites somebody whose address no server knows; gives the RAiD and the dead letter.
async fn refused_mail(agency: &Agency<'_>, operator: &Client) -> (String, Value) {
    let raid = agency.client().mint(&examples::minimal()).await;
    let handle = handle_of(&raid);
    let person = &examples::minimal()["contributor"][0];
    let request = json!({
        "email": ADDRESS,
        "position": person["position"],
        "role": person["role"],
    });
    let path = format!("/v1/raids/{handle}/invitations");
    agency.client().post(&path, &request).await.expect(201);
    let letter = eventually("the dead letter", async || {
        let letters = operator
            .get("/v1/dead-letters?kind=email")
            .await
            .expect(200);
        letters.get(0).cloned()
    })
    .await;
    (handle, letter)
}

fn with_mail_server(port: u16) -> String {
    format!(
        "[mail]\ntransport = \"smtp\"\nsmtp_host = \"127.0.0.1\"\nsmtp_port = {port}\n\
         smtp_tls = \"none\"\n"
    )
}

async fn a_mail_that_is_refused_says_why(stage: &Stage) {
    let port = mail_server_that_refuses().await;
    let agency = stage.agency_with(&with_mail_server(port)).await;
    let operator = operator(stage, &agency);
    let (handle, letter) = refused_mail(&agency, &operator).await;
    assert_eq!(letter["handle"], handle);
    let reason = letter["reason"].as_str().unwrap();
    assert!(
        reason.contains("550 5.1.1 (address) no such user"),
        "{reason}"
    );
    let sample = r#"raid_mails_total{outcome="refused",code="550"}"#;
    assert_eq!(agency.metric(sample).await, 1);
    let logs = stage.logs();
    assert!(logs.contains("550 5.1.1 (address)"), "{logs}");
    assert!(!logs.contains(ADDRESS) && !logs.contains("okafor.4711"));
    assert!(!stage.database_content().contains("okafor.4711"));
}

async fn dead_letters_are_redriven_and_dropped_by_command(stage: &Stage) {
    let port = mail_server_that_refuses().await;
    let agency = stage.agency_with(&with_mail_server(port)).await;
    let operator = operator(stage, &agency);
    let (handle, letter) = refused_mail(&agency, &operator).await;
    let id = letter["id"].as_str().unwrap();
    let listed = stage.command(&["dead-letters"]).output();
    for words in [id, &handle, "550", "1 dead letters"] {
        assert!(listed.contains(words), "{words} is not in: {listed}");
    }
    stage.command(&["dead-letters", id]).complaint();
    stage.command(&["dead-letters", "--drop"]).complaint();
    stage
        .command(&["dead-letters", "--drop", "nonsense"])
        .complaint();
    stage.command(&["dead-letters", "--drop", id]).output();
    let left = operator.get("/v1/dead-letters").await.expect(200);
    assert_eq!(left, json!([]));

    // The address of the refused mail is forgotten, so that trying it again ends without a mail.
    let (_, letter) = refused_mail(&agency, &operator).await;
    let id = letter["id"].as_str().unwrap();
    stage.command(&["dead-letters", "--redrive", id]).output();
    eventually("the letter to be gone", async || {
        let left = operator.get("/v1/dead-letters").await.expect(200);
        (left == json!([])).then_some(())
    })
    .await;
    let path = format!("/v1/dead-letters/{id}/redrive");
    operator.post(&path, &json!({})).await.expect(404);
}

async fn a_token_is_revoked_by_command(stage: &Stage) {
    let agency = stage
        .agency_with("[auth]\nlocal_issuer = \"raid-agency\"")
        .await;
    let issue = |name| stage.command(&["token", "--name", name]).output();
    let (first, second) = (issue("repository"), issue("library"));
    let repository = agency.client().with_token(first.trim());
    let library = agency.client().with_token(second.trim());
    repository.mint(&examples::minimal()).await;
    library.mint(&examples::minimal()).await;
    let listed = eventually("the last use", async || {
        let listed = stage.command(&["tokens"]).output();
        (!listed.contains("never used")).then_some(listed)
    })
    .await;
    assert!(!listed.contains(first.trim()) && !listed.contains(second.trim()));
    assert!(!stage.database_content().contains(first.trim()));
    let line = listed
        .lines()
        .find(|line| line.contains("repository"))
        .unwrap();
    let id = line.split(' ').next().unwrap();
    let revoked = stage.command(&["tokens", "--revoke", id]).output();
    assert!(revoked.starts_with("1 revoked"), "{revoked}");
    eventually("the token to be refused", async || {
        let answer = repository.get("/raid/").await;
        (answer.status == 401).then_some(())
    })
    .await;
    library.get("/raid/").await.expect(200);
    let listed = stage.command(&["tokens"]).output();
    assert!(listed.contains("revoked"), "{listed}");
    let nobodys = "019a0000-0000-7000-8000-000000000000";
    stage.command(&["tokens", "--revoke", nobodys]).complaint();
}
