//! What changed from one version to the next, as JSON Patch (RFC 6902).

mod diff;

use serde_json::{Map, Value};

use crate::Raid;

/// The patch that makes `after` of `before`, or of an empty object where there is no `before`.
///
/// It has the operations `add`, `remove` and `replace` only. As history entries of the RAiD API do,
/// the first one adds each member of the record as a whole. Items of lists that are in both versions
/// are found wherever they stand, so an item that is left out is one `remove`.
///
/// # Errors
/// When a record cannot be written as JSON.
pub fn patch_between(
    before: Option<&Raid>,
    after: &Raid,
) -> Result<json_patch::Patch, serde_json::Error> {
    let before = match before {
        Some(raid) => serde_json::to_value(raid)?,
        None => Value::Object(Map::new()),
    };
    Ok(diff::between(&before, &serde_json::to_value(after)?))
}

#[cfg(test)]
mod tests;
