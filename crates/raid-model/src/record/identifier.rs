//! The identifier block: what the registry says about the RAiD itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::vocabulary::{RaidIdentifier, Ror, SchemaUri};
use crate::{AddressPrefix, Handle, HandleError, RorId, wire};

/// The identifier block of a record. All of it is the registry's own, none is a client's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identifier {
    /// The RAiD as a URL.
    pub id: RaidUrl,
    /// Licence of the metadata.
    pub license: String,
    /// Who owns the record.
    pub owner: Owner,
    /// Landing page of the project at the agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raid_agency_url: Option<String>,
    /// Who registered it.
    pub registration_agency: RegistrationAgency,
    /// The registry of RAiDs.
    pub schema_uri: Option<SchemaUri<RaidIdentifier>>,
    /// Counts the versions from 1.
    pub version: u32,
}

/// Who owns a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// The organisation.
    pub id: RorId,
    /// The registry that `id` is from.
    pub schema_uri: Option<SchemaUri<Ror>>,
    /// Number of the service point that minted it.
    pub service_point: i64,
}

/// Who registered a RAiD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrationAgency {
    /// The organisation.
    pub id: RorId,
    /// The registry that `id` is from.
    pub schema_uri: Option<SchemaUri<Ror>>,
}

/// A RAiD as a URL, such as `https://raid.org/10.82841/9f3c1a7e`; always ends with a handle.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RaidUrl {
    id_prefix: String,
    handle: Handle,
}

impl RaidUrl {
    /// The URL of `handle` with a resolver such as `https://raid.org/`.
    pub fn new(id_prefix: &AddressPrefix, handle: Handle) -> Self {
        Self {
            id_prefix: id_prefix.to_string(),
            handle,
        }
    }

    /// The handle in it.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl std::str::FromStr for RaidUrl {
    type Err = HandleError;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        // The last two segments are the handle, whatever the resolver.
        let (rest, suffix) = url.rsplit_once('/').ok_or(HandleError::Form)?;
        let at = rest.rfind('/').ok_or(HandleError::Form)? + 1;
        let handle = Handle::new(rest[at..].parse()?, suffix.parse()?);
        Ok(Self {
            id_prefix: rest[..at].to_owned(),
            handle,
        })
    }
}

impl fmt::Display for RaidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.id_prefix, self.handle)
    }
}

impl fmt::Debug for RaidUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RaidUrl({self})")
    }
}

crate::serde_text::serde_as_text!(RaidUrl);

/// The identifier block of a request. Only `id` and `version` are looked at, on update: which RAiD
/// is meant, and on which version the change builds. Required-ness of the rest is checked as the
/// RAiD API does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubmittedIdentifier {
    /// The RAiD as a URL.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// Ignored.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub license: Option<String>,
    /// Ignored.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub owner: Option<SubmittedOwner>,
    /// Ignored.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub raid_agency_url: Option<String>,
    /// Ignored.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::object"
    )]
    pub registration_agency: Option<SubmittedAgency>,
    /// Ignored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<RaidIdentifier>>,
    /// The version that the client read.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::integer"
    )]
    pub version: Option<i64>,
}

/// The owner in a request; ignored, but for the service point that an operator moves a RAiD to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubmittedOwner {
    /// A ROR URL.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// Its registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<Ror>>,
    /// A service point.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::integer"
    )]
    pub service_point: Option<i64>,
}

/// The registration agency in a request; ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubmittedAgency {
    /// A ROR URL.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wire::text"
    )]
    pub id: Option<String>,
    /// Its registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<SchemaUri<Ror>>,
}
