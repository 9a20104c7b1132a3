use serde_json::{Value, json};
use time::macros::date;

use super::*;

fn embargoed(change: impl Fn(&mut Value)) -> Value {
    let mut body = body(MINIMAL);
    body["access"]["type"]["id"] = json!(crate::vocabulary::EMBARGOED_ACCESS);
    body["access"]["statement"] = json!({"text": "Until the thesis is examined."});
    body["access"]["embargoExpiry"] = json!("2027-12-22");
    change(&mut body["access"]);
    body
}

/// RAiD API, section on access.
#[test]
fn access_rules() {
    use ErrorType::NotSet;
    expect_each(&[
        ("/access", Value::Null, "access", NotSet, NOT_SET),
        ("/access/type", Value::Null, "access.type", NotSet, NOT_SET),
        (
            "/access/type/id",
            Value::Null,
            "access.type.id",
            NotSet,
            NOT_SET,
        ),
        (
            "/access/type/schemaUri",
            Value::Null,
            "access.type.schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/access/statement",
            json!({}),
            "access.statement.text",
            NotSet,
            NOT_SET,
        ),
        (
            "/access/statement",
            json!({"text": " "}),
            "access.statement.text",
            NotSet,
            NOT_SET,
        ),
    ]);
    expect(
        &changed(MINIMAL, "/access/type", json!({})),
        &[
            ("access.type.id", NotSet, NOT_SET),
            ("access.type.schemaUri", NotSet, NOT_SET),
        ],
    );
    // Open access may carry both, and no rule looks at the expiry.
    let open = json!({"text": "Open."});
    expect(&changed(MINIMAL, "/access/statement", open), &[]);
    expect(
        &changed(MINIMAL, "/access/embargoExpiry", json!("2099-01-01")),
        &[],
    );
}

/// RAiD API, section on access: what an embargo needs.
#[test]
fn embargo_rules() {
    use ErrorType::{InvalidValue, NotSet};
    let too_long = "Embargo expiry cannot be more than 18 months in the future";
    expect(&embargoed(|_| {}), &[]);
    let ended = "Embargo expiry must be after today: the RAiD opens on that day. To open it now, send \
                 the open access type";
    for early in ["2026-06-22", "2020-01-01"] {
        expect(
            &embargoed(|access| access["embargoExpiry"] = json!(early)),
            &[("access.embargoExpiry", InvalidValue, ended)],
        );
    }
    expect(
        &embargoed(|access| access["embargoExpiry"] = json!("2026-06-23")),
        &[],
    );
    expect(
        &embargoed(|access| access["embargoExpiry"] = json!([2027, 12, 23])),
        &[("access.embargoExpiry", InvalidValue, too_long)],
    );
    expect(
        &embargoed(|access| access["embargoExpiry"] = json!("")),
        &[("access.embargoExpiry", NotSet, NOT_SET)],
    );
    expect(
        &embargoed(|access| access["statement"] = Value::Null),
        &[("access.statement", NotSet, NOT_SET)],
    );
}

/// RAiD metadata schema, access: 18 months from registration. The RAiD API counts from today.
#[test]
fn an_embargo_is_counted_from_registration() {
    let context = ValidationContext {
        registered: Some(date!(2026 - 01 - 31)),
        ..context()
    };
    let until = |day: &str| embargoed(|access| access["embargoExpiry"] = json!(day));
    assert_eq!(mint_in(&until("2027-07-31"), &context), []);
    assert_eq!(mint_in(&until("2027-08-01"), &context).len(), 1);
}

/// RAiD API, section on access: an old embargo that has ended may stay, so that other members can be changed.
#[test]
fn an_embargo_that_stands_may_have_ended() {
    let handle: Handle = "10.82841/9f3c1a7e".parse().unwrap();
    let old = embargoed(|access| access["embargoExpiry"] = json!("2026-06-01"));
    let current = minted(&old, handle);
    let check = |day: &str| {
        let mut body = serde_json::to_value(&current).unwrap();
        body["access"]["embargoExpiry"] = json!(day);
        let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
        validate_update(&request, &current, &context()).len()
    };
    assert_eq!(check("2026-06-01"), 0);
    assert_eq!(check("2026-06-02"), 1);
    assert_eq!(check("2026-06-22"), 1);
    assert_eq!(check("2026-06-23"), 0);
}
