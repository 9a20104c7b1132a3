//! The words of each RAiD, found by the database's own means: FTS5 on SQLite, a `tsvector` on
//! PostgreSQL. Neither splits or folds texts itself: both get the same words, ready made, so that
//! both find the same.
//!
//! The words of embargoed RAiDs are marked. A search of somebody who may not see them finds none of them
//! in the index, so that it takes as long as if they were not there.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::holders::Holder;
use crate::raids::{Access, Condition, Sight, held_by};
use crate::schema::raid;
use crate::types::AsText;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Text};
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

/// Before words of embargoed RAiDs, for those who see all. No word has such a character.
const HIDDEN: &str = "\u{2020}";
/// Around the number of a service point, before words of its embargoed RAiDs.
const OF_SERVICE_POINT: &str = "\u{2021}";

/// What stands before words in the index. Each word stands there once with each mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Marks(Vec<String>);

impl Marks {
    /// Those of a RAiD's words.
    pub(crate) fn of_raid(access: Access, service_point_id: i64) -> Self {
        Self(match access {
            Access::Open => vec![String::new()],
            Access::Embargoed => vec![HIDDEN.to_owned(), of_service_point(service_point_id)],
        })
    }

    /// Those with which somebody looks for words, but for RAiDs that they hold.
    fn seen_with(sight: &Sight) -> Self {
        let mut marks = vec![String::new()];
        if sight.embargoed {
            marks.push(HIDDEN.to_owned());
        } else {
            marks.extend(sight.service_point.map(of_service_point));
        }
        Self(marks)
    }

    /// All words of a text with each mark. No phrase runs from one into the next.
    fn mark(&self, text: &str) -> String {
        let marked = |mark: &String| {
            let words: Vec<_> = text.split(' ').map(|word| marked(mark, word)).collect();
            words.join(" ")
        };
        let all: Vec<_> = self.0.iter().map(marked).collect();
        all.join(&format!(" {BREAK} "))
    }
}

fn of_service_point(id: i64) -> String {
    format!("{OF_SERVICE_POINT}{id}{OF_SERVICE_POINT}")
}

fn marked(mark: &str, word: &str) -> String {
    if word.is_empty() || word == BREAK {
        word.to_owned()
    } else {
        format!("{mark}{word}")
    }
}

/// Adds the words of a new RAiD. On PostgreSQL they come with the RAiD's own statement.
pub(crate) fn insert(
    c: &mut SqliteConnection,
    handle: &AsText<Handle>,
    document: &SearchDocument,
    marks: &Marks,
) -> QueryResult<()> {
    let id: i32 = diesel::insert_into(raid_words::table)
        .values(raid_words::handle.eq(handle.as_str()))
        .returning(raid_words::id)
        .get_result(c)?;
    index(c, id, document, marks)
}

fn index(
    c: &mut SqliteConnection,
    id: i32,
    document: &SearchDocument,
    marks: &Marks,
) -> QueryResult<()> {
    diesel::insert_into(raid_words_index::table)
        .values((
            raid_words_index::rowid.eq(id),
            raid_words_index::title.eq(marks.mark(&document.titles)),
            raid_words_index::text.eq(marks.mark(&document.texts)),
        ))
        .execute(c)?;
    Ok(())
}

/// Puts the words of a version in the place of those of the one before.
pub(crate) fn replace(
    c: &mut Conn,
    handle: &AsText<Handle>,
    document: &SearchDocument,
    marks: &Marks,
) -> Result<(), StoreError> {
    match c {
        Conn::Sqlite(c) => {
            let known: Option<i32> = raid_words::table
                .filter(raid_words::handle.eq(handle.as_str()))
                .select(raid_words::id)
                .first(c)
                .optional()?;
            let Some(id) = known else {
                return Ok(insert(c, handle, document, marks)?);
            };
            diesel::delete(raid_words_index::table.find(id)).execute(c)?;
            index(c, id, document, marks)?;
        }
        Conn::Postgres(c) => {
            diesel::sql_query(
                "INSERT INTO raid_words (handle, words) VALUES ($1, CAST($2 AS tsvector)) \
                 ON CONFLICT (handle) DO UPDATE SET words = excluded.words",
            )
            .bind::<Text, _>(handle.as_str())
            .bind::<Text, _>(tsvector(document, marks))
            .execute(c)?;
        }
    }
    Ok(())
}

/// The words with their places, in PostgreSQL's way of writing; those of titles have weight A. A word
/// has the same place with each mark: PostgreSQL counts places to 16 383 only.
pub(crate) fn tsvector(document: &SearchDocument, marks: &Marks) -> String {
    let length = document.titles.len() + document.texts.len();
    let mut written = String::with_capacity(2 * marks.0.len() * length);
    let mut place = 0;
    for (words, weight) in [(&document.titles, "A"), (&document.texts, "")] {
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            place += 1;
            if word != BREAK {
                for mark in &marks.0 {
                    // Writing into a text cannot fail.
                    let _ = write!(written, "'{mark}{word}':{place}{weight} ");
                }
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

/// Whether a RAiD that somebody may see has the words of a query. Of what they may not see, too few
/// words are looked at to rely on this alone.
pub(crate) fn found(
    c: &mut Conn,
    query: &Query,
    within: Within,
    sight: &Sight,
) -> Result<Condition, StoreError> {
    if query.parts().is_empty() {
        return Ok(Box::new(sql::<Bool>("1 = 0")));
    }
    let found = marked_so(c, query, within, &Marks::seen_with(sight))?;
    let held = match &sight.holder {
        Some(holder) if !sight.embargoed => held(c, query, within, holder)?,
        _ => Vec::new(),
    };
    if held.is_empty() {
        return Ok(found);
    }
    Ok(Box::new(found.or(raid::handle.eq_any(held))))
}

/// The embargoed RAiDs that somebody holds and that have the words. These are few, and no others are
/// looked at.
fn held(
    c: &mut Conn,
    query: &Query,
    within: Within,
    holder: &Holder,
) -> Result<Vec<String>, StoreError> {
    let held: Vec<String> = raid::table
        .filter(held_by(holder))
        .filter(raid::access.eq(Access::Embargoed))
        .select(raid::handle)
        .load(c)?;
    if held.is_empty() {
        return Ok(held);
    }
    let marks = Marks(vec![HIDDEN.to_owned()]);
    let found: Vec<Found> = match c {
        Conn::Postgres(c) => diesel::sql_query(
            "SELECT handle FROM raid_words WHERE handle = ANY($1) AND words @@ CAST($2 AS tsquery)",
        )
        .bind::<Array<Text>, _>(held)
        .bind::<Text, _>(tsquery(query, within, &marks))
        .load(c)?,
        // In this order, so that each is looked up in the index of words by itself.
        Conn::Sqlite(c) => diesel::sql_query(
            "SELECT raid_words.handle AS handle FROM json_each(?1) AS held \
             CROSS JOIN raid_words ON raid_words.handle = held.value \
             CROSS JOIN raid_words_index ON raid_words_index.rowid = raid_words.id \
             WHERE raid_words_index MATCH ?2",
        )
        .bind::<Text, _>(serde_json::json!(held).to_string())
        .bind::<Text, _>(fts5(query, within, &marks))
        .load(c)?,
    };
    Ok(found.into_iter().map(|found| found.handle).collect())
}

/// Whether a RAiD has the words of a query with one of the marks.
fn marked_so(
    c: &mut Conn,
    query: &Query,
    within: Within,
    marks: &Marks,
) -> Result<Condition, StoreError> {
    let (before, asked, after) = match c {
        Conn::Postgres(c) => {
            let asked = tsquery(query, within, marks);
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
            fts5(query, within, marks),
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

/// All parts of a query with one of the marks.
fn joined(
    query: &Query,
    marks: &Marks,
    (and, or): (&str, &str),
    part: impl Fn(&str, &Part) -> String,
) -> String {
    let with_mark = |mark: &String| {
        let parts = query.parts().iter().map(|it| part(mark, it));
        format!("({})", parts.collect::<Vec<_>>().join(and))
    };
    let all: Vec<_> = marks.0.iter().map(with_mark).collect();
    format!("({})", all.join(or))
}

/// The ways in which the words of a part may be written.
fn spellings(part: &Part) -> impl Iterator<Item = &[String]> {
    let joined = part.joined.iter().map(std::slice::from_ref);
    std::iter::once(part.words.as_slice()).chain(joined)
}

/// A query in the language of FTS5. Words are letters and digits, so that nothing of it can be
/// taken for syntax.
fn fts5(query: &Query, within: Within, marks: &Marks) -> String {
    let all = joined(query, marks, (" AND ", " OR "), |mark, part| {
        let prefix = if part.is_prefix { " *" } else { "" };
        let phrase = |words: &[String]| {
            let words: Vec<_> = words.iter().map(|word| marked(mark, word)).collect();
            format!("\"{}\"{prefix}", words.join(" "))
        };
        let spellings: Vec<_> = spellings(part).map(phrase).collect();
        format!("({})", spellings.join(" OR "))
    });
    match within {
        Within::Anywhere => all,
        Within::Titles => format!("title : {all}"),
        Within::NotTitles => format!("{all} NOT (title : {all})"),
    }
}

/// The same in the language of PostgreSQL.
fn tsquery(query: &Query, within: Within, marks: &Marks) -> String {
    let all = |weight: &str| {
        joined(query, marks, (" & ", " | "), |mark, part| {
            let phrase = |words: &[String]| {
                let last = words.len() - 1;
                let word = |(index, word): (usize, &String)| {
                    let prefix = if part.is_prefix && index == last {
                        "*"
                    } else {
                        ""
                    };
                    let marks = format!("{prefix}{weight}");
                    let colon = if marks.is_empty() { "" } else { ":" };
                    format!("'{mark}{word}'{colon}{marks}")
                };
                let words: Vec<_> = words.iter().enumerate().map(word).collect();
                format!("({})", words.join(" <-> "))
            };
            let spellings: Vec<_> = spellings(part).map(phrase).collect();
            format!("({})", spellings.join(" | "))
        })
    };
    match within {
        Within::Anywhere => all(""),
        Within::Titles => all("A"),
        Within::NotTitles => format!("{} & !{}", all(""), all("A")),
    }
}
