//! What is minted: requests of 4 KB with five contributors, made from the large example.

use raid_model::{OrcidId, OrcidIdError};
use serde_json::{Value, json};

/// Contributors of each RAiD.
pub const CONTRIBUTORS: usize = 5;
const EXAMPLE: &str = include_str!("../../../../examples/raid-max.json");

/// Different requests, about `people` by turns, so that each person has many RAiDs.
pub fn requests(people: &[OrcidId]) -> Vec<Value> {
    let pattern = pattern();
    (0..people.len())
        .map(|first| {
            let mut request = pattern.clone();
            request["title"][0]["text"] = json!(format!("Listening posts of wetland {first}"));
            let contributors = (0..CONTRIBUTORS).map(|place| {
                let mut contributor = pattern["contributor"][0].clone();
                let orcid = people[(first + place) % people.len()];
                contributor["id"] = json!(orcid.url("https://orcid.org/"));
                contributor["leader"] = json!(place == 0);
                contributor["contact"] = json!(place == 0);
                contributor
            });
            request["contributor"] = contributors.collect();
            request
        })
        .collect()
}

/// The large example, cut down to what most RAiDs say.
fn pattern() -> Value {
    let mut request: Value = serde_json::from_str(EXAMPLE).expect("the example");
    let whole = request.as_object_mut().expect("an object");
    for (block, kept) in [
        ("title", 1),
        ("description", 1),
        ("organisation", 2),
        ("subject", 1),
    ] {
        let items = whole.get_mut(block).and_then(Value::as_array_mut);
        items.expect("a block of the example").truncate(kept);
    }
    for block in [
        "relatedRaid",
        "relatedObject",
        "spatialCoverage",
        "alternateIdentifier",
    ] {
        whole.remove(block);
    }
    for list in ["position", "role"] {
        let items = whole["contributor"][0][list].as_array_mut();
        items.expect("a contributor of the example").truncate(1);
    }
    request
}

/// As many people as wanted, at most 10 000, whose iDs are well formed.
pub fn people(count: usize) -> Vec<OrcidId> {
    (0..count).map(person).collect()
}

fn person(number: usize) -> OrcidId {
    // Any last character will do to be told the right one.
    let bare = format!("0000-0003-{number:04}-000");
    match format!("{bare}0").parse() {
        Err(OrcidIdError::Checksum { expected }) => {
            format!("{bare}{expected}").parse().expect("an ORCID iD")
        }
        parsed => parsed.expect("an ORCID iD"),
    }
}
