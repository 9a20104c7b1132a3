//! Members of a request that no block has and that resemble one, such as `organization`. They are
//! ignored, as the RAiD API does; clients see them in a warning.

use serde_json::Value;

const TERM: &[&str] = &["id", "schemaUri"];
const TEXT: &[&str] = &["text", "language"];
const PERIODIC: &[&str] = &["id", "schemaUri", "startDate", "endDate"];

/// The members of the object that a member holds, or that each object in its list is. The blocks
/// `identifier` and `metadata` are the server's own and are not looked at.
const MEMBERS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "access",
            "alternateIdentifier",
            "alternateUrl",
            "contributor",
            "date",
            "description",
            "identifier",
            "metadata",
            "organisation",
            "relatedObject",
            "relatedRaid",
            "spatialCoverage",
            "subject",
            "title",
            "traditionalKnowledgeLabel",
        ],
    ),
    ("access", &["type", "statement", "embargoExpiry"]),
    ("statement", TEXT),
    ("language", TERM),
    ("type", TERM),
    ("alternateIdentifier", &["id", "type"]),
    ("alternateUrl", &["url"]),
    (
        "contributor",
        &[
            "id",
            "schemaUri",
            "position",
            "role",
            "leader",
            "contact",
            "status",
            "email",
            "uuid",
        ],
    ),
    ("position", PERIODIC),
    ("role", PERIODIC),
    ("date", &["startDate", "endDate"]),
    ("description", &["text", "type", "language"]),
    ("organisation", &["id", "schemaUri", "role", "name"]),
    ("relatedObject", &["id", "schemaUri", "type", "category"]),
    ("category", TERM),
    ("relatedRaid", &["id", "type"]),
    ("spatialCoverage", &["id", "schemaUri", "place"]),
    ("place", TEXT),
    ("subject", &["id", "schemaUri", "keyword"]),
    ("keyword", TEXT),
    (
        "title",
        &["text", "type", "language", "startDate", "endDate"],
    ),
];
/// Most members that are named.
const MOST: usize = 50;

/// Paths of the members of a request that resemble one, such as `title[0].startdate`.
pub(super) fn lookalikes(request: &Value) -> Vec<String> {
    let mut found = Vec::new();
    visit(request, "", "", &mut found);
    found
}

fn visit(value: &Value, name: &str, at: &str, found: &mut Vec<String>) {
    let known = MEMBERS.iter().find(|(member, _)| *member == name);
    let Some((_, known)) = known else {
        return;
    };
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                // A list in a list is no block, and is refused.
                if element.is_object() {
                    visit(element, name, &format!("{at}[{index}]"), found);
                }
            }
        }
        Value::Object(members) => {
            for (member, value) in members {
                let path = if at.is_empty() {
                    member.clone()
                } else {
                    format!("{at}.{member}")
                };
                if known.contains(&member.as_str()) {
                    visit(value, member, &path, found);
                } else if found.len() < MOST && known.iter().any(|it| resembles(member, it)) {
                    found.push(path);
                }
            }
        }
        _ => {}
    }
}

/// Whether a name is a known one in other letters, or one or two letters away. Only names that can stand
/// in a header count.
fn resembles(name: &str, known: &str) -> bool {
    /// The longest that is compared: a known name has 25 letters.
    const LONGEST: usize = 30;
    let is_name = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b' ');
    if name.len() > LONGEST || !name.bytes().all(is_name) {
        return false;
    }
    let letters = |text: &str| -> Vec<u8> {
        let letters = text.bytes().filter(u8::is_ascii_alphanumeric);
        letters.map(|c| c.to_ascii_lowercase()).collect()
    };
    let (name, known) = (letters(name), letters(known));
    let allowed = match known.len() {
        0..=3 => 0,
        4..=5 => 1,
        _ => 2,
    };
    distance(&name, &known) <= allowed
}

/// How many letters have to be added, left out or replaced (Levenshtein).
fn distance(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, a) in from.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(to) {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            left = replaced.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_resembles_a_member_is_named() {
        let request = json!({
            "organization": [],
            "Title": [],
            "titles": [],
            "alternate_url": [],
            "title": [{"startdate": "2020", "text": "x", "language": {"schemaURI": ""}}],
            "contributor": [{"positions": [], "uuid": "", "orcid": "", "leader": true}],
            "raidName": "x",
            "traditionalKnowledgeLabels": [],
            "identifier": {"licence": ""},
            "lead\u{2028}er": 1,
        });
        let mut found = lookalikes(&request);
        found.sort();
        let expected = [
            "Title",
            "alternate_url",
            "contributor[0].positions",
            "organization",
            "title[0].language.schemaURI",
            "title[0].startdate",
            "titles",
            "traditionalKnowledgeLabels",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn letters_are_counted() {
        assert_eq!(distance(b"organization", b"organisation"), 1);
        assert_eq!(distance(b"", b"abc"), 3);
        assert_eq!(distance(b"abc", b""), 3);
        assert_eq!(distance(b"kitten", b"sitting"), 3);
    }
}
