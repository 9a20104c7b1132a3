//! What damages a database: each piece as statements.

use proptest::prelude::RngExt as _;
use proptest::test_runner::TestRunner;

/// Tables that are restored after each case.
pub const TABLES: &[&str] = &[
    "raid_version",
    "raid_term",
    "change",
    "contribution",
    "contributor_status",
    "permission",
    "raid",
    "service_point",
];

/// Keeps the tables as they are.
pub fn keep() -> String {
    let keep = |table: &&str| format!("CREATE TABLE kept_{table} AS SELECT * FROM {table};");
    TABLES.iter().map(keep).collect()
}

/// Restores the tables.
pub fn restore() -> String {
    let restore = |table: &&str| {
        format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept_{table};")
    };
    TABLES.iter().map(restore).collect()
}

/// Some damage to one RAiD, or to what is shown along with it.
pub fn damage(handle: &str, is_postgres: bool, runner: &mut TestRunner) -> String {
    let rng = runner.rng();
    let number: u32 = rng.random();
    let text = if is_postgres {
        format!("'\u{1}\u{fffd}''; {number}'")
    } else {
        format!("CAST(x'fe00ff{number:08x}' AS TEXT)")
    };
    let text = text.as_str();
    let time = if is_postgres { "'infinity'" } else { "'soon'" };
    let document = match (rng.random_range(0..5), is_postgres) {
        (0, _) => "'7'".to_owned(),
        (1, _) => {
            r#"'{"identifier": {"id": "https://resolver.example/raid10.82841/x"}}'"#.to_owned()
        }
        (2, true) => "document - 'title'".to_owned(),
        (3, true) => r#"jsonb_set(document, '{contributor}', '"nobody"')"#.to_owned(),
        (2, false) => format!("substr(document, 1, {})", rng.random_range(0..400)),
        (3, false) => "CAST(x'7bff00fe' AS TEXT)".to_owned(),
        (_, true) => r#"'{"metadata": null}'"#.to_owned(),
        (_, false) => "x'00ff01'".to_owned(),
    };
    let (table, column, value) = match rng.random_range(0..14) {
        0 => ("raid", "handle", text),
        1 => ("raid", "access", "'secret'"),
        2 => ("raid", "access", text),
        3 => ("raid", "created_at", time),
        4 => ("raid", "updated_at", time),
        5 => ("raid", "sort_title", text),
        6 => ("raid_version", "document", document.as_str()),
        7 => ("change", "handle", text),
        8 => ("change", "at", time),
        9 => ("contributor_status", "status", "'HAPPY'"),
        10 => ("contribution", "orcid", text),
        11 => ("permission", "state", "'elsewhere'"),
        12 => ("service_point", "trust", "'blind'"),
        _ => ("raid", "document", document.as_str()),
    };
    let of = match table {
        "permission" | "service_point" => String::new(),
        _ => format!(" WHERE handle = '{handle}'"),
    };
    // A table may have one row of a kind only.
    let of = if (table, column) == ("contribution", "orcid") {
        format!("{of} AND orcid = (SELECT min(orcid) FROM contribution WHERE handle = '{handle}')")
    } else {
        of
    };
    format!("UPDATE {table} SET {column} = {value}{of};")
}
