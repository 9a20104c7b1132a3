//! The members that must be there, all of them.

use serde_json::{Value, json};

use super::*;
use crate::validate::ErrorType::NotSet;

/// RAiD API, section on schema constraints: every member that must not be null, and where that is
/// said. A position's and a subject's own rules are told apart from them elsewhere.
const REQUIRED: &[&str] = &[
    "title",
    "title[0].text",
    "title[0].startDate",
    "title[0].type",
    "title[0].type.id",
    "title[0].type.schemaUri",
    "title[0].language.id",
    "title[0].language.schemaUri",
    "date",
    "date.startDate",
    "description[0].text",
    "description[0].type",
    "description[0].type.id",
    "description[0].type.schemaUri",
    "description[0].language.id",
    "description[0].language.schemaUri",
    "access",
    "access.type",
    "access.type.id",
    "access.type.schemaUri",
    "access.statement.language.id",
    "access.statement.language.schemaUri",
    "contributor",
    "contributor[0].schemaUri",
    "contributor[0].position",
    "contributor[0].position[0].id",
    "contributor[0].position[0].schemaUri",
    "contributor[0].position[0].startDate",
    "contributor[0].role[0].id",
    "contributor[0].role[0].schemaUri",
    "organisation[0].id",
    "organisation[0].schemaUri",
    "organisation[0].role",
    "organisation[0].role[0].id",
    "organisation[0].role[0].schemaUri",
    "organisation[0].role[0].startDate",
    "relatedRaid[0].id",
    "relatedRaid[0].type",
    "relatedRaid[0].type.id",
    "relatedRaid[0].type.schemaUri",
    "relatedObject[0].id",
    "relatedObject[0].schemaUri",
    "relatedObject[0].type",
    "relatedObject[0].type.id",
    "relatedObject[0].type.schemaUri",
    "relatedObject[0].category",
    "relatedObject[0].category[0].id",
    "relatedObject[0].category[0].schemaUri",
    "alternateIdentifier[0].id",
    "alternateIdentifier[0].type",
    "alternateUrl[0].url",
    "spatialCoverage[0].id",
    "spatialCoverage[0].schemaUri",
    "spatialCoverage[0].place[0].language.id",
    "spatialCoverage[0].place[0].language.schemaUri",
    "subject[0].keyword[0].language.id",
    "subject[0].keyword[0].language.schemaUri",
];

/// Members that may be null, at this layer and the next.
const OPTIONAL: &[&str] = &[
    "title[0].language",
    "title[0].endDate",
    "date.endDate",
    "description",
    "description[0].language",
    "access.statement",
    "access.statement.language",
    "access.embargoExpiry",
    "contributor[0].position[0].endDate",
    "contributor[0].uuid",
    "contributor[0].email",
    "contributor[0].status",
    "contributor[0].statusMessage",
    "organisation",
    "organisation[0].role[0].endDate",
    "relatedRaid",
    "relatedObject",
    "alternateIdentifier",
    "alternateUrl",
    "spatialCoverage",
    "spatialCoverage[0].place",
    "subject",
    "subject[0].keyword",
    "identifier",
    "metadata",
];

fn pointer(field: &str) -> String {
    format!("/{}", field.replace('.', "/").replace("[0]", "/0"))
}

/// The maximal request, with a language wherever there may be one.
fn full() -> String {
    let mut body = body(MAXIMAL);
    for pointer in [
        "/title/0",
        "/description/0",
        "/access/statement",
        "/subject/0/keyword/0",
        "/spatialCoverage/0/place/0",
    ] {
        body.pointer_mut(pointer).unwrap()["language"] =
            json!({"id": "eng", "schemaUri": "https://www.iso.org/standard/74575.html"});
    }
    for pointer in ["/organisation/0/role", "/contributor/0/position", "/title"] {
        let list = body.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
        list.truncate(1);
    }
    body["title"][0]["endDate"] = Value::Null;
    body.to_string()
}

/// RAiD API, section on schema constraints: a null is `notSet` at its own path, and nothing else.
#[test]
fn every_required_member_is_named() {
    expect(&body(&full()), &[]);
    for field in REQUIRED {
        let body = changed(&full(), &pointer(field), Value::Null);
        expect(&body, &[(field, NotSet, NOT_SET)]);
    }
}

/// RAiD API, section on schema constraints: what is not required may be null or absent.
#[test]
fn every_other_member_may_be_missing() {
    for field in OPTIONAL {
        for nothing in [Value::Null, json!("ABSENT")] {
            expect(&changed(&full(), &pointer(field), nothing), &[]);
        }
    }
}
