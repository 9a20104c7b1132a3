//! Bulks of lines that are wrong in hundreds of thousands of places.

use crate::victim::Victim;
use crate::{agency, measure};
use futures::future::join_all;
use raid_tests::{Stage, examples};
use reqwest::Method;
use std::sync::atomic::{AtomicUsize, Ordering};

const BULKS: usize = 40;
const LINES: usize = 4;
const CONTRIBUTORS: usize = 300_000;

pub async fn run(stage: &Stage, limits: &str) {
    let agency = agency(stage, limits, "").await;
    let client = agency.client();
    let line = format!(
        "{{\"contributor\":[{}]}}\n",
        vec!["{}"; CONTRIBUTORS].join(",")
    );
    let body = line.repeat(LINES);
    let (sent, received) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let bulk = || async {
        let post = client.request(Method::POST, "/v1/raids/bulk");
        let post = post
            .header("Content-Type", "application/x-ndjson")
            .body(body.clone());
        sent.fetch_add(body.len(), Ordering::Relaxed);
        if let Ok(reply) = post.send().await
            && let Ok(text) = reply.text().await
        {
            received.fetch_add(text.len(), Ordering::Relaxed);
        }
    };
    let attack = async {
        join_all((0..BULKS).map(|_| bulk())).await;
    };
    let victim = Victim::new(&agency, |_| examples::minimal());
    measure(&agency, &victim, attack).await;
    let (sent, received) = (sent.into_inner() >> 10, received.into_inner() >> 10);
    println!("    {sent} KiB sent, {received} KiB answered");
}
