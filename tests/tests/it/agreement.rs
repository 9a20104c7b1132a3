//! Whether the RAiDs, what we know of ORCID's records, and the records themselves agree.

use raid_model::permission::PermissionState;
use raid_model::{Handle, OrcidId};
use raid_tests::{Client, Orcid, Stage, eventually_within};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::memberships::{self, Membership, State};
use store::tasks::{self, Kind};
use store::testing::TestDb;
use store::{Clock, Store, calls, permissions};

/// The longest wait for agreement. It says when to give up: a busy machine is slow, and one answer
/// that never came costs a lease and a doubt.
const LIMIT: Duration = Duration::from_mins(2);

/// What should be found for one person and one RAiD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The entry that the RAiD tells of, or none when the person does not contribute.
    AsDesired,
    /// No entry: the researcher removed it.
    Absent,
    /// What it says is not ours to decide any more.
    AtMostOnce,
}

/// The three sides.
pub struct Sides<'a> {
    pub orcid: &'a Orcid,
    pub client: Client,
    pub store: Store,
}

impl<'a> Sides<'a> {
    /// Looks at a stage whose agency runs, and which `client` reads.
    pub fn of(stage: &'a Stage, client: Client) -> Self {
        let settings = store::Settings {
            url: stage.database_url(),
            connections: 2,
            wait: Duration::from_secs(30),
            long_connections: 1,
            long_deadline: Duration::from_secs(30),
            page_cache: 8 << 20,
        };
        let store = Store::open(&settings, Clock::system(), TestDb::keys()).unwrap();
        Self {
            orcid: &stage.orcid,
            client,
            store,
        }
    }

    /// Waits until all agree and nothing is left to be done.
    pub async fn agree(
        &self,
        people: &[String],
        handles: &BTreeSet<String>,
        expected: impl Fn(&str, &str) -> Expected,
    ) {
        let mut last = Vec::new();
        eventually_within(LIMIT, "agreement (the differences are above)", async || {
            let found = self.differences(people, handles, &expected).await;
            if found != last {
                println!(
                    "{} differences, first {:#?}",
                    found.len(),
                    &found[..found.len().min(5)]
                );
                last.clone_from(&found);
            }
            found.is_empty().then_some(())
        })
        .await;
    }

    async fn differences(
        &self,
        people: &[String],
        handles: &BTreeSet<String>,
        expected: impl Fn(&str, &str) -> Expected,
    ) -> Vec<String> {
        let mut found = self.unfinished().await;
        if !found.is_empty() {
            return found;
        }
        let mut raids = BTreeMap::new();
        for handle in handles {
            raids.insert(handle, self.client.raid(handle).await);
        }
        for person in people {
            let mut entries: BTreeMap<String, Vec<Value>> = BTreeMap::new();
            for entry in self.orcid.memberships(person).await {
                let handle = entry["external_ids"][0]["value"].as_str().unwrap();
                entries.entry(handle.to_owned()).or_default().push(entry);
            }
            for (handle, raid) in &raids {
                let pair = format!("{person} {handle}");
                let stand = entries.remove(*handle).unwrap_or_default();
                if stand.len() > 1 {
                    found.push(format!("{pair}: stands {} times", stand.len()));
                    continue;
                }
                let wanted = match expected(person, handle) {
                    Expected::AtMostOnce => continue,
                    Expected::Absent => None,
                    Expected::AsDesired => desired(raid, person),
                };
                let known = self.known(person, handle).await;
                let difference = difference(wanted, stand.first(), known.as_ref());
                found.extend(difference.map(|what| format!("{pair}: {what}")));
            }
            found.extend(
                entries
                    .keys()
                    .map(|h| format!("{person} {h}: of no known RAiD")),
            );
        }
        found
    }

    /// Work that is due, or that gave up.
    async fn unfinished(&self) -> Vec<String> {
        let counts = self.store.read(tasks::counts).await.unwrap();
        let open = counts
            .iter()
            .filter(|(kind, state, _)| *kind == Kind::Membership || *state == tasks::State::Dead);
        open.map(|(kind, state, n)| format!("{n} tasks {kind} {state}"))
            .collect()
    }

    /// What we know of one entry.
    pub async fn known(&self, person: &str, handle: &str) -> Option<Membership> {
        let (orcid, handle) = pair(person, handle);
        let found = self
            .store
            .read(move |c| memberships::find(c, &orcid, &handle));
        found.await.unwrap()
    }

    /// How many writes to records each process made, as logged.
    pub async fn writes_by_node(&self, people: &[String]) -> BTreeMap<String, usize> {
        let mut by_node = BTreeMap::new();
        for person in people {
            let filter = calls::Filter {
                orcid: Some(person.parse().unwrap()),
                ..calls::Filter::default()
            };
            let calls = self
                .store
                .read(move |c| calls::page(c, &filter, None, 10_000));
            for call in calls.await.unwrap() {
                if call.kind.ends_with("-membership") {
                    *by_node.entry(call.node).or_default() += 1;
                }
            }
        }
        by_node
    }

    /// Where a person stands.
    pub async fn permission(&self, person: &str) -> PermissionState {
        let orcid: OrcidId = person.parse().unwrap();
        let found = self.store.read(move |c| permissions::find(c, &orcid));
        found
            .await
            .unwrap()
            .map_or(PermissionState::Unasked, |p| p.state)
    }
}

fn pair(person: &str, handle: &str) -> (OrcidId, Handle) {
    (person.parse().unwrap(), handle.parse().unwrap())
}

/// An entry's texts, in one order.
type Entry = [Option<String>; 6];

fn difference(
    wanted: Option<Entry>,
    stands: Option<&Value>,
    known: Option<&Membership>,
) -> Option<String> {
    let state = known.map(|m| m.state);
    match (wanted, stands) {
        (None, None) => match state {
            None | Some(State::Deleted | State::RemovedByResearcher) => None,
            other => Some(format!("nothing stands, and we believe {other:?}")),
        },
        (None, Some(_)) => Some(format!("should not stand ({state:?})")),
        (Some(_), None) => Some(format!("is missing ({state:?})")),
        (Some(wanted), Some(entry)) => {
            let says = standing(entry);
            let put_code = known.and_then(|m| m.put_code);
            if says != wanted {
                Some(format!("says {says:?} and should say {wanted:?}"))
            } else if state != Some(State::Written) || put_code != entry["put_code"].as_i64() {
                let at = &entry["put_code"];
                Some(format!(
                    "stands at {at}, and we believe {state:?} {put_code:?}"
                ))
            } else {
                let unknown = known.is_none_or(|m| m.document_hash.is_none());
                unknown.then(|| "what it says is not known".to_owned())
            }
        }
    }
}

fn standing(entry: &Value) -> Entry {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    [
        text(&entry["department_name"]),
        text(&entry["organization"]["name"]),
        text(&entry["role_title"]),
        text(&entry["start_date"]),
        text(&entry["end_date"]),
        text(&entry["url"]),
    ]
}

/// The entry that a RAiD tells of, put together here once more rather than asked of the code under
/// test. Holds for what these tests mint: one title, one position, two roles.
fn desired(raid: &Value, person: &str) -> Option<Entry> {
    let id = format!("https://orcid.org/{person}");
    let people = raid["contributor"].as_array().unwrap();
    let contributor = people.iter().find(|c| c["id"] == *id)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let position = &contributor["position"][0];
    let title = text(&raid["title"][0]["text"]);
    Some([
        title.clone(),
        title,
        Some(format!(
            "{}: Conceptualization, Software",
            position_label(position)
        )),
        text(&position["startDate"]),
        text(&position["endDate"]),
        text(&raid["identifier"]["raidAgencyUrl"]),
    ])
}

/// Positions that these tests change between.
pub const POSITIONS: [(&str, &str); 2] = [
    ("307", "Principal or Chief Investigator"),
    ("308", "Co-investigator or Collaborator"),
];

fn position_label(position: &Value) -> &'static str {
    let id = position["id"].as_str().unwrap();
    let known = POSITIONS.iter().find(|(number, _)| id.ends_with(number));
    known.unwrap().1
}

/// Adds people to ORCID, with iDs made up for the test.
pub async fn people(orcid: &Orcid, count: u32) -> Vec<String> {
    let mut people = Vec::new();
    for number in 0..count {
        let person = made_up(number);
        orcid
            .add_researcher(&person, &format!("Person {number}"))
            .await;
        people.push(person);
    }
    people
}

/// An iD with its check character (ISO 7064 MOD 11-2).
fn made_up(number: u32) -> String {
    let digits = format!("0000000280{number:05}");
    let total = digits
        .bytes()
        .fold(0, |total, digit| (total + u32::from(digit - b'0')) * 2 % 11);
    let check = match (12 - total) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).unwrap(),
    };
    let all = format!("{digits}{check}");
    [&all[..4], &all[4..8], &all[8..12], &all[12..]].join("-")
}
