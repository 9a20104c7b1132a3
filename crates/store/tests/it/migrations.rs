//! Both folders of migrations lead to the same schema, and `schema.rs` says the same.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use std::collections::BTreeMap;
use store::holders;
use store::migrate::{check, migrate};
use store::testing::TestDb;
use store::{Conn, StoreError};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

store::on_both_databases!(
    twice_is_no_work,
    pending_ones_are_noticed,
    all_can_be_undone,
    the_schema_in_code_is_the_one_in_the_database,
    every_constraint_stands,
    holders_from_before_are_kept,
);

fn connect(db: &TestDb) -> Conn {
    let url = &db.settings().url;
    if db.settings().is_postgres() {
        Conn::Postgres(PgConnection::establish(url).unwrap())
    } else {
        Conn::Sqlite(SqliteConnection::establish(url).unwrap())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    nullable: i64,
}

/// All columns, in their order in each table. The words of RAiDs are left out, which each database
/// keeps in tables of its own kind.
fn columns(c: &mut Conn) -> Vec<Column> {
    let sql = match c {
        Conn::Postgres(_) => {
            "SELECT table_name::text AS \"table\", column_name::text AS name, \
             upper(data_type)::text AS kind, \
             CASE is_nullable WHEN 'YES' THEN 1::bigint ELSE 0::bigint END AS nullable \
             FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_%' \
             AND table_name NOT LIKE 'raid\\_words%' ORDER BY table_name, ordinal_position"
        }
        Conn::Sqlite(_) => {
            "SELECT m.name AS \"table\", p.name AS name, p.type AS kind, \
             1 - p.\"notnull\" AS nullable \
             FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p \
             WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' \
             AND m.name NOT LIKE 'raid\\_words%' ESCAPE '\\' ORDER BY m.name, p.cid"
        }
    };
    match c {
        Conn::Postgres(c) => diesel::sql_query(sql).load(c).unwrap(),
        Conn::Sqlite(c) => diesel::sql_query(sql).load(c).unwrap(),
    }
}

/// The columns as `schema.rs` declares them, with the type that each database gives them.
fn declared(postgres: bool) -> Vec<Column> {
    let mut tables = BTreeMap::new();
    let source = include_str!("../../src/schema.rs");
    for block in source.split("diesel::table! {").skip(1) {
        let block = block.split("diesel::").collect::<Vec<_>>();
        let text = block.join(" ");
        let text = text
            .split_once("allow_tables")
            .map_or(text.as_str(), |(before, _)| before);
        let (head, body) = text.rsplit_once(") {").unwrap();
        let (head, _key) = head.rsplit_once('(').unwrap();
        let table = head.split_whitespace().next_back().unwrap();
        let body = body.split('}').next().unwrap();
        let columns = body
            .split(',')
            .filter_map(|column| column.split_once("->"))
            .map(|(name, kind)| {
                let kind = kind.trim();
                let inner = kind
                    .strip_prefix("Nullable<")
                    .and_then(|k| k.strip_suffix('>'));
                let (on_sqlite, on_postgres) = match inner.unwrap_or(kind) {
                    "Text" => ("TEXT", "TEXT"),
                    "SmallInt" => ("SMALLINT", "SMALLINT"),
                    "Integer" => ("INTEGER", "INTEGER"),
                    "BigInt" => ("BIGINT", "BIGINT"),
                    "Bool" => ("BOOLEAN", "BOOLEAN"),
                    "Binary" => ("BLOB", "BYTEA"),
                    "Date" => ("DATE", "DATE"),
                    "Timestamp" => ("TIMESTAMP", "TIMESTAMP WITHOUT TIME ZONE"),
                    "DbUuid" => ("BLOB", "UUID"),
                    "DbJson" => ("TEXT", "JSONB"),
                    other => panic!("a new type, {other}: say here what the databases call it"),
                };
                Column {
                    table: table.to_owned(),
                    name: name.trim().to_owned(),
                    kind: if postgres { on_postgres } else { on_sqlite }.to_owned(),
                    nullable: i64::from(inner.is_some()),
                }
            })
            .collect::<Vec<_>>();
        tables.insert(table.to_owned(), columns);
    }
    tables.into_values().flatten().collect()
}

async fn the_schema_in_code_is_the_one_in_the_database(db: &TestDb) {
    migrate(db.settings()).unwrap();
    let found = columns(&mut connect(db));
    assert!(found.len() > 80, "{found:?}");
    assert_eq!(found, declared(db.settings().is_postgres()));
}

async fn twice_is_no_work(db: &TestDb) {
    assert!(!migrate(db.settings()).unwrap().is_empty());
    assert_eq!(migrate(db.settings()).unwrap(), Vec::<String>::new());
}

async fn pending_ones_are_noticed(db: &TestDb) {
    let pending = check(db.settings()).unwrap_err();
    assert!(matches!(pending, StoreError::Schema(_)), "{pending}");
    assert!(pending.to_string().contains("raid-agency migrate"));
    migrate(db.settings()).unwrap();
    check(db.settings()).unwrap();
    // A database that is one migration behind.
    let mut c = connect(db);
    match &mut c {
        Conn::Postgres(c) => drop(c.revert_last_migration(POSTGRES).unwrap()),
        Conn::Sqlite(c) => drop(c.revert_last_migration(SQLITE).unwrap()),
    }
    check(db.settings()).unwrap_err();
}

async fn all_can_be_undone(db: &TestDb) {
    migrate(db.settings()).unwrap();
    let mut c = connect(db);
    let first = columns(&mut c);
    match &mut c {
        Conn::Postgres(c) => drop(c.revert_all_migrations(POSTGRES).unwrap()),
        Conn::Sqlite(c) => drop(c.revert_all_migrations(SQLITE).unwrap()),
    }
    assert_eq!(columns(&mut c), []);
    migrate(db.settings()).unwrap();
    assert_eq!(columns(&mut c), first);
}

/// Every `CHECK (… IN (…))`, key and reference is there on both: a wrong row is refused.
async fn every_constraint_stands(db: &TestDb) {
    migrate(db.settings()).unwrap();
    let mut c = connect(db);
    if let Conn::Sqlite(c) = &mut c {
        c.batch_execute("PRAGMA foreign_keys=ON").unwrap();
    }
    let time = "'2026-03-01 12:00:00'";
    let good = [
        format!(
            "service_point VALUES (1, 'n', 'o', NULL, 'p', 'g', NULL, NULL, true, true, {time}, 'auto', false, NULL)"
        ),
        format!(
            "raid VALUES ('a/b', 1, 1, 'open', '{{}}', {time}, {time}, NULL, NULL, NULL, NULL, NULL, NULL)"
        ),
    ];
    for row in good {
        c.batch_execute(&format!("INSERT INTO {row}")).unwrap();
    }
    let bad = [
        format!(
            "service_point VALUES (2, 'n', 'o', NULL, 'p', 'h', NULL, NULL, true, true, {time}, 'auto', false, NULL)"
        ),
        format!(
            "service_point VALUES (3, 'm', 'o', NULL, 'p', 'g', NULL, NULL, true, true, {time}, 'auto', false, NULL)"
        ),
        format!(
            "raid VALUES ('a/b', 1, 1, 'open', '{{}}', {time}, {time}, NULL, NULL, NULL, NULL, NULL, NULL)"
        ),
        format!(
            "raid VALUES ('a/c', 1, 1, 'secret', '{{}}', {time}, {time}, NULL, NULL, NULL, NULL, NULL, NULL)"
        ),
        format!(
            "raid VALUES ('a/d', 1, 9, 'open', '{{}}', {time}, {time}, NULL, NULL, NULL, NULL, NULL, NULL)"
        ),
        format!(
            "raid_version VALUES ('a/z', 1, '{{}}', 'x', NULL, {time}, NULL, NULL, NULL, NULL, NULL, NULL)"
        ),
        "contribution VALUES ('0000-0002-1825-0097', 'a/z', NULL)".to_owned(),
        format!(
            "service_point VALUES (4, 'm', 'o', NULL, 'p', 'h', NULL, NULL, true, true, {time}, 'blind', false, NULL)"
        ),
        format!("naming VALUES ('o', 1, 'a/b', 'liked', {time}, {time}, NULL)"),
        format!("naming VALUES ('o', 9, 'a/b', 'admitted', {time}, {time}, NULL)"),
        "service_point_day VALUES (9, '2026-03-01', 0, 0, 0)".to_owned(),
        format!(
            "announcement VALUES ('o', 1, '0190a1b2-0000-7000-8000-000000000000', 'a/b', 'shouted', {time}, NULL, NULL)"
        ),
        format!(
            "announcement VALUES ('o', 9, '0190a1b2-0000-7000-8000-000000000000', 'a/b', 'due', {time}, NULL, NULL)"
        ),
        "raid_term VALUES ('a/b', 'colour', 'blue', '')".to_owned(),
        format!(
            "task VALUES ('cooking', 'k', 's', 0, 'due', {time}, 0, 1, NULL, NULL, NULL, {time}, NULL)"
        ),
        format!(
            "task VALUES ('email', 'k', 's', 0, 'lost', {time}, 0, 1, NULL, NULL, NULL, {time}, NULL)"
        ),
        format!(
            "permission VALUES ('o', 'maybe', {time}, 0, NULL, NULL, {time}, 0, NULL, NULL, NULL)"
        ),
        format!("membership VALUES ('o', 'a/b', 'maybe', NULL, NULL, NULL, {time}, NULL)"),
        format!("membership VALUES ('o', 'a/z', 'written', NULL, NULL, NULL, {time}, NULL)"),
        format!("raid_holder VALUES ('a/b', 's', 'friend', 'g', {time}, 'i', 'i')"),
        format!("raid_holder VALUES ('a/z', 's', 'raid-user', 'g', {time}, 'i', 'i')"),
        format!("visit VALUES ('n', 'stroll', 's', 'open', NULL, {time}, {time}, NULL, NULL)"),
        format!("visit VALUES ('n', 'permission', 's', 'lost', NULL, {time}, {time}, NULL, NULL)"),
    ];
    for row in bad {
        let refused = c.batch_execute(&format!("INSERT INTO {row}"));
        let by_constraint = matches!(
            refused,
            Err(Error::DatabaseError(
                DatabaseErrorKind::UniqueViolation
                    | DatabaseErrorKind::ForeignKeyViolation
                    | DatabaseErrorKind::CheckViolation,
                _
            ))
        );
        assert!(by_constraint, "{row}: {refused:?}");
    }
}

/// Who held a RAiD before issuers were stored holds it afterwards, of no issuer yet.
async fn holders_from_before_are_kept(db: &TestDb) {
    migrate(db.settings()).unwrap();
    let mut c = connect(db);
    let has_issuer = |c: &mut Conn| {
        let mut columns = columns(c).into_iter();
        columns.any(|it| it.table == "raid_holder" && it.name == "issuer")
    };
    while has_issuer(&mut c) {
        match &mut c {
            Conn::Postgres(c) => drop(c.revert_last_migration(POSTGRES).unwrap()),
            Conn::Sqlite(c) => drop(c.revert_last_migration(SQLITE).unwrap()),
        }
    }
    let time = "'2026-03-01 12:00:00'";
    for row in [
        format!(
            "service_point (id, name, identifier_owner, prefix, group_id, enabled, \
             app_writes_enabled, created_at) VALUES (1, 'n', 'o', 'p', 'g', true, true, {time})"
        ),
        format!(
            "raid (handle, version, service_point_id, access, document, created_at, updated_at) \
             VALUES ('10.1/a', 1, 1, 'open', '{{}}', {time}, {time})"
        ),
        format!("raid_holder VALUES ('10.1/a', 'ada', 'raid-admin', 'bob', {time})"),
        format!("raid_holder VALUES ('10.1/a', 'ada', 'raid-user', 'bob', {time})"),
    ] {
        c.batch_execute(&format!("INSERT INTO {row}")).unwrap();
    }
    migrate(db.settings()).unwrap();
    let held = holders::of_raid(&mut c, &"10.1/a".parse().unwrap()).unwrap();
    let held: Vec<_> = held
        .iter()
        .map(|row| {
            (
                row.issuer.as_str(),
                row.subject.as_str(),
                row.given_by.as_str(),
            )
        })
        .collect();
    assert_eq!(held, [("", "ada", "bob"), ("", "ada", "bob")]);
}

#[test]
fn both_folders_hold_the_same_migrations() {
    let mut sqlite = TestDb::sqlite();
    let mut postgres = TestDb::postgres();
    assert_eq!(
        migrate(sqlite.settings()).unwrap(),
        migrate(postgres.settings()).unwrap()
    );
    let shape = |db: &mut TestDb| {
        let found = columns(&mut connect(db)).into_iter();
        found
            .map(|c| (c.table, c.name, c.nullable))
            .collect::<Vec<_>>()
    };
    assert_eq!(shape(&mut sqlite), shape(&mut postgres));
}
