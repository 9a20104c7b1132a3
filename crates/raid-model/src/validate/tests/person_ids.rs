//! ORCID iDs and ISNIs in the wrong place.

use serde_json::json;

use super::*;

const ISNI_AS_ORCID: &str = "https://orcid.org/0000-0001-2103-2683";
const ORCID_AS_ISNI: &str = "https://isni.org/isni/0000000218250097";

fn with(id: &str) -> Value {
    let mut body = body(MINIMAL);
    let schema = if id == ORCID_AS_ISNI {
        "https://isni.org/"
    } else {
        "https://orcid.org/"
    };
    body["contributor"][0]["id"] = json!(id);
    body["contributor"][0]["schemaUri"] = json!(schema);
    body
}

/// RAiD API, section on contributors: ORCID iDs and ISNIs have one checksum.
#[test]
fn an_identifier_of_the_other_registry_is_told_or_refused() {
    let strict = ValidationContext {
        person_ids: Strictness::Refuse,
        ..context()
    };
    for (id, is_right) in [
        (ISNI_AS_ORCID, false),
        (ORCID_AS_ISNI, false),
        ("https://orcid.org/0000-0002-1825-0097", true),
        ("https://orcid.org/0009-0000-0000-0009", true),
    ] {
        let body = with(id);
        let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
        let fields = |failures: Vec<Failure>| -> Vec<String> {
            failures.into_iter().map(|it| it.field_id).collect()
        };
        let named = if is_right {
            vec![]
        } else {
            vec!["contributor[0].id"]
        };
        assert_eq!(mint(&body), [], "{id}");
        assert_eq!(fields(tolerated(&request, None, &context())), named, "{id}");
        assert_eq!(
            fields(validate_mint(&request, &strict).into_listed()),
            named,
            "{id}"
        );
    }
}

/// RAiD API, section on contributors: what stands in a RAiD is kept.
#[test]
fn who_stands_there_may_stay() {
    let strict = ValidationContext {
        person_ids: Strictness::Refuse,
        ..context()
    };
    let current = minted(&with(ISNI_AS_ORCID), "10.82841/9f3c1a7e".parse().unwrap());
    let body = serde_json::to_vec(&current).unwrap();
    let request = RaidRequest::from_json(&body).unwrap();
    assert!(validate_update(&request, &current, &strict).is_empty());
    let patch = ContributorPatch::from_json(&body).unwrap();
    let (refused, told) = limits_of_contributors(&patch, &current, &strict);
    assert_eq!((refused.len(), told.len()), (0, 1));
}
