//! Requests about service points.

use super::*;

/// RAiD API, section on schema constraints: what service points must have.
#[test]
fn service_point_rules() {
    let request = crate::ServicePointRequest::default();
    let fields = |failures: FailureList| -> Vec<String> {
        let listed = failures.into_listed().into_iter();
        listed.map(|failure| failure.field_id).collect()
    };
    assert_eq!(
        fields(validate_service_point_create(&request)),
        ["name", "identifierOwner", "groupId"]
    );
    assert_eq!(
        fields(validate_service_point_update(&request, None)),
        ["id", "name", "identifierOwner", "groupId"]
    );
    let named = |name: &str| crate::ServicePointRequest {
        id: Some(1),
        name: Some(name.to_owned()),
        identifier_owner: Some("https://ror.org/038sjwq14".to_owned()),
        group_id: Some("group".to_owned()),
        ..crate::ServicePointRequest::default()
    };
    let deceptive = named("Bank \u{202e}ytisrevinU");
    assert_eq!(fields(validate_service_point_create(&deceptive)), ["name"]);
    let lines = named("Bank\r\nSubject: x");
    assert_eq!(fields(validate_service_point_create(&lines)), ["name"]);
    let update = |current| fields(validate_service_point_update(&deceptive, current));
    assert_eq!(update(Some("Bank")), ["name"]);
    // A name from before stays.
    assert!(update(deceptive.name.as_deref()).is_empty());
    let persian =
        named("\u{200f}\u{062f}\u{0627}\u{0646}\u{0634}\u{06af}\u{0627}\u{0647}\u{200e} (1)");
    assert!(validate_service_point_create(&persian).is_empty());
}
