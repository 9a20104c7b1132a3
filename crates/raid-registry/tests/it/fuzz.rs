//! Many requests, at random: good ones come back as they were sent, and whatever becomes of a good
//! one on its way, it is served or refused by name, never with a server's error.
//!
//! `make fuzz` runs them in numbers. A run is repeated by its seed, which it prints.

mod damage;
mod damaged;
mod mutation;
mod target;

use proptest::prelude::RngExt as _;
use proptest::strategy::{BoxedStrategy, Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use raid_model::RaidRequest;
use raid_model::generators::{self, TODAY};
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;

use self::mutation::Mutator;
use self::target::{TARGETS, Target};
use crate::examples::without_the_servers_own;
use crate::harness::{HOME_GROUP, Reply, Server, maximal, minimal, path_of, request, serve};

store::on_both_databases!(
    mutated_requests_are_served_or_refused_by_name,
    valid_records_round_trip,
);

/// How many mutated requests, where the environment does not say.
const CASES: usize = 1000;
/// So many mutated requests come to one round trip, which is some requests itself.
const CASES_OF_A_ROUND_TRIP: usize = 20;
/// Says how far it is after so many cases.
const REPORT_EVERY: usize = 5000;
/// RAiDs that are updated in turn.
const RAIDS: usize = 8;
/// A RAiD is succeeded by a new one after so many updates, for they take blocks away.
const UPDATES: usize = 15;

/// A run: the same seed makes the same requests.
struct Run {
    seed: u64,
    cases: usize,
}

impl Run {
    fn new() -> Self {
        let run = Self {
            seed: number("RAID_FUZZ_SEED").unwrap_or_else(rand::random),
            cases: number("RAID_FUZZ_CASES").map_or(CASES, |n| usize::try_from(n).unwrap()),
        };
        eprintln!(
            "fuzz: RAID_FUZZ_SEED={} RAID_FUZZ_CASES={}",
            run.seed, run.cases
        );
        run
    }

    /// The chance of one case.
    fn runner(&self, case: usize) -> TestRunner {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&case.to_le_bytes());
        let chance = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        TestRunner::new_with_rng(Config::default(), chance)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own switch, not the program's"
)]
fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok().filter(|v| !v.is_empty())?;
    Some(
        value
            .parse()
            .unwrap_or_else(|e| panic!("{variable}={value}: {e}")),
    )
}

/// A registry on the day for which requests are generated.
async fn serve_on_that_day(db: &TestDb) -> Server {
    let server = serve(db).await;
    server.clock.advance(TODAY.midnight() - server.clock.now());
    server
}

fn generated(requests: &BoxedStrategy<RaidRequest>, runner: &mut TestRunner) -> Value {
    let request = requests.new_tree(runner).unwrap().current();
    serde_json::to_value(&request).unwrap()
}

/// What requests are made of.
struct Bases {
    requests: BoxedStrategy<RaidRequest>,
    /// Minted RAiDs as they stand, and how many more updates each gets.
    raids: Vec<(Value, usize)>,
    service_point: Value,
    service_points: usize,
}

impl Bases {
    async fn new(server: &Server) -> Self {
        let new = target::service_point(0);
        let service_point = server
            .post(&server.operator(), "/service-point/", &new)
            .await;
        Self {
            requests: generators::raid_request().boxed(),
            raids: vec![(Value::Null, 0); RAIDS],
            service_point: service_point.expect(201),
            service_points: 0,
        }
    }

    fn request(&self, runner: &mut TestRunner) -> Value {
        match runner.rng().random_range(0..8) {
            0 => minimal(),
            1 => maximal(),
            _ => generated(&self.requests, runner),
        }
    }

    /// One of the RAiDs.
    async fn raid(&mut self, server: &Server, runner: &mut TestRunner) -> usize {
        let index = runner.rng().random_range(0..RAIDS);
        if self.raids[index].1 == 0 {
            let minted = server.mint(&self.request(runner)).await;
            self.raids[index] = (minted, UPDATES);
        }
        self.raids[index].1 -= 1;
        index
    }
}

/// A request that was mutated and sent.
struct Sent {
    target: Target,
    path: String,
    body: Vec<u8>,
}

async fn send(server: &Server, token: &str, sent: &Sent) -> Reply {
    let request = request(sent.target.method(), &sent.path, token)
        .insert_header(("Content-Type", "application/json"))
        .set_payload(sent.body.clone());
    server.send(request).await
}

/// RAiD API, sections on validation and on errors: what is wrong is named. Where the RAiD API fails
/// with a server's error, this one does not.
async fn mutated_requests_are_served_or_refused_by_name(db: &TestDb) {
    let run = Run::new();
    let server = serve_on_that_day(db).await;
    let user = server.user();
    let writer = server.token(&[Role::ContributorWriter], Some(HOME_GROUP));
    let operator = server.operator();
    let mut bases = Bases::new(&server).await;
    let mutator = Mutator::new();
    let (mut accepted, mut refused) = (0, 0);
    for case in 0..run.cases {
        let mut runner = run.runner(case);
        let target = TARGETS[runner.rng().random_range(0..TARGETS.len())];
        let index = bases.raid(&server, &mut runner).await;
        let raid = &bases.raids[index].0;
        let (token, path, good) = match target {
            Target::Mint => (&user, "/raid/".to_owned(), bases.request(&mut runner)),
            Target::Update => (&user, path_of(raid), raid.clone()),
            Target::Patch => {
                let good = json!({"contributor": raid["contributor"]});
                (&writer, path_of(raid), good)
            }
            Target::Invite => {
                let path = path_of(raid).replacen("/raid/", "/v1/raids/", 1) + "/invitations";
                (&user, path, target::invitation(raid))
            }
            Target::CreateServicePoint => {
                bases.service_points += 1;
                let good = target::service_point(bases.service_points);
                (&operator, "/service-point/".to_owned(), good)
            }
            Target::ChangeServicePoint => {
                let path = format!("/service-point/{}", bases.service_point["id"]);
                (&operator, path, bases.service_point.clone())
            }
        };
        let body = mutator.mutated(&good, &mut runner);
        let sent = Sent { target, path, body };
        let reply = send(&server, token, &sent).await;
        let mut complaint = target.complaint(&sent.body, &reply);
        if reply.status.is_success() {
            accepted += 1;
            complaint = complaint.or(unkept(&server, &user, target, &sent, &reply).await);
            match target {
                Target::Update | Target::Patch => bases.raids[index].0 = reply.json(),
                Target::ChangeServicePoint => bases.service_point = reply.json(),
                _ => {}
            }
        } else {
            refused += 1;
        }
        if let Some(complaint) = complaint {
            panic!(
                "{complaint}\nseed {}, case {case}: {target:?} {}\n{}\nanswer: {:?}",
                run.seed,
                sent.path,
                String::from_utf8_lossy(&sent.body),
                reply.body
            );
        }
        if (case + 1).is_multiple_of(REPORT_EVERY) || case + 1 == run.cases {
            eprintln!(
                "fuzz: {} cases: {accepted} served, {refused} refused",
                case + 1
            );
        }
    }
    assert!(
        accepted * 20 > run.cases && refused * 20 > run.cases,
        "{accepted} served, {refused} refused: the mutations are too wild or too tame"
    );
}

/// How a RAiD that was written from a mutated body does not read as it was answered, or changes by
/// being written as it was read; if so.
async fn unkept(
    server: &Server,
    user: &str,
    target: Target,
    sent: &Sent,
    reply: &Reply,
) -> Option<String> {
    let path = match target {
        Target::Mint => path_of(&reply.json()),
        Target::Update | Target::Patch => sent.path.clone(),
        _ => return None,
    };
    let read = server.get(user, &path).await;
    if read.body != reply.body {
        return Some(format!("it reads as {:?}", read.body));
    }
    let again = server.put(user, &path, &read.json()).await;
    (again.body != reply.body).then(|| format!("written as read, it becomes {:?}", again.body))
}

/// RAiD API, sections on minting and on updates: what was sent comes back, an update that changes
/// nothing makes no version, and an update says what it says.
async fn valid_records_round_trip(db: &TestDb) {
    let run = Run::new();
    let server = serve_on_that_day(db).await;
    let user = server.user();
    let requests = generators::raid_request().boxed();
    let rounds = run.cases / CASES_OF_A_ROUND_TRIP;
    for round in 0..rounds {
        let mut runner = run.runner(round);
        let first = generated(&requests, &mut runner);
        let second = generated(&requests, &mut runner);
        let what = format!("seed {}, round {round}:\n{first}\n{second}", run.seed);

        let created = server.mint(&first).await;
        let path = path_of(&created);
        assert_eq!(without_the_servers_own(&created), first, "created, {what}");
        keeps(&server, &user, &path, &created, &what).await;

        let mut changed = second.clone();
        changed["identifier"] = created["identifier"].clone();
        let updated = server.put(&user, &path, &changed).await.expect(200);
        assert_eq!(without_the_servers_own(&updated), second, "updated, {what}");
        let is_new = without_the_servers_own(&created) != second;
        let version = 1 + i64::from(is_new);
        assert_eq!(updated["identifier"]["version"], version, "{what}");
        keeps(&server, &user, &path, &updated, &what).await;

        let old = server.get(&user, &format!("{path}/1")).await.expect(200);
        assert_eq!(without_the_servers_own(&old), first, "version 1, {what}");
        if ((round + 1) * CASES_OF_A_ROUND_TRIP).is_multiple_of(REPORT_EVERY) {
            eprintln!("fuzz: {} round trips", round + 1);
        }
    }
}

/// What was answered is what is read, and stays when it is written as it was read.
async fn keeps(server: &Server, user: &str, path: &str, record: &Value, what: &str) {
    assert_eq!(
        &server.get(user, path).await.expect(200),
        record,
        "read, {what}"
    );
    let same = server.put(user, path, record).await.expect(200);
    assert_eq!(&same, record, "written as read, {what}");
}
