use serde_json::{Value, json};

use super::*;
use crate::validate::ErrorType::{InvalidValue, NotSet};
use crate::{Contributor, ContributorPosition};

fn position(start: &str, end: &str) -> Value {
    json!({
        "id": "https://vocabulary.raid.org/contributor.position.schema/308",
        "schemaUri": "https://vocabulary.raid.org/contributor.position.schema/305",
        "startDate": start,
        "endDate": end
    })
}

fn positions(positions: Value) -> Value {
    changed(MINIMAL, "/contributor/0/position", positions)
}

/// RAiD API, section on contributors: members of positions and roles. Without roles it answers 500.
#[test]
fn members_of_positions_and_roles() {
    expect_each(&[
        (
            "/contributor/0/position/0/startDate",
            Value::Null,
            "contributor[0].position[0].startDate",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/position/0/startDate",
            json!(" "),
            "contributor[0].position[0].startDate",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/position/0/endDate",
            json!("2024"),
            "contributor[0].position[0].endDate",
            InvalidValue,
            END_BEFORE_START,
        ),
        (
            "/contributor/0/position/0/endDate",
            json!("2025-02-29"),
            "contributor[0].position[0].endDate",
            InvalidValue,
            "has invalid/unsupported value - there is no such date in the calendar",
        ),
        (
            "/contributor/0/role",
            Value::Null,
            "contributor[0].role",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/role",
            json!("ABSENT"),
            "contributor[0].role",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/role/0/id",
            Value::Null,
            "contributor[0].role[0].id",
            NotSet,
            NOT_SET,
        ),
        (
            "/contributor/0/role/0/schemaUri",
            Value::Null,
            "contributor[0].role[0].schemaUri",
            NotSet,
            NOT_SET,
        ),
    ]);
    expect(&changed(MINIMAL, "/contributor/0/role", json!([])), &[]);
}

/// RAiD API, section on contributors: positions that overlap; an open end is today.
#[test]
fn one_position_at_a_time() {
    let conflict = |other: usize| {
        format!(
            "Contributors can only hold one position at any given time. This position conflicts \
             with contributor[0].position[{other}]"
        )
    };
    expect(
        &positions(json!([
            position("2021-01", ""),
            position("2020", "2021-02")
        ])),
        &[(
            "contributor[0].position[0].startDate",
            InvalidValue,
            &conflict(1),
        )],
    );
    expect(
        &positions(json!([
            position("2020", ""),
            position("2021", "2022"),
            position("2022", "")
        ])),
        &[(
            "contributor[0].position[1].startDate",
            InvalidValue,
            &conflict(0),
        )],
    );
    expect(
        &positions(json!([position("2020", "2021"), position("2021", "")])),
        &[],
    );
    expect(
        &positions(json!([position("2020", ""), position("2026-06-22", "")])),
        &[],
    );
}

#[test]
fn a_person_without_an_id_is_checked_alone() {
    let person: Contributor =
        serde_json::from_value(body(MINIMAL)["contributor"][0].clone()).unwrap();
    let check = |at: &str, positions: Option<&[ContributorPosition]>| {
        plain(validate_position_and_roles(
            at,
            positions,
            person.role.as_deref(),
            &context(),
        ))
        .into_iter()
        .map(|(field, ..)| field)
        .collect::<Vec<_>>()
    };
    assert!(check("", person.position.as_deref()).is_empty());
    assert_eq!(check("", Some(&[])), ["position"]);
    assert_eq!(check("", None), ["position"]);
    assert_eq!(check("person", Some(&[])), ["person"]);
    assert_eq!(
        check("", Some(&[ContributorPosition::default()])),
        [
            "position[0].id",
            "position[0].schemaUri",
            "position[0].startDate"
        ]
    );
    let late = ContributorPosition {
        end_date: Some("1999".into()),
        ..person.positions()[0].clone()
    };
    assert_eq!(
        check("person", Some(&[late])),
        ["person.position[0].endDate"]
    );
    assert_eq!(
        validate_contributors(Some(&[person]), &context()).listed(),
        []
    );
    assert_eq!(validate_contributors(None, &context()).len(), 1);
}
