//! The process dies at random moments, again and again: nothing that was acknowledged is lost, and
//! nothing is written twice.

use crate::agreement::{Expected, Sides, people};
use futures::future::{join, join_all};
use raid_model::permission::PermissionState as State;
use raid_tests::examples::{handle_of, version_of, with_people};
use raid_tests::{Agency, Browser, Client, Stage, eventually, random_moment};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

raid_tests::on_both_databases!(nothing_is_lost_or_doubled);

const KILLS: usize = 30;
const CLIENTS: u64 = 4;
/// People who granted before.
const GRANTED: u32 = 6;
/// People who are asked while the process dies.
const ASKED: u32 = 24;
/// The longest life of a process after its start.
const LIFE: Duration = Duration::from_millis(900);
/// The longest life of a process that is killed while it starts.
const START: Duration = Duration::from_millis(400);
/// A short lease, so that what a dead process held is soon taken up.
const SETTINGS: &str = r#"
[orcid]
call_timeout = "1s"
[worker]
lease = "3s"
[log]
filter = "info"
"#;

/// What all clients share.
struct Shared {
    people: Vec<String>,
    stop: AtomicBool,
    acknowledged: AtomicUsize,
}

/// What one client was told.
#[derive(Default)]
struct Told {
    /// The title of each acknowledged version of each RAiD.
    versions: BTreeMap<String, BTreeMap<u64, String>>,
    /// The titles that were sent and never answered, with their RAiD where it had one.
    unanswered: Vec<(Option<String>, String)>,
}

async fn nothing_is_lost_or_doubled(stage: &Stage) {
    let seed: u64 = rand::random_range(0..1_000_000);
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut agency = stage.agency_with(SETTINGS).await;
    let people = people(&stage.orcid, GRANTED + ASKED).await;
    for person in granted(&people) {
        agency
            .client()
            .mint(&with_people("Before", [person.as_str()]))
            .await;
        Browser::new().grant(&stage.orcid, person).await;
    }
    // Calls take a while, so that processes die in the middle of some.
    let latency = json!({ "kind": "latency", "ms": 40 });
    stage.orcid.fault(latency).await;
    let shared = Shared {
        people: people.clone(),
        stop: AtomicBool::new(false),
        acknowledged: AtomicUsize::new(0),
    };
    let client = agency.client();
    let clients = (0..CLIENTS).map(|number| {
        let random = StdRng::seed_from_u64(seed ^ (number + 1));
        use_it(number, &client, &shared, random)
    });
    let (told, ()) = join(join_all(clients), kill(&mut agency, &shared, &mut random)).await;
    stage.orcid.heal().await;
    check(stage, &client, &people, &told).await;
}

async fn kill(agency: &mut Agency<'_>, shared: &Shared, random: &mut StdRng) {
    for kill in 1..=KILLS {
        if random.random_bool(0.2) {
            agency.false_start(START).await;
        } else {
            let before = shared.acknowledged.load(Ordering::SeqCst);
            eventually("something to be acknowledged", async || {
                (shared.acknowledged.load(Ordering::SeqCst) > before).then_some(())
            })
            .await;
            random_moment(LIFE).await;
            agency.kill_9();
        }
        if kill % 10 == 0 {
            let acknowledged = shared.acknowledged.load(Ordering::SeqCst);
            println!("{kill} kills, {acknowledged} acknowledged");
        }
        agency.restart().await;
    }
    shared.stop.store(true, Ordering::SeqCst);
}

/// Mints and updates until told to stop. After a request whose answer never came it goes on with
/// what the registry says.
async fn use_it(number: u64, client: &Client, shared: &Shared, mut random: StdRng) -> Told {
    let mut told = Told::default();
    let mut count = 0;
    while !shared.stop.load(Ordering::SeqCst) {
        count += 1;
        let title = format!("Client {number}, write {count}");
        let known: Vec<String> = told.versions.keys().cloned().collect();
        let chosen = known
            .choose(&mut random)
            .filter(|_| random.random_bool(0.6));
        let sent = if let Some(handle) = chosen {
            update(client, handle, &title).await
        } else {
            let (granted, asked) = (granted(&shared.people), asked(&shared.people));
            let second = if random.random_bool(0.2) {
                asked
            } else {
                granted
            };
            let two: BTreeSet<_> = [granted, second]
                .into_iter()
                .filter_map(|people| people.choose(&mut random))
                .map(String::as_str)
                .collect();
            let request = with_people(&title, two);
            let reply = client.send(Method::POST, "/raid/", Some(&request)).await;
            reply.ok().map(|reply| reply.expect(201))
        };
        let Some(raid) = sent else {
            told.unanswered.push((chosen.cloned(), title));
            eventually("the agency to be back", async || {
                let reply = client.send(Method::GET, "/health/live", None).await;
                reply.ok().filter(|reply| reply.status == 200)
            })
            .await;
            continue;
        };
        shared.acknowledged.fetch_add(1, Ordering::SeqCst);
        let versions = told.versions.entry(handle_of(&raid)).or_default();
        versions.insert(version_of(&raid), title);
    }
    told
}

/// Nothing when no answer came.
async fn update(client: &Client, handle: &str, title: &str) -> Option<Value> {
    let path = format!("/raid/{handle}");
    let read = client.send(Method::GET, &path, None).await.ok()?;
    let mut raid = read.expect(200);
    raid["title"][0]["text"] = json!(title);
    let reply = client.send(Method::PUT, &path, Some(&raid)).await.ok()?;
    Some(reply.expect(200))
}

fn granted(people: &[String]) -> &[String] {
    &people[..GRANTED as usize]
}

fn asked(people: &[String]) -> &[String] {
    &people[GRANTED as usize..]
}

async fn check(stage: &Stage, client: &Client, people: &[String], told: &[Told]) {
    let mut handles = BTreeSet::new();
    let mut by_title: BTreeMap<String, usize> = BTreeMap::new();
    let mut contributors = BTreeSet::new();
    for raid in client.list().await {
        handles.insert(handle_of(&raid));
        for contributor in raid["contributor"].as_array().unwrap() {
            let id = contributor["id"].as_str().unwrap();
            contributors.insert(id.trim_start_matches("https://orcid.org/").to_owned());
        }
        let title = raid["title"][0]["text"].as_str().unwrap().to_owned();
        *by_title.entry(title).or_default() += 1;
    }
    let mut mints = 0;
    let mut versions = 0;
    for client_told in told {
        for (handle, acknowledged) in &client_told.versions {
            mints += usize::from(acknowledged.contains_key(&1));
            versions += acknowledged.len();
            assert!(handles.contains(handle), "{handle} is lost");
            let now = client.raid(handle).await;
            let (last, _) = acknowledged.last_key_value().unwrap();
            assert!(version_of(&now) >= *last, "{handle} went back: {now:#}");
            for (version, title) in acknowledged {
                let kept = client.version(handle, *version).await;
                assert_eq!(kept["title"][0]["text"], **title, "{handle} {version}");
            }
            // What stands is the last that was acknowledged, or a later one that was not answered.
            let title = now["title"][0]["text"].as_str().unwrap();
            let unanswered = &client_told.unanswered;
            let known = acknowledged[last] == title
                || unanswered.contains(&(Some(handle.clone()), title.to_owned()));
            assert!(known, "{handle} says {title}");
        }
        for (_, title) in &client_told.unanswered {
            let times = by_title.get(title).copied().unwrap_or_default();
            assert!(times <= 1, "{title} was sent once and stands {times} times");
        }
    }
    let sides = Sides::of(stage, client.clone());
    sides
        .agree(granted(people), &handles, |_, _| Expected::AsDesired)
        .await;
    let mut questions = 0;
    let mut titles = BTreeSet::new();
    for handle in &handles {
        let raid = client.raid(handle).await;
        titles.insert(raid["title"][0]["text"].as_str().unwrap().to_owned());
    }
    for person in people {
        if contributors.contains(person) && !granted(people).contains(person) {
            eventually(&format!("{person} to be asked"), async || {
                (sides.permission(person).await == State::Asked).then_some(())
            })
            .await;
            let entries = stage.orcid.memberships(person).await;
            assert!(entries.is_empty(), "{person} granted nothing: {entries:?}");
        }
        let stand = usize::from(contributors.contains(person) && !granted(people).contains(person));
        eventually(&format!("{stand} true questions to {person}"), async || {
            let open = open_questions(stage, person).await;
            let items = || open.iter().flat_map(|q| q["items"].as_array().unwrap());
            let true_now = items().all(|item| {
                let name = item["name"].as_str().unwrap();
                titles.iter().any(|title| name.starts_with(title.as_str()))
            });
            (open.len() == stand && true_now).then_some(())
        })
        .await;
        let requests = stage.orcid.requests(person).await.len();
        assert_eq!(requests > 0, contributors.contains(person), "{person}");
        questions += requests;
    }
    stage.orcid.assert_written_once().await;
    stage.orcid.assert_nothing_sent_twice().await;
    let counters = stage.orcid.counters().await;
    let unanswered: usize = told.iter().map(|t| t.unanswered.len()).sum();
    println!(
        "{KILLS} kills, {mints} mints and {versions} versions acknowledged, {unanswered} requests \
         unanswered, {} RAiDs; {questions} people asked, {} entries created, {} updated, {} looks, {} duplicates refused",
        handles.len(),
        counters["calls"]["membership_create"]["by_status"]["201"],
        counters["calls"]["membership_update"]["by_status"]["200"],
        counters["calls"]["membership_list"]["total"],
        counters["duplicates_refused"],
    );
}

/// What stands in a person's inbox and waits for an answer.
async fn open_questions(stage: &Stage, person: &str) -> Vec<Value> {
    let mut requests = stage.orcid.requests(person).await;
    requests.retain(|request| request["archived"].is_null());
    requests
}
