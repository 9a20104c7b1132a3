//! Rules of requests about service points.

use crate::ServicePointRequest;
use crate::validate::Failure;
use crate::validate::failures::Failures;

/// Checks a request to create a service point.
pub fn validate_service_point_create(request: &ServicePointRequest) -> Vec<Failure> {
    let mut failures = Failures::default();
    constraints(request, &mut failures);
    failures.into_vec()
}

/// Checks a request to change a service point.
pub fn validate_service_point_update(request: &ServicePointRequest) -> Vec<Failure> {
    let mut failures = Failures::default();
    failures.required("id", request.id.is_some());
    constraints(request, &mut failures);
    failures.into_vec()
}

fn constraints(request: &ServicePointRequest, failures: &mut Failures) {
    failures.required("name", request.name.is_some());
    failures.required("identifierOwner", request.identifier_owner.is_some());
    failures.required("groupId", request.group_id.is_some());
}
