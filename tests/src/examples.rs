//! The requests in `examples/`, and changes to them.

use serde_json::{Value, json};

/// The person of the examples, whom the simulator knows as Josiah Carberry.
pub const CARBERRY: &str = "0000-0002-1825-0097";
/// Other people whom the simulator knows.
pub const OKAFOR: &str = "0000-0001-5109-3700";
/// See [`OKAFOR`].
pub const FERNANDEZ: &str = "0000-0002-1694-233X";

/// `examples/raid-min.json`: one contributor, [`CARBERRY`].
pub fn minimal() -> Value {
    serde_json::from_str(include_str!("../../examples/raid-min.json")).expect("the example")
}

/// The small example with another title.
pub fn titled(title: &str) -> Value {
    let mut request = minimal();
    request["title"][0]["text"] = json!(title);
    request
}

/// The small example with these people as its contributors, the first of them as leader.
pub fn with_people<'a>(title: &str, people: impl IntoIterator<Item = &'a str>) -> Value {
    let mut request = titled(title);
    let pattern = request["contributor"][0].clone();
    let contributors = people.into_iter().enumerate().map(|(number, orcid)| {
        let mut person = pattern.clone();
        person["id"] = json!(format!("https://orcid.org/{orcid}"));
        person["leader"] = json!(number == 0);
        person["contact"] = json!(number == 0);
        person
    });
    request["contributor"] = contributors.collect();
    request
}

/// Access that is under embargo for a month from now, for `access` in a request.
pub fn embargo(statement: &str) -> Value {
    let schema = "https://vocabularies.coar-repositories.org/access_rights/";
    let expiry = store::Clock::system().now().date() + time::Duration::days(30);
    json!({
        "type": { "id": format!("{schema}c_f1cf/"), "schemaUri": schema },
        "statement": { "text": statement },
        "embargoExpiry": expiry.to_string(),
    })
}

/// `prefix/suffix` of a RAiD record.
///
/// # Panics
/// When it is not a RAiD record.
pub fn handle_of(raid: &Value) -> String {
    let id = raid["identifier"]["id"].as_str().expect("a RAiD record");
    let (_, handle) = id
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .expect("a URL");
    handle.to_owned()
}

/// The number of a record's version.
///
/// # Panics
/// When it is not a RAiD record.
pub fn version_of(raid: &Value) -> u64 {
    raid["identifier"]["version"]
        .as_u64()
        .expect("a RAiD record")
}
