//! The body of a request to mint or to update.

use serde::{Deserialize, Serialize};

use crate::json::{self, JsonError};
use crate::record::connections::{
    AlternateIdentifier, AlternateUrl, Organisation, RelatedObject, RelatedRaid, SpatialCoverage,
    Subject,
};
use crate::record::contributor::Contributor;
use crate::record::identifier::SubmittedIdentifier;
use crate::record::lookalikes::lookalikes;
use crate::record::project::{Access, Description, ProjectDates, Title};
use crate::wire;

/// A RAiD as a client writes it, complete: on update, an optional block that is left out is removed.
///
/// Nothing in it has been checked but that the JSON can be read and that vocabulary ids are known;
/// [`crate::validate`] does the rest. Members that are the server's own are not here or have no
/// effect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RaidRequest {
    /// Who may see the record.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub access: Option<Access>,
    /// Other identifiers of the project.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub alternate_identifier: Option<Vec<AlternateIdentifier>>,
    /// Web pages of the project.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub alternate_url: Option<Vec<AlternateUrl>>,
    /// People.
    #[serde(
        default = "wire::empty_list",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub contributor: Option<Vec<Contributor>>,
    /// When the project runs.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub date: Option<ProjectDates>,
    /// Descriptions.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub description: Option<Vec<Description>>,
    /// The RAiD that is meant and its version; of no effect on create.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub identifier: Option<SubmittedIdentifier>,
    /// Organisations.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub organisation: Option<Vec<Organisation>>,
    /// Things that the project used or made.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub related_object: Option<Vec<RelatedObject>>,
    /// Other RAiDs.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub related_raid: Option<Vec<RelatedRaid>>,
    /// Places.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub spatial_coverage: Option<Vec<SpatialCoverage>>,
    /// Subjects.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub subject: Option<Vec<Subject>>,
    /// Titles.
    #[serde(
        default = "wire::empty_list",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub title: Option<Vec<Title>>,
    /// Paths of ignored members that resemble one, such as `organization`.
    #[serde(skip)]
    pub lookalikes: Vec<String>,
}

impl RaidRequest {
    /// Reads a request body.
    pub fn from_json(body: &[u8]) -> Result<Self, JsonError> {
        let value = json::parse(body)?;
        if value.get("traditionalKnowledgeLabel").is_some() {
            return Err(JsonError::TraditionalKnowledgeLabel);
        }
        let lookalikes = lookalikes(&value);
        let request: Self = json::from_value(value)?;
        Ok(Self {
            lookalikes,
            ..request
        })
    }

    /// The version that the client says it read.
    pub fn submitted_version(&self) -> Option<i64> {
        self.identifier.as_ref()?.version
    }
}
