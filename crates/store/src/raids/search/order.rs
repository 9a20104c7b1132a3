//! In which order RAiDs are found, and where a page ended.

use super::super::PageSize;
use super::super::RaidRow;
use super::super::sight::{Condition, Sight};
use super::found::{Handles, handles_of};
use crate::conn::Conn;
use crate::damage;
use crate::error::StoreError;
use crate::schema::raid;
use crate::types::Timestamp;
use diesel::prelude::*;
use raid_model::Handle;
use time::Date;

/// By what RAiDs are sorted. RAiDs that are equal in it come in the order of their handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Those first whose titles have all the words, then by [`Sort::Created`]. Without words the
    /// same as that.
    Relevance,
    /// When the current version was written.
    Updated,
    /// When it was minted.
    Created,
    /// The primary title, folded.
    Title,
    /// When the project begins.
    Start,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The least, earliest.
    Ascending,
    /// The greatest, latest.
    Descending,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whether this is among those whose titles have all the words, in [`Sort::Relevance`].
    pub in_titles: bool,
    /// By what the last RAiD was sorted.
    pub key: Key,
    /// Its handle.
    pub handle: Handle,
}

/// By what a RAiD was sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A moment.
    Moment(Timestamp),
    /// A folded title.
    Title(String),
    /// A day.
    Day(Date),
}

type Found = (RaidRow, Place);
type Loaded = (RaidRow, Option<String>, Option<Date>);

/// Puts a query in its order. As far as an index has it, nothing is sorted.
macro_rules! in_order {
    ($query:expr, $sort:expr, $direction:expr) => {{
        macro_rules! by {
            ($column:expr) => {
                match $direction {
                    Direction::Ascending => $query.order(($column.asc(), raid::handle.asc())),
                    Direction::Descending => $query.order(($column.desc(), raid::handle.desc())),
                }
            };
        }
        match $sort {
            Sort::Relevance | Sort::Created => by!(raid::created_at),
            Sort::Updated => by!(raid::updated_at),
            Sort::Title => by!(raid::sort_title),
            Sort::Start => by!(raid::starts_on),
        }
    }};
}

/// RAiDs of which the handles were found, as far as the size of a page goes, and whether that is all of
/// them. Whoever may not see one any more gets none.
pub(super) fn load(
    c: &mut Conn,
    handles: &[String],
    sight: &Sight,
    sort: Sort,
    size: PageSize,
) -> Result<(Vec<Found>, bool), StoreError> {
    let (rows, is_whole) = size.load(
        handles,
        |(row, ..): &Loaded| row,
        |piece| {
            damage::load_readable(piece, |piece| {
                let query = raid::table
                    .filter(raid::handle.eq_any(piece))
                    .filter(sight.condition())
                    .select((RaidRow::as_select(), raid::sort_title, raid::starts_on));
                Ok(query.load(c)?)
            })
        },
    )?;
    let place = |(row, title, starts_on): Loaded| {
        let key = match sort {
            Sort::Relevance | Sort::Created => Key::Moment(row.created_at),
            Sort::Updated => Key::Moment(row.updated_at),
            Sort::Title => Key::Title(title.unwrap_or_default()),
            Sort::Start => Key::Day(starts_on.unwrap_or(Date::MIN)),
        };
        let handle = row.handle.get().clone();
        (
            row,
            Place {
                in_titles: false,
                key,
                handle,
            },
        )
    };
    Ok((rows.into_iter().map(place).collect(), is_whole))
}

/// Their handles alone: where many are found and have to be sorted, no document is read for it.
pub(in crate::raids) fn handles(
    conditions: Vec<Condition>,
    (sort, direction): (Sort, Direction),
    after: Option<&Place>,
    limit: i64,
) -> Handles {
    let mut query = handles_of(conditions).limit(limit);
    // A range of the index from the place on, so that a late page costs what the first one does.
    macro_rules! from {
        ($column:expr, $key:ident) => {
            if let Some(Place {
                key: Key::$key(key),
                handle,
                ..
            }) = after
            {
                let same = $column.eq(key.clone());
                query = match direction {
                    Direction::Ascending => query.filter($column.ge(key.clone())).filter(
                        $column
                            .gt(key.clone())
                            .or(same.and(raid::handle.gt(handle.to_string()))),
                    ),
                    Direction::Descending => query.filter($column.le(key.clone())).filter(
                        $column
                            .lt(key.clone())
                            .or(same.and(raid::handle.lt(handle.to_string()))),
                    ),
                };
            }
        };
    }
    match sort {
        Sort::Relevance | Sort::Created => from!(raid::created_at, Moment),
        Sort::Updated => from!(raid::updated_at, Moment),
        Sort::Title => {
            query = query.filter(raid::sort_title.is_not_null());
            from!(raid::sort_title.assume_not_null(), Title);
        }
        Sort::Start => {
            query = query.filter(raid::starts_on.is_not_null());
            from!(raid::starts_on.assume_not_null(), Day);
        }
    }
    in_order!(query, sort, direction)
}
