//! A mint with an `Idempotency-Key` happens once, whatever dies and whoever is asked again.

use futures::future::{join, join_all};
use raid_tests::examples::{handle_of, titled};
use raid_tests::{Agency, Backend, Client, Reply, Stage, eventually, random_moment};
use reqwest::Method;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

raid_tests::on_both_databases!(each_key_mints_once_though_the_process_dies);

const KILLS: usize = 12;
const CLIENTS: usize = 6;
/// The longest life of a process after its start.
const LIFE: Duration = Duration::from_millis(700);

async fn each_key_mints_once_though_the_process_dies(stage: &Stage) {
    let mut agency = stage.agency().await;
    let client = agency.client();
    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let clients = (0..CLIENTS).map(|number| use_it(number, &client, &stop, &answered));
    let (told, ()) = join(join_all(clients), kill(&mut agency, &stop, &answered)).await;
    let mut titles: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for raid in client.list().await {
        let title = raid["title"][0]["text"].as_str().unwrap().to_owned();
        titles.entry(title).or_default().push(handle_of(&raid));
    }
    let (mut minted, mut again) = (0, 0);
    for (told, sent_again) in told {
        minted += told.len();
        again += sent_again;
        for (title, handle) in told {
            assert_eq!(titles.remove(&title), Some(vec![handle]), "{title}");
        }
    }
    assert!(titles.is_empty(), "nobody was told of {titles:?}");
    assert!(again > 0, "no answer was lost");
    println!("{KILLS} kills, {minted} mints, {again} requests sent again");
}

async fn kill(agency: &mut Agency<'_>, stop: &AtomicBool, answered: &AtomicUsize) {
    for _ in 0..KILLS {
        let before = answered.load(Ordering::SeqCst);
        eventually("an answer", async || {
            (answered.load(Ordering::SeqCst) > before).then_some(())
        })
        .await;
        random_moment(LIFE).await;
        agency.kill_9();
        agency.restart().await;
    }
    stop.store(true, Ordering::SeqCst);
}

/// Mints until told to stop, each time with a new key, which is sent until there is an answer.
/// Gives the handle of each title, and how many requests were sent again.
async fn use_it(
    number: usize,
    client: &Client,
    stop: &AtomicBool,
    answered: &AtomicUsize,
) -> (BTreeMap<String, String>, usize) {
    let (mut told, mut again) = (BTreeMap::new(), 0);
    for count in 0.. {
        let key = format!("client-{number}-{count}");
        let body = titled(&key);
        let reply = loop {
            match client.post_once("/raid/", &key, &body).await {
                Ok(reply) if reply.status == 201 => break reply,
                // The first request is still in hand, although its connection is gone.
                Ok(reply) => assert_eq!(reply.status, 409, "{}", reply.text),
                Err(_) => {
                    again += 1;
                    eventually("the agency to be back", async || {
                        let ready = client.send(Method::GET, "/health/live", None).await;
                        ready.ok().filter(|ready| ready.status == 200)
                    })
                    .await;
                }
            }
        };
        answered.fetch_add(1, Ordering::SeqCst);
        told.insert(key, handle_of(&reply.json()));
        if stop.load(Ordering::SeqCst) {
            break;
        }
    }
    (told, again)
}

/// Only PostgreSQL has many nodes.
#[test]
fn two_nodes_mint_once() {
    raid_tests::run(Backend::Postgres, of_two_nodes_one_mints);
}

async fn of_two_nodes_one_mints(stage: &Stage) {
    let first = stage.agency_in_roles("registry").await;
    let second = first.second("registry").await;
    let clients = [first.client(), second.client()];
    for round in 0..20 {
        let (key, body) = (format!("round-{round}"), titled(&format!("Round {round}")));
        let posts = (0..8).map(|n| clients[n % 2].post_once("/raid/", &key, &body));
        let replies: Vec<Reply> = join_all(posts)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let minted = replies.iter().find(|reply| reply.status == 201).unwrap();
        for reply in &replies {
            if reply.status != 409 {
                assert_eq!((reply.status, &reply.text), (minted.status, &minted.text));
                for name in ["location", "etag"] {
                    assert_eq!(reply.header(name), minted.header(name));
                }
            }
        }
        assert_eq!(clients[0].list().await.len(), round + 1);
    }
}
