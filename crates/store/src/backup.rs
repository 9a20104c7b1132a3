//! What a backup and a restore need of the database itself.

use crate::conn::Conn;
use crate::engine::Settings;
use crate::error::StoreError;
use crate::migrate::with_connection;
use crate::schema::installation;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::path::Path;

/// Writes a copy of a SQLite database to a file that must not exist, while others read and write. The
/// copy is of one moment, complete without a journal, and checked.
pub fn copy_sqlite(settings: &Settings, to: &Path) -> Result<(), StoreError> {
    let path = to.display().to_string();
    with_connection(settings, |c| {
        if let Conn::Sqlite(c) = c {
            let copy = diesel::sql_query("VACUUM INTO ?");
            copy.bind::<Text, _>(&path).execute(c)?;
        }
        Ok(())
    })?;
    let copy = Settings {
        url: path,
        ..settings.clone()
    };
    with_connection(&copy, check_sqlite)
}

/// Looks through a whole SQLite database for damage.
///
/// # Errors
/// [`StoreError::Corrupt`] says what is damaged.
pub fn check_sqlite(c: &mut Conn) -> Result<(), StoreError> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    let Conn::Sqlite(c) = c else {
        return Ok(());
    };
    let lines: Vec<Line> = diesel::sql_query("PRAGMA integrity_check(1)").load(c)?;
    match lines.first() {
        Some(line) if line.integrity_check == "ok" => Ok(()),
        Some(line) => Err(StoreError::Corrupt(line.integrity_check.clone())),
        None => Err(StoreError::Corrupt("nothing can be read".to_owned())),
    }
}

/// The ORCID environment that a database belongs to; none before the first start.
pub fn environment(c: &mut Conn) -> Result<Option<String>, StoreError> {
    Ok(installation::table
        .find("orcid_environment")
        .select(installation::value)
        .first(c)
        .optional()?)
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The schema of PostgreSQL that the agency's tables are in.
pub fn postgres_schema(c: &mut Conn) -> Result<String, StoreError> {
    let Conn::Postgres(c) = c else {
        return Ok(String::new());
    };
    let query = diesel::sql_query("SELECT COALESCE(current_schema()::text, '') AS name");
    Ok(query.get_result::<Name>(c)?.name)
}

/// Makes a schema in PostgreSQL unless it is there. Says whether it holds tables already.
pub fn prepare_postgres_schema(c: &mut Conn, schema: &str) -> Result<bool, StoreError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let Conn::Postgres(c) = c else {
        return Ok(false);
    };
    let known: Vec<Name> =
        diesel::sql_query("SELECT nspname::text AS name FROM pg_namespace WHERE nspname = $1")
            .bind::<Text, _>(schema)
            .load(c)?;
    if known.is_empty() {
        let quoted = schema.replace('"', "\"\"");
        diesel::sql_query(format!("CREATE SCHEMA \"{quoted}\"")).execute(c)?;
    }
    let tables: Count =
        diesel::sql_query("SELECT count(*) AS count FROM pg_tables WHERE schemaname = $1")
            .bind::<Text, _>(schema)
            .get_result(c)?;
    Ok(tables.count > 0)
}
