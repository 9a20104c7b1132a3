//! Which identifiers can be asked about, and what is said of those that do not exist.

use serde_json::json;

use super::*;
use crate::validate::ErrorType::{InvalidValue, NotFound};
use crate::{ExternalId, Resolver};

fn asked(body: &Value) -> Vec<(String, Resolver)> {
    let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
    let ids = external_ids(&request, &context());
    ids.into_iter()
        .map(|at| (at.field, at.id.resolver))
        .collect()
}

#[test]
fn every_external_id_is_asked_about_in_order() {
    use Resolver::{Doi, GeoNames, Handle, Isni, OpenStreetMap, Orcid, Ror, Rrid, WebArchive};
    let expected = [
        ("contributor[0].id", Orcid),
        ("contributor[1].id", Orcid),
        ("contributor[2].id", Orcid),
        ("contributor[3].id", Isni),
        ("organisation[0].id", Ror),
        ("organisation[1].id", Ror),
        ("organisation[2].id", Ror),
        ("relatedObject[0].id", Doi),
        ("relatedObject[1].id", Doi),
        ("relatedObject[2].id", Handle),
        ("relatedObject[3].id", Rrid),
        ("relatedObject[4].id", WebArchive),
        ("spatialCoverage[0].id", GeoNames),
        ("spatialCoverage[1].id", OpenStreetMap),
    ];
    let mut body = body(MAXIMAL);
    assert_eq!(body["contributor"][3]["schemaUri"], "https://isni.org/");
    let expected = expected.map(|(field, resolver)| (field.to_owned(), resolver));
    assert_eq!(asked(&body), expected);
    // What is of the wrong form is not asked about, but the rest is, also beside other mistakes.
    body["organisation"][1]["id"] = json!("https://ror.org/01ej9dk97");
    body["contributor"][3]["id"] = json!("https://isni.org/isni/0000000121500901");
    body["relatedObject"][4]["id"] =
        json!("https://web.archive.org/web/19950101000000/https://example.com");
    body["date"]["endDate"] = json!("1999");
    let not = [
        "organisation[1].id",
        "contributor[3].id",
        "relatedObject[4].id",
    ];
    let rest = expected
        .into_iter()
        .filter(|(field, _)| !not.contains(&field.as_str()));
    assert_eq!(asked(&body), rest.collect::<Vec<_>>());
    // Nothing is asked about while something is not set.
    body["title"] = Value::Null;
    assert_eq!(asked(&body), []);
}

#[test]
fn what_stands_already_is_not_asked_about_again() {
    let current = minted(&body(MAXIMAL), "10.82841/9f3c1a7e".parse().unwrap());
    let new = |change: &dyn Fn(&mut Value)| -> Vec<String> {
        let mut body = serde_json::to_value(&current).unwrap();
        change(&mut body);
        let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
        let ids = new_external_ids(&request, &current, &context());
        ids.into_iter().map(|at| at.field).collect()
    };
    assert!(new(&|_| {}).is_empty());
    // Wherever it stands now.
    let moved = |body: &mut Value| body["contributor"].as_array_mut().unwrap().reverse();
    assert!(new(&moved).is_empty());
    let changed = new(&|body| {
        body["contributor"][1]["id"] = json!("https://orcid.org/0000-0001-5000-0007");
        body["organisation"][0]["id"] = json!("https://ror.org/038sjwq14");
        body["relatedObject"][2]["id"] = json!("https://hdl.handle.net/1/2");
        body["spatialCoverage"][1]["id"] = json!("https://www.openstreetmap.org/node/1");
    });
    assert_eq!(
        changed,
        [
            "contributor[1].id",
            "organisation[0].id",
            "relatedObject[2].id",
            "spatialCoverage[1].id",
        ]
    );
}

#[test]
fn a_page_of_the_archive_may_come_as_a_doi() {
    let object = |id: &str| asked(&changed(MAXIMAL, "/relatedObject/0/id", json!(id)))[7].clone();
    let page = "https://web.archive.org/web/20220101000000/https://example.com";
    assert_eq!(
        object(page),
        ("relatedObject[0].id".to_owned(), Resolver::WebArchive)
    );
    // Its form says nothing that could be asked about.
    assert_eq!(
        object("https://web.archive.org/about").0,
        "relatedObject[1].id"
    );
}

/// RAiD API, sections on contributors, organisations, related objects and spatial coverage: what
/// is said of an id that its registry does not know, each in its place among the other failures.
#[test]
fn what_does_not_exist_is_named() {
    let body = changed(
        MAXIMAL,
        "/contributor/0/schemaUri",
        json!("https://isni.org/"),
    );
    let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
    let ids = external_ids(&request, &context());
    let missing: BTreeSet<ExternalId> = ids.iter().map(|at| at.id.clone()).collect();
    let context = ValidationContext {
        missing,
        ..context()
    };
    let schema = "has invalid/unsupported value - should be https://orcid.org/";
    let person = "This id does not exist";
    let organisation = "This ROR does not exist";
    let mut expected = vec![
        ("contributor[0].id", NotFound, person),
        ("contributor[0].schemaUri", InvalidValue, schema),
        ("contributor[1].id", NotFound, person),
        ("contributor[2].id", NotFound, person),
        ("contributor[3].id", NotFound, person),
        ("organisation[0].id", NotFound, organisation),
        ("organisation[1].id", NotFound, organisation),
        ("organisation[2].id", NotFound, organisation),
    ];
    let objects = ["0", "1", "2", "3", "4"].map(|index| format!("relatedObject[{index}].id"));
    let places = ["0", "1"].map(|index| format!("spatialCoverage[{index}].id"));
    let uris = objects.iter().chain(&places);
    expected.extend(uris.map(|field| (field.as_str(), InvalidValue, "uri not found")));
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(field, error_type, message)| (field.to_owned(), error_type, message.to_owned()))
        .collect();
    assert_eq!(mint_in(&body, &context), expected);
    // An id is missing at its own registry only.
    let elsewhere = ValidationContext {
        missing: context
            .missing
            .into_iter()
            .map(|id| ExternalId {
                resolver: Resolver::Isni,
                ..id
            })
            .collect(),
        ..super::context()
    };
    assert_eq!(mint_in(&self::body(MINIMAL), &elsewhere), []);
}
