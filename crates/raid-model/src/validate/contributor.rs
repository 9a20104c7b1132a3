//! Rules of the contributor block.

use std::collections::BTreeMap;

use crate::validate::failures::{Failures, is_blank};
use crate::validate::period::{Period, overlaps};
use crate::validate::{ErrorType, FailureList, ValidationContext};
use crate::vocabulary::Role;
use crate::{
    Classification, Contributor, ContributorPatch, ContributorPosition, ContributorStatus, IsniId,
    OrcidId, Resolver,
};

/// Checks a list of contributors on its own.
pub fn validate_contributors(
    contributors: Option<&[Contributor]>,
    context: &ValidationContext,
) -> FailureList {
    check(contributors, context).into_list()
}

pub(super) fn check(contributors: Option<&[Contributor]>, context: &ValidationContext) -> Failures {
    let mut failures = Failures::default();
    constraints(contributors, &mut failures);
    if failures.is_empty() {
        rules(contributors.unwrap_or_default(), context, &mut failures);
    }
    failures
}

/// Checks a request to change the contributors alone. Each must have a status.
pub fn validate_contributor_patch(
    patch: &ContributorPatch,
    context: &ValidationContext,
) -> FailureList {
    let mut failures = Failures::default();
    constraints(patch.contributor.as_deref(), &mut failures);
    if failures.is_empty() {
        let contributors = patch.contributor.as_deref().unwrap_or_default();
        people_rules(contributors, context, &mut failures, |index, failures| {
            let status = patch.status.get(index).and_then(Option::as_deref);
            if status.is_none_or(|status| status.parse::<ContributorStatus>().is_err()) {
                failures.add(
                    format!("contributor[{index}].status"),
                    ErrorType::InvalidValue,
                    "Contributor status should be one of AUTHENTICATED, UNAUTHENTICATED, \
                     AWAITING_AUTHENTICATION, AUTHENTICATION_FAILED, AUTHENTICATION_REVOKED",
                );
            }
        });
    }
    failures.into_list()
}

/// Checks the positions and roles of a person whose identifier is not known yet. `at` is the path
/// of the object that has the members `position` and `role`; empty for the body itself.
pub fn validate_position_and_roles(
    at: &str,
    positions: Option<&[ContributorPosition]>,
    roles: Option<&[Classification<Role>]>,
    context: &ValidationContext,
) -> FailureList {
    let mut failures = Failures::default();
    position_constraints(at, positions, &mut failures);
    role_constraints(at, roles.unwrap_or_default(), &mut failures);
    if failures.is_empty() {
        role_rules(at, roles, &mut failures);
        position_rules(at, positions.unwrap_or_default(), context, &mut failures);
    }
    failures.into_list()
}

/// The path of a member of the object at `at`.
fn member(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_owned()
    } else {
        format!("{at}.{name}")
    }
}

pub(super) fn constraints(contributors: Option<&[Contributor]>, failures: &mut Failures) {
    let Some(contributors) = contributors else {
        return failures.not_set("contributor");
    };
    for (index, contributor) in contributors.iter().enumerate() {
        let at = format!("contributor[{index}]");
        failures.required(format!("{at}.schemaUri"), contributor.schema_uri.is_some());
        position_constraints(&at, contributor.position.as_deref(), failures);
        role_constraints(&at, contributor.roles(), failures);
    }
}

fn position_constraints(
    at: &str,
    positions: Option<&[ContributorPosition]>,
    failures: &mut Failures,
) {
    let at = member(at, "position");
    let Some(positions) = positions else {
        return failures.not_set(at);
    };
    for (index, position) in positions.iter().enumerate() {
        failures.required(format!("{at}[{index}].id"), position.id.is_some());
        failures.required(
            format!("{at}[{index}].schemaUri"),
            position.schema_uri.is_some(),
        );
        failures.required(
            format!("{at}[{index}].startDate"),
            position.start_date.is_some(),
        );
    }
}

fn role_constraints(at: &str, roles: &[Classification<Role>], failures: &mut Failures) {
    let at = member(at, "role");
    for (index, role) in roles.iter().enumerate() {
        failures.classification(&format!("{at}[{index}]"), Some(role));
    }
}

pub(super) fn rules(
    contributors: &[Contributor],
    context: &ValidationContext,
    failures: &mut Failures,
) {
    people_rules(contributors, context, failures, |_, _| ());
}

/// The rules of a list of people. What `first` finds comes first of what is wrong with a person.
fn people_rules(
    contributors: &[Contributor],
    context: &ValidationContext,
    failures: &mut Failures,
    first: impl Fn(usize, &mut Failures),
) {
    if contributors.is_empty() {
        return failures.not_set("contributor");
    }
    each_person_once(contributors, failures);
    for (index, contributor) in contributors.iter().enumerate() {
        let at = format!("contributor[{index}]");
        first(index, failures);
        if identity_rules(&at, contributor, context, failures) {
            role_rules(&at, contributor.role.as_deref(), failures);
            position_rules(&at, contributor.positions(), context, failures);
        }
    }
    for (has, what) in [
        (
            contributors
                .iter()
                .any(|person| person.leader == Some(true)),
            "leader",
        ),
        (
            contributors
                .iter()
                .any(|person| person.contact == Some(true)),
            "contact",
        ),
    ] {
        if !has {
            failures.add(
                "contributor",
                ErrorType::NotSet,
                format!("At least one contributor must be flagged as a project {what}"),
            );
        }
    }
}

fn each_person_once(contributors: &[Contributor], failures: &mut Failures) {
    let mut occurrences: BTreeMap<&str, usize> = BTreeMap::new();
    let ids = || {
        contributors
            .iter()
            .filter_map(|person| person.id.as_deref())
    };
    for id in ids().filter(|id| !is_blank(id)) {
        *occurrences.entry(id).or_default() += 1;
    }
    for id in ids() {
        if let Some(count) = occurrences.remove(id).filter(|count| *count > 1) {
            failures.add(
                // Clients of the RAiD API know this failure under index 1, whichever it is.
                "contributor[1].id",
                ErrorType::DuplicateValue,
                format!(
                    "A contributor can appear only once. There are {count} occurrences of {id}"
                ),
            );
        }
    }
}

/// Checks `id` and `schemaUri`. False if they are of no registry that is known here.
fn identity_rules(
    at: &str,
    contributor: &Contributor,
    context: &ValidationContext,
    failures: &mut Failures,
) -> bool {
    let id = contributor.id.as_deref().unwrap_or_default();
    let schema = contributor.schema_uri.map_or("", |schema| schema.as_str());
    let is_of = |prefix: &str| id.starts_with(prefix) || schema == prefix;
    let other = context.other_orcid_prefix.as_deref();
    let other = other.filter(|prefix| is_of(prefix));
    let orcid = other.unwrap_or(&context.orcid_prefix);
    let isni = context.isni_prefix.as_str();
    let (field, schema_field) = (format!("{at}.id"), format!("{at}.schemaUri"));

    let prefix = if is_of(orcid) {
        orcid
    } else if is_of(isni) {
        isni
    } else {
        failures.invalid(field, format_args!("should begin with {orcid} or {isni}"));
        failures.invalid(schema_field, format_args!("should be {orcid} or {isni}"));
        return false;
    };
    if is_blank(id) {
        failures.not_set(field);
    } else if !id.starts_with(prefix) {
        failures.add(
            field,
            ErrorType::InvalidValue,
            format!("Contributor id should start with {prefix}"),
        );
    } else if prefix == orcid {
        match id.parse::<OrcidId>() {
            Err(error) => failures.invalid(field, error),
            Ok(_) => failures.must_exist(field, Resolver::Orcid, id, context),
        }
    } else if id.parse::<IsniId>().is_err() {
        failures.add(
            field,
            ErrorType::InvalidValue,
            "has invalid/unsupported value",
        );
    } else {
        failures.must_exist(field, Resolver::Isni, id, context);
    }
    if schema != prefix {
        failures.invalid(schema_field, format_args!("should be {prefix}"));
    }
    true
}

fn role_rules(at: &str, roles: Option<&[Classification<Role>]>, failures: &mut Failures) {
    failures.required(member(at, "role"), roles.is_some());
}

fn position_rules(
    at: &str,
    positions: &[ContributorPosition],
    context: &ValidationContext,
    failures: &mut Failures,
) {
    let path = member(at, "position");
    if positions.is_empty() {
        let field = if at.is_empty() { path } else { at.to_owned() };
        failures.add(
            field,
            ErrorType::NotSet,
            "A contributor must have a position",
        );
        return;
    }
    let mut periods = Vec::with_capacity(positions.len());
    for (index, position) in positions.iter().enumerate() {
        let (start, end) = (position.start_date.as_deref(), position.end_date.as_deref());
        failures.period(&format!("{path}[{index}]"), start, end);
        periods.push(Period::parse(start, end));
    }
    for (first, second) in overlaps(&periods, context.today) {
        failures.add(
            format!("{path}[{second}].startDate"),
            ErrorType::InvalidValue,
            format!(
                "Contributors can only hold one position at any given time. This position \
                 conflicts with {path}[{first}]"
            ),
        );
    }
}
