//! Many connections from one address ask for the largest page, and take nothing of it.

use crate::victim::Victim;
use crate::{TIME, agency, measure};
use raid_tests::{Stage, examples};
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const CONNECTIONS: u32 = 450;
/// RAiDs on the page, of this many bytes each.
const RAIDS: usize = 400;
const LENGTH: usize = 16_000;

pub async fn run(stage: &Stage, limits: &str) {
    let agency = agency(stage, limits, "").await;
    let client = agency.client();
    let mut request = examples::minimal();
    request["alternateUrl"] = json!([{ "url": "x".repeat(LENGTH) }]);
    for _ in 0..RAIDS {
        client
            .send(reqwest::Method::POST, "/raid/", Some(&request))
            .await
            .expect("an answer");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let address = agency.url().trim_start_matches("http://").to_owned();
    let attack = async {
        let mut unread = Vec::new();
        for _ in 0..CONNECTIONS {
            if let Ok(mut stream) = TcpStream::connect(&address).await {
                let ask = b"GET /v1/raids?limit=500 HTTP/1.1\r\nHost: x\r\n\r\n";
                drop(stream.write_all(ask).await);
                unread.push(stream);
            }
            tokio::time::sleep(TIME / CONNECTIONS).await;
        }
    };
    let victim = Victim::new(&agency, |_| examples::minimal());
    measure(&agency, &victim, attack).await;
}
