//! On PostgreSQL, a group of mints is one statement, whose rows come as arrays. Its text is always
//! the same, so that a connection prepares it once; rows that are written out one by one would be
//! parsed and planned anew for each group, and each table would cost a round trip.

use crate::raids::{Access, RaidWrite};
use crate::tasks::{Kind, State};
use crate::types::{AsText, DbJson, Json, Timestamp};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Nullable, SmallInt, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};
use raid_model::Handle;

/// New RAiDs with all that belongs to them, column by column.
struct Mint<'a> {
    raids: Raids<'a>,
    tasks: Tasks<'a>,
}

/// Rows of `raid` and `raid_version`.
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
}

/// Rows of `contribution` and `task`. As the RAiDs are new, nobody can have set the tasks yet.
#[derive(Default)]
struct Tasks<'a> {
    orcids: Vec<String>,
    handles: Vec<&'a AsText<Handle>>,
    keys: Vec<String>,
    lanes: Vec<i16>,
    due_times: Vec<Timestamp>,
    times: Vec<Timestamp>,
}

/// Inserts new RAiDs with all that belongs to them.
pub(crate) fn insert(c: &mut PgConnection, writes: &[RaidWrite]) -> QueryResult<()> {
    let (mut raids, mut tasks) = (Raids::default(), Tasks::default());
    for write in writes {
        raids.handles.push(&write.handle);
        raids.versions.push(write.version);
        raids.service_points.push(write.service_point_id);
        raids.accesses.push(write.access);
        raids.documents.push(&write.document);
        raids.times.push(write.at);
        raids.actors.push(&write.actor.subject);
        raids.clients.push(write.actor.client.as_deref());
        for orcid in &write.contributors {
            let task = write.task(orcid);
            tasks.orcids.push(task.work.subject());
            tasks.handles.push(&write.handle);
            tasks.keys.push(task.work.key());
            tasks.lanes.push(task.lane.number());
            tasks.due_times.push(task.due_at);
            tasks.times.push(task.at);
        }
    }
    Mint { raids, tasks }.execute(c).map(drop)
}

// Diesel tells statements apart by their text.
impl QueryId for Mint<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Mint<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Self { raids, tasks } = self;
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
        out.push_sql(
            ") AS t (handle, version, service_point_id, access, document, at, actor, client)), \
             new_task AS (SELECT * FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&tasks.orcids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&tasks.handles)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&tasks.keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&tasks.lanes)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<diesel::sql_types::Timestamp>, _>(&tasks.due_times)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<diesel::sql_types::Timestamp>, _>(&tasks.times)?;
        out.push_sql(
            ") AS t (orcid, handle, key, lane, due_at, at)), \
             insert_raid AS (INSERT INTO raid (handle, version, service_point_id, access, \
             document, created_at, updated_at) SELECT handle, version, service_point_id, access, \
             document, at, at FROM new_raid), \
             insert_version AS (INSERT INTO raid_version (handle, version, document, actor, \
             client, created_at) SELECT handle, version, document, actor, client, at \
             FROM new_raid), \
             insert_contribution AS (INSERT INTO contribution (orcid, handle) \
             SELECT orcid, handle FROM new_task) \
             INSERT INTO task (kind, key, subject, lane, state, due_at, attempts, generation, \
             created_at) SELECT ",
        );
        out.push_bind_param::<Text, _>(&Kind::Membership)?;
        out.push_sql(", key, orcid, lane, ");
        out.push_bind_param::<Text, _>(&State::Due)?;
        out.push_sql(", due_at, 0, 1, at FROM new_task");
        Ok(())
    }
}

impl<Conn> RunQueryDsl<Conn> for Mint<'_> {}
