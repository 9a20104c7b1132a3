//! Many RAiDs with one request, beside one RAiD a request.

use crate::figures::{Side, Slice, bars, heading, ratio};
use crate::load::{self, Target};
use crate::mints::address_of;
use crate::requests::{people, requests};
use crate::{name_of, runtime, shipped};
use raid_tests::{Backend, Stage};
use serde_json::Value;
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;
const SLICE: Duration = Duration::from_secs(2);
/// Lines of one request.
const LINES: usize = 2000;
const CLIENTS: usize = 32;
/// People among whom the contributors are drawn.
const PEOPLE: usize = 500;

/// Prints how bulk minting goes on this database.
pub fn measure(backend: Backend) {
    let stage = Stage::new(backend);
    runtime().block_on(async {
        let agency = stage.agency_with(&shipped::settings("off")).await;
        let token = std::fs::read_to_string(stage.data().join("demo.token")).expect("a token");
        let requests = requests(&people(PEOPLE));
        heading(&format!(
            "Bulk on {}: requests of {LINES} lines, beside single mints by 1 and by {CLIENTS} \
             clients; {ROUNDS} rounds",
            name_of(backend)
        ));
        let lines: Vec<String> = requests.iter().map(ToString::to_string).collect();
        let body: String = lines
            .iter()
            .cycle()
            .take(LINES)
            .cloned()
            .collect::<Vec<_>>()
            .join("\n");
        let one = |line: &String| load::request("POST /raid/", token.trim(), line.as_bytes());
        let singly = Target {
            address: address_of(&agency),
            requests: lines.iter().map(one).collect(),
            status: 201,
        };
        let (mut bulk, mut alone) = (Side::new("bulk, 1 client"), Side::new("single, 1 client"));
        let mut many = Side::new("single, 32 clients");
        for _ in 0..ROUNDS {
            bulk.add(send(agency.url(), token.trim(), &body).await);
            alone.add(singly.load(1, SLICE));
            many.add(singly.load(CLIENTS, SLICE));
        }
        bars(&[&bulk, &alone, &many]);
        ratio(&bulk, &alone, Some(1.0));
        ratio(&bulk, &many, None);
    });
}

/// Sends all lines once, and waits for the last result.
async fn send(url: &str, token: &str, body: &str) -> Slice {
    let began = Instant::now();
    let handles = post(url, token, body.to_owned()).await;
    let time = began.elapsed();
    assert_eq!(handles.len(), LINES, "every line is minted");
    Slice {
        rate: LINES as f64 / time.as_secs_f64(),
        latencies: Vec::new(),
    }
}

/// Mints so many RAiDs, and gives their handles.
pub async fn mint(url: &str, token: &str, count: usize) -> Vec<String> {
    let lines: Vec<String> = requests(&people(PEOPLE))
        .iter()
        .map(ToString::to_string)
        .collect();
    let mut handles = Vec::with_capacity(count);
    while handles.len() < count {
        let wanted = LINES.min(count - handles.len());
        let body: Vec<&str> = lines
            .iter()
            .cycle()
            .take(wanted)
            .map(String::as_str)
            .collect();
        handles.extend(post(url, token, body.join("\n")).await);
    }
    handles
}

/// The handles of what was minted.
pub async fn post(url: &str, token: &str, body: String) -> Vec<String> {
    let request = reqwest::Client::new()
        .post(format!("{url}/v1/raids/bulk"))
        .bearer_auth(token)
        .header("Content-Type", "application/x-ndjson")
        .body(body);
    let answer = request.send().await.expect("an answer");
    let results = answer.text().await.expect("the results");
    results
        .lines()
        .map(|line| {
            let result: Value = serde_json::from_str(line).expect("a result");
            result["handle"]
                .as_str()
                .expect("a RAiD that is minted")
                .to_owned()
        })
        .collect()
}
