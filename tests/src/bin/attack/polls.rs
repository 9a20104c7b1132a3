//! One address takes all the places of those who wait for changes.

use crate::agency;
use futures::future::{join, join_all};
use raid_tests::Stage;
use reqwest::Method;
use std::time::Duration;

const POLLS: usize = 120;

pub async fn run(stage: &Stage, limits: &str) {
    let agency = agency(stage, limits, "").await;
    let partner = agency.client();
    partner.list().await;
    let stranger = partner.anonymous();
    let wait = "/v1/changes?after=now&limit=1&wait=4";
    let flood = join_all((0..POLLS).map(|_| stranger.send(Method::GET, wait, None)));
    let asks = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let started = std::time::Instant::now();
        let reply = partner
            .send(Method::GET, wait, None)
            .await
            .expect("an answer");
        (reply.status, started.elapsed())
    };
    let (flood, (status, waited)) = join(flood, asks).await;
    let served = flood
        .iter()
        .flatten()
        .filter(|reply| reply.status == 200)
        .count();
    println!("    of {POLLS} waits of one address {served} were answered with 200");
    println!(
        "    a partner with a token: {status} after {:.1} s of 4",
        waited.as_secs_f64()
    );
}
