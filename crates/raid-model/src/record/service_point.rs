//! Service points: the parts of an agency that mint.

use serde::{Deserialize, Serialize};

use crate::trust::Trust;
use crate::wire;

/// A service point as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePoint {
    /// Address for administrative matters.
    pub admin_email: String,
    /// Whether the agency's own web application may write for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_writes_enabled: Option<bool>,
    /// Whether it may mint.
    pub enabled: bool,
    /// The group of users that belongs to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
    /// Its number.
    pub id: i64,
    /// The organisation that owns what it mints, as a ROR URL.
    pub identifier_owner: String,
    /// Its name.
    pub name: String,
    /// Handle prefix that it mints under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Its repository at DataCite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<String>,
    /// Address for technical matters.
    pub tech_email: String,
    /// How far it is trusted; shown to operators. Not in the original.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
    /// Whether it is closed for good; shown to operators where it is. Not in the original.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

/// A request to create or change a service point. The password of the repository is not read: DataCite
/// credentials are none of a client's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePointRequest {
    /// Address for administrative matters.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub admin_email: Option<String>,
    /// Whether the agency's own web application may write for it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::flag"
    )]
    pub app_writes_enabled: Option<bool>,
    /// Whether it may mint.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::flag"
    )]
    pub enabled: Option<bool>,
    /// The group of users that belongs to it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub group_id: Option<String>,
    /// Which one to change; ignored on create.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::integer"
    )]
    pub id: Option<i64>,
    /// The organisation that owns what it mints, as a ROR URL.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub identifier_owner: Option<String>,
    /// Its name.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub name: Option<String>,
    /// Handle prefix that it mints under.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub prefix: Option<String>,
    /// Its repository at DataCite.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub repository_id: Option<String>,
    /// Whether it is closed for good. Not in the original.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::flag"
    )]
    pub retired: Option<bool>,
    /// Address for technical matters.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub tech_email: Option<String>,
    /// How far it is trusted: `auto`, `notify` or `hold`. Not in the original.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub trust: Option<String>,
}

impl ServicePointRequest {
    /// The prefix that it is to mint under, if the request says so.
    pub fn prefix(&self) -> Option<&str> {
        self.prefix
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// How far it is to be trusted, if the request says so.
    pub fn trust(&self) -> Option<&str> {
        self.trust.as_deref().filter(|text| !text.trim().is_empty())
    }
}
