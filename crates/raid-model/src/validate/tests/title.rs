use serde_json::{Value, json};

use super::*;
use crate::validate::ErrorType::{DuplicateValue, InvalidValue, MissingPrimaryTitle, NotSet};

fn title(number: u32, text: &str, start: &str, end: &str) -> Value {
    json!({
        "text": text,
        "startDate": start,
        "endDate": end,
        "type": {
            "id": format!("https://vocabulary.raid.org/title.type.schema/{number}"),
            "schemaUri": "https://vocabulary.raid.org/title.type.schema/376"
        }
    })
}

fn primary(text: &str, start: &str, end: &str) -> Value {
    title(5, text, start, end)
}

fn titles(titles: Value) -> Value {
    changed(MINIMAL, "/title", titles)
}

/// RAiD API, section on titles: the members of one.
#[test]
fn members() {
    expect_each(&[
        ("/title", Value::Null, "title", NotSet, NOT_SET),
        (
            "/title/0/text",
            Value::Null,
            "title[0].text",
            NotSet,
            NOT_SET,
        ),
        (
            "/title/0/text",
            json!("\n "),
            "title[0].text",
            NotSet,
            NOT_SET,
        ),
        (
            "/title/0/text",
            json!("a\nb"),
            "title[0].text",
            InvalidValue,
            "field has an invalid value",
        ),
        (
            "/title/0/text",
            json!("a\u{2028}"),
            "title[0].text",
            InvalidValue,
            "field has an invalid value",
        ),
        (
            "/title/0/startDate",
            Value::Null,
            "title[0].startDate",
            NotSet,
            NOT_SET,
        ),
        (
            "/title/0/startDate",
            json!(""),
            "title[0].startDate",
            NotSet,
            NOT_SET,
        ),
        (
            "/title/0/startDate",
            json!("2025-00"),
            "title[0].startDate",
            InvalidValue,
            "has invalid/unsupported value - there is no such date in the calendar",
        ),
        (
            "/title/0/endDate",
            json!("2025-01-31"),
            "title[0].endDate",
            InvalidValue,
            END_BEFORE_START,
        ),
        (
            "/title/0/type",
            json!("ABSENT"),
            "title[0].type",
            NotSet,
            NOT_SET,
        ),
        (
            "/title/0/type/id",
            Value::Null,
            "title[0].type.id",
            NotSet,
            NOT_SET,
        ),
        (
            "/title/0/type/schemaUri",
            Value::Null,
            "title[0].type.schemaUri",
            NotSet,
            NOT_SET,
        ),
    ]);
    expect(
        &changed(MINIMAL, "/title/0/text", json!("\n\t first line")),
        &[],
    );
    // As in the RAiD API's pattern, only ASCII counts as white space before the text.
    expect(
        &changed(MINIMAL, "/title/0/text", json!("\u{2028}first line")),
        &[],
    );
}

/// RAiD API, section on schema constraints: it answers 500 to a null in a list.
#[test]
fn a_null_element_is_named() {
    let fields: Vec<String> = mint(&titles(json!([null])))
        .into_iter()
        .map(|(field, ..)| field)
        .collect();
    assert_eq!(
        fields,
        ["title[0].text", "title[0].type", "title[0].startDate"]
    );
}

/// RAiD API, section on titles: one is primary.
#[test]
fn one_must_be_primary() {
    let missing = [(
        "title.type",
        MissingPrimaryTitle,
        "at least one primaryTitle entry must be provided",
    )];
    expect(&titles(json!([])), &missing);
    expect(&changed(MINIMAL, "/title", json!("ABSENT")), &missing);
    expect(&titles(json!([title(4, "Other", "2025", "")])), &missing);
}

/// RAiD API, section on titles: one primary title at a time.
#[test]
fn primary_titles_do_not_overlap() {
    let message = |other: usize| {
        format!(
            "There can only be one primary title in any given period. The start date for this \
             title overlaps with title[{other}]"
        )
    };
    // The later one is named, whatever the order in the list.
    expect(
        &titles(json!([
            primary("B", "2021-06", ""),
            primary("A", "2020", "2021-07")
        ])),
        &[("title[0].startDate", InvalidValue, &message(1))],
    );
    // An open end is today.
    expect(
        &titles(json!([
            primary("A", "2020", ""),
            primary("B", "2026-06-21", "")
        ])),
        &[("title[1].startDate", InvalidValue, &message(0))],
    );
    expect(
        &titles(json!([
            primary("A", "2020", ""),
            primary("B", "2026-06-22", "")
        ])),
        &[],
    );
    // The end of one may be the start of the next.
    expect(
        &titles(json!([
            primary("A", "2020", "2021"),
            primary("B", "2021", "")
        ])),
        &[],
    );
    // Others may overlap.
    expect(
        &titles(json!([primary("A", "2020", ""), title(4, "B", "2020", "")])),
        &[],
    );
    // Overlaps come before what is wrong with single titles.
    expect(
        &titles(json!([
            primary("A", "2020", "2022"),
            primary("B", "2021", ""),
            title(4, "C", "2021", "2020")
        ])),
        &[
            ("title[1].startDate", InvalidValue, &message(0)),
            ("title[2].endDate", InvalidValue, END_BEFORE_START),
        ],
    );
}

/// RAiD API, section on titles: primary titles that are equal.
#[test]
fn primary_titles_are_not_repeated() {
    let repeated = "an object with the same values appears in the list";
    let other = title(4, "Other", "2020", "");
    let first = primary("A", "2020", "2022");
    let overlapping = primary("B", "2021", "");
    // Told once, at the first of them, and instead of all overlaps.
    expect(
        &titles(json!([other, first, first, overlapping])),
        &[("title[1]", DuplicateValue, repeated)],
    );
    expect(
        &titles(json!([overlapping, first, first, first])),
        &[("title[1]", DuplicateValue, repeated)],
    );
    // Only primary titles are compared.
    expect(&titles(json!([first, other, other])), &[]);
}
