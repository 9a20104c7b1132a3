//! Rules of requests about service points.

use crate::text::has_override;
use crate::trust::Trust;
use crate::validate::deceptive::OVERRIDES;
use crate::validate::failures::{Failures, is_blank};
use crate::validate::{ErrorType, FailureList};
use crate::{Prefix, RorId, ServicePointRequest, pasted};

/// Checks a request to create a service point.
pub fn validate_service_point_create(request: &ServicePointRequest) -> FailureList {
    let mut failures = Failures::default();
    constraints(request, &mut failures);
    deceptive_name(request, None, &mut failures);
    failures.into_list()
}

/// Checks a request to change a service point, which has the name `current`.
pub fn validate_service_point_update(
    request: &ServicePointRequest,
    current: Option<&str>,
) -> FailureList {
    let mut failures = Failures::default();
    failures.required("id", request.id.is_some());
    constraints(request, &mut failures);
    deceptive_name(request, current, &mut failures);
    failures.into_list()
}

/// A name from before this was checked may stay.
fn deceptive_name(request: &ServicePointRequest, current: Option<&str>, failures: &mut Failures) {
    let name = request.name.as_deref().unwrap_or_default();
    if has_override(name) && current != Some(name) {
        failures.add("name", ErrorType::InvalidValue, OVERRIDES);
    }
    if name.trim().chars().any(char::is_control) && current != Some(name) {
        failures.invalid("name", "must be one line without control characters");
    }
}

fn constraints(request: &ServicePointRequest, failures: &mut Failures) {
    let is_set = |text: &Option<String>| text.as_deref().is_some_and(|text| !is_blank(text));
    failures.required("name", is_set(&request.name));
    match request.identifier_owner.as_deref() {
        None => failures.not_set("identifierOwner"),
        // It stands in every RAiD that the service point mints.
        Some(owner) => {
            let owner = pasted::ror(owner).unwrap_or_else(|| owner.to_owned());
            if let Err(error) = owner.parse::<RorId>() {
                failures.invalid("identifierOwner", error);
            }
        }
    }
    failures.required("groupId", is_set(&request.group_id));
    if let Some(Err(error)) = request.prefix().map(str::parse::<Prefix>) {
        failures.invalid("prefix", error);
    }
    if request.retired == Some(true) && request.enabled == Some(true) {
        failures.invalid("enabled", "a service point that is retired is not enabled");
    }
    if let Some(Err(error)) = request.trust().map(str::parse::<Trust>) {
        failures.invalid("trust", error);
    }
}
