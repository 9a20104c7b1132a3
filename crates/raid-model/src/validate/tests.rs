//! Each rule on its own: one mistake in a valid request gives exactly the failures of that rule.

mod access;
mod addresses;
mod any_request;
mod connections;
mod contributor;
mod deceptive;
mod existence;
mod identifier;
mod limits;
mod objects;
mod patch;
mod person_ids;
mod position;
mod required;
mod service_point;
mod title;

use serde_json::{Value, json};
use time::macros::{date, datetime};

use super::*;
use crate::{Handle, ServerOwned};

const MINIMAL: &str = include_str!("../../../../examples/raid-min.json");
const MAXIMAL: &str = include_str!("../../../../examples/raid-max.json");

const NOT_SET: &str = "field must be set";
const INVALID: &str = "has invalid/unsupported value";
const END_BEFORE_START: &str = "end date is before start date";

fn context() -> ValidationContext {
    ValidationContext {
        today: date!(2026 - 06 - 22),
        registered: None,
        orcid_prefix: "https://orcid.org/".parse().unwrap(),
        other_orcid_prefix: None,
        isni_prefix: "https://isni.org/".to_owned(),
        missing: BTreeSet::new(),
        limits: Strictness::Refuse,
        person_ids: Strictness::Warn,
    }
}

fn server_owned(handle: Handle) -> ServerOwned {
    ServerOwned {
        handle,
        owner: "https://ror.org/038sjwq14".parse().unwrap(),
        service_point: 20_000_000,
        agency: "https://ror.org/038sjwq14".parse().unwrap(),
        licence: "Creative Commons CC-0".to_owned(),
        agency_url: None,
        id_prefix: "https://raid.org/".parse().unwrap(),
        now: datetime!(2026-06-22 00:00 UTC),
    }
}

/// The record that a body was minted as.
fn minted(body: &Value, handle: Handle) -> Raid {
    let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
    Raid::mint(request, server_owned(handle))
}

fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A valid request with the member at `pointer` replaced; taken out if `value` is `"ABSENT"`.
fn changed(text: &str, pointer: &str, value: Value) -> Value {
    let mut body = body(text);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match parent {
        Value::Object(members) if value == "ABSENT" => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        Value::Array(elements) => elements[name.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer} is in no object"),
    }
    body
}

fn mint(body: &Value) -> Vec<(String, ErrorType, String)> {
    mint_in(body, &context())
}

fn mint_in(body: &Value, context: &ValidationContext) -> Vec<(String, ErrorType, String)> {
    let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
    plain(validate_mint(&request, context))
}

fn plain(failures: impl Into<FailureList>) -> Vec<(String, ErrorType, String)> {
    let listed = failures.into().into_listed().into_iter();
    listed
        .map(|f| (f.field_id, f.error_type, f.message))
        .collect()
}

fn expect(body: &Value, expected: &[(&str, ErrorType, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(field, error_type, message)| {
            ((*field).to_owned(), *error_type, (*message).to_owned())
        })
        .collect();
    assert_eq!(mint(body), expected, "{body}");
}

/// A change to a valid request and its one failure: pointer, new value, field, type, message.
type Case<'a> = (&'a str, Value, &'a str, ErrorType, &'a str);

/// Checks many changes to the minimal request, each with its one failure.
fn expect_each(cases: &[Case]) {
    expect_each_of(MINIMAL, cases);
}

/// The same with the maximal request.
fn expect_maximal(cases: &[Case]) {
    expect_each_of(MAXIMAL, cases);
}

fn expect_each_of(text: &str, cases: &[Case]) {
    for (pointer, value, field, error_type, message) in cases {
        expect(
            &changed(text, pointer, value.clone()),
            &[(*field, *error_type, *message)],
        );
    }
}

#[test]
fn the_examples_are_valid() {
    expect(&body(MINIMAL), &[]);
    expect(&body(MAXIMAL), &[]);
}

/// A megabyte of empty contributors: most of what is wrong is counted and not kept.
#[test]
fn the_first_failures_are_listed_and_all_are_counted() {
    let mut wrong = body(MINIMAL);
    wrong["contributor"] = vec![json!({}); 1000].into();
    let request = RaidRequest::from_json(wrong.to_string().as_bytes()).unwrap();
    let failures = validate_mint(&request, &context());
    assert_eq!((failures.listed().len(), failures.len()), (100, 1000));
    let last = &failures.listed()[99].field_id;
    assert!(last.starts_with("contributor[99]."), "{last}");
    let mut more = failures.clone();
    more.extend(failures);
    assert_eq!((more.listed().len(), more.len()), (100, 2000));
}

/// RAiD API, section on the error format: the members and types of failures.
#[test]
fn failures_are_shown_as_the_api_shows_them() {
    let failure = validate_mint(&RaidRequest::default(), &context());
    let failure = &failure.listed()[0];
    assert_eq!(
        serde_json::to_value(failure).unwrap(),
        json!({"fieldId": "date", "errorType": "notSet", "message": "field must be set"})
    );
    for (error_type, text) in [
        (ErrorType::InvalidValue, "invalidValue"),
        (ErrorType::TooLong, "tooLong"),
        (ErrorType::DuplicateValue, "duplicateValue"),
        (ErrorType::MissingPrimaryTitle, "missingPrimaryTitle"),
        (ErrorType::NotFound, "notFound"),
        (ErrorType::Invalid, "invalid"),
    ] {
        assert_eq!(serde_json::to_value(error_type).unwrap(), text);
    }
}

/// RAiD API, section on schema constraints: the blocks that a request must have.
#[test]
fn an_empty_object_lacks_the_four_blocks() {
    expect(
        &json!({"title": null, "contributor": null}),
        &[
            ("date", ErrorType::NotSet, NOT_SET),
            ("access", ErrorType::NotSet, NOT_SET),
            ("title", ErrorType::NotSet, NOT_SET),
            ("contributor", ErrorType::NotSet, NOT_SET),
        ],
    );
}

/// RAiD API, section on layers: one layer's failures hide the next one's.
#[test]
fn constraints_hide_rules() {
    let mut body = changed(MINIMAL, "/title/0/text", json!(" "));
    body["contributor"] = json!([]);
    expect(&body, &[("title[0].text", ErrorType::NotSet, NOT_SET)]);
}

/// RAiD API, section on the order of events: the order of blocks.
#[test]
fn rules_are_reported_in_the_order_of_the_blocks() {
    let mut body = body(MAXIMAL);
    body["spatialCoverage"][0]["place"][0]["text"] = json!("");
    body["relatedObject"][0]["category"] = json!([]);
    body["alternateIdentifier"][1] = body["alternateIdentifier"][0].clone();
    body["alternateUrl"][1] = body["alternateUrl"][0].clone();
    body["title"][0]["text"] = json!("x".repeat(101));
    body["organisation"][0]["id"] = json!("https://ror.org/x");
    body["contributor"] = json!([]);
    body["subject"][0]["id"] = Value::Null;
    body["description"] = json!([body["description"][1]]);
    body["title"] = json!([body["title"][0]]);
    body["title"][0]["type"]["id"] = json!("https://vocabulary.raid.org/title.type.schema/4");
    body["access"]["statement"]["text"] = json!("");
    body["date"]["endDate"] = json!("2001");
    let fields: Vec<String> = mint(&body).into_iter().map(|(field, ..)| field).collect();
    assert_eq!(
        fields,
        [
            "date.endDate",
            "access.statement.text",
            "title.type",
            "description",
            "alternateUrl[1]",
            "subject[0].id",
            "alternateIdentifier[1]",
            "contributor",
            "organisation[0].id",
            "relatedObject[0].category",
            "spatialCoverage[0].place[0]",
            // The documented limits, which the RAiD API does not check, come last.
            "title[0].text",
        ]
    );
}

/// RAiD API, section on dates: their grammar, and the date block.
#[test]
fn date_rules() {
    use ErrorType::{InvalidValue, NotSet};
    let form = "has invalid/unsupported value - not a date: write YYYY, YYYY-MM or YYYY-MM-DD, \
                with a year from 1000 to 9999";
    let impossible = "has invalid/unsupported value - there is no such date in the calendar";
    expect_each(&[
        ("/date", Value::Null, "date", NotSet, NOT_SET),
        ("/date", json!("ABSENT"), "date", NotSet, NOT_SET),
        (
            "/date/startDate",
            Value::Null,
            "date.startDate",
            NotSet,
            NOT_SET,
        ),
        (
            "/date/startDate",
            json!("  "),
            "date.startDate",
            NotSet,
            NOT_SET,
        ),
        (
            "/date/startDate",
            json!("2024\n"),
            "date.startDate",
            InvalidValue,
            "field has an invalid value",
        ),
        (
            "/date/startDate",
            json!("2021-13"),
            "date.startDate",
            InvalidValue,
            impossible,
        ),
        (
            "/date/startDate",
            json!("June 2021"),
            "date.startDate",
            InvalidValue,
            form,
        ),
        (
            "/date/endDate",
            json!("2021-02-30"),
            "date.endDate",
            InvalidValue,
            impossible,
        ),
        (
            "/date/endDate",
            json!("soon"),
            "date.endDate",
            InvalidValue,
            form,
        ),
        (
            "/date/endDate",
            json!("2024-12-31"),
            "date.endDate",
            InvalidValue,
            END_BEFORE_START,
        ),
        (
            "/date/endDate",
            json!("2024"),
            "date.endDate",
            InvalidValue,
            END_BEFORE_START,
        ),
    ]);
    for end in [
        json!(""),
        json!(" "),
        Value::Null,
        json!("2025"),
        json!("2025-02"),
        json!("2025-02-01"),
        json!(2026),
    ] {
        expect(&changed(MINIMAL, "/date/endDate", end), &[]);
    }
}

/// RAiD API, section on languages: the five places that have one.
#[test]
fn language_rules() {
    use ErrorType::{InvalidValue, NotSet};
    let unknown = "id does not exist within the given schema";
    for parent in [
        "/title/0",
        "/description/0",
        "/access/statement",
        "/subject/0/keyword/0",
        "/spatialCoverage/0/place/0",
    ] {
        let pointer = format!("{parent}/language");
        let field = |member: &str| {
            let path = pointer
                .trim_start_matches('/')
                .replace("/0", "[0]")
                .replace('/', ".");
            format!("{path}.{member}")
        };
        let with = |language: Value| changed(MAXIMAL, &pointer, language);
        let schema = "https://www.iso.org/standard/74575.html";
        expect(&with(Value::Null), &[]);
        expect(&with(json!({"id": "mri", "schemaUri": schema})), &[]);
        expect(
            &with(json!({})),
            &[
                (&field("id"), NotSet, NOT_SET),
                (&field("schemaUri"), NotSet, NOT_SET),
            ],
        );
        expect(
            &with(json!({"id": " ", "schemaUri": schema})),
            &[(&field("id"), NotSet, NOT_SET)],
        );
        for code in ["xxx", "en", "ENG", "   x"] {
            expect(
                &with(json!({"id": code, "schemaUri": schema})),
                &[(&field("id"), InvalidValue, unknown)],
            );
        }
    }
}

/// RAiD API, section on schema constraints: the texts that must be of one line and not blank.
#[test]
fn texts_of_one_line() {
    use ErrorType::{InvalidValue, NotSet};
    for (pointer, field) in [
        ("/title/0/text", "title[0].text"),
        ("/title/0/startDate", "title[0].startDate"),
        ("/title/0/language/id", "title[0].language.id"),
        ("/date/startDate", "date.startDate"),
        ("/organisation/0/id", "organisation[0].id"),
        (
            "/organisation/0/role/0/startDate",
            "organisation[0].role[0].startDate",
        ),
        ("/relatedRaid/0/id", "relatedRaid[0].id"),
        ("/relatedObject/0/id", "relatedObject[0].id"),
        ("/alternateIdentifier/0/id", "alternateIdentifier[0].id"),
        ("/alternateUrl/0/url", "alternateUrl[0].url"),
    ] {
        for blank in [Value::Null, json!(""), json!(" \t\n")] {
            expect(
                &changed(MAXIMAL, pointer, blank),
                &[(field, NotSet, NOT_SET)],
            );
        }
        let broken = json!("2025\nx");
        let message = "field has an invalid value";
        expect(
            &changed(MAXIMAL, pointer, broken),
            &[(field, InvalidValue, message)],
        );
    }
}

/// RAiD API, section on layer A: the withdrawn block hides everything else.
#[test]
fn a_withdrawn_block_is_a_failure_of_its_own() {
    for value in [json!([]), Value::Null, json!("x")] {
        // Whatever else is wrong with the body.
        let body = json!({"traditionalKnowledgeLabel": value, "title": 7});
        let error = RaidRequest::from_json(body.to_string().as_bytes()).unwrap_err();
        let failure = error.failure().unwrap();
        assert_eq!(failure.field_id, "traditionalKnowledgeLabel");
        assert_eq!(failure.error_type, ErrorType::InvalidValue);
        assert_eq!(
            failure.message,
            "The traditionalKnowledgeLabel field is not currently supported."
        );
    }
    // Only the body's own members count.
    let nested = json!({"traditionalKnowledgeLabel": []});
    let mut body = body(MINIMAL);
    body["title"][0]["traditionalKnowledgeLabel"] = nested;
    expect(&body, &[]);
    assert!(
        RaidRequest::from_json(b"{")
            .unwrap_err()
            .failure()
            .is_none()
    );
}
