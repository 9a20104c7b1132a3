//! ORCID iDs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A researcher's ORCID iD in its bare form, `0000-0002-1825-0097`, with a right check digit
/// (ISO/IEC 7064 MOD 11-2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrcidId(String);

/// The text is not an ORCID iD.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an ORCID iD: four groups of four digits, the last a check digit")]
pub struct InvalidOrcidId(String);

impl OrcidId {
    /// The bare form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OrcidId {
    type Err = InvalidOrcidId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidOrcidId(text.chars().take(40).collect());
        let groups: Vec<&str> = text.split('-').collect();
        if groups.len() != 4 || groups.iter().any(|g| g.len() != 4) {
            return Err(invalid());
        }
        let digits = groups.concat();
        let (body, check) = digits.split_at_checked(15).ok_or_else(invalid)?;
        let mut total = 0;
        for c in body.chars() {
            total = (total + c.to_digit(10).ok_or_else(invalid)?) * 2;
        }
        let expected = match (12 - total % 11) % 11 {
            10 => "X".to_owned(),
            digit => digit.to_string(),
        };
        if check == expected {
            Ok(Self(text.to_owned()))
        } else {
            Err(invalid())
        }
    }
}

impl fmt::Display for OrcidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OrcidId {
    type Error = InvalidOrcidId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<OrcidId> for String {
    fn from(id: OrcidId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::OrcidId;

    #[test]
    fn published_examples_pass() {
        for id in [
            "0000-0002-1825-0097",
            "0000-0001-5109-3700",
            "0000-0002-1694-233X",
        ] {
            assert_eq!(id.parse::<OrcidId>().unwrap().as_str(), id);
        }
    }

    #[test]
    fn wrong_check_digits_and_forms_fail() {
        for id in [
            "0000-0002-1825-0098",
            "0000-0002-1694-233x",
            "0000000218250097",
            "0000-0002-1825-009",
            "https://orcid.org/0000-0002-1825-0097",
            "0000-0002-1825-00\u{e9}7",
            "",
        ] {
            assert!(id.parse::<OrcidId>().is_err(), "{id}");
        }
    }
}
