//! How many RAiDs were found, in all and by what they have.

use super::super::Access;
use super::super::sight::Condition;
use super::found::{OneOf, handles_of};
use super::{Search, Status};
use crate::conn::{Conn, MultiBackend};
use crate::error::StoreError;
use crate::schema::{raid, raid_term};
use crate::types::LossyText;
use crate::words::Within;
use diesel::dsl::count_star;
use diesel::prelude::*;
use raid_model::search::TermKind;

/// By what RAiDs that were found are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// What they are connected with, of one kind.
    Connection(TermKind),
    /// The service point that owns them.
    ServicePoint,
    /// Where the project stands.
    Status,
    /// Who may see them.
    Access,
}

/// How many RAiDs have something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetValue {
    /// What they have.
    pub value: String,
    /// How many.
    pub count: i64,
}

/// The RAiDs that fulfil all conditions.
pub(in crate::raids) fn matching(
    conditions: Vec<Condition>,
) -> raid::BoxedQuery<'static, MultiBackend> {
    let all = raid::table.into_boxed();
    conditions.into_iter().fold(all, QueryDsl::filter)
}

/// The values of a column, each with the number of RAiDs that have it.
macro_rules! by_column {
    ($c:expr, $conditions:expr, $column:expr, $type:ty) => {{
        let mut query = raid::table
            .group_by($column)
            .select(($column, count_star()))
            .into_boxed();
        for condition in $conditions {
            query = query.filter(condition);
        }
        let counted: Vec<($type, i64)> = query.load($c)?;
        counted
            .into_iter()
            .map(|(value, count)| (value.to_string(), count))
            .collect::<Vec<(String, i64)>>()
    }};
}

/// How many RAiDs are found.
///
/// # Errors
/// When the database refuses.
pub fn total(c: &mut Conn, search: &Search) -> Result<i64, StoreError> {
    let conditions = search.conditions(c, Within::Anywhere)?;
    Ok(matching(conditions).count().get_result(c)?)
}

/// How many of the RAiDs that are found have what: the most frequent first, at most `limit`.
///
/// # Errors
/// When the database refuses.
pub fn facet(
    c: &mut Conn,
    search: &Search,
    facet: Facet,
    limit: i64,
) -> Result<Vec<FacetValue>, StoreError> {
    let conditions = search.conditions(c, Within::Anywhere)?;
    let counted: Vec<(String, i64)> = match facet {
        Facet::Connection(kind) => {
            let of_kind = raid_term::table
                .group_by(raid_term::value)
                .select((raid_term::value, count_star()))
                .into_boxed()
                .filter(raid_term::kind.eq(kind.as_str()))
                .filter(OneOf {
                    column: raid_term::handle,
                    handles: handles_of(conditions),
                });
            let most_frequent = (count_star().desc(), raid_term::value.asc());
            of_kind.order(most_frequent).limit(limit).load(c)?
        }
        Facet::ServicePoint => by_column!(c, conditions, raid::service_point_id, i64),
        Facet::Access => {
            let counted = by_column!(c, conditions, raid::access, LossyText);
            let is_known =
                |(access, _): &(String, i64)| Access::ALL.iter().any(|it| it.as_str() == access);
            counted.into_iter().filter(is_known).collect()
        }
        Facet::Status => {
            let mut counted = Vec::new();
            for status in Status::ALL {
                let mut conditions = search.conditions(c, Within::Anywhere)?;
                conditions.push(status.condition(search.today));
                let count = matching(conditions).count().get_result(c)?;
                counted.push((status.as_str().to_owned(), count));
            }
            counted
        }
    };
    Ok(most_frequent(counted, limit))
}

fn most_frequent(counted: Vec<(String, i64)>, limit: i64) -> Vec<FacetValue> {
    let mut values: Vec<_> = counted
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(value, count)| FacetValue { value, count })
        .collect();
    values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    values.truncate(usize::try_from(limit).unwrap_or_default());
    values
}
