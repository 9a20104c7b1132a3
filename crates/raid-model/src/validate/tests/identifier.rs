use serde_json::{Value, json};

use super::*;
use crate::validate::ErrorType::{InvalidValue, NotSet};

fn path() -> Handle {
    "10.82841/9f3c1a7e".parse().unwrap()
}

fn with_identifier(pointer: &str, value: Value) -> Value {
    let mut body = body(MINIMAL);
    body["identifier"] = json!({
        "id": "https://raid.org/10.82841/9f3c1a7e",
        "license": "Creative Commons CC-0",
        "owner": {
            "id": "https://ror.org/038sjwq14",
            "schemaUri": "https://ror.org/",
            "servicePoint": 20_000_000
        },
        "registrationAgency": {"id": "https://ror.org/038sjwq14", "schemaUri": "https://ror.org/"},
        "schemaUri": "https://raid.org/",
        "version": 1
    });
    changed(&body.to_string(), pointer, value)
}

fn update(body: &Value) -> Vec<(String, ErrorType, String)> {
    let current = minted(&super::body(MINIMAL), path());
    let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
    plain(validate_update(&request, &current, &context()))
}

/// RAiD API, section on `PUT`: it answers 500 where there is no identifier.
#[test]
fn an_update_names_its_raid() {
    assert_eq!(
        update(&with_identifier("/identifier/version", json!(1))),
        []
    );
    assert_eq!(
        update(&body(MINIMAL)),
        [("identifier".to_owned(), NotSet, NOT_SET.to_owned())]
    );
}

/// RAiD API, section on schema constraints: the identifier block, where there is one.
#[test]
fn members() {
    let malformed = "field has an invalid value";
    for (pointer, value, field, error_type, message) in [
        (
            "/identifier/id",
            Value::Null,
            "identifier.id",
            NotSet,
            NOT_SET,
        ),
        (
            "/identifier/license",
            Value::Null,
            "identifier.license",
            NotSet,
            NOT_SET,
        ),
        (
            "/identifier/owner",
            Value::Null,
            "identifier.owner",
            NotSet,
            NOT_SET,
        ),
        (
            "/identifier/owner/id",
            Value::Null,
            "identifier.owner.id",
            NotSet,
            NOT_SET,
        ),
        (
            "/identifier/owner/id",
            json!(""),
            "identifier.owner.id",
            NotSet,
            NOT_SET,
        ),
        (
            "/identifier/owner/id",
            json!("http://ror.org/x"),
            "identifier.owner.id",
            InvalidValue,
            malformed,
        ),
        (
            "/identifier/owner/schemaUri",
            Value::Null,
            "identifier.owner.schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/identifier/owner/servicePoint",
            Value::Null,
            "identifier.owner.servicePoint",
            NotSet,
            NOT_SET,
        ),
        (
            "/identifier/registrationAgency",
            Value::Null,
            "identifier.registrationAgency",
            NotSet,
            NOT_SET,
        ),
        (
            "/identifier/registrationAgency/id",
            json!("ARDC"),
            "identifier.registrationAgency.id",
            InvalidValue,
            malformed,
        ),
        (
            "/identifier/registrationAgency/schemaUri",
            Value::Null,
            "identifier.registrationAgency.schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/identifier/schemaUri",
            Value::Null,
            "identifier.schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/identifier/version",
            Value::Null,
            "identifier.version",
            NotSet,
            NOT_SET,
        ),
    ] {
        let body = with_identifier(pointer, value);
        let expected = [(field.to_owned(), error_type, message.to_owned())];
        // Checked on mint too, although it has no effect there.
        assert_eq!(update(&body), expected, "{body}");
        assert_eq!(mint(&body), expected, "{body}");
    }
}

/// RAiD API, section on `PUT`: the handle checks.
#[test]
fn the_handle_is_the_one_of_the_path() {
    let field = "metadata.id.identifier";
    for (id, field, message) in [
        ("", field, "identifier may not be blank"),
        (" ", field, "identifier may not be blank"),
        (
            "10.82841/9f3c1a7e",
            field,
            "Identifier is not an URL - no protocol: 10.82841/9f3c1a7e",
        ),
        (
            "https:///10.82841/9f3c1a7e",
            field,
            "host may not be blank: https:///10.82841/9f3c1a7e",
        ),
        (
            "https://raid.org",
            field,
            "IdentifierHandle may not be blank",
        ),
        (
            "https://raid.org/",
            field,
            "IdentifierHandle may not be blank",
        ),
        (
            "https://raid.org/10.82841",
            field,
            "IdentifierHandle not enough parts: /10.82841",
        ),
        (
            "https://raid.org//x",
            field,
            "IdentifierHandle prefix may not be blank: //x",
        ),
        (
            "https://raid.org/10.82841/",
            field,
            "IdentifierHandle suffix may not be blank: /10.82841/",
        ),
        (
            "https://raid.org/10.82841/other",
            "id.identifier",
            "RAiD handle does not match handle in URL",
        ),
        (
            "https://raid.org/110.82841/9f3c1a7e",
            "id.identifier",
            "RAiD handle does not match handle in URL",
        ),
        (
            "https://raid.org/10.82841/9f3c1a7e/2",
            "id.identifier",
            "RAiD handle does not match handle in URL",
        ),
    ] {
        assert_eq!(
            plain(validate_handle(&path(), Some(id))),
            [(field.to_owned(), InvalidValue, message.to_owned())],
            "{id}"
        );
    }
    // The host is not compared, nor the path of a resolver, nor the case of the handle.
    for id in [
        "https://resolver.example/raid/10.82841/9f3c1a7e",
        "https://elsewhere.example/10.82841/9f3c1a7e",
        "http://raid.org/10.82841/9F3C1A7E",
    ] {
        assert_eq!(validate_handle(&path(), Some(id)), []);
    }
    assert_eq!(validate_handle(&path(), None).len(), 1);
}

/// RAiD API, section on `PUT`: the handle checks come first.
#[test]
fn the_handle_comes_before_the_blocks() {
    let mut body = with_identifier("/identifier/id", json!("https://raid.org/10.1/x"));
    body["date"]["endDate"] = json!("1999");
    let fields: Vec<String> = update(&body).into_iter().map(|(field, ..)| field).collect();
    assert_eq!(fields, ["id.identifier", "date.endDate"]);
}
