//! The words of each RAiD, found by the database's own means: FTS5 on SQLite, a `tsvector` on
//! PostgreSQL. Neither splits or folds texts itself: both get the same words, ready made, so that
//! both find the same.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::raids::Condition;
use crate::schema::raid;
use crate::types::AsText;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use raid_model::Handle;
use raid_model::search::{BREAK, Part, Query, SearchDocument};
use std::fmt::Write as _;

// On SQLite only.
mod sqlite {
    diesel::table! {
        raid_words (id) { id -> Integer, handle -> Text, }
    }
    diesel::table! {
        raid_words_index (rowid) { rowid -> Integer, title -> Text, text -> Text, }
    }
}
use sqlite::{raid_words, raid_words_index};

/// RAiDs that PostgreSQL is given one by one. Where more have the words, some are soon found in any
/// order.
const FEW: i64 = 1000;

/// Adds the words of a new RAiD. On PostgreSQL they come with the RAiD's own statement.
pub(crate) fn insert(
    c: &mut SqliteConnection,
    handle: &AsText<Handle>,
    document: &SearchDocument,
) -> QueryResult<()> {
    let id: i32 = diesel::insert_into(raid_words::table)
        .values(raid_words::handle.eq(handle.as_str()))
        .returning(raid_words::id)
        .get_result(c)?;
    index(c, id, document)
}

fn index(c: &mut SqliteConnection, id: i32, document: &SearchDocument) -> QueryResult<()> {
    diesel::insert_into(raid_words_index::table)
        .values((
            raid_words_index::rowid.eq(id),
            raid_words_index::title.eq(&document.titles),
            raid_words_index::text.eq(&document.texts),
        ))
        .execute(c)?;
    Ok(())
}

/// Puts the words of a version in the place of those of the one before.
pub(crate) fn replace(
    c: &mut Conn,
    handle: &AsText<Handle>,
    document: &SearchDocument,
) -> Result<(), StoreError> {
    match c {
        Conn::Sqlite(c) => {
            let known: Option<i32> = raid_words::table
                .filter(raid_words::handle.eq(handle.as_str()))
                .select(raid_words::id)
                .first(c)
                .optional()?;
            let Some(id) = known else {
                return Ok(insert(c, handle, document)?);
            };
            diesel::delete(raid_words_index::table.find(id)).execute(c)?;
            index(c, id, document)?;
        }
        Conn::Postgres(c) => {
            diesel::sql_query(
                "INSERT INTO raid_words (handle, words) VALUES ($1, CAST($2 AS tsvector)) \
                 ON CONFLICT (handle) DO UPDATE SET words = excluded.words",
            )
            .bind::<Text, _>(handle.as_str())
            .bind::<Text, _>(tsvector(document))
            .execute(c)?;
        }
    }
    Ok(())
}

/// The words with their places, in PostgreSQL's way of writing; those of titles have weight A.
pub(crate) fn tsvector(document: &SearchDocument) -> String {
    let mut written = String::with_capacity(2 * (document.titles.len() + document.texts.len()));
    let mut place = 0;
    for (words, weight) in [(&document.titles, "A"), (&document.texts, "")] {
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            place += 1;
            if word != BREAK {
                // Writing into a text cannot fail.
                let _ = write!(written, "'{word}':{place}{weight} ");
            }
        }
        // No phrase runs from the titles into the texts.
        place += 1;
    }
    written
}

/// Where a query's words are to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    /// Anywhere.
    Anywhere,
    /// All in the titles.
    Titles,
    /// Anywhere, but not all in the titles.
    NotTitles,
}

/// Whether a RAiD has the words of a query.
pub(crate) fn found(c: &mut Conn, query: &Query, within: Within) -> Result<Condition, StoreError> {
    if query.parts().is_empty() {
        return Ok(Box::new(sql::<Bool>("1 = 0")));
    }
    let (before, asked, after) = match c {
        Conn::Postgres(c) => {
            let asked = tsquery(query, within);
            if let Some(few) = few(c, &asked)? {
                return Ok(Box::new(raid::handle.eq_any(few)));
            }
            (
                "raid.handle IN (SELECT handle FROM raid_words WHERE words @@ CAST(",
                asked,
                " AS tsquery))",
            )
        }
        Conn::Sqlite(_) => (
            "raid.handle IN (SELECT raid_words.handle FROM raid_words_index JOIN raid_words \
             ON raid_words.id = raid_words_index.rowid WHERE raid_words_index MATCH ",
            fts5(query, within),
            ")",
        ),
    };
    Ok(Box::new(
        sql::<Bool>(before).bind::<Text, _>(asked).sql(after),
    ))
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    handle: String,
}

/// The RAiDs that have the words, if they are few. PostgreSQL knows how frequent the most frequent
/// words are only: it takes all others for words of one in two hundred, and looks for them in all
/// RAiDs by turns, in the order of the page.
fn few(c: &mut PgConnection, asked: &str) -> QueryResult<Option<Vec<String>>> {
    let found: Vec<Found> = diesel::sql_query(
        "SELECT handle FROM raid_words WHERE words @@ CAST($1 AS tsquery) LIMIT $2",
    )
    .bind::<Text, _>(asked)
    .bind::<BigInt, _>(FEW + 1)
    .load(c)?;
    let few = i64::try_from(found.len()).is_ok_and(|count| count <= FEW);
    Ok(few.then(|| found.into_iter().map(|found| found.handle).collect()))
}

fn joined(query: &Query, and: &str, part: impl Fn(&Part) -> String) -> String {
    let parts: Vec<_> = query.parts().iter().map(part).collect();
    format!("({})", parts.join(and))
}

/// A query in the language of FTS5. Words are letters and digits, so that nothing of it can be
/// taken for syntax.
fn fts5(query: &Query, within: Within) -> String {
    let all = joined(query, " AND ", |part| {
        let prefix = if part.is_prefix { " *" } else { "" };
        format!("\"{}\"{prefix}", part.words.join(" "))
    });
    match within {
        Within::Anywhere => all,
        Within::Titles => format!("title : {all}"),
        Within::NotTitles => format!("{all} NOT (title : {all})"),
    }
}

/// The same in the language of PostgreSQL.
fn tsquery(query: &Query, within: Within) -> String {
    let all = |weight: &str| {
        joined(query, " & ", |part| {
            let last = part.words.len() - 1;
            let word = |(index, word): (usize, &String)| {
                let prefix = if part.is_prefix && index == last {
                    "*"
                } else {
                    ""
                };
                let marks = format!("{prefix}{weight}");
                let colon = if marks.is_empty() { "" } else { ":" };
                format!("'{word}'{colon}{marks}")
            };
            let words: Vec<_> = part.words.iter().enumerate().map(word).collect();
            format!("({})", words.join(" <-> "))
        })
    };
    match within {
        Within::Anywhere => all(""),
        Within::Titles => all("A"),
        Within::NotTitles => format!("{} & !{}", all(""), all("A")),
    }
}
