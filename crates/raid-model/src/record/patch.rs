//! The body of a request to change the contributors alone.

use serde::Deserialize;
use serde_json::Value;

use crate::json::{self, JsonError};
use crate::record::contributor::Contributor;
use crate::wire;

/// The contributors that a RAiD is to have, with the status of each. They replace those it has.
///
/// Nothing in it has been checked but that the JSON can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContributorPatch {
    /// The people.
    pub contributor: Option<Vec<Contributor>>,
    /// The status of each, as it was written.
    pub status: Vec<Option<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(default = "wire::empty_list", deserialize_with = "wire::list")]
    contributor: Option<Vec<Contributor>>,
}

impl ContributorPatch {
    /// Reads a request body.
    ///
    /// # Errors
    /// [`JsonError`] when it is no JSON, or a member cannot be read.
    pub fn from_json(body: &[u8]) -> Result<Self, JsonError> {
        let value = json::parse(body)?;
        let people = value.get("contributor").and_then(Value::as_array);
        let status = people
            .into_iter()
            .flatten()
            .map(|person| Some(person.get("status")?.as_str()?.to_owned()))
            .collect();
        let Body { contributor } = json::from_value(value)?;
        Ok(Self {
            contributor,
            status,
        })
    }
}
