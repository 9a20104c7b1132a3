//! What RAiDs are connected with: people, organisations, subjects, objects, other RAiDs.
//!
//! Each row says who may see it, so that a search of others does not come across it in the index and
//! takes as long as if it were not there.

use crate::conn::{Conn, ROWS_A_STATEMENT, per_backend};
use crate::error::StoreError;
use crate::raids::{Access, Condition, RaidWrite, Sight};
use crate::schema::{raid, raid_holder, raid_term};
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
    only_for: &'a str,
}

/// Who may see what a RAiD is connected with, as its rows say: everybody, or the service point that
/// owns the embargoed RAiD. Whoever sees all or holds the RAiD sees it beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Readers(String);

impl Readers {
    /// Those of a RAiD.
    pub(crate) fn of_raid(access: Access, service_point_id: i64) -> Self {
        match access {
            Access::Open => Self::everybody(),
            Access::Embargoed => Self::service_point(service_point_id),
        }
    }

    fn everybody() -> Self {
        Self(String::new())
    }

    fn service_point(id: i64) -> Self {
        Self(id.to_string())
    }

    /// As it is written in the column `only_for`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl RaidWrite {
    /// Who may see what it is connected with.
    pub(crate) fn readers(&self) -> Readers {
        Readers::of_raid(self.access, self.service_point_id)
    }
}

/// Adds what new RAiDs are connected with.
pub(crate) fn insert_all(c: &mut Conn, writes: &[RaidWrite]) -> Result<(), StoreError> {
    let readers: Vec<_> = writes.iter().map(RaidWrite::readers).collect();
    let connected = writes.iter().zip(&readers).flat_map(|(write, readers)| {
        let terms = write.search.terms.iter();
        terms.map(move |term| (&write.handle, readers, term))
    });
    insert(c, connected)
}

fn insert<'a>(
    c: &mut Conn,
    terms: impl Iterator<Item = (&'a AsText<Handle>, &'a Readers, &'a Term)>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = terms
        .map(|(handle, readers, term)| NewTerm {
            handle: handle.as_str(),
            kind: term.kind().as_str(),
            value: term.value(),
            only_for: readers.as_str(),
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
    readers: &Readers,
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
    let kept = of_raid().filter(raid_term::only_for.ne(readers.as_str()));
    diesel::update(kept)
        .set(raid_term::only_for.eq(readers.as_str()))
        .execute(c)?;
    let added = terms.iter().filter(|term| !before.contains(&key(term)));
    insert(c, added.map(|term| (handle, readers, term)))
}

/// Whether a RAiD that somebody may see is connected with one of these, which are all of one kind. Of what
/// they may not see, too little is looked at to rely on this alone.
pub(crate) fn connected_with(any_of: &[Term], sight: &Sight) -> Condition {
    let kind = any_of.first().map_or("", |term| term.kind().as_str());
    let values: Vec<String> = any_of.iter().map(|term| term.value().to_owned()).collect();
    let connected = raid_term::table
        .filter(raid_term::kind.eq(kind))
        .filter(raid_term::value.eq_any(values))
        .select(raid_term::handle);
    if sight.embargoed {
        return Box::new(raid::handle.eq_any(connected));
    }
    let mut readers = vec![Readers::everybody().0];
    readers.extend(sight.service_point.map(|id| Readers::service_point(id).0));
    let seen = connected
        .clone()
        .filter(raid_term::only_for.eq_any(readers));
    let Some(holder) = &sight.holder else {
        return Box::new(raid::handle.eq_any(seen));
    };
    let handles = raid_holder::table
        .filter(raid_holder::issuer.eq(holder.issuer.clone()))
        .filter(raid_holder::subject.eq(holder.subject.clone()))
        .filter(raid_holder::role.eq_any(holder.roles.clone()))
        .select(raid_holder::handle);
    // These are few, and no others are looked at.
    let held = connected.filter(raid_term::handle.eq_any(handles));
    Box::new(raid::handle.eq_any(seen.union_all(held)))
}
