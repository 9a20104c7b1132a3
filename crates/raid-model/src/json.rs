//! From the bytes of a request body to a value, with errors that a person can act on.

use serde::de::DeserializeOwned;
use serde_json::Value;

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
/// Unknown members are ignored; of a repeated member the last counts.
/// A text with the character U+0000 is refused, because no database keeps it.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, JsonError> {
    from_value(parse(body)?)
}

/// Parses a body to a JSON object.
pub(crate) fn parse(body: &[u8]) -> Result<Value, JsonError> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        let problem = error.to_string();
        if problem.starts_with("recursion limit exceeded") {
            JsonError::TooDeep
        } else {
            JsonError::Syntax(problem)
        }
    })?;
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
