//! Validation of a request, with the field names, error types and messages of the RAiD API.
//!
//! Two layers, never mixed in one answer. First what must be set and of what shape, for all blocks
//! together; if that is clean, the rules of each block in a fixed order. Where the RAiD API fails
//! with a server error or a body of another kind, there is a failure that names the field.
//!
//! Identifiers are checked by form and checksum. Whether they exist is for others to ask:
//! [`external_ids`] tells which ones, and those that do not exist come back in
//! [`ValidationContext::missing`].

mod access;
mod addresses;
mod connections;
mod contributor;
mod deceptive;
mod failure_list;
mod failures;
mod identifier;
mod limits;
mod objects;
mod period;
mod person_ids;
mod service_point;
mod text;
mod title;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::{ContributorPatch, ExternalId, ExternalIdAt, JsonError, Raid, RaidRequest};
pub use contributor::{
    validate_contributor_patch, validate_contributors, validate_position_and_roles,
};
pub use failure_list::FailureList;
use failures::Failures;
pub use identifier::{validate_handle, validate_identifier};
use limits::Blocks;
pub use service_point::{validate_service_point_create, validate_service_point_update};

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Path of the member, such as `contributor[0].position[1].startDate`.
    pub field_id: String,
    /// What kind of mistake it is.
    pub error_type: ErrorType,
    /// What is wrong, for a person.
    pub message: String,
}

/// The kinds of mistakes that the RAiD API tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorType {
    /// A required member is missing or blank.
    NotSet,
    /// A text is longer than documented.
    TooLong,
    /// A value is not allowed.
    InvalidValue,
    /// The same thing appears twice.
    DuplicateValue,
    /// No title is primary.
    MissingPrimaryTitle,
    /// An identifier does not exist in its registry.
    NotFound,
    /// A related object is of a kind that is not supported.
    Invalid,
}

/// Whether what is beyond a limit is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strictness {
    /// It is accepted with a warning.
    Warn,
    /// It is refused.
    Refuse,
}

/// What validation needs to know besides the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidationContext {
    /// The current day, UTC.
    pub today: Date,
    /// The day the RAiD was minted; none for one that is being minted.
    pub registered: Option<Date>,
    /// How ORCID iDs begin here: `https://orcid.org/` or `https://sandbox.orcid.org/`.
    pub orcid_prefix: String,
    /// How else they may begin: at the simulator iDs of ORCID's sandbox count, too.
    pub other_orcid_prefix: Option<String>,
    /// How ISNIs begin: `https://isni.org/`.
    pub isni_prefix: String,
    /// Identifiers that do not exist, as far as their registries were asked.
    pub missing: BTreeSet<ExternalId>,
    /// What becomes of texts beyond the schema's limits, and of a second lead organisation.
    pub limits: Strictness,
    /// What becomes of ORCID iDs outside ORCID's ranges, and of ISNIs inside.
    pub person_ids: Strictness,
}

/// Checks a request to mint. No failures means that it can be minted.
pub fn validate_mint(request: &RaidRequest, context: &ValidationContext) -> FailureList {
    let mut failures = Failures::default();
    constraints(request, &mut failures);
    if failures.is_empty() {
        rules(request, context, &mut failures);
        failures.extend(limits::breaches(&Blocks::of_request(request), None, context).0);
    }
    failures.into_list()
}

/// Checks a request to update a RAiD, which stands as `current` and which the request's path names.
pub fn validate_update(
    request: &RaidRequest,
    current: &Raid,
    context: &ValidationContext,
) -> FailureList {
    let mut failures = Failures::default();
    failures.required("identifier", request.identifier.is_some());
    constraints(request, &mut failures);
    if failures.is_empty() {
        let submitted = request
            .identifier
            .as_ref()
            .and_then(|identifier| identifier.id.as_deref());
        failures.extend(validate_handle(current.handle(), submitted));
        rules(request, context, &mut failures);
        let blocks = Blocks::of_request(request);
        failures.extend(limits::breaches(&blocks, Some(current), context).0);
    }
    failures.into_list()
}

/// What of a valid request is beyond a limit and accepted: because the agency lets it through, or
/// because it stands in the RAiD already. Clients see it in a warning.
pub fn tolerated(
    request: &RaidRequest,
    current: Option<&Raid>,
    context: &ValidationContext,
) -> Vec<Failure> {
    limits::breaches(&Blocks::of_request(request), current, context).1
}

/// What of a change of the contributors is beyond a limit: what is refused, and what is accepted with a
/// warning.
pub fn limits_of_contributors(
    patch: &ContributorPatch,
    current: &Raid,
    context: &ValidationContext,
) -> (Vec<Failure>, Vec<Failure>) {
    let blocks = Blocks {
        contributor: patch.contributor.as_deref().unwrap_or_default(),
        ..Blocks::default()
    };
    limits::breaches(&blocks, Some(current), context)
}

/// The identifiers in a request to mint or update whose registries can be asked whether they
/// exist: those of the right form, in the order of the failures that they may lead to. None if the
/// request lacks what must be set, because nothing else is told of it then.
pub fn external_ids(request: &RaidRequest, context: &ValidationContext) -> Vec<ExternalIdAt> {
    let mut failures = Failures::default();
    constraints(request, &mut failures);
    if failures.is_empty() {
        rules(request, context, &mut failures);
    }
    failures.into_external_ids()
}

/// As [`external_ids`], without those that stand in the RAiD already: they existed when they were
/// accepted, and an edit elsewhere must not wait for them.
pub fn new_external_ids(
    request: &RaidRequest,
    current: &Raid,
    context: &ValidationContext,
) -> Vec<ExternalIdAt> {
    let standing = current.ids();
    let mut ids = external_ids(request, context);
    ids.retain(|at| !standing.contains(at.id.value.as_str()));
    ids
}

/// As [`new_external_ids`], of a change of the contributors alone.
pub fn new_external_ids_of_contributors(
    patch: &ContributorPatch,
    current: &Raid,
    context: &ValidationContext,
) -> Vec<ExternalIdAt> {
    let standing = current.ids();
    let found = contributor::check(patch.contributor.as_deref(), context);
    let mut ids = found.into_external_ids();
    ids.retain(|at| !standing.contains(at.id.value.as_str()));
    ids
}

impl JsonError {
    /// The failure that the RAiD API answers with, where it treats an unreadable body as invalid.
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::TraditionalKnowledgeLabel => Some(Failure {
                field_id: "traditionalKnowledgeLabel".to_owned(),
                error_type: ErrorType::InvalidValue,
                message: "The traditionalKnowledgeLabel field is not currently supported."
                    .to_owned(),
            }),
            Self::Syntax(_) | Self::TooDeep | Self::Field { .. } => None,
        }
    }
}

/// What must be set and of what shape; all blocks.
fn constraints(request: &RaidRequest, failures: &mut Failures) {
    text::date_constraints(request.date.as_ref(), failures);
    access::constraints(request.access.as_ref(), failures);
    title::constraints(request.title.as_deref(), failures);
    text::description_constraints(request.description.as_deref(), failures);
    connections::constraints(request, failures);
    contributor::constraints(request.contributor.as_deref(), failures);
    if let Some(identifier) = &request.identifier {
        identifier::constraints(identifier, failures);
    }
}

/// The rules of each block, in the order in which the RAiD API reports them.
fn rules(request: &RaidRequest, context: &ValidationContext, failures: &mut Failures) {
    if let Some(date) = &request.date {
        failures.period("date", date.start_date.as_deref(), date.end_date.as_deref());
    }
    if let Some(access) = &request.access {
        access::rules(access, context, failures);
    }
    title::rules(
        request.title.as_deref().unwrap_or_default(),
        context,
        failures,
    );
    text::description_rules(request.description.as_deref().unwrap_or_default(), failures);
    connections::alternate_url_rules(
        request.alternate_url.as_deref().unwrap_or_default(),
        failures,
    );
    connections::subject_rules(request.subject.as_deref().unwrap_or_default(), failures);
    connections::alternate_identifier_rules(
        request.alternate_identifier.as_deref().unwrap_or_default(),
        failures,
    );
    contributor::rules(
        request.contributor.as_deref().unwrap_or_default(),
        context,
        failures,
    );
    connections::organisation_rules(
        request.organisation.as_deref().unwrap_or_default(),
        context,
        failures,
    );
    objects::related_object_rules(
        request.related_object.as_deref().unwrap_or_default(),
        context,
        failures,
    );
    objects::spatial_coverage_rules(
        request.spatial_coverage.as_deref().unwrap_or_default(),
        context,
        failures,
    );
}

#[cfg(test)]
mod tests;
