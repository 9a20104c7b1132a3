//! How SQLite goes about a query, for tests. It has no statistics of our tables, so that it does the same
//! whatever is in them.

use crate::conn::{Conn, MultiBackend};
use crate::migrate;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Integer, Text};
use diesel::sqlite::Sqlite;
use diesel_migrations::MigrationHarness as _;

/// A query whose plan is asked for.
struct Explain<Q>(Q);

impl<Q> Query for Explain<Q> {
    type SqlType = (Integer, Integer, Integer, Text);
}
impl<Q> QueryId for Explain<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<Q, C> RunQueryDsl<C> for Explain<Q> {}
impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Explain<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("EXPLAIN QUERY PLAN ");
        self.0.walk_ast(out)
    }
}
impl<Q: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Explain<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("EXPLAIN QUERY PLAN ");
        self.0.walk_ast(out)
    }
}

type Step = (i32, i32, i32, String);

fn told(steps: Vec<Step>) -> String {
    assert!(!steps.is_empty());
    let steps: Vec<_> = steps.into_iter().map(|step| step.3).collect();
    steps.join("; ")
}

/// An empty database.
pub(crate) fn database() -> SqliteConnection {
    let mut c = SqliteConnection::establish(":memory:").unwrap();
    c.run_pending_migrations(migrate::SQLITE).unwrap();
    c
}

/// The plan of a query on either database.
pub(crate) fn of<Q: QueryFragment<MultiBackend>>(c: &mut Conn, query: Q) -> String {
    told(Explain(query).load(c).unwrap())
}

/// The plan of a query on SQLite alone.
pub(crate) fn of_native<Q: QueryFragment<Sqlite>>(c: &mut SqliteConnection, query: Q) -> String {
    told(Explain(query).load(c).unwrap())
}
