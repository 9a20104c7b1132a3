//! Any sequence of faults and edits ends, once ORCID is well, with records that say what the RAiDs
//! say.

use crate::agreement::Expected;
use crate::cast::{Cast, FAST, add_person, change_end, change_position, drop_last_person};
use crate::faults::MEMBER_CALLS;
use raid_model::permission::PermissionState as State;
use raid_tests::examples::{handle_of, with_people};
use raid_tests::{Stage, eventually, random_moment};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, IteratorRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use store::memberships;

raid_tests::on_both_databases!(any_sequence_converges);

const STEPS: usize = 60;
/// People whose permission is taken back, at most: fewer than make the breaker open.
const REVOKED: usize = 2;
/// Between two steps at most, so that some of them meet.
const PAUSE: Duration = Duration::from_millis(250);

/// A person and a RAiD.
type Pair = (String, String);

struct Play<'a> {
    cast: Cast<'a>,
    random: StdRng,
    /// Records as they were at some time.
    earlier: Vec<Value>,
    /// Entries that the researcher deleted.
    deleted: BTreeSet<Pair>,
    /// People who were taken off a RAiD at some time.
    left: BTreeSet<Pair>,
    revoked: BTreeSet<String>,
    /// Whether tokens were refused without cause.
    refused: bool,
}

async fn any_sequence_converges(stage: &Stage) {
    let seed: u64 = rand::random_range(0..1_000_000);
    println!("seed {seed}");
    let settings = format!("{FAST}confirm_after = [\"300ms\", \"300ms\", \"6s\"]\n");
    let agency = stage.agency_with(&settings).await;
    let cast = Cast::of(stage, &agency, 6).await;
    cast.grant().await;
    let mut play = Play {
        cast,
        random: StdRng::seed_from_u64(seed),
        earlier: Vec::new(),
        deleted: BTreeSet::new(),
        left: BTreeSet::new(),
        revoked: BTreeSet::new(),
        refused: false,
    };
    for step in 0..STEPS {
        play.step(step).await;
        random_moment(PAUSE).await;
    }
    play.calm_down().await;
}

impl Play<'_> {
    async fn step(&mut self, number: usize) {
        match self.random.random_range(0..20) {
            0..=2 => self.mint(number).await,
            3..=11 => self.edit(number).await,
            12..=15 => self.fault().await,
            16 | 17 => {
                println!("{number}: heal");
                self.cast.orcid.heal().await;
            }
            18 => self.delete_entry(number).await,
            _ => self.revoke(number).await,
        }
    }

    async fn mint(&mut self, number: usize) {
        let count = self.random.random_range(1..=3);
        let people: Vec<&str> = self
            .cast
            .people
            .sample(&mut self.random, count)
            .map(String::as_str)
            .collect();
        let request = with_people(&format!("Step {number}"), people);
        let raid = self.cast.client.mint(&request).await;
        println!("{number}: mint {}", handle_of(&raid));
        self.cast.handles.insert(handle_of(&raid));
    }

    async fn edit(&mut self, number: usize) {
        let handles = self.cast.handles.iter();
        let handle = handles.choose(&mut self.random).unwrap().clone();
        let before = self.cast.client.raid(&handle).await;
        let mut raid = before.clone();
        let what = self.random.random_range(0..6);
        match what {
            0 => raid["title"][0]["text"] = json!(format!("Step {number}")),
            1 => change_position(&mut raid),
            2 => change_end(&mut raid),
            3 => drop_last_person(&mut raid),
            4 => add_person(
                &mut raid,
                self.cast.people.choose(&mut self.random).unwrap(),
            ),
            // As it was at some time.
            _ => {
                let same = self.earlier.iter().filter(|r| handle_of(r) == handle);
                if let Some(earlier) = same.choose(&mut self.random) {
                    raid.clone_from(earlier);
                    raid["identifier"].clone_from(&before["identifier"]);
                }
            }
        }
        println!("{number}: edit {what} of {handle}");
        for person in &self.cast.people {
            if contributes(&before, person) && !contributes(&raid, person) {
                self.left.insert((person.clone(), handle.clone()));
            }
        }
        self.cast.client.update(&raid).await;
        self.earlier.push(before);
    }

    async fn fault(&mut self) {
        let kind = [
            "drop_after_commit",
            "drop_before_commit",
            "server_error",
            "html_502",
        ]
        .into_iter()
        .chain(["too_many_requests", "spurious_401", "latency"])
        .choose(&mut self.random)
        .unwrap();
        let probability = *[0.2, 0.5, 1.0].choose(&mut self.random).unwrap();
        let chance = json!({ "probability": probability, "seed": self.random.random::<u32>() });
        let mut fault =
            json!({ "kind": kind, "calls": MEMBER_CALLS, "when": { "chance": chance } });
        if kind == "spurious_401" {
            // Over before the last try that would confirm a withdrawal.
            if std::mem::replace(&mut self.refused, true) {
                return;
            }
            fault["for_ms"] = json!(1500);
        }
        if kind == "latency" {
            // Some answers come when nobody waits for them any more.
            fault["ms"] = json!(self.random.random_range(50..1800));
        }
        println!("{fault}");
        self.cast.orcid.fault(fault).await;
    }

    async fn delete_entry(&mut self, number: usize) {
        let person = self.cast.people.choose(&mut self.random).unwrap().clone();
        let entries = self.cast.orcid.memberships(&person).await;
        let Some(entry) = entries.choose(&mut self.random) else {
            return;
        };
        let handle = entry["external_ids"][0]["value"].as_str().unwrap();
        // Nobody could tell a deletion from a creation whose answer is still out.
        let known = self.cast.sides.known(&person, handle).await;
        if known.is_none_or(|m| m.state != memberships::State::Written) {
            return;
        }
        println!("{number}: {person} deletes {handle}");
        self.cast.orcid.delete_entry(&person, entry).await;
        self.deleted.insert((person, handle.to_owned()));
    }

    async fn revoke(&mut self, number: usize) {
        if self.revoked.len() < REVOKED {
            let person = self.cast.people.choose(&mut self.random).unwrap();
            println!("{number}: {person} takes the permission back");
            self.cast.orcid.revoke(person).await;
            self.revoked.insert(person.clone());
        }
    }

    async fn calm_down(mut self) {
        self.cast.orcid.heal().await;
        println!("calm");
        // One more project of everybody's, and one more edit of each: all is looked at.
        let all = self.cast.people.iter().map(String::as_str);
        let raid = self.cast.client.mint(&with_people("The last", all)).await;
        self.cast.handles.insert(handle_of(&raid));
        for handle in &self.cast.handles {
            let title = format!("At last {handle}");
            self.cast
                .client
                .edit(handle, |raid| raid["title"][0]["text"] = json!(title))
                .await;
        }
        for person in &self.cast.people {
            let wanted = if self.revoked.contains(person) {
                State::Revoked
            } else {
                State::Granted
            };
            eventually(&format!("{person} to be {wanted}"), async || {
                (self.cast.sides.permission(person).await == wanted).then_some(())
            })
            .await;
            assert_eq!(self.cast.orcid.requests(person).await.len(), 1);
        }
        let expected = |person: &str, handle: &str| {
            let pair = (person.to_owned(), handle.to_owned());
            let has_left = self.left.contains(&pair);
            match self.deleted.contains(&pair) {
                _ if self.revoked.contains(person) => Expected::AtMostOnce,
                // Our deletion met theirs.
                true if has_left => Expected::AtMostOnce,
                true => Expected::Absent,
                false => Expected::AsDesired,
            }
        };
        let (people, handles) = (&self.cast.people, &self.cast.handles);
        self.cast.sides.agree(people, handles, expected).await;
        let counters = self.cast.orcid.counters().await;
        assert_eq!(counters["duplicates_standing"], 0, "{counters:#}");
        println!(
            "{STEPS} steps, {} RAiDs, {} calls, {} deleted by researchers, {} revoked",
            handles.len(),
            counters["total"],
            self.deleted.len(),
            self.revoked.len()
        );
    }
}

fn contributes(raid: &Value, person: &str) -> bool {
    let id = format!("https://orcid.org/{person}");
    let people = raid["contributor"].as_array().unwrap();
    people.iter().any(|p| p["id"] == *id)
}
