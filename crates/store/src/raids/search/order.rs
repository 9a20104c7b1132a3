//! In which order RAiDs are found, and where a page ended.

use super::super::RaidRow;
use super::super::sight::Condition;
use crate::conn::Conn;
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

/// The RAiDs that fulfil the conditions, in their order.
pub(super) fn load(
    c: &mut Conn,
    conditions: Vec<Condition>,
    (sort, direction): (Sort, Direction),
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Found>, StoreError> {
    let mut query = raid::table
        .select((RaidRow::as_select(), raid::sort_title, raid::starts_on))
        .limit(limit)
        .into_boxed();
    for condition in conditions {
        query = query.filter(condition);
    }
    // A range of the index from the place on, so that a late page costs what the first one does.
    macro_rules! sorted {
        ($column:expr, $key:ident, $or_equal:ident, $beyond:ident, $end:ident) => {{
            if let Some(Place {
                key: Key::$key(key),
                handle,
                ..
            }) = after
            {
                let same = $column
                    .eq(key.clone())
                    .and(raid::handle.$beyond(handle.to_string()));
                query = query
                    .filter($column.$or_equal(key.clone()))
                    .filter($column.$beyond(key.clone()).or(same));
            }
            query.order(($column.$end(), raid::handle.$end()))
        }};
    }
    macro_rules! either {
        ($column:expr, $key:ident) => {
            match direction {
                Direction::Ascending => sorted!($column, $key, ge, gt, asc),
                Direction::Descending => sorted!($column, $key, le, lt, desc),
            }
        };
    }
    let query = match sort {
        Sort::Relevance | Sort::Created => either!(raid::created_at, Moment),
        Sort::Updated => either!(raid::updated_at, Moment),
        Sort::Title => {
            query = query.filter(raid::sort_title.is_not_null());
            either!(raid::sort_title.assume_not_null(), Title)
        }
        Sort::Start => {
            query = query.filter(raid::starts_on.is_not_null());
            either!(raid::starts_on.assume_not_null(), Day)
        }
    };
    let rows: Vec<Loaded> = query.load(c)?;
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
    Ok(rows.into_iter().map(place).collect())
}
