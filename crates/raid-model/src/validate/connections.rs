//! What must be set in the blocks that connect a project, and the rules of alternate addresses and
//! identifiers, subjects and organisations.

use std::collections::{BTreeMap, BTreeSet};

use crate::validate::failures::{Failures, is_blank};
use crate::validate::period::{Period, touch};
use crate::validate::{ErrorType, ValidationContext};
use crate::vocabulary::{field_of_research, socio_economic_objective};
use crate::{
    AlternateIdentifier, AlternateUrl, LocalizedText, Organisation, OrganisationRole, RaidRequest,
    RelatedObject, Resolver, RorId, Subject,
};

/// What must be set in the optional blocks.
pub(super) fn constraints(request: &RaidRequest, failures: &mut Failures) {
    for (index, other) in each(request.alternate_url.as_deref()) {
        failures.line(format!("alternateUrl[{index}].url"), other.url.as_deref());
    }
    for (index, other) in each(request.alternate_identifier.as_deref()) {
        let at = format!("alternateIdentifier[{index}]");
        failures.line(format!("{at}.id"), other.id.as_deref());
        failures.required(format!("{at}.type"), other.kind.is_some());
    }
    for (index, subject) in each(request.subject.as_deref()) {
        let at = format!("subject[{index}].keyword");
        text_constraints(&at, subject.keyword.as_deref(), failures);
    }
    for (index, raid) in each(request.related_raid.as_deref()) {
        let at = format!("relatedRaid[{index}]");
        failures.line(format!("{at}.id"), raid.id.as_deref());
        failures.classification(&format!("{at}.type"), raid.kind.as_ref());
    }
    for (index, organisation) in each(request.organisation.as_deref()) {
        organisation_constraints(&format!("organisation[{index}]"), organisation, failures);
    }
    for (index, object) in each(request.related_object.as_deref()) {
        related_object_constraints(&format!("relatedObject[{index}]"), object, failures);
    }
    for (index, place) in each(request.spatial_coverage.as_deref()) {
        let at = format!("spatialCoverage[{index}]");
        failures.required(format!("{at}.id"), place.id.is_some());
        failures.required(format!("{at}.schemaUri"), place.schema_uri.is_some());
        text_constraints(&format!("{at}.place"), place.place.as_deref(), failures);
    }
}

pub(super) fn each<T>(list: Option<&[T]>) -> impl Iterator<Item = (usize, &T)> {
    list.unwrap_or_default().iter().enumerate()
}

fn text_constraints(at: &str, texts: Option<&[LocalizedText]>, failures: &mut Failures) {
    for (index, text) in each(texts) {
        failures.language(&format!("{at}[{index}]"), text.language.as_ref());
    }
}

fn organisation_constraints(at: &str, organisation: &Organisation, failures: &mut Failures) {
    failures.line(format!("{at}.id"), organisation.id.as_deref());
    failures.required(format!("{at}.role"), organisation.role.is_some());
    failures.required(format!("{at}.schemaUri"), organisation.schema_uri.is_some());
    for (index, role) in each(organisation.role.as_deref()) {
        let at = format!("{at}.role[{index}]");
        failures.required(format!("{at}.id"), role.id.is_some());
        failures.required(format!("{at}.schemaUri"), role.schema_uri.is_some());
        failures.line(format!("{at}.startDate"), role.start_date.as_deref());
    }
}

fn related_object_constraints(at: &str, object: &RelatedObject, failures: &mut Failures) {
    failures.line(format!("{at}.id"), object.id.as_deref());
    failures.required(format!("{at}.category"), object.category.is_some());
    failures.required(format!("{at}.schemaUri"), object.schema_uri.is_some());
    failures.classification(&format!("{at}.type"), object.kind.as_ref());
    for (index, category) in each(object.category.as_deref()) {
        failures.classification(&format!("{at}.category[{index}]"), Some(category));
    }
}

/// What a repeated object is told, as the RAiD API tells it of titles.
const REPEATED: &str = "an object with the same values appears in the list";

/// The RAiD API fails with a server error on repeated addresses.
pub(super) fn alternate_url_rules(urls: &[AlternateUrl], failures: &mut Failures) {
    let mut seen = BTreeSet::new();
    for (index, url) in urls.iter().enumerate() {
        if !seen.insert(url.url.as_deref()) {
            let field = format!("alternateUrl[{index}]");
            failures.add(field, ErrorType::DuplicateValue, REPEATED);
        }
    }
}

/// The RAiD API fails with a server error on repeated identifiers.
pub(super) fn alternate_identifier_rules(ids: &[AlternateIdentifier], failures: &mut Failures) {
    let mut seen = BTreeSet::new();
    for (index, id) in ids.iter().enumerate() {
        if !seen.insert((id.id.as_deref(), id.kind.as_deref())) {
            let field = format!("alternateIdentifier[{index}]");
            failures.add(field, ErrorType::DuplicateValue, REPEATED);
        }
    }
}

pub(super) fn subject_rules(subjects: &[Subject], failures: &mut Failures) {
    for (index, subject) in subjects.iter().enumerate() {
        let at = format!("subject[{index}]");
        failures.required(format!("{at}.id"), subject.id.is_some());
        match (
            subject.schema_uri.map(|schema| schema.as_str()),
            subject.id.as_deref(),
        ) {
            (None, _) => failures.not_set(format!("{at}.schemaUri")),
            (Some(schema), id) => subject_code(&at, schema, id, failures),
        }
        for (place, keyword) in each(subject.keyword.as_deref()) {
            let at = format!("{at}.keyword[{place}]");
            if keyword.text.as_deref().is_none_or(is_blank) {
                failures.not_set(format!("{at}.keyword"));
            }
            failures.language_code(&at, keyword.language.as_ref());
        }
    }
}

fn subject_code(at: &str, schema: &str, id: Option<&str>, failures: &mut Failures) {
    let is_code = |prefix: &str, label: fn(&str) -> Option<&'static str>| {
        id.is_none_or(|id| {
            id.strip_prefix(prefix)
                .is_some_and(|code| label(code).is_some())
        })
    };
    let known = match schema {
        "https://vocabs.ardc.edu.au/viewById/316" => is_code(
            "https://linked.data.gov.au/def/anzsrc-for/2020/",
            field_of_research,
        ),
        "https://vocabs.ardc.edu.au/viewById/317" => is_code(
            "https://linked.data.gov.au/def/anzsrc-seo/2020/",
            socio_economic_objective,
        ),
        _ => {
            return failures.add(
                format!("{at}.schemaUri"),
                ErrorType::InvalidValue,
                "must be https://vocabs.ardc.edu.au/viewById/316.",
            );
        }
    };
    if !known {
        failures.add(
            format!("{at}.id"),
            ErrorType::InvalidValue,
            format!(
                "{} is not a valid id for schema {schema}",
                id.unwrap_or_default()
            ),
        );
    }
}

pub(super) fn organisation_rules(
    organisations: &[Organisation],
    context: &ValidationContext,
    failures: &mut Failures,
) {
    let mut occurrences: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, organisation) in organisations.iter().enumerate() {
        let at = format!("organisation[{index}]");
        let id = organisation.id.as_deref().unwrap_or_default();
        *occurrences.entry(id).or_default() += 1;
        if !looks_like_ror(id) {
            let field = format!("{at}.id");
            failures.invalid(field, r"should match ^https://ror\.org/[0-9a-z]{9}$");
        } else if let Err(error) = id.parse::<RorId>() {
            failures.invalid(format!("{at}.id"), error);
        } else {
            failures.must_exist(format!("{at}.id"), Resolver::Ror, id, context);
        }
        let roles = organisation.role.as_deref().unwrap_or_default();
        let of = |role: &OrganisationRole| {
            Period::parse(role.start_date.as_deref(), role.end_date.as_deref())
        };
        if touch(&roles.iter().map(of).collect::<Vec<_>>()) {
            failures.add(
                format!("{at}.role"),
                ErrorType::InvalidValue,
                "This contributor has simultaneous roles.",
            );
        }
        for (place, role) in roles.iter().enumerate() {
            let (start, end) = (role.start_date.as_deref(), role.end_date.as_deref());
            failures.period(&format!("{at}.role[{place}]"), start, end);
        }
    }
    for id in organisations
        .iter()
        .filter_map(|organisation| organisation.id.as_deref())
    {
        if let Some(count) = occurrences.remove(id).filter(|count| *count > 1) {
            failures.add(
                "organisation",
                ErrorType::DuplicateValue,
                format!(
                    "An organisation can appear only once. There are {count} occurrences of {id}"
                ),
            );
        }
    }
}

fn looks_like_ror(id: &str) -> bool {
    id.strip_prefix("https://ror.org/").is_some_and(|code| {
        code.len() == 9
            && code
                .bytes()
                .all(|c| c.is_ascii_digit() || c.is_ascii_lowercase())
    })
}
