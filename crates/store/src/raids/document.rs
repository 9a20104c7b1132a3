//! Reading stored documents.

use crate::error::StoreError;
use crate::types::Json;
use raid_model::Raid;

/// Reads a stored document.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is damaged.
pub fn read_document(document: &Json) -> Result<Raid, StoreError> {
    serde_json::from_str(&document.0).map_err(|e| StoreError::Corrupt(format!("a RAiD: {e}")))
}
