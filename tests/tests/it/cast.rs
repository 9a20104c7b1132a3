//! People with projects in common, and what happens to these.

use crate::agreement::{Expected, POSITIONS, Sides, people};
use futures::future::join_all;
use raid_model::permission::PermissionState as State;
use raid_tests::examples::{handle_of, with_people};
use raid_tests::{Agency, Browser, Client, Orcid, Stage, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Short times, in the proportions of the default configuration.
pub const FAST: &str = r#"
[orcid]
call_timeout = "1s"
[worker]
lease = "4s"
retry = ["100ms", "300ms", "600ms"]
max_tries = 200
[permissions]
breaker_window = "2s"
"#;

pub const PEOPLE: u32 = 6;

/// People with projects in common: each contributes to four of twelve.
pub struct Cast<'a> {
    pub orcid: &'a Orcid,
    pub client: Client,
    pub people: Vec<String>,
    pub handles: BTreeSet<String>,
    pub sides: Sides<'a>,
}

impl<'a> Cast<'a> {
    pub async fn of(stage: &'a Stage, agency: &Agency<'_>, projects: usize) -> Self {
        Self::of_people(stage, agency, PEOPLE, projects).await
    }

    /// As [`Self::of`], with another number of people.
    pub async fn of_people(
        stage: &'a Stage,
        agency: &Agency<'_>,
        count: u32,
        projects: usize,
    ) -> Self {
        let people = people(&stage.orcid, count).await;
        let client = agency.client();
        let sides = Sides::of(stage, client.clone());
        let mut cast = Self {
            orcid: &stage.orcid,
            client,
            people,
            handles: BTreeSet::new(),
            sides,
        };
        for number in 0..projects {
            cast.mint(number).await;
        }
        cast
    }

    pub async fn mint(&mut self, number: usize) {
        let two = [number, number + 1].map(|n| self.people[n % self.people.len()].as_str());
        let raid = self
            .client
            .mint(&with_people(&format!("Project {number}"), two))
            .await;
        self.handles.insert(handle_of(&raid));
    }

    /// Waits until each is known to have been asked.
    pub async fn asked(&self) {
        for person in &self.people {
            eventually(&format!("{person} to be asked"), async || {
                (self.sides.permission(person).await == State::Asked).then_some(())
            })
            .await;
        }
    }

    pub async fn grant(&self) {
        let browsers: Vec<Browser> = self.people.iter().map(|_| Browser::new()).collect();
        let grants = self.people.iter().zip(&browsers);
        join_all(grants.map(|(person, browser)| browser.grant(self.orcid, person))).await;
    }

    pub async fn agree(&self) {
        self.sides
            .agree(&self.people, &self.handles, |_, _| Expected::AsDesired)
            .await;
    }

    /// Each kind of edit: titles, positions, ends, people who go, come, and go and come back.
    pub async fn edit_all(&self, mark: &str) {
        for (number, handle) in self.handles.iter().enumerate() {
            let before = self.client.raid(handle).await;
            let newcomer = self.stranger_to(&before, number);
            let edited = |change: &dyn Fn(&mut Value)| {
                let mut raid = before.clone();
                change(&mut raid);
                raid
            };
            let changed = match number % 6 {
                0 => edited(&|raid| raid["title"][0]["text"] = json!(format!("{mark} {number}"))),
                1 => edited(&|raid| change_position(raid)),
                2 => edited(&|raid| change_end(raid)),
                3 => edited(&|raid| drop_last_person(raid)),
                4 => edited(&|raid| add_person(raid, newcomer)),
                _ => {
                    edited(&|raid| raid["title"][0]["text"] = json!(format!("{mark} for a while")))
                }
            };
            self.client.update(&changed).await;
        }
        // Some of it is taken back once the first writes are under way.
        for (number, handle) in self.handles.iter().enumerate() {
            match number % 6 {
                5 => {
                    let back = |raid: &mut Value| raid["title"][0]["text"] = json!("As before");
                    self.client.edit(handle, back).await;
                }
                3 if number > 6 => {
                    let before = self.client.raid(handle).await;
                    let newcomer = self.stranger_to(&before, number);
                    self.client
                        .edit(handle, |raid| add_person(raid, newcomer))
                        .await;
                }
                _ => {}
            }
        }
    }

    /// Somebody who does not contribute to `raid`: handles come in random order, so a fixed
    /// choice may be somebody who does, and then nothing is written for them. Anybody, if all do.
    fn stranger_to(&self, raid: &Value, number: usize) -> &str {
        let contributors = raid["contributor"].as_array().unwrap();
        let contributes = |person: &str| {
            let id = format!("https://orcid.org/{person}");
            contributors.iter().any(|other| other["id"] == *id)
        };
        let mut others = self
            .people
            .iter()
            .cycle()
            .skip(number)
            .take(self.people.len());
        let stranger = others.find(|person| !contributes(person));
        stranger.unwrap_or(&self.people[number % self.people.len()])
    }

    /// All records as they are.
    pub async fn records(&self) -> Vec<Value> {
        let handles = self.handles.iter();
        join_all(handles.map(|handle| self.client.raid(handle))).await
    }

    /// Makes every RAiD say again what it said once.
    pub async fn restore(&self, records: &[Value]) {
        for record in records {
            self.client
                .edit(&handle_of(record), |raid| {
                    let version = raid["identifier"].take();
                    raid.clone_from(record);
                    raid["identifier"] = version;
                })
                .await;
        }
    }

    /// One request for each person, no entry twice, never two writes at once for one person.
    pub async fn assert_nothing_doubled(&self) {
        for person in &self.people {
            let requests = self.orcid.requests(person).await;
            assert_eq!(requests.len(), 1, "{person}: {requests:#?}");
            assert_eq!(self.sides.permission(person).await, State::Granted);
        }
        self.orcid.assert_written_once().await;
        self.orcid.assert_nothing_sent_twice().await;
    }
}

fn people_of(raid: &mut Value) -> &mut Vec<Value> {
    raid["contributor"].as_array_mut().unwrap()
}

pub fn change_position(raid: &mut Value) {
    for person in people_of(raid) {
        let id = person["position"][0]["id"].as_str().unwrap().to_owned();
        let [(one, _), (other, _)] = POSITIONS;
        let new = if id.ends_with(one) {
            id.replace(one, other)
        } else {
            id.replace(other, one)
        };
        person["position"][0]["id"] = json!(new);
    }
}

pub fn change_end(raid: &mut Value) {
    for person in people_of(raid) {
        let position = &mut person["position"][0];
        let end = if position["endDate"] == "2025-11" {
            "2026-01"
        } else {
            "2025-11"
        };
        position["endDate"] = json!(end);
    }
}

/// All but the leader, who must stay.
pub fn drop_last_person(raid: &mut Value) {
    let people = people_of(raid);
    if people.len() > 1 {
        people.pop();
    }
}

pub fn add_person(raid: &mut Value, person: &str) {
    let id = format!("https://orcid.org/{person}");
    let people = people_of(raid);
    if people.iter().any(|p| p["id"] == *id) {
        return;
    }
    let mut new = people[0].clone();
    new["id"] = json!(id);
    new["leader"] = json!(false);
    new["contact"] = json!(false);
    people.push(new);
}
