//! Requests to change the contributors alone.

use serde_json::{Value, json};

use super::*;
use crate::ContributorPatch;
use crate::validate::ErrorType::{DuplicateValue, InvalidValue, NotSet};

const STATUS: &str = "Contributor status should be one of AUTHENTICATED, UNAUTHENTICATED, \
                      AWAITING_AUTHENTICATION, AUTHENTICATION_FAILED, AUTHENTICATION_REVOKED";

fn person(change: impl Fn(&mut Value)) -> Value {
    let mut person = body(MINIMAL)["contributor"][0].clone();
    person["status"] = json!("AUTHENTICATED");
    change(&mut person);
    person
}

fn patch(body: &Value) -> Vec<(String, ErrorType, String)> {
    let patch = ContributorPatch::from_json(body.to_string().as_bytes()).unwrap();
    plain(validate_contributor_patch(&patch, &context()))
}

fn expect_patch(people: &Value, expected: &[(&str, ErrorType, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(field, kind, message)| ((*field).to_owned(), *kind, (*message).to_owned()))
        .collect();
    assert_eq!(
        patch(&json!({ "contributor": people })),
        expected,
        "{people}"
    );
}

/// RAiD API, section on `PATCH`: the five statuses, in capitals or not.
#[test]
fn every_status_is_taken_and_no_other() {
    for status in [
        "AUTHENTICATED",
        "UNAUTHENTICATED",
        "AWAITING_AUTHENTICATION",
        "AUTHENTICATION_FAILED",
        "AUTHENTICATION_REVOKED",
        "authenticated",
        "Awaiting_Authentication",
    ] {
        expect_patch(&json!([person(|p| p["status"] = json!(status))]), &[]);
    }
    // Where the status is missing the RAiD API answers 500.
    for status in [
        Value::Null,
        json!(""),
        json!("UNVERIFIED"),
        json!(" AUTHENTICATED"),
        json!(1),
        json!({}),
    ] {
        expect_patch(
            &json!([person(|p| p["status"] = status.clone())]),
            &[("contributor[0].status", InvalidValue, STATUS)],
        );
    }
}

/// RAiD API, section on `PATCH`: a list must be there, and have somebody in it.
#[test]
fn somebody_must_be_there() {
    let nobody = [("contributor".to_owned(), NotSet, NOT_SET.to_owned())];
    for body in [
        json!({}),
        json!({"contributor": null}),
        json!({"contributor": []}),
    ] {
        assert_eq!(patch(&body), nobody, "{body}");
    }
}

/// RAiD API, section on `PATCH`: schema constraints hide the rules; of the rules, the status comes
/// first of what is wrong with a person, then what a mint would say of them.
#[test]
fn the_rules_of_contributors_count() {
    expect_patch(
        &json!([person(|p| {
            p["position"] = Value::Null;
            p["status"] = json!("?");
        })]),
        &[("contributor[0].position", NotSet, NOT_SET)],
    );
    let wrong = |id: &str| {
        person(|p| {
            p["id"] = json!(id);
            p["status"] = json!("?");
            p["position"] = json!([]);
            p["leader"] = json!(false);
        })
    };
    let no_position = "A contributor must have a position";
    expect_patch(
        &json!([
            wrong("https://orcid.org/0000-0002-1825-0097"),
            wrong("https://orcid.org/0000-0001-5109-3700"),
        ]),
        &[
            ("contributor[0].status", InvalidValue, STATUS),
            ("contributor[0]", NotSet, no_position),
            ("contributor[1].status", InvalidValue, STATUS),
            ("contributor[1]", NotSet, no_position),
            (
                "contributor",
                NotSet,
                "At least one contributor must be flagged as a project leader",
            ),
        ],
    );
    // The RAiD API answers 500 to a person who appears twice.
    expect_patch(
        &json!([person(|_| ()), person(|_| ())]),
        &[(
            "contributor[1].id",
            DuplicateValue,
            "A contributor can appear only once. There are 2 occurrences of \
             https://orcid.org/0000-0002-1825-0097",
        )],
    );
}
