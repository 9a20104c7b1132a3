//! Many RAiDs in one request, over a real connection.

use raid_tests::examples::{handle_of, titled};
use raid_tests::{Agency, Stage};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

raid_tests::on_both_databases!(
    thousands_of_lines_are_minted_but_the_bad_ones,
    memory_does_not_grow_with_the_body,
);

const LINES: u64 = 2000;

/// Sends lines and gives the answer's.
async fn send(agency: &Agency<'_>, body: String) -> Vec<Value> {
    let request = agency
        .client()
        .request(Method::POST, "/v1/raids/bulk")
        .header("Content-Type", "application/x-ndjson")
        .body(body)
        .timeout(raid_tests::DEADLINE * 4);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Each seventh line is bad, in several ways.
fn line(number: u64) -> (u64, String) {
    let mut raid = titled(&format!("Project {number}"));
    match number % 28 {
        7 => raid["title"] = json!([]),
        14 => raid["contributor"][0]["id"] = json!("https://orcid.org/0000-0002-1825-0098"),
        21 => return (400, raid.to_string().replace('}', "")),
        0 => return (413, format!("\"{}\"", "x".repeat(5000))),
        _ => return (201, raid.to_string()),
    }
    (400, raid.to_string())
}

async fn thousands_of_lines_are_minted_but_the_bad_ones(stage: &Stage) {
    let agency = stage
        .agency_with("[server]\nbody_limit = 4096\n[orcid]\nmode = \"off\"")
        .await;
    let (statuses, lines): (Vec<u64>, Vec<String>) = (1..=LINES).map(line).unzip();
    let results = send(&agency, lines.join("\n")).await;
    assert_eq!(results.len(), statuses.len());
    let mut minted = BTreeMap::new();
    for (number, (result, status)) in (1_u64..).zip(results.iter().zip(statuses)) {
        assert_eq!(result["line"], number);
        assert_eq!(result["status"], status, "{number}: {result}");
        if status == 201 {
            let handle = result["handle"].as_str().unwrap().to_owned();
            minted.insert(handle, format!("Project {number}"));
        } else {
            assert_eq!(result["problem"]["status"], status, "{result}");
        }
    }
    let stand: BTreeMap<String, String> = agency
        .client()
        .list()
        .await
        .iter()
        .map(|raid| {
            let title = raid["title"][0]["text"].as_str().unwrap();
            (handle_of(raid), title.to_owned())
        })
        .collect();
    assert_eq!(stand, minted);
}

async fn memory_does_not_grow_with_the_body(stage: &Stage) {
    const MIB: usize = 1024 * 1024;
    let agency = stage.agency().await;
    send(&agency, "{}\n".repeat(1000)).await;
    let before = peak(&agency);
    // One line beyond all bounds, and a great many short ones.
    let mut body = "x".repeat(96 * MIB);
    for _ in 0..40_000 {
        writeln!(body, "\n{{\"title\": \"{}\"}}", "x".repeat(500)).unwrap();
    }
    let results = send(&agency, body).await;
    assert_eq!(results.len(), 40_001);
    assert_eq!(results[0]["status"], 413);
    assert!(results[1..].iter().all(|result| result["status"] == 400));
    let grown = peak(&agency).saturating_sub(before);
    println!("the peak grew by {} KiB", grown / 1024);
    assert!(grown < 48 * MIB, "the peak grew by {grown} bytes");
}

/// The most memory that the process had so far, in bytes.
fn peak(agency: &Agency<'_>) -> usize {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", agency.pid().unwrap())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}
