//! Records from before today's vocabularies, brought up to them before they are sent.

use raid_model::json;
use serde_json::{Value, json};

/// Where the ids and the schemas of the old vocabularies lay.
const OLD: [&str; 2] = [
    "https://github.com/au-research/raid-metadata/blob/main/scheme/",
    "https://github.com/au-research/raid-metadata/tree/main/scheme/",
];
/// Paths below [`OLD`] and what took their place, as the RAiD API replaces them when it reads old
/// records. `is-identical-to` is missing: its replacement there says something else.
const SUCCESSORS: &str = include_str!("successors.tsv");
/// Subjects are of these classifications today; the codes are the same.
const CLASSIFICATIONS: [(&str, &str); 2] = [
    (
        "https://linked.data.gov.au/def/anzsrc-for/2020",
        "https://vocabs.ardc.edu.au/viewById/316",
    ),
    (
        "https://linked.data.gov.au/def/anzsrc-seo/2020",
        "https://vocabs.ardc.edu.au/viewById/317",
    ),
];
/// Old positions that are a flag today.
const FLAGS: [(&str, &str); 3] = [
    ("leader.json", "leader"),
    ("contact.json", "contact"),
    ("contact-person.json", "contact"),
];
const OTHER_PARTICIPANT: &str = "https://vocabulary.raid.org/contributor.position.schema/311";
const POSITIONS: &str = "https://vocabulary.raid.org/contributor.position.schema/305";
/// A block that the API no longer takes.
const LABELS: &str = "traditionalKnowledgeLabel";

/// A line with what is old in it replaced, and what was changed. A line that is no JSON, or has nothing
/// old, stays as it is, byte by byte.
pub(super) fn upgraded(line: Vec<u8>) -> (Vec<u8>, Vec<String>) {
    let Ok(mut record) = json::read::<Value>(&line) else {
        return (line, Vec::new());
    };
    let mut changes = Vec::new();
    leave_out_labels(&mut record, &mut changes);
    positions_to_flags(&mut record, &mut changes);
    replace(&mut record, "", &mut changes);
    if changes.is_empty() {
        return (line, changes);
    }
    (record.to_string().into_bytes(), changes)
}

fn leave_out_labels(record: &mut Value, changes: &mut Vec<String>) {
    let labels = record
        .as_object_mut()
        .and_then(|record| record.remove(LABELS));
    let is_empty =
        |labels: &Value| labels.is_null() || labels.as_array().is_some_and(Vec::is_empty);
    if let Some(labels) = labels {
        let what = if is_empty(&labels) {
            "an empty block"
        } else {
            "a block that is not supported"
        };
        changes.push(format!("{LABELS}: left out, {what}"));
    }
}

/// Whoever led a project or was its contact had a position of that name, which is a flag today.
fn positions_to_flags(record: &mut Value, changes: &mut Vec<String>) {
    let people = record.get_mut("contributor").and_then(Value::as_array_mut);
    for (index, person) in people.into_iter().flatten().enumerate() {
        let Some(positions) = person.get_mut("position").and_then(Value::as_array_mut) else {
            continue;
        };
        let flag_of = |position: &Value| {
            let path = position.get("id")?.as_str()?.strip_prefix(OLD[0])?;
            let name = path.strip_prefix("contributor/position/v1/")?;
            let found = FLAGS.iter().find(|(old, _)| *old == name)?;
            Some(found.1)
        };
        let flags: Vec<&str> = positions.iter().filter_map(flag_of).collect();
        if flags.is_empty() {
            continue;
        }
        let old = positions.clone();
        positions.retain(|position| flag_of(position).is_none());
        // Everybody holds a position.
        if positions.is_empty()
            && let Some(first) = old.into_iter().next()
        {
            let mut first = first;
            first["id"] = json!(OTHER_PARTICIPANT);
            first["schemaUri"] = json!(POSITIONS);
            positions.push(first);
        }
        for flag in flags {
            person[flag] = json!(true);
            changes.push(format!(
                "contributor[{index}].{flag}: true, in place of a position of that name"
            ));
        }
    }
}

/// Replaces ids and schemas wherever they stand.
fn replace(value: &mut Value, at: &str, changes: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let dot = if at.is_empty() { "" } else { "." };
                let at = format!("{at}{dot}{name}");
                let old = member
                    .as_str()
                    .filter(|_| matches!(name.as_str(), "id" | "schemaUri"));
                if let Some(new) = old.and_then(successor) {
                    changes.push(format!("{at}: {new}"));
                    *member = json!(new);
                } else {
                    replace(member, &at, changes);
                }
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter_mut().enumerate() {
                replace(element, &format!("{at}[{index}]"), changes);
            }
        }
        _ => {}
    }
}

fn successor(old: &str) -> Option<&'static str> {
    let classification = CLASSIFICATIONS.iter().find(|(it, _)| *it == old);
    if let Some((_, new)) = classification {
        return Some(new);
    }
    let path = OLD.iter().find_map(|prefix| old.strip_prefix(prefix))?;
    let path = path.trim_end_matches('/');
    let mut successors = SUCCESSORS.lines().filter_map(|line| line.split_once('\t'));
    let found = successors.find(|(known, _)| known.trim_end_matches('/') == path);
    found.map(|(_, new)| new)
}

#[cfg(test)]
mod tests {
    use raid_model::vocabulary;

    use super::*;

    #[test]
    fn every_successor_is_of_todays_vocabularies() {
        for line in SUCCESSORS.lines() {
            let (_, new) = line.split_once('\t').unwrap();
            let is_known = vocabulary::all().any(|(_, vocabulary)| {
                vocabulary.schema_uris.contains(&new)
                    || vocabulary.terms.iter().any(|term| term.id == new)
            });
            assert!(is_known, "{line}");
        }
    }

    #[test]
    fn what_is_old_is_replaced_and_told() {
        let old = |path: &str| format!("{}{path}", OLD[0]);
        let record = json!({
            "title": [{"type": {
                "id": old("title/type/v1/primary.json"),
                "schemaUri": format!("{}title/type/v1/", OLD[1]),
            }}],
            "contributor": [{"position": [{
                "id": old("contributor/position/v1/leader.json"), "startDate": "2020",
            }]}],
            "relatedRaid": [{"type": {"id": old("related-raid/type/v1/is-identical-to.json")}}],
            "traditionalKnowledgeLabel": [{"id": "x"}],
        });
        let (line, changes) = upgraded(record.to_string().into_bytes());
        let new: Value = serde_json::from_slice(&line).unwrap();
        let primary = "https://vocabulary.raid.org/title.type.schema/5";
        assert_eq!(new["title"][0]["type"]["id"], primary);
        let schema = "https://vocabulary.raid.org/title.type.schema/376";
        assert_eq!(new["title"][0]["type"]["schemaUri"], schema);
        let position = json!([{
            "id": OTHER_PARTICIPANT, "schemaUri": POSITIONS, "startDate": "2020",
        }]);
        assert_eq!(new["contributor"][0]["position"], position);
        assert_eq!(new["contributor"][0]["leader"], true);
        assert_eq!(new.get(LABELS), None);
        // It has no successor that says the same: the agency refuses it, and somebody decides.
        assert_eq!(new["relatedRaid"], record["relatedRaid"]);
        assert_eq!(changes.len(), 4, "{changes:?}");
    }

    #[test]
    fn what_is_of_today_stays_byte_by_byte() {
        for line in [
            r#"{ "title" : [ ], "x" : 12345678901234567890123 }"#,
            "no JSON",
            "",
        ] {
            let (same, changes) = upgraded(line.as_bytes().to_vec());
            assert_eq!(same, line.as_bytes());
            assert!(changes.is_empty());
        }
    }
}
