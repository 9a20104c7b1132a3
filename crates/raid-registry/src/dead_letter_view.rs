//! A dead letter as the API and the command line show it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use store::StoreError;
use store::tasks::Kind;
use store::tasks::dead_letters::DeadLetter;

use crate::endpoints::history::moment;

/// A task that cannot heal by itself, and what it is about.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterView {
    /// How often it was tried since it last succeeded.
    pub attempts: i32,
    /// The RAiD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// What it is redriven or dropped by.
    pub id: String,
    /// What was to be done, such as `membership`.
    pub kind: &'static str,
    /// The person, an ORCID iD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orcid: Option<String>,
    /// Why it cannot heal.
    pub reason: String,
    /// The number of the service point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_point: Option<i64>,
    /// When it was given up.
    pub since: String,
}

impl DeadLetterView {
    /// A dead letter as it is shown.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when its time cannot be written.
    pub fn of(letter: &DeadLetter) -> Result<Self, StoreError> {
        Ok(Self {
            attempts: letter.attempts,
            handle: letter.handle.as_ref().map(ToString::to_string),
            id: letter_id(letter.kind, &letter.key),
            kind: letter.kind.as_str(),
            orcid: letter.orcid().map(ToString::to_string),
            reason: letter.reason.clone(),
            service_point: letter.service_point(),
            since: moment(letter.since)?,
        })
    }
}

/// By what a dead letter is redriven or dropped: its task, as a word that fits into an address.
pub fn letter_id(kind: Kind, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{kind} {key}"))
}

/// The kind and key of the task that an id names. None if the text is no id.
pub fn letter_of(id: &str) -> Option<(Kind, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let (kind, key) = text.split_once(' ')?;
    let kind = Kind::ALL.iter().find(|known| known.as_str() == kind)?;
    Some((*kind, key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{letter_id, letter_of};
    use store::tasks::Kind;

    #[test]
    fn an_id_names_one_task() {
        let key = "0000-0002-1825-0097 10.82841/a+b ?#ü";
        let id = letter_id(Kind::Membership, key);
        assert!(
            id.chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        );
        assert_eq!(letter_of(&id), Some((Kind::Membership, key.to_owned())));
        for nonsense in ["", "x", "bm9raW5kIGtleQ", "ä"] {
            assert_eq!(letter_of(nonsense), None);
        }
    }
}
