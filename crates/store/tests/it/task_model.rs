//! Random histories of several workers, compared step by step with a plain model of the rules.

use crate::sample::{at, handle, person};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, SmallInt, Text, Timestamp as SqlTimestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use store::tasks::{self, Cause, Kind, Lane, NewTask, Room, Settle, Task, Work};
use store::testing::TestDb;
use store::{Conn, Id, Store, StoreError, Timestamp};

store::on_both_databases!(histories_follow_the_rules);

const ALL: [Kind; 3] = [Kind::Permission, Kind::Membership, Kind::Email];
const OWNERS: [&str; 2] = ["node-a", "node-b"];

fn works() -> Vec<Work> {
    let mut all = vec![Work::Email(Id(uuid::Uuid::from_u128(7)))];
    for n in 0..3 {
        all.push(Work::Permission(person(n)));
        all.extend((0..2).map(|raid| Work::Membership(person(n), handle(raid))));
    }
    all
}

#[derive(Debug, Clone)]
enum End {
    Done,
    Again(i64),
    Retry(i64, Cause),
    Dead,
}

#[derive(Debug, Clone)]
enum Step {
    Enqueue {
        work: usize,
        lane: Lane,
        after: i64,
    },
    Claim {
        owner: usize,
        room: Room,
        lease: i64,
    },
    /// Of any claim ever made, live, expired, lost or settled.
    Settle {
        claim: usize,
        end: End,
        /// The lane in which it goes on, if it is another one.
        lane: Option<Lane>,
    },
    StillMine {
        claim: usize,
    },
    /// What waits for ORCID.
    BringForward,
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![
        4 => Just(End::Done),
        2 => (0..30i64).prop_map(End::Again),
        2 => (0..30i64, prop::sample::select(&[Cause::Outage, Cause::Other]))
            .prop_map(|(after, cause)| End::Retry(after, cause)),
        1 => Just(End::Dead),
    ];
    let lane = || prop::sample::select(&Lane::ALL);
    let room = (1..5usize, 0..4usize, 0..3usize).prop_map(|(all, later, background)| Room {
        all,
        later,
        background,
    });
    let step = prop_oneof![
        4 => (0..10usize, lane(), 0..20i64)
            .prop_map(|(work, lane, after)| Step::Enqueue { work, lane, after }),
        4 => (0..2usize, room, 1..40i64)
            .prop_map(|(owner, room, lease)| Step::Claim { owner, room, lease }),
        4 => (0..100usize, end, proptest::option::of(lane()))
            .prop_map(|(claim, end, lane)| Step::Settle { claim, end, lane }),
        1 => Just(Step::BringForward),
        1 => (0..100usize).prop_map(|claim| Step::StillMine { claim }),
        2 => (0..25i64).prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..60)
}

#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = SqlTimestamp)]
    due_at: Timestamp,
    #[diesel(sql_type = Integer)]
    attempts: i32,
    #[diesel(sql_type = SmallInt)]
    lane: i16,
    #[diesel(sql_type = Nullable<Text>)]
    last_error: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    waits_for: Option<String>,
}

fn number(lane: Lane) -> i16 {
    match lane {
        Lane::Interactive => 0,
        Lane::Bulk => 1,
        Lane::Background => 2,
    }
}

/// The step in which due times are spread out.
const STEP: time::Duration = time::Duration::milliseconds(40);

/// A claim as the model sees it.
struct Claim {
    owner: &'static str,
    held: Task,
    until: Timestamp,
    /// Something was set since, so there is news.
    news: bool,
}

#[derive(Default)]
struct Model {
    rows: BTreeMap<Work, Row>,
    claims: Vec<Claim>,
    /// Which claim has a subject: the last one made, unless it is settled.
    holders: BTreeMap<String, usize>,
}

impl Model {
    fn enqueue(&mut self, work: &Work, lane: Lane, due_at: Timestamp) {
        let lane = number(lane);
        let row = self.rows.entry(work.clone()).or_insert_with(|| Row {
            kind: work.kind().to_string(),
            key: work.key(),
            state: "due".into(),
            due_at,
            attempts: 0,
            lane,
            last_error: None,
            waits_for: None,
        });
        if row.state == "dead" {
            row.due_at = due_at;
            row.attempts = 0;
        }
        row.state = "due".into();
        row.due_at = row.due_at.min(due_at);
        row.lane = row.lane.min(lane);
        for claim in &mut self.claims {
            claim.news |= claim.held.work == *work;
        }
    }

    /// A lease holds a subject until it ends, unless no right clock can have made it.
    fn busy(&self, subject: &str, now: Timestamp, until: Timestamp) -> bool {
        let latest = now + (until - now) * 2 + time::Duration::seconds(5);
        let holder = self.holders.get(subject);
        let ends = holder.map(|claim| self.claims[*claim].until);
        ends.is_some_and(|ends| ends > now && ends <= latest)
    }

    /// What a claim must give: the first of each free subject, lane by lane, as far as there is room.
    /// The other tasks of these subjects move behind.
    fn claim(&mut self, mut room: Room, now: Timestamp, until: Timestamp) -> BTreeSet<Work> {
        let mut chosen = BTreeMap::new();
        for lane in Lane::ALL {
            if room.of(lane) == 0 {
                continue;
            }
            let mut due: Vec<_> = self
                .rows
                .iter()
                .filter(|(_, row)| row.state == "due" && row.due_at <= now)
                .filter(|(work, row)| {
                    let subject = work.subject();
                    row.lane == number(lane)
                        && !self.busy(&subject, now, until)
                        && !chosen.contains_key(&subject)
                })
                .map(|(work, row)| (row.due_at, row.key.clone(), work.clone()))
                .collect();
            due.sort();
            let mut behind = BTreeMap::new();
            for (_, _, work) in due {
                match chosen.entry(work.subject()) {
                    Entry::Occupied(subject) => {
                        let turns = behind.entry(subject.key().clone()).or_insert(0);
                        *turns += 1;
                        self.rows.get_mut(&work).unwrap().due_at = now + STEP * *turns;
                    }
                    Entry::Vacant(subject) if room.of(lane) > 0 => {
                        room.take(lane);
                        subject.insert(work);
                    }
                    Entry::Vacant(_) => {}
                }
            }
        }
        chosen.into_values().collect()
    }

    /// All that waits is due now, in few enough rows not to be spread out.
    fn bring_forward(&mut self, now: Timestamp) -> usize {
        let mut waiting: Vec<_> = self
            .rows
            .values_mut()
            .filter(|row| row.waits_for.is_some())
            .collect();
        waiting.sort_by_key(|row| (row.lane, row.due_at, row.key.clone()));
        for (n, row) in (0..).zip(&mut waiting) {
            row.due_at = now + STEP * (n - 7).max(0);
            row.attempts = 0;
            row.waits_for = None;
        }
        waiting.len()
    }

    fn holds(&self, claim: usize) -> bool {
        let subject = self.claims[claim].held.work.subject();
        self.holders.get(&subject) == Some(&claim)
    }

    fn settle(&mut self, claim: usize, end: &Settle, lane: Lane, now: Timestamp) {
        let Claim { held, news, .. } = &self.claims[claim];
        self.holders.remove(&held.work.subject());
        if matches!(end, Settle::Done) && !news {
            self.rows.remove(&held.work);
            return;
        }
        let row = self.rows.get_mut(&held.work).unwrap();
        if !news {
            row.lane = number(lane);
        }
        row.waits_for = match end {
            Settle::Retry {
                cause: Cause::Outage,
                ..
            } => Some("orcid".into()),
            _ => None,
        };
        (row.due_at, row.attempts, row.last_error) = match (end, news) {
            (Settle::Retry { at, error: why, .. } | Settle::InDoubt { at, error: why, .. }, _) => {
                (*at, held.attempts, Some(why.clone()))
            }
            (Settle::Dead(why), false) => {
                row.state = "dead".into();
                (now, held.attempts, Some(why.clone()))
            }
            (Settle::Dead(why), true) => (now, 0, Some(why.clone())),
            (Settle::Again(at), false) => (*at, 0, None),
            (Settle::Again(_) | Settle::Done, _) => (now, 0, None),
        };
    }
}

fn rows(c: &mut Conn) -> Result<Vec<Row>, StoreError> {
    let query = diesel::sql_query(
        "SELECT kind, key, state, due_at, attempts, lane, last_error, waits_for \
         FROM task ORDER BY kind, key",
    );
    Ok(match c {
        Conn::Postgres(c) => query.load(c)?,
        Conn::Sqlite(c) => query.load(c)?,
    })
}

async fn run(nodes: &[Store], steps: Vec<Step>) {
    nodes[0]
        .write(|c| Ok(c.batch_execute("DELETE FROM task; DELETE FROM subject_lease")?))
        .await
        .unwrap();
    let works = works();
    let mut model = Model::default();
    let mut now = at(0);
    for step in steps {
        // A real clock moves between any two calls.
        now += time::Duration::MICROSECOND;
        match step {
            Step::Wait(seconds) => now += time::Duration::seconds(seconds),
            Step::Enqueue { work, lane, after } => {
                let due_at = now + time::Duration::seconds(after);
                let work = works[work].clone();
                model.enqueue(&work, lane, due_at);
                let new = NewTask {
                    work,
                    lane,
                    due_at,
                    at: now,
                };
                let new = [new];
                nodes[0]
                    .write(move |c| tasks::enqueue(c, &new))
                    .await
                    .unwrap();
            }
            Step::Claim { owner, room, lease } => {
                let until = now + time::Duration::seconds(lease);
                let (node, owner) = (&nodes[owner], OWNERS[owner]);
                let claimed = node
                    .write(move |c| tasks::claim(c, owner, &ALL, room, now, until))
                    .await
                    .unwrap();
                let got: BTreeSet<_> = claimed.iter().map(|t| t.work.clone()).collect();
                assert_eq!(got, model.claim(room, now, until));
                for held in claimed {
                    let row = model.rows.get_mut(&held.work).unwrap();
                    row.attempts += 1;
                    assert_eq!((held.attempts, number(held.lane)), (row.attempts, row.lane));
                    let subject = held.work.subject();
                    model.holders.insert(subject, model.claims.len());
                    model.claims.push(Claim {
                        owner,
                        held,
                        until,
                        news: false,
                    });
                }
            }
            Step::Settle { claim, end, lane } if !model.claims.is_empty() => {
                let claim = claim % model.claims.len();
                let end = match end {
                    End::Done => Settle::Done,
                    End::Again(s) => Settle::Again(now + time::Duration::seconds(s)),
                    End::Retry(s, cause) => Settle::Retry {
                        at: now + time::Duration::seconds(s),
                        error: "down".into(),
                        cause,
                    },
                    End::Dead => Settle::Dead("wrong".into()),
                };
                let (owner, mut held) =
                    (model.claims[claim].owner, model.claims[claim].held.clone());
                held.lane = lane.unwrap_or(held.lane);
                let lane = held.lane;
                let wanted = end.clone();
                let settled = nodes[claim % 2]
                    .write(move |c| tasks::settle(c, owner, &held, &wanted, now))
                    .await;
                if model.holds(claim) {
                    settled.unwrap();
                    model.settle(claim, &end, lane, now);
                } else {
                    assert!(matches!(settled, Err(StoreError::LeaseLost)), "{settled:?}");
                }
            }
            Step::StillMine { claim } if !model.claims.is_empty() => {
                let claim = claim % model.claims.len();
                let (owner, held) = (model.claims[claim].owner, model.claims[claim].held.clone());
                let until = model.claims[claim].until;
                let mine = nodes[0].write(move |c| tasks::still_mine(c, owner, &held, until));
                assert_eq!(mine.await.is_ok(), model.holds(claim));
            }
            Step::BringForward => {
                let moved = nodes[1].write(move |c| tasks::bring_forward(c, now, 0, 100));
                assert_eq!(moved.await.unwrap(), model.bring_forward(now));
            }
            Step::Settle { .. } | Step::StillMine { .. } => {}
        }
        let found = nodes[0].read(rows).await.unwrap();
        let mut wanted: Vec<_> = model.rows.values().cloned().collect();
        wanted.sort_by_key(|r| (r.kind.clone(), r.key.clone()));
        assert_eq!(found, wanted);
    }
}

async fn histories_follow_the_rules(db: &TestDb) {
    let nodes = [db.store().clone(), db.another_node()];
    let config = Config {
        cases: 48,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    tokio::task::block_in_place(|| {
        let runtime = tokio::runtime::Handle::current();
        TestRunner::new(config)
            .run(&steps(), |steps| {
                runtime.block_on(run(&nodes, steps));
                Ok(())
            })
            .unwrap();
    });
}
