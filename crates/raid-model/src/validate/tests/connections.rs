use serde_json::{Value, json};

use super::*;
use crate::validate::ErrorType::{DuplicateValue, InvalidValue, NotSet};

/// RAiD API, section on descriptions.
#[test]
fn descriptions() {
    expect_maximal(&[
        (
            "/description/0/text",
            json!(" \n"),
            "description[0].text",
            NotSet,
            NOT_SET,
        ),
        (
            "/description/0/type",
            Value::Null,
            "description[0].type",
            NotSet,
            NOT_SET,
        ),
        (
            "/description/0/type/id",
            Value::Null,
            "description[0].type.id",
            NotSet,
            NOT_SET,
        ),
        (
            "/description/0/type/schemaUri",
            Value::Null,
            "description[0].type.schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/description/0/type/id",
            json!("https://vocabulary.raid.org/description.type.schema/6"),
            "description",
            InvalidValue,
            "Descriptions are optional but if specified one must be the primary description.",
        ),
    ]);
    expect(&changed(MAXIMAL, "/description", json!([])), &[]);
    let lines = json!("\nSeveral\r\nlines.\n");
    expect(&changed(MAXIMAL, "/description/0/text", lines), &[]);
    let primary = json!(crate::vocabulary::PRIMARY_DESCRIPTION);
    let mut body = changed(MAXIMAL, "/description/2/type/id", primary.clone());
    body["description"][4]["type"]["id"] = primary;
    expect(
        &body,
        &[(
            "description[0].type.id",
            InvalidValue,
            "There can only be one primary description. This description conflicts with \
             description[2].type.id, description[4].type.id",
        )],
    );
}

/// RAiD API, sections on alternate addresses and identifiers, and on related RAiDs.
#[test]
fn alternates_and_related_raids() {
    expect_maximal(&[
        (
            "/alternateUrl/0/url",
            json!(""),
            "alternateUrl[0].url",
            NotSet,
            NOT_SET,
        ),
        (
            "/alternateUrl/1",
            Value::Null,
            "alternateUrl[1].url",
            NotSet,
            NOT_SET,
        ),
        (
            "/alternateIdentifier/0/id",
            Value::Null,
            "alternateIdentifier[0].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/alternateIdentifier/0/type",
            Value::Null,
            "alternateIdentifier[0].type",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedRaid/1/id",
            json!(" "),
            "relatedRaid[1].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedRaid/1/type",
            Value::Null,
            "relatedRaid[1].type",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedRaid/1/type/id",
            Value::Null,
            "relatedRaid[1].type.id",
            NotSet,
            NOT_SET,
        ),
        (
            "/relatedRaid/1/type/schemaUri",
            Value::Null,
            "relatedRaid[1].type.schemaUri",
            NotSet,
            NOT_SET,
        ),
    ]);
    // Related RAiDs are of any form, need not exist, and may be repeated.
    let mut body = changed(
        MAXIMAL,
        "/relatedRaid/0/id",
        json!("https://raid.org/10378.1/9"),
    );
    body["relatedRaid"][1] = body["relatedRaid"][0].clone();
    expect(&body, &[]);
}

/// RAiD API, section on alternate addresses and identifiers: it answers 500 to repeated ones.
#[test]
fn alternates_are_not_repeated() {
    let repeated = "an object with the same values appears in the list";
    expect_maximal(&[
        (
            "/alternateUrl/1/url",
            body(MAXIMAL)["alternateUrl"][0]["url"].clone(),
            "alternateUrl[1]",
            DuplicateValue,
            repeated,
        ),
        (
            "/alternateIdentifier/1",
            body(MAXIMAL)["alternateIdentifier"][0].clone(),
            "alternateIdentifier[1]",
            DuplicateValue,
            repeated,
        ),
    ]);
    // The same identifier of two kinds is two.
    let first = &body(MAXIMAL)["alternateIdentifier"][0];
    expect(
        &changed(MAXIMAL, "/alternateIdentifier/1/id", first["id"].clone()),
        &[],
    );
}

/// RAiD API, section on subjects.
#[test]
fn subjects() {
    let linked = "https://linked.data.gov.au/def/anzsrc-for/2020";
    expect_maximal(&[
        (
            "/subject/0/id",
            Value::Null,
            "subject[0].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/subject/0/schemaUri",
            Value::Null,
            "subject[0].schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/subject/0/schemaUri",
            json!(linked),
            "subject[0].schemaUri",
            InvalidValue,
            "must be https://vocabs.ardc.edu.au/viewById/316.",
        ),
        (
            "/subject/0/id",
            json!(format!("{linked}/999999")),
            "subject[0].id",
            InvalidValue,
            "https://linked.data.gov.au/def/anzsrc-for/2020/999999 is not a valid id for schema \
             https://vocabs.ardc.edu.au/viewById/316",
        ),
        (
            "/subject/1/id",
            json!(format!("{linked}/310305")),
            "subject[1].id",
            InvalidValue,
            "https://linked.data.gov.au/def/anzsrc-for/2020/310305 is not a valid id for schema \
             https://vocabs.ardc.edu.au/viewById/317",
        ),
        (
            "/subject/0/keyword/1/text",
            json!(" "),
            "subject[0].keyword[1].keyword",
            NotSet,
            NOT_SET,
        ),
        (
            "/subject/0/keyword/1",
            Value::Null,
            "subject[0].keyword[1].keyword",
            NotSet,
            NOT_SET,
        ),
    ]);
    expect(
        &changed(MAXIMAL, "/subject/0/keyword", json!("ABSENT")),
        &[],
    );
}

/// RAiD API, section on organisations.
#[test]
fn organisations() {
    let pattern = r"has invalid/unsupported value - should match ^https://ror\.org/[0-9a-z]{9}$";
    expect_maximal(&[
        (
            "/organisation/0/id",
            Value::Null,
            "organisation[0].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/organisation/0/id",
            json!("https://ror.org/01ej9dk9"),
            "organisation[0].id",
            InvalidValue,
            pattern,
        ),
        (
            "/organisation/0/id",
            json!("01ej9dk98"),
            "organisation[0].id",
            InvalidValue,
            pattern,
        ),
        (
            "/organisation/0/id",
            json!("https://ror.org/01ej9dk97"),
            "organisation[0].id",
            InvalidValue,
            "has invalid/unsupported value - the ROR id is mistyped: its checksum (last two \
             digits) should be 98",
        ),
        (
            "/organisation/0/schemaUri",
            Value::Null,
            "organisation[0].schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/organisation/0/role",
            Value::Null,
            "organisation[0].role",
            NotSet,
            NOT_SET,
        ),
        (
            "/organisation/0/role/0/id",
            Value::Null,
            "organisation[0].role[0].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/organisation/0/role/0/schemaUri",
            Value::Null,
            "organisation[0].role[0].schemaUri",
            NotSet,
            NOT_SET,
        ),
        (
            "/organisation/0/role/0/startDate",
            json!(""),
            "organisation[0].role[0].startDate",
            NotSet,
            NOT_SET,
        ),
        (
            "/organisation/1/role/0/endDate",
            json!("2021-06-30"),
            "organisation[1].role[0].endDate",
            InvalidValue,
            END_BEFORE_START,
        ),
        (
            "/organisation/0/role/0/endDate",
            json!("2021-07-01"),
            "organisation[0].role",
            InvalidValue,
            "This contributor has simultaneous roles.",
        ),
        (
            "/organisation/0/role/0/endDate",
            json!(""),
            "organisation[0].role",
            InvalidValue,
            "This contributor has simultaneous roles.",
        ),
        (
            "/organisation/0/id",
            json!("https://ror.org/00rqy9422"),
            "organisation",
            DuplicateValue,
            "An organisation can appear only once. There are 2 occurrences of https://ror.org/00rqy9422",
        ),
    ]);
    for none in [json!([]), json!("ABSENT")] {
        expect(&changed(MAXIMAL, "/organisation/0/role", none), &[]);
    }
}

/// RAiD API, section on organisations: a role may not begin on the day another one ends, or before.
#[test]
fn one_role_at_a_time() {
    let role = |start: &str, end: &str| {
        let mut role = body(MAXIMAL)["organisation"][1]["role"][0].clone();
        role["startDate"] = json!(start);
        role["endDate"] = json!(end);
        role
    };
    let roles = |roles: Value| changed(MAXIMAL, "/organisation/1/role", roles);
    let simultaneous = [(
        "organisation[1].role",
        InvalidValue,
        "This contributor has simultaneous roles.",
    )];
    for apart in [
        json!([role("2020", "2020-12-31"), role("2021", "")]),
        json!([role("2022", ""), role("2020", "2021-12-31")]),
    ] {
        expect(&roles(apart), &[]);
    }
    for together in [
        json!([role("2020", "2021"), role("2021", "")]),
        json!([role("2020", ""), role("2021", "2022")]),
        json!([role("2021", "2022"), role("2020", " ")]),
    ] {
        expect(&roles(together), &simultaneous);
    }
    // Told before what is wrong with single roles, and before organisations that appear twice.
    let mut body = roles(json!([role("2021", "2020"), role("2020", "")]));
    body["organisation"][0]["role"] = json!([]);
    body["organisation"][0]["id"] = body["organisation"][1]["id"].clone();
    expect(
        &body,
        &[
            simultaneous[0],
            (
                "organisation[1].role[0].endDate",
                InvalidValue,
                END_BEFORE_START,
            ),
            (
                "organisation",
                DuplicateValue,
                "An organisation can appear only once. There are 2 occurrences of \
                 https://ror.org/00rqy9422",
            ),
        ],
    );
}
