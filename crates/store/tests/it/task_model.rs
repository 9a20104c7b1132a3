//! Random histories of several workers, compared step by step with a plain model of the rules.

use crate::sample::{at, handle, person};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, SmallInt, Text, Timestamp as SqlTimestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, BTreeSet};
use store::tasks::{self, Kind, Lane, NewTask, Settle, Task, Work};
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
    Retry(i64),
    Dead,
}

#[derive(Debug, Clone)]
enum Step {
    Enqueue {
        work: usize,
        interactive: bool,
        after: i64,
    },
    Claim {
        owner: usize,
        n: usize,
        lease: i64,
    },
    /// Of any claim ever made, live, expired, lost or settled.
    Settle {
        claim: usize,
        end: End,
    },
    StillMine {
        claim: usize,
    },
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![
        4 => Just(End::Done),
        2 => (0..30i64).prop_map(End::Again),
        2 => (0..30i64).prop_map(End::Retry),
        1 => Just(End::Dead),
    ];
    let step = prop_oneof![
        4 => (0..10usize, any::<bool>(), 0..20i64)
            .prop_map(|(work, interactive, after)| Step::Enqueue { work, interactive, after }),
        4 => (0..2usize, 1..5usize, 1..20i64)
            .prop_map(|(owner, n, lease)| Step::Claim { owner, n, lease }),
        4 => (0..100usize, end).prop_map(|(claim, end)| Step::Settle { claim, end }),
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
}

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
        let lane = i16::from(lane == Lane::Bulk);
        let row = self.rows.entry(work.clone()).or_insert_with(|| Row {
            kind: work.kind().to_string(),
            key: work.key(),
            state: "due".into(),
            due_at,
            attempts: 0,
            lane,
            last_error: None,
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

    fn busy(&self, subject: &str, now: Timestamp) -> bool {
        let holder = self.holders.get(subject);
        holder.is_some_and(|claim| self.claims[*claim].until > now)
    }

    /// What a claim must give: the first of each free subject, the first `n` of them.
    fn ready(&self, n: usize, now: Timestamp) -> BTreeSet<Work> {
        let mut due: Vec<_> = self
            .rows
            .iter()
            .filter(|(_, row)| row.state == "due" && row.due_at <= now)
            .collect();
        due.sort_by_key(|(_, row)| (row.lane, row.due_at, row.key.clone()));
        let mut subjects = BTreeSet::new();
        due.into_iter()
            .map(|(work, _)| work)
            .filter(|work| !self.busy(&work.subject(), now) && subjects.insert(work.subject()))
            .take(n)
            .cloned()
            .collect()
    }

    fn holds(&self, claim: usize) -> bool {
        let subject = self.claims[claim].held.work.subject();
        self.holders.get(&subject) == Some(&claim)
    }

    fn settle(&mut self, claim: usize, end: &Settle, now: Timestamp) {
        let Claim { held, news, .. } = &self.claims[claim];
        self.holders.remove(&held.work.subject());
        if matches!(end, Settle::Done) && !news {
            self.rows.remove(&held.work);
            return;
        }
        let row = self.rows.get_mut(&held.work).unwrap();
        (row.due_at, row.attempts, row.last_error) = match (end, news) {
            (Settle::Retry(at, why) | Settle::InDoubt { at, error: why, .. }, _) => {
                (*at, row.attempts, Some(why.clone()))
            }
            (Settle::Dead(why), false) => {
                row.state = "dead".into();
                (now, row.attempts, Some(why.clone()))
            }
            (Settle::Dead(why), true) => (now, 0, Some(why.clone())),
            (Settle::Again(at), false) => (*at, 0, None),
            (Settle::Again(_) | Settle::Done, _) => (now, 0, None),
        };
    }
}

fn rows(c: &mut Conn) -> Result<Vec<Row>, StoreError> {
    let query = diesel::sql_query(
        "SELECT kind, key, state, due_at, attempts, lane, last_error FROM task ORDER BY kind, key",
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
            Step::Enqueue {
                work,
                interactive,
                after,
            } => {
                let lane = if interactive {
                    Lane::Interactive
                } else {
                    Lane::Bulk
                };
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
            Step::Claim { owner, n, lease } => {
                let until = now + time::Duration::seconds(lease);
                let (node, owner) = (&nodes[owner], OWNERS[owner]);
                let limit = i64::try_from(n).unwrap();
                let claimed = node
                    .write(move |c| tasks::claim(c, owner, &ALL, limit, now, until))
                    .await
                    .unwrap();
                let got: BTreeSet<_> = claimed.iter().map(|t| t.work.clone()).collect();
                assert_eq!(got, model.ready(n, now));
                for held in claimed {
                    let row = model.rows.get_mut(&held.work).unwrap();
                    row.attempts += 1;
                    assert_eq!(held.attempts, row.attempts);
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
            Step::Settle { claim, end } if !model.claims.is_empty() => {
                let claim = claim % model.claims.len();
                let end = match end {
                    End::Done => Settle::Done,
                    End::Again(s) => Settle::Again(now + time::Duration::seconds(s)),
                    End::Retry(s) => Settle::Retry(now + time::Duration::seconds(s), "down".into()),
                    End::Dead => Settle::Dead("wrong".into()),
                };
                let (owner, held) = (model.claims[claim].owner, model.claims[claim].held.clone());
                let wanted = end.clone();
                let settled = nodes[claim % 2]
                    .write(move |c| tasks::settle(c, owner, &held, &wanted, now))
                    .await;
                if model.holds(claim) {
                    settled.unwrap();
                    model.settle(claim, &end, now);
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
