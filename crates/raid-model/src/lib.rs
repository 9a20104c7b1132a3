//! What a RAiD is: metadata blocks, identifiers, vocabularies, validation. No I/O.
//!
//! Identifiers ([`OrcidId`], [`IsniId`], [`RorId`], [`Handle`]) and dates ([`PartialDate`]) are
//! parsed once, at the edge, and are valid from then on. A request body becomes a [`RaidRequest`],
//! which [`validate`] checks and [`Raid::mint`] or [`Raid::amend`] turn into a record.

mod address_prefix;
mod addresses;
mod calendar;
mod check_character;
mod external_id;
#[cfg(any(test, feature = "test-generators"))]
pub mod generators;
mod handle;
pub mod history;
mod isni_id;
pub mod joining;
pub mod json;
pub mod membership;
mod orcid_id;
mod partial_date;
pub mod pasted;
pub mod permission;
pub mod rdf;
mod record;
mod ror_id;
pub mod search;
mod serde_text;
pub mod text;
pub mod trust;
pub mod validate;
pub mod vocabulary;
pub mod wire;

pub use address_prefix::{AddressPrefix, AddressPrefixError};
pub use addresses::Addresses;
pub use external_id::{ArchivedPage, ExternalId, ExternalIdAt, Resolver, geo_names_number};
pub use handle::{Handle, HandleError, Prefix, Suffix};
pub use isni_id::{IsniId, IsniIdError};
pub use json::JsonError;
pub use orcid_id::{OrcidId, OrcidIdError};
pub use partial_date::{PartialDate, PartialDateError, Precision};
pub use record::connections::{
    AlternateIdentifier, AlternateUrl, Organisation, OrganisationRole, RelatedObject, RelatedRaid,
    SpatialCoverage, Subject,
};
pub use record::contributor::{Contributor, ContributorPosition, ContributorStatus, UnknownStatus};
pub use record::identifier::{
    Identifier, Owner, RaidUrl, RegistrationAgency, SubmittedAgency, SubmittedIdentifier,
    SubmittedOwner,
};
pub use record::patch::ContributorPatch;
pub use record::project::{
    Access, Classification, Description, Language, LocalizedText, ProjectDates, Title,
};
pub use record::raid::{Metadata, Raid, ServerOwned};
pub use record::request::RaidRequest;
pub use record::service_point::{ServicePoint, ServicePointRequest};
pub use ror_id::{RorId, RorIdError};
pub use validate::{ErrorType, Failure, ValidationContext};
