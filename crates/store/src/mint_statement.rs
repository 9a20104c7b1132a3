//! On PostgreSQL, a group of mints is one statement, whose rows come as arrays. Its text is always
//! the same, so that a connection prepares it once; rows that are written out one by one would be
//! parsed and planned anew for each group, and each table would cost a round trip.

use crate::holders::HolderRole;
use crate::raids::{Access, RaidWrite};
use crate::tasks::{self, Kind, State};
use crate::types::{AsText, DbJson, Json, Timestamp};
use crate::words;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use raid_model::Handle;
use time::Date;

/// New RAiDs with all that belongs to them, column by column.
struct Mint<'a> {
    raids: Raids<'a>,
    people: People<'a>,
    tasks: Tasks,
    holders: Holders<'a>,
    terms: Terms<'a>,
}

/// Rows of `raid`, `raid_version`, `raid_words` and `change_pending`.
#[derive(Default)]
struct Raids<'a> {
    handles: Vec<&'a AsText<Handle>>,
    versions: Vec<i32>,
    service_points: Vec<i64>,
    accesses: Vec<Access>,
    documents: Vec<&'a Json>,
    times: Vec<Timestamp>,
    actors: Vec<&'a str>,
    clients: Vec<Option<&'a str>>,
    issuers: Vec<Option<&'a str>>,
    sort_titles: Vec<&'a str>,
    starts: Vec<Date>,
    ends: Vec<Option<Date>>,
    words: Vec<String>,
}

/// Rows of `contribution`.
#[derive(Default)]
struct People<'a> {
    orcids: Vec<String>,
    handles: Vec<&'a AsText<Handle>>,
}

/// Rows of `task`. As the RAiDs are new, nobody can have set them yet.
#[derive(Default)]
struct Tasks {
    kinds: Vec<Kind>,
    subjects: Vec<String>,
    keys: Vec<String>,
    lanes: Vec<i16>,
    due_times: Vec<Timestamp>,
    times: Vec<Timestamp>,
}

/// Rows of `raid_holder`.
#[derive(Default)]
struct Holders<'a> {
    handles: Vec<&'a AsText<Handle>>,
    issuers: Vec<&'a str>,
    subjects: Vec<&'a str>,
    times: Vec<Timestamp>,
}

/// Rows of `raid_term`.
#[derive(Default)]
struct Terms<'a> {
    handles: Vec<&'a AsText<Handle>>,
    kinds: Vec<&'a str>,
    values: Vec<&'a str>,
    readers: Vec<&'a str>,
}

/// Inserts new RAiDs with all that belongs to them.
pub(crate) fn insert(c: &mut PgConnection, writes: &[RaidWrite]) -> QueryResult<()> {
    let (mut raids, mut people) = (Raids::default(), People::default());
    let (mut due, mut holders) = (Tasks::default(), Holders::default());
    let mut terms = Terms::default();
    let readers: Vec<_> = writes.iter().map(RaidWrite::readers).collect();
    for (write, readers) in writes.iter().zip(&readers) {
        raids.handles.push(&write.handle);
        raids.versions.push(write.version);
        raids.service_points.push(write.service_point_id);
        raids.accesses.push(write.access);
        raids.documents.push(&write.document);
        raids.times.push(write.at);
        raids.actors.push(&write.actor.subject);
        raids.clients.push(write.actor.client.as_deref());
        raids.issuers.push(write.actor.issuer.as_deref());
        raids.sort_titles.push(&write.search.sort_title);
        raids.starts.push(write.search.starts_on);
        raids.ends.push(write.search.ends_on);
        raids
            .words
            .push(words::tsvector(&write.search, &write.marks()));
        for term in &write.search.terms {
            terms.handles.push(&write.handle);
            terms.kinds.push(term.kind().as_str());
            terms.values.push(term.value());
            terms.readers.push(readers.as_str());
        }
        for orcid in &write.contributors {
            people.orcids.push(orcid.to_string());
            people.handles.push(&write.handle);
        }
        if write.held_by_actor {
            holders.handles.push(&write.handle);
            let issuer = write.actor.issuer.as_deref();
            holders.issuers.push(issuer.unwrap_or_default());
            holders.subjects.push(&write.actor.subject);
            holders.times.push(write.at);
        }
        for task in tasks::staggered(write.tasks(write.contributors.iter())) {
            due.kinds.push(task.work.kind());
            due.subjects.push(task.work.subject());
            due.keys.push(task.work.key());
            due.lanes.push(task.lane.number());
            due.due_times.push(task.due_at);
            due.times.push(task.at);
        }
    }
    let mint = Mint {
        raids,
        people,
        tasks: due,
        holders,
        terms,
    };
    mint.execute(c).map(drop)
}

// Diesel tells statements apart by their text.
impl QueryId for Mint<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Mint<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Self {
            raids,
            people,
            tasks,
            holders,
            terms,
        } = self;
        out.push_sql("WITH new_raid AS (SELECT * FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&raids.handles)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&raids.versions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&raids.service_points)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&raids.accesses)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<DbJson>, _>(&raids.documents)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<diesel::sql_types::Timestamp>, _>(&raids.times)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&raids.actors)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&raids.clients)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&raids.issuers)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&raids.sort_titles)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<diesel::sql_types::Date>, _>(&raids.starts)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<diesel::sql_types::Date>>, _>(&raids.ends)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&raids.words)?;
        out.push_sql(
            ") AS t (handle, version, service_point_id, access, document, at, actor, client, \
             issuer, sort_title, starts_on, ends_on, words)), \
             new_task AS (SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&tasks.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&tasks.subjects)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&tasks.keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&tasks.lanes)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<diesel::sql_types::Timestamp>, _>(&tasks.due_times)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<diesel::sql_types::Timestamp>, _>(&tasks.times)?;
        out.push_sql(
            ") AS t (kind, subject, key, lane, due_at, at)), \
             insert_raid AS (INSERT INTO raid (handle, version, service_point_id, access, \
             document, created_at, updated_at, sort_title, starts_on, ends_on, indexed_version) \
             SELECT handle, version, service_point_id, access, document, at, at, sort_title, \
             starts_on, ends_on, version FROM new_raid), \
             insert_words AS (INSERT INTO raid_words (handle, words) \
             SELECT handle, CAST(words AS tsvector) FROM new_raid), \
             insert_version AS (INSERT INTO raid_version (handle, version, document, actor, \
             client, created_at, issuer) SELECT handle, version, document, actor, client, at, \
             issuer FROM new_raid), \
             insert_change AS (INSERT INTO change_pending (handle, version, access, \
             service_point_id, at) SELECT handle, version, access, service_point_id, at \
             FROM new_raid), \
             insert_contribution AS (INSERT INTO contribution (orcid, handle) \
             SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&people.orcids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&people.handles)?;
        out.push_sql(
            ")), insert_holder AS (INSERT INTO raid_holder (handle, issuer, subject, role, \
             given_by_issuer, given_by, given_at) SELECT handle, issuer, subject, ",
        );
        out.push_bind_param::<Text, _>(&HolderRole::RaidAdmin)?;
        out.push_sql(", issuer, subject, at FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&holders.handles)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&holders.issuers)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&holders.subjects)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<diesel::sql_types::Timestamp>, _>(&holders.times)?;
        out.push_sql(
            ") AS t (handle, issuer, subject, at)), \
             insert_term AS (INSERT INTO raid_term (handle, kind, value, only_for) SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&terms.handles)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&terms.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&terms.values)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&terms.readers)?;
        out.push_sql(
            ")) INSERT INTO task (kind, key, subject, lane, state, due_at, attempts, generation, \
             created_at) SELECT kind, key, subject, lane, ",
        );
        out.push_bind_param::<Text, _>(&State::Due)?;
        out.push_sql(", due_at, 0, 1, at FROM new_task");
        Ok(())
    }
}

impl<Conn> RunQueryDsl<Conn> for Mint<'_> {}
