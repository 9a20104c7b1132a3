//! The people of a project.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::record::project::Classification;
use crate::vocabulary::{self, ContributorId, SchemaUri, TermId};
use crate::{IsniId, OrcidId, wire};

/// A person who contributes, named by an ORCID iD or an ISNI.
///
/// `email` is accepted in requests and dropped: a record is public, an address is not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Contributor {
    /// Whether the person is a contact of the project.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::flag"
    )]
    pub contact: Option<bool>,
    /// The person, as a URL on `orcid.org` or `isni.org`.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// Whether the person leads the project.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::flag"
    )]
    pub leader: Option<bool>,
    /// What the person is in the project, over time. Absent reads as empty, null as none.
    #[serde(
        default = "wire::empty_list",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub position: Option<Vec<ContributorPosition>>,
    /// What the person does in the project (`CRediT`).
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub role: Option<Vec<Classification<vocabulary::Role>>>,
    /// The registry that `id` is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<ContributorId>>,
    /// Whether the person has confirmed; set for output only ([`crate::Raid::with_statuses`]), never
    /// read and never stored.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub status: Option<ContributorStatus>,
    /// Kept for clients that send it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub status_message: Option<String>,
    /// Kept for clients that send it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub uuid: Option<String>,
}

impl Contributor {
    /// The person's ORCID iD, if `id` is one.
    pub fn orcid(&self) -> Option<OrcidId> {
        // A bare iD is no `id`: those are URLs.
        self.id
            .as_deref()
            .filter(|id| id.contains("//"))?
            .parse()
            .ok()
    }

    /// The person's ISNI, if `id` is one.
    pub fn isni(&self) -> Option<IsniId> {
        self.id
            .as_deref()
            .filter(|id| id.contains("//"))?
            .parse()
            .ok()
    }

    /// The positions; none if they were not given.
    pub fn positions(&self) -> &[ContributorPosition] {
        self.position.as_deref().unwrap_or_default()
    }

    /// The roles; none if they were not given.
    pub fn roles(&self) -> &[Classification<vocabulary::Role>] {
        self.role.as_deref().unwrap_or_default()
    }
}

/// What a person is in the project, from when to when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContributorPosition {
    /// Last date, if the position ended; empty counts as none.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub end_date: Option<String>,
    /// Which position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<TermId<vocabulary::Position>>,
    /// The vocabulary it is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<vocabulary::Position>>,
    /// First date: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub start_date: Option<String>,
}

/// How far a contributor has confirmed to be the person of the iD. Texts as in the RAiD API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContributorStatus {
    /// The person signed in at ORCID and gave permission.
    Authenticated,
    /// The person has not confirmed and is not being asked.
    Unauthenticated,
    /// The person has been, or will be, asked.
    AwaitingAuthentication,
    /// The person declined, or could not be confirmed.
    AuthenticationFailed,
    /// The person took the permission back.
    AuthenticationRevoked,
}

impl ContributorStatus {
    /// The text on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authenticated => "AUTHENTICATED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::AwaitingAuthentication => "AWAITING_AUTHENTICATION",
            Self::AuthenticationFailed => "AUTHENTICATION_FAILED",
            Self::AuthenticationRevoked => "AUTHENTICATION_REVOKED",
        }
    }
}

impl fmt::Display for ContributorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text is no status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a status of a contributor")]
pub struct UnknownStatus;

/// Capitals and small letters count alike.
impl FromStr for ContributorStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        [
            Self::Authenticated,
            Self::Unauthenticated,
            Self::AwaitingAuthentication,
            Self::AuthenticationFailed,
            Self::AuthenticationRevoked,
        ]
        .into_iter()
        .find(|status| status.as_str().eq_ignore_ascii_case(text))
        .ok_or(UnknownStatus)
    }
}
