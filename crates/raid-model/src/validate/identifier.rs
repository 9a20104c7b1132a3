//! Rules of the identifier block that a client sends.

use crate::external_id::BREAKS;
use crate::validate::failures::{Failures, is_blank};
use crate::validate::{ErrorType, Failure, FailureList};
use crate::{Handle, RaidRequest, SubmittedIdentifier};

/// Checks the identifier block of an update for what must be set.
pub fn validate_identifier(request: &RaidRequest) -> FailureList {
    let mut failures = Failures::default();
    match &request.identifier {
        None => failures.not_set("identifier"),
        Some(identifier) => constraints(identifier, &mut failures),
    }
    failures.into_list()
}

/// What must be set. The values themselves are the server's own and are not taken over.
pub(super) fn constraints(identifier: &SubmittedIdentifier, failures: &mut Failures) {
    failures.required("identifier.id", identifier.id.is_some());
    failures.required("identifier.license", identifier.license.is_some());
    match &identifier.owner {
        None => failures.not_set("identifier.owner"),
        Some(owner) => {
            ror_url("identifier.owner.id", owner.id.as_deref(), failures);
            failures.required("identifier.owner.schemaUri", owner.schema_uri.is_some());
            failures.required(
                "identifier.owner.servicePoint",
                owner.service_point.is_some(),
            );
        }
    }
    match &identifier.registration_agency {
        None => failures.not_set("identifier.registrationAgency"),
        Some(agency) => {
            ror_url(
                "identifier.registrationAgency.id",
                agency.id.as_deref(),
                failures,
            );
            let is_set = agency.schema_uri.is_some();
            failures.required("identifier.registrationAgency.schemaUri", is_set);
        }
    }
    failures.required("identifier.schemaUri", identifier.schema_uri.is_some());
    failures.required("identifier.version", identifier.version.is_some());
}

fn ror_url(field: &str, url: Option<&str>, failures: &mut Failures) {
    match url {
        Some(url) if !is_blank(url) => {
            if !url.starts_with("https://ror.org/") || url.contains(BREAKS) {
                failures.malformed(field);
            }
        }
        _ => failures.not_set(field),
    }
}

/// Checks that the `identifier.id` of an update names the RAiD in the request's path. The host in
/// it is not looked at, nor what an agency's resolver has before the handle.
pub fn validate_handle(path: &Handle, submitted: Option<&str>) -> Vec<Failure> {
    match handle_of(submitted.unwrap_or_default()) {
        Err(problem) => vec![failure("metadata.id.identifier", problem)],
        Ok(submitted) if ends_with(submitted, path) => Vec::new(),
        Ok(_) => {
            vec![failure(
                "id.identifier",
                "RAiD handle does not match handle in URL".to_owned(),
            )]
        }
    }
}

/// Whether the last segments of a path are the handle.
fn ends_with(path: &str, handle: &Handle) -> bool {
    let path = path.to_ascii_lowercase();
    let before = path.strip_suffix(&handle.to_string());
    before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

fn failure(field: &str, message: String) -> Failure {
    Failure {
        field_id: field.to_owned(),
        error_type: ErrorType::InvalidValue,
        message,
    }
}

/// The path of a URL without its first slash, if it has two segments or more.
fn handle_of(url: &str) -> Result<&str, String> {
    if is_blank(url) {
        return Err("identifier may not be blank".to_owned());
    }
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .ok_or_else(|| format!("Identifier is not an URL - no protocol: {url}"))?;
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    if host.is_empty() {
        return Err(format!("host may not be blank: {url}"));
    }
    let handle = path.strip_prefix('/').unwrap_or_default();
    if handle.is_empty() {
        return Err("IdentifierHandle may not be blank".to_owned());
    }
    match handle.split_once('/') {
        None => Err(format!("IdentifierHandle not enough parts: {path}")),
        Some((prefix, _)) if is_blank(prefix) => {
            Err(format!("IdentifierHandle prefix may not be blank: {path}"))
        }
        Some((_, suffix)) if is_blank(suffix) => {
            Err(format!("IdentifierHandle suffix may not be blank: {path}"))
        }
        Some(_) => Ok(handle),
    }
}
