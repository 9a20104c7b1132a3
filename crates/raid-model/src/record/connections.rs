//! What a project is connected with: organisations, other identifiers, objects, subjects, places.

use serde::{Deserialize, Serialize};

use crate::record::project::{Classification, LocalizedText};
use crate::vocabulary::{self, RelatedObjectId, Ror, SchemaUri, SubjectCode, TermId};
use crate::wire;

/// An organisation that takes part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Organisation {
    /// The organisation, as a ROR URL.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// What it is in the project, over time. Absent reads as empty, null as none.
    #[serde(
        default = "wire::empty_list",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub role: Option<Vec<OrganisationRole>>,
    /// The registry that `id` is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<Ror>>,
}

/// What an organisation is in the project, from when to when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OrganisationRole {
    /// Last date, if the role ended; empty counts as none.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub end_date: Option<String>,
    /// Which role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<TermId<vocabulary::OrganisationRole>>,
    /// The vocabulary it is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<vocabulary::OrganisationRole>>,
    /// First date: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub start_date: Option<String>,
}

/// Something that the project used or made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RelatedObject {
    /// Input, output or internal. Absent reads as empty, null as none.
    #[serde(
        default = "wire::empty_list",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub category: Option<Vec<Classification<vocabulary::RelatedObjectCategory>>>,
    /// The object, as a URL.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// The registry that `id` is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<RelatedObjectId>>,
    /// What it is: dataset, software, funding and so on.
    #[serde(
        rename = "type",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub kind: Option<Classification<vocabulary::RelatedObjectType>>,
}

/// Another RAiD.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RelatedRaid {
    /// The other RAiD, as a URL.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// How the other relates to this one.
    #[serde(
        rename = "type",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub kind: Option<Classification<vocabulary::RelatedRaidType>>,
}

/// Another identifier of the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlternateIdentifier {
    /// The identifier.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// Whose identifier it is, in free text.
    #[serde(
        rename = "type",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub kind: Option<String>,
}

/// A web page of the project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AlternateUrl {
    /// Its address.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub url: Option<String>,
}

/// Where the project takes place or what region it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SpatialCoverage {
    /// The place, as a URL.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// Names of the place.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub place: Option<Vec<LocalizedText>>,
    /// The registry that `id` is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<vocabulary::Place>>,
}

/// What the project is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Subject {
    /// The subject, as a URL.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// Keywords in free text.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::list"
    )]
    pub keyword: Option<Vec<LocalizedText>>,
    /// The classification that `id` is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<SubjectCode>>,
}
