//! The handles of RAiDs that are found, within other queries.

use super::super::sight::Condition;
use crate::conn::MultiBackend;
use crate::schema::raid;
use diesel::dsl::Select;
use diesel::expression::{AppearsOnTable, Expression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

/// A query for handles, put together at run time.
pub(in crate::raids) type Handles =
    diesel::dsl::IntoBoxed<'static, Select<raid::table, raid::handle>, MultiBackend>;

/// The handles of the RAiDs that fulfil all conditions.
pub(in crate::raids) fn handles_of(conditions: Vec<Condition>) -> Handles {
    let all = raid::table.select(raid::handle).into_boxed();
    conditions.into_iter().fold(all, QueryDsl::filter)
}

/// Whether a column holds one of these handles. Diesel's own `IN` takes no query that is put together
/// at run time.
pub(in crate::raids) struct OneOf<C> {
    pub(in crate::raids) column: C,
    pub(in crate::raids) handles: Handles,
}

impl<C> Expression for OneOf<C> {
    type SqlType = Bool;
}
impl<C: AppearsOnTable<T>, T> AppearsOnTable<T> for OneOf<C> {}
impl<C> ValidGrouping<()> for OneOf<C> {
    type IsAggregate = is_aggregate::No;
}
impl<C> QueryId for OneOf<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for OneOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (");
        <Handles as QueryFragment<MultiBackend>>::walk_ast(&self.handles, out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
