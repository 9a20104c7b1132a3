//! What somebody means who sends others links, or their browsers.

use crate::mail::{letters, link_in};
use crate::steps::granted_project;
use raid_tests::examples::{self, OKAFOR, handle_of};
use raid_tests::{Browser, Stage, eventually};
use serde_json::json;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

raid_tests::on_both_databases!(
    nobody_joins_without_pressing_our_button,
    a_client_that_stalls_is_let_go,
    a_log_that_nobody_reads_stops_nobody,
);

/// A full pipe, such as that of a log collector that hangs, must not make anybody wait.
async fn a_log_that_nobody_reads_stops_nobody(stage: &Stage) {
    let unread = UnreadPipe::at(stage.folder().join("agency-0.log"));
    let agency = stage.agency().await;
    let client = agency.client();
    let long = "x".repeat(2000);
    // A pipe holds 64 KiB; each of these lines has 2 KB.
    for _ in 0..200 {
        client
            .get(&format!("/raid/10.82841/{long}"))
            .await
            .expect(403);
    }
    client.mint(&examples::minimal()).await;
    drop(unread);
}

/// A named pipe that has a reader, who never reads. It is gone when this is.
struct UnreadPipe {
    path: PathBuf,
    _reader: File,
}

impl UnreadPipe {
    fn at(path: PathBuf) -> Self {
        let made = Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        // Opened for both, so that opening waits for nobody.
        let reader = File::options().read(true).write(true).open(&path).unwrap();
        Self {
            path,
            _reader: reader,
        }
    }
}

impl Drop for UnreadPipe {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}

/// A body that was announced and does not come keeps a connection for a bounded time (RAiD API,
/// section on operations, where the server's defaults hold).
async fn a_client_that_stalls_is_let_go(stage: &Stage) {
    let agency = stage.agency_with("[server]\nbody_timeout = \"1s\"").await;
    let address = agency.url().trim_start_matches("http://");
    let client = agency.client();
    let token = client.token().unwrap();
    let json = ("/raid/", "application/json", "408");
    let form = ("/orcid/authorize", "application/x-www-form-urlencoded", "4");
    for (path, content_type, status) in [json, form] {
        let mut stalling = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: {content_type}\r\nContent-Length: 100\r\n\r\n{{"
        );
        stalling.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let answered = stalling.read_to_string(&mut answer);
        // An error here is a connection that never ends.
        let answered = tokio::time::timeout(Duration::from_mins(1), answered).await;
        answered.unwrap().unwrap();
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{answer}");
    }
}

/// ORCID asks nothing of a person who granted before. A page of somebody else, which has their
/// browser press the button of an invitation, must not get them into a project.
async fn nobody_joins_without_pressing_our_button(stage: &Stage) {
    let agency = stage.agency().await;
    let victim = granted_project(stage, &agency).await;
    let raid = agency
        .client()
        .mint(&examples::with_people("Of another", [OKAFOR]))
        .await;
    let handle = handle_of(&raid);
    let invitation = json!({
        "email": "somebody@example.org",
        "position": raid["contributor"][0]["position"],
        "role": [],
    });
    let path = format!("/v1/raids/{handle}/invitations");
    agency.client().post(&path, &invitation).await.expect(201);
    let letter = eventually("the mail", async || letters(stage).pop()).await;
    let page = Browser::new().open(&link_in(&letter)).await;

    let answer = victim.browser.press(&page, "Continue to ORCID").await;
    assert_eq!(answer.status, 400, "{}", answer.html);
    assert_eq!(answer.heading(), "Please start from our page");
    let standing = agency.client().raid(&handle).await;
    assert_eq!(standing["contributor"].as_array().unwrap().len(), 1);
    assert_eq!(standing["identifier"]["version"], 1);

    // Their own press on our own page counts.
    let own = victim.browser.open(&link_in(&letter)).await;
    let answer = victim.browser.press(&own, "Continue to ORCID").await;
    assert!(
        answer.heading().starts_with("Thank you"),
        "{}",
        answer.heading()
    );
}
