//! The committed description is the one that the code makes, and describes what is served.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::routes::ENDPOINTS;

const COMMITTED: &str = include_str!("../../../../openapi/raid-registry.json");

#[test]
fn the_committed_description_is_current() {
    assert!(
        COMMITTED == super::openapi_json(),
        "openapi/raid-registry.json is not what the code describes: run `make openapi`, and \
         commit the file"
    );
}

#[test]
fn the_description_and_the_routes_name_the_same_operations() {
    let description: Value = serde_json::from_str(COMMITTED).unwrap();
    let mut described = BTreeSet::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let served: BTreeSet<_> = ENDPOINTS
        .iter()
        .map(|endpoint| (endpoint.method.to_string(), endpoint.path.to_owned()))
        .collect();
    assert_eq!(described, served);
    assert_eq!(served.len(), ENDPOINTS.len(), "a route is listed twice");
}
