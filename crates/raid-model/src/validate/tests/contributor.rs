use serde_json::{Value, json};

use super::*;
use crate::validate::ErrorType::{DuplicateValue, InvalidValue, NotSet};

fn id(id: &str) -> Value {
    changed(MINIMAL, "/contributor/0/id", json!(id))
}

fn position(start: &str, end: &str) -> Value {
    json!({
        "id": "https://vocabulary.raid.org/contributor.position.schema/308",
        "schemaUri": "https://vocabulary.raid.org/contributor.position.schema/305",
        "startDate": start,
        "endDate": end
    })
}

/// RAiD API, section on contributors: the members of one.
#[test]
fn members() {
    let at = "contributor[0]";
    expect_each(&[
        ("/contributor", Value::Null, "contributor", NotSet, NOT_SET),
        ("/contributor", json!([]), "contributor", NotSet, NOT_SET),
        (
            "/contributor",
            json!("ABSENT"),
            "contributor",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/schemaUri",
            Value::Null,
            "contributor[0].schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/id",
            Value::Null,
            "contributor[0].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/id",
            json!(" "),
            "contributor[0].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/position",
            Value::Null,
            "contributor[0].position",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/position",
            json!([]),
            at,
            NotSet,
            "A contributor must have a position",
        ),
        (
            "/contributor/0/position",
            json!("ABSENT"),
            at,
            NotSet,
            "A contributor must have a position",
        ),
        (
            "/contributor/0/position/0/id",
            Value::Null,
            "contributor[0].position[0].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/position/0/schemaUri",
            Value::Null,
            "contributor[0].position[0].schemaUri",
            NotSet,
            NOT_SET,
        ),
    ]);
}

/// RAiD API, section on schema constraints: it answers 500 to a null in a list.
#[test]
fn null_elements_are_named() {
    let fields =
        |body: &Value| -> Vec<String> { mint(body).into_iter().map(|(field, ..)| field).collect() };
    assert_eq!(
        fields(&changed(MINIMAL, "/contributor/0", Value::Null)),
        ["contributor[0].schemaUri", "contributor[0].position"]
    );
    assert_eq!(
        fields(&changed(MINIMAL, "/contributor/0/role/0", Value::Null)),
        [
            "contributor[0].role[0].id",
            "contributor[0].role[0].schemaUri"
        ]
    );
}

/// RAiD API, section on contributors: leader and contact.
#[test]
fn somebody_leads_and_somebody_is_the_contact() {
    let leader = "At least one contributor must be flagged as a project leader";
    let contact = "At least one contributor must be flagged as a project contact";
    expect_each(&[
        (
            "/contributor/0/leader",
            json!(false),
            "contributor",
            NotSet,
            leader,
        ),
        (
            "/contributor/0/leader",
            Value::Null,
            "contributor",
            NotSet,
            leader,
        ),
        (
            "/contributor/0/contact",
            json!("ABSENT"),
            "contributor",
            NotSet,
            contact,
        ),
    ]);
    let mut body = changed(MINIMAL, "/contributor/0/leader", json!(false));
    body["contributor"][0]["contact"] = json!(false);
    expect(
        &body,
        &[
            ("contributor", NotSet, leader),
            ("contributor", NotSet, contact),
        ],
    );
}

/// RAiD API, section on contributors, identifier checks: the checksum of ORCID iDs (ISO 7064 MOD
/// 11-2), which it leaves to ORCID.
#[test]
fn an_orcid_has_its_checksum() {
    expect(
        &id("https://orcid.org/0000-0002-1825-0098"),
        &[(
            "contributor[0].id",
            InvalidValue,
            "has invalid/unsupported value - the ORCID iD is mistyped: its checksum (last \
             character) should be 7",
        )],
    );
    for malformed in [
        "https://orcid.org/0000-0002-1825-009",
        "https://orcid.org/",
        "https://orcid.org/0000-0002-1825-0097/",
        "https://orcid.org/https://orcid.org/0000-0002-1825-0097",
        "https://orcid.org/0000-0002-1825-0097 ",
    ] {
        expect(
            &id(malformed),
            &[(
                "contributor[0].id",
                InvalidValue,
                "has invalid/unsupported value - not an ORCID iD: write it like \
                 0000-0002-1825-0097 (a last x in upper case)",
            )],
        );
    }
}

/// RAiD API, section on contributors, identifier checks: the checksum of ISNIs.
#[test]
fn an_isni_has_its_checksum() {
    let mut body = id("https://isni.org/isni/000000012150090X");
    body["contributor"][0]["schemaUri"] = json!("https://isni.org/");
    expect(&body, &[]);
    for wrong in ["0000000121500901", "0000 0001 2150 090X", ""] {
        body["contributor"][0]["id"] = json!(format!("https://isni.org/isni/{wrong}"));
        expect(&body, &[("contributor[0].id", InvalidValue, INVALID)]);
    }
}

/// RAiD API, section on contributors: classification by id or schema, ORCID first.
#[test]
fn id_and_schema_agree() {
    let with = |id: &str, schema: &str| {
        let mut body = changed(MINIMAL, "/contributor/0/id", json!(id));
        body["contributor"][0]["schemaUri"] = json!(schema);
        body
    };
    let (orcid, isni) = (
        "https://orcid.org/0000-0002-1825-0097",
        "https://isni.org/isni/000000012150090X",
    );
    // By the schema an ORCID, by the id something else: ORCID is asked for.
    for id in [
        isni,
        "0000-0002-1825-0097",
        "https://sandbox.orcid.org/0000-0002-1825-0097",
    ] {
        expect(
            &with(id, "https://orcid.org/"),
            &[(
                "contributor[0].id",
                InvalidValue,
                "Contributor id should start with https://orcid.org/",
            )],
        );
    }
    expect(
        &with("0000-0002-1825-0097", "https://isni.org/"),
        &[(
            "contributor[0].id",
            InvalidValue,
            "Contributor id should start with https://isni.org/",
        )],
    );
    for schema in ["https://isni.org/", "https://sandbox.orcid.org/"] {
        expect(
            &with(orcid, schema),
            &[(
                "contributor[0].schemaUri",
                InvalidValue,
                "has invalid/unsupported value - should be https://orcid.org/",
            )],
        );
    }
    expect(
        &with(isni, "https://sandbox.orcid.org/"),
        &[(
            "contributor[0].schemaUri",
            InvalidValue,
            "has invalid/unsupported value - should be https://isni.org/",
        )],
    );
}

/// RAiD API, section on contributors: ids of neither registry hide roles and positions.
#[test]
fn only_the_configured_registries_are_known() {
    let expected = [
        (
            "contributor[0].id",
            InvalidValue,
            "has invalid/unsupported value - should begin with https://orcid.org/ or https://isni.org/",
        ),
        (
            "contributor[0].schemaUri",
            InvalidValue,
            "has invalid/unsupported value - should be https://orcid.org/ or https://isni.org/",
        ),
    ];
    let mut body = id("https://sandbox.orcid.org/0000-0002-1825-0097");
    body["contributor"][0]["schemaUri"] = json!("https://sandbox.orcid.org/");
    expect(&body, &expected);
    // Roles and positions are not looked at then.
    body["contributor"][0]["position"] = json!([]);
    body["contributor"][0]["role"] = Value::Null;
    expect(&body, &expected);

    let sandbox = ValidationContext {
        orcid_prefix: "https://sandbox.orcid.org/".to_owned(),
        ..context()
    };
    let mut body = id("https://sandbox.orcid.org/0000-0002-1825-0097");
    body["contributor"][0]["schemaUri"] = json!("https://sandbox.orcid.org/");
    assert_eq!(mint_in(&body, &sandbox), []);
    assert_eq!(mint_in(&self::body(MINIMAL), &sandbox).len(), 2);

    // At the simulator both count, each with its own schema.
    let simulator = ValidationContext {
        other_orcid_prefix: Some("https://sandbox.orcid.org/".to_owned()),
        ..context()
    };
    assert_eq!(mint_in(&body, &simulator), []);
    assert_eq!(mint_in(&self::body(MINIMAL), &simulator), []);
    body["contributor"][0]["schemaUri"] = json!("https://orcid.org/");
    assert_eq!(mint_in(&body, &simulator).len(), 1);
}

/// RAiD API, section on contributors: repeated ids come first, under index 1.
#[test]
fn a_person_appears_once() {
    let mut body = body(MINIMAL);
    let person = body["contributor"][0].clone();
    let mut other = person.clone();
    other["id"] = json!("https://orcid.org/0000-0001-5109-3700");
    other["position"] = json!([]);
    body["contributor"] = json!([other, person, person]);
    expect(
        &body,
        &[
            (
                "contributor[1].id",
                DuplicateValue,
                "A contributor can appear only once. There are 2 occurrences of \
                 https://orcid.org/0000-0002-1825-0097",
            ),
            (
                "contributor[0]",
                NotSet,
                "A contributor must have a position",
            ),
        ],
    );
    // Two that are not named are not the same.
    body["contributor"] = json!([body["contributor"][1], body["contributor"][2]]);
    for index in 0..2 {
        body["contributor"][index]["id"] = json!("");
    }
    expect(
        &body,
        &[
            ("contributor[0].id", NotSet, NOT_SET),
            ("contributor[1].id", NotSet, NOT_SET),
        ],
    );
}

/// RAiD API, section on contributors: the order of failures.
#[test]
fn what_is_wrong_with_one_person_comes_in_order() {
    let mut body = id("https://orcid.org/0000-0002-1825-0098");
    body["contributor"][0]["schemaUri"] = json!("https://isni.org/");
    body["contributor"][0]["role"] = Value::Null;
    body["contributor"][0]["position"] = json!([position("2020", "2019"), position("x", "")]);
    body["contributor"][0]["leader"] = json!(false);
    let fields: Vec<String> = mint(&body).into_iter().map(|(field, ..)| field).collect();
    assert_eq!(
        fields,
        [
            "contributor[0].id",
            "contributor[0].schemaUri",
            "contributor[0].role",
            "contributor[0].position[0].endDate",
            "contributor[0].position[1].startDate",
            "contributor",
        ]
    );
}
