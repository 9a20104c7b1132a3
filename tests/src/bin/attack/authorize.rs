//! Whoever holds one link posts it again and again: each post begins a visit at ORCID, which is a row.

use crate::victim::Victim;
use crate::{TIME, agency, measure};
use futures::future::join_all;
use raid_tests::Stage;
use raid_tests::examples::{self, CARBERRY};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use url::Url;

const SENDERS: usize = 32;

pub async fn run(stage: &Stage, limits: &str) {
    let agency = agency(stage, limits, "").await;
    agency.client().mint(&examples::minimal()).await;
    let request = stage.orcid.request(CARBERRY).await;
    let landing = request["authorization_url"].as_str().expect("its link");
    let landing: Url = landing.parse().expect("an address");
    let link = landing.query_pairs().find(|(name, _)| name == "i");
    let link = link.expect("a signed link").1.into_owned();
    let http = reqwest::Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("an HTTP client");
    http.get(landing.clone()).send().await.expect("the page");
    let action = landing.join("authorize").expect("an address");
    let begun = AtomicUsize::new(0);
    let attack = async {
        let started = Instant::now();
        let sender = || async {
            while started.elapsed() < TIME {
                let post = http.post(action.clone()).form(&[("i", &link)]).send().await;
                if post.is_ok_and(|reply| reply.status() == 303) {
                    begun.fetch_add(1, Ordering::Relaxed);
                }
            }
        };
        join_all((0..SENDERS).map(|_| sender())).await;
    };
    let victim = Victim::new(&agency, |_| examples::minimal());
    measure(&agency, &victim, attack).await;
    println!("    rows written by it: {}", begun.load(Ordering::Relaxed));
}
