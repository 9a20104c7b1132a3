//! What RAiDs are connected with: people, organisations, subjects, objects, other RAiDs.

use crate::conn::{Conn, ROWS_A_STATEMENT, per_backend};
use crate::error::StoreError;
use crate::raids::Condition;
use crate::schema::{raid, raid_term};
use crate::types::AsText;
use diesel::prelude::*;
use raid_model::Handle;
use raid_model::search::{Term, TermKind};
use std::collections::BTreeSet;

#[derive(Insertable)]
#[diesel(table_name = raid_term, treat_none_as_default_value = false)]
struct NewTerm<'a> {
    handle: &'a str,
    kind: &'a str,
    value: &'a str,
}

/// Adds what new RAiDs are connected with.
pub(crate) fn insert<'a>(
    c: &mut Conn,
    terms: impl Iterator<Item = (&'a AsText<Handle>, &'a Term)>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = terms
        .map(|(handle, term)| NewTerm {
            handle: handle.as_str(),
            kind: term.kind().as_str(),
            value: term.value(),
        })
        .collect();
    for rows in rows.chunks(ROWS_A_STATEMENT) {
        per_backend!(c, |c| diesel::insert_into(raid_term::table)
            .values(rows)
            .execute(c))?;
    }
    Ok(())
}

/// Puts what a version is connected with in the place of what the one before was. Most versions
/// keep most of it, so only what differs is written.
pub(crate) fn replace(
    c: &mut Conn,
    handle: &AsText<Handle>,
    terms: &BTreeSet<Term>,
) -> Result<(), StoreError> {
    let of_raid = || raid_term::table.filter(raid_term::handle.eq(handle.as_str()));
    let before: BTreeSet<(String, String)> = of_raid()
        .select((raid_term::kind, raid_term::value))
        .load::<(String, String)>(c)?
        .into_iter()
        .collect();
    let key = |term: &Term| (term.kind().as_str().to_owned(), term.value().to_owned());
    let after: BTreeSet<_> = terms.iter().map(key).collect();
    for kind in TermKind::ALL {
        let gone: Vec<&str> = before
            .difference(&after)
            .filter(|(of_kind, _)| of_kind == kind.as_str())
            .map(|(_, value)| value.as_str())
            .collect();
        for gone in gone.chunks(ROWS_A_STATEMENT) {
            let rows = of_raid()
                .filter(raid_term::kind.eq(kind.as_str()))
                .filter(raid_term::value.eq_any(gone));
            diesel::delete(rows).execute(c)?;
        }
    }
    let added = terms.iter().filter(|term| !before.contains(&key(term)));
    insert(c, added.map(|term| (handle, term)))
}

/// Whether a RAiD is connected with one of these, which are all of one kind.
pub(crate) fn connected_with(any_of: &[Term]) -> Condition {
    let kind = any_of.first().map_or("", |term| term.kind().as_str());
    let values: Vec<String> = any_of.iter().map(|term| term.value().to_owned()).collect();
    let handles = raid_term::table
        .filter(raid_term::kind.eq(kind))
        .filter(raid_term::value.eq_any(values))
        .select(raid_term::handle);
    Box::new(raid::handle.eq_any(handles))
}
