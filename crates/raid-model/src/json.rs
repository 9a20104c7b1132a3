//! From the bytes of a request body to a value, with errors that a person can act on.

use std::borrow::Cow;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

/// UTF-8's byte order mark, which some programs write in front of a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Digits of an integer that every reader of JSON keeps.
const EXACT_DIGITS: usize = 18;

/// Why a body could not be read. The text names the field and says what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The bytes are no JSON.
    #[error("the body is not JSON: {0}")]
    Syntax(String),
    /// Objects and lists are nested too deeply.
    #[error("the body is nested too deeply: at most 127 levels are read")]
    TooDeep,
    /// A member has a value that cannot be read.
    #[error("{field}: {problem}")]
    Field {
        /// Path of the member, such as `contributor[0].leader`.
        field: String,
        /// What is expected there.
        problem: String,
    },
    /// A member that the API no longer takes is present. The API reports it as a validation
    /// failure rather than as unreadable JSON.
    #[error(
        "traditionalKnowledgeLabel: The traditionalKnowledgeLabel field is not currently supported."
    )]
    TraditionalKnowledgeLabel,
}

/// Reads a body that is one JSON object.
///
/// Unknown members are ignored; of a repeated member the last counts. A byte order mark in front is
/// skipped. A text with the character U+0000 is refused, because no database keeps it.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, JsonError> {
    from_value(parse(body)?)
}

/// Parses a body to a JSON object.
pub(crate) fn parse(body: &[u8]) -> Result<Value, JsonError> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let syntax = |error: serde_json::Error| {
        let problem = error.to_string();
        if problem.starts_with("recursion limit exceeded") {
            JsonError::TooDeep
        } else {
            JsonError::Syntax(problem)
        }
    };
    // Numbers that are no floats may be texts here, so they are not read yet.
    serde_json::from_slice::<IgnoredAny>(body).map_err(syntax)?;
    let value: Value = serde_json::from_slice(&with_literals_kept(body)).map_err(syntax)?;
    if !value.is_object() {
        return Err(field("the body", "expected an object"));
    }
    match path_of_nul(&value) {
        None => Ok(value),
        Some(path) => Err(field(path, "the character U+0000 is not allowed")),
    }
}

/// Reads a parsed body.
pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.into_inner().to_string();
        // "invalid type: string "x", expected …": what was found is in the body already.
        let problem = match problem.rsplit_once(", expected ") {
            Some((_, expected)) => format!("expected {expected}"),
            None => problem,
        };
        field(path, problem)
    })
}

fn field(field: impl Into<String>, problem: impl Into<String>) -> JsonError {
    JsonError::Field {
        field: field.into(),
        problem: problem.into(),
    }
}

/// The body with each number that a float would change in quotes, so that a member that is a text gets
/// its literal. Readers of numbers take a text of digits too. `body` is JSON.
fn with_literals_kept(body: &[u8]) -> Cow<'_, [u8]> {
    let (mut kept, mut copied, mut at) = (Vec::new(), 0, 0);
    while let Some(&byte) = body.get(at) {
        match byte {
            b'"' => at = end_of_text(body, at),
            b'-' | b'0'..=b'9' => {
                let rest = body.get(at..).unwrap_or_default();
                let is_part = |c: &u8| matches!(c, b'+' | b'-' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let literal: Vec<u8> = rest.iter().take_while(|c| is_part(c)).copied().collect();
                let end = at + literal.len();
                if !is_exact(&literal) {
                    kept.extend_from_slice(body.get(copied..at).unwrap_or_default());
                    kept.push(b'"');
                    kept.extend_from_slice(&literal);
                    kept.push(b'"');
                    copied = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(body);
    }
    kept.extend_from_slice(body.get(copied..).unwrap_or_default());
    Cow::Owned(kept)
}

/// The place behind the text that begins at `start`.
fn end_of_text(body: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = body.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

fn is_exact(literal: &[u8]) -> bool {
    let digits = literal.strip_prefix(b"-").unwrap_or(literal);
    digits.len() <= EXACT_DIGITS && digits.iter().all(u8::is_ascii_digit) && literal != b"-0"
}

/// Where a text holds U+0000. The depth is bounded by the parser.
fn path_of_nul(value: &Value) -> Option<String> {
    let join = |at: String, rest: String| {
        let dot = if rest.is_empty() || rest.starts_with('[') {
            ""
        } else {
            "."
        };
        format!("{at}{dot}{rest}")
    };
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(elements) => elements.iter().enumerate().find_map(|(index, element)| {
            path_of_nul(element).map(|rest| join(format!("[{index}]"), rest))
        }),
        Value::Object(members) => members
            .iter()
            .find_map(|(name, member)| path_of_nul(member).map(|rest| join(name.clone(), rest))),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}
