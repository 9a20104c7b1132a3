//! Takes secrets out of texts that came from outside.

use secrecy::{ExposeSecret, SecretString};

/// The longest text that is kept, in characters.
const LIMIT: usize = 500;

const REMOVED: &str = "[removed]";

/// Words after which a secret may follow, in lower case.
const LABELS: [&str; 5] = [
    "bearer ",
    "authorization code: ",
    "token=",
    "client_secret=",
    "code=",
];

/// `text` as one line of at most 500 characters, without any of `secrets`, without anything that
/// has the form of an ORCID token (a UUID), and without values that are labelled as secret.
///
/// ORCID repeats the token in its 401 answers, and the authorization code in its 400 answers.
pub(crate) fn scrub(text: &str, secrets: &[&SecretString]) -> String {
    let mut clean = text.to_owned();
    for secret in secrets {
        let secret = secret.expose_secret();
        // An empty needle would match everywhere.
        if !secret.is_empty() {
            clean = clean.replace(secret, REMOVED);
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            clean = clean.replace(&encoded, REMOVED);
        }
    }
    let clean = without_uuids(&clean);
    let words = clean.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    // Labels are looked for again and again, so in a bounded text.
    let line: String = words.join(" ").chars().take(4 * LIMIT).collect();
    without_labelled(&line).chars().take(LIMIT).collect()
}

fn without_uuids(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut clean = String::with_capacity(text.len());
    let mut kept = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].get(..36).is_some_and(is_uuid) {
            // A UUID is ASCII, so both ends are character boundaries.
            clean.push_str(&text[kept..at]);
            clean.push_str(REMOVED);
            at += 36;
            kept = at;
        } else {
            at += 1;
        }
    }
    clean.push_str(&text[kept..]);
    clean
}

fn is_uuid(window: &[u8]) -> bool {
    window.iter().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

fn without_labelled(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    // Lower-casing ASCII only keeps the positions.
    while let Some(value) = first_value(&rest.to_ascii_lowercase()) {
        clean.push_str(&rest[..value]);
        clean.push_str(REMOVED);
        rest = &rest[value..];
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '&' | '"' | '\'' | '<' | ',' | '}'))
            .unwrap_or(rest.len());
        rest = &rest[end..];
    }
    clean.push_str(rest);
    clean
}

/// Where the first labelled value in `text` (in lower case) begins.
fn first_value(text: &str) -> Option<usize> {
    LABELS
        .iter()
        .filter_map(|label| Some(text.find(label)? + label.len()))
        .min()
}

#[cfg(test)]
mod tests;
