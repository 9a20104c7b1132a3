//! RAiD metadata schema: limits that the RAiD API documents and does not check.

use serde_json::json;

use super::*;
use crate::validate::ErrorType::{InvalidValue, TooLong};

fn long(pointer: &str, characters: usize) -> Value {
    // Characters count, not bytes.
    changed(MAXIMAL, pointer, json!("\u{e9}".repeat(characters)))
}

#[test]
fn texts_have_their_longest() {
    for (pointer, field, limit) in [
        ("/title/1/text", "title[1].text", 100),
        ("/description/2/text", "description[2].text", 1000),
        ("/access/statement/text", "access.statement.text", 1000),
    ] {
        expect(&long(pointer, limit), &[]);
        let message = format!("field must not have more than {limit} characters");
        expect(&long(pointer, limit + 1), &[(field, TooLong, &message)]);
    }
    // No limit is documented for the others.
    for pointer in [
        "/subject/0/keyword/0/text",
        "/spatialCoverage/0/place/0/text",
    ] {
        expect(&long(pointer, 5000), &[]);
    }
}

/// RAiD metadata schema, lengths of texts, as agencies run: what is beyond a documented limit is told, what is beyond all measure is refused.
#[test]
fn an_agency_may_warn_of_long_texts() {
    let lenient = ValidationContext {
        limits: Strictness::Warn,
        ..context()
    };
    let warned = |body: &Value| -> Vec<String> {
        let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
        let warnings = tolerated(&request, None, &lenient);
        warnings.into_iter().map(|it| it.field_id).collect()
    };
    for (pointer, field, limit, bound) in [
        ("/title/1/text", "title[1].text", 100, 5000),
        ("/description/2/text", "description[2].text", 1000, 50_000),
        (
            "/access/statement/text",
            "access.statement.text",
            1000,
            50_000,
        ),
    ] {
        assert!(warned(&long(pointer, limit)).is_empty(), "{field}");
        for length in [limit + 1, bound] {
            assert_eq!(mint_in(&long(pointer, length), &lenient), []);
            assert_eq!(warned(&long(pointer, length)), [field]);
        }
        let message = format!("field must not have more than {bound} characters");
        let refused = (field.to_owned(), TooLong, message);
        assert_eq!(mint_in(&long(pointer, bound + 1), &lenient), [refused]);
    }
    let two = led(&[lead(0, "2020", ""), lead(1, "2030", "")]);
    assert_eq!(mint_in(&two, &lenient), []);
    assert_eq!(warned(&two), ["organisation[1].role[0]"]);
}

fn lead(index: usize, start: &str, end: &str) -> Value {
    let ror = [
        "https://ror.org/038sjwq14",
        "https://ror.org/00rqy9422",
        "https://ror.org/02stey378",
    ];
    json!({
        "id": ror[index],
        "schemaUri": "https://ror.org/",
        "role": [{
            "id": crate::vocabulary::LEAD_RESEARCH_ORGANISATION,
            "schemaUri": "https://vocabulary.raid.org/organisation.role.schema/359",
            "startDate": start,
            "endDate": end,
        }],
    })
}

fn led(organisations: &[Value]) -> Value {
    changed(MAXIMAL, "/organisation", json!(organisations))
}

#[test]
fn one_organisation_leads_at_a_time() {
    let with = |at: &str, other: &str| {
        (
            format!("organisation[{at}].role[0]"),
            InvalidValue,
            format!(
                "There can only be one lead research organisation at any given time. This role \
                 conflicts with organisation[{other}].role[0]"
            ),
        )
    };
    for fine in [
        vec![],
        vec![lead(0, "2020", "")],
        vec![lead(0, "2020", "2021"), lead(1, "2021", "")],
        vec![lead(1, "2021", ""), lead(0, "2020", "2021-01-01")],
    ] {
        expect(&led(&fine), &[]);
    }
    assert_eq!(
        mint(&led(&[lead(0, "2020", ""), lead(1, "2030", "")])),
        [with("1", "0")]
    );
    // Also one that leads while several others come and go.
    assert_eq!(
        mint(&led(&[
            lead(1, "2021", "2022"),
            lead(2, "2023", "2024"),
            lead(0, "2020", "2030"),
        ])),
        [with("0", "2"), with("1", "2")]
    );
    // The other roles are free.
    let mut partners = led(&[lead(0, "2020", ""), lead(1, "2020", "")]);
    partners["organisation"][1]["role"][0]["id"] =
        json!("https://vocabulary.raid.org/organisation.role.schema/184");
    expect(&partners, &[]);
}

#[test]
fn what_stands_already_is_tolerated() {
    let handle: Handle = "10.82841/9f3c1a7e".parse().unwrap();
    let mut old = body(MAXIMAL);
    old["title"][0]["text"] = json!("x".repeat(101));
    old["organisation"] = json!([lead(0, "2020", ""), lead(1, "2020", "")]);
    let current = minted(&old, handle);
    let checked = |change: &dyn Fn(&mut Value)| -> (Vec<String>, Vec<String>) {
        let mut body = serde_json::to_value(&current).unwrap();
        change(&mut body);
        let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
        let fields = |failures: FailureList| {
            let listed = failures.listed().iter();
            listed.map(|f| f.field_id.clone()).collect()
        };
        (
            fields(validate_update(&request, &current, &context())),
            fields(tolerated(&request, Some(&current), &context()).into()),
        )
    };
    let names = |fields: &[&str]| fields.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>();
    let standing = names(&["title[0].text", "organisation[1].role[0]"]);
    assert_eq!(checked(&|_| {}), (vec![], standing.clone()));
    // Wherever it stands now, and while other members change.
    let moved = |body: &mut Value| {
        body["organisation"][0]["role"][0]["startDate"] = json!("2019");
        body["title"].as_array_mut().unwrap().swap(0, 1);
    };
    assert_eq!(
        checked(&moved),
        (vec![], names(&["title[1].text", "organisation[1].role[0]"]))
    );
    // What is new is refused, also beside what stands.
    let longer = |body: &mut Value| body["title"][0]["text"] = json!("x".repeat(102));
    assert_eq!(
        checked(&longer),
        (
            names(&["title[0].text"]),
            names(&["organisation[1].role[0]"])
        )
    );
    let third = |body: &mut Value| {
        let organisations = body["organisation"].as_array_mut().unwrap();
        organisations.push(lead(2, "2021", ""));
    };
    assert_eq!(
        checked(&third),
        (names(&["organisation[2].role[0]"]), standing)
    );
    // A long text may not move to another block.
    let copied = |body: &mut Value| {
        body["description"][0]["text"] = json!("x".repeat(1001));
        body["title"][0]["text"] = json!("Short");
    };
    assert_eq!(checked(&copied).0, ["description[0].text"]);
}
