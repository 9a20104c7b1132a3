//! Mints through HTTP, beside the bare store and beside one transaction a mint.

use crate::figures::{Side, Slice, bars, heading, ratio};
use crate::load::{self, Target};
use crate::pgbench::Pgbench;
use crate::requests::{CONTRIBUTORS, people, requests};
use crate::{name_of, runtime, shipped};
use futures::future::join_all;
use raid_model::{Handle, Raid, RaidRequest, ServerOwned, Suffix};
use raid_tests::{Agency, Backend, Stage};
use serde_json::Value;
use std::time::{Duration, Instant};
use store::raids::{Actor, RaidWrite};
use store::service_points::{self, ServicePointRow};
use store::tasks::Lane;
use store::testing::TestDb;
use store::{AsText, Json, Store};

const ROUNDS: usize = 7;
const SLICE: Duration = Duration::from_secs(2);
const CLIENTS: usize = 32;
/// People among whom the contributors are drawn.
const PEOPLE: usize = 500;
const SERVICE_POINT: i64 = 20_000_000;
const PREFIX: &str = "10.82841";
const ROR: &str = "https://ror.org/038sjwq14";

/// Prints how mints go on this database.
pub fn measure(backend: Backend) {
    let requests = requests(&people(PEOPLE));
    let size = requests[0].to_string().len();
    heading(&format!(
        "Mints on {}: {CLIENTS} clients, {size} bytes, {CONTRIBUTORS} contributors; \
         {ROUNDS} rounds of {SLICE:?} a side",
        name_of(backend)
    ));
    let stage = Stage::new(backend);
    runtime().block_on(async {
        let agency = stage.agency_with(&shipped::settings("off")).await;
        let http = target(&stage, &agency, &requests);
        let db = Database::new(backend, &requests).await;
        match backend {
            Backend::Sqlite => on_sqlite(&http, &db).await,
            Backend::Postgres => on_postgres(&http, &db).await,
        }
    });
}

async fn on_sqlite(http: &Target, db: &Database) {
    let single = Database::again(Backend::Sqlite, db).await;
    let (mut through, mut bare) = (Side::new("HTTP"), Side::new("bare store"));
    let mut one_by_one = Side::new("one by one");
    for _ in 0..ROUNDS {
        through.add(http.load(CLIENTS, SLICE));
        bare.add(db.mint_together().await);
        one_by_one.add(single.mint_singly());
    }
    bars(&[&through, &bare, &one_by_one]);
    ratio(&through, &bare, None);
    ratio(&through, &one_by_one, Some(1.0));
}

async fn on_postgres(http: &Target, db: &Database) {
    let single = Database::again(Backend::Postgres, db).await;
    let pgbench = Pgbench::new(single.test.settings(), &single.patterns[0]);
    let (mut through, mut bare) = (Side::new("HTTP"), Side::new("bare store"));
    let mut eight = Side::new("pgbench, 8 clients");
    let mut many = Side::new("pgbench, 32 clients");
    for _ in 0..ROUNDS {
        through.add(http.load(CLIENTS, SLICE));
        eight.add(pgbench.run(8, SLICE));
        bare.add(db.mint_together().await);
        many.add(pgbench.run(CLIENTS, SLICE));
    }
    bars(&[&through, &bare, &eight, &many]);
    ratio(&through, &bare, None);
    let better = if eight.rate() > many.rate() {
        &eight
    } else {
        &many
    };
    ratio(&through, better, Some(1.0));
}

fn target(stage: &Stage, agency: &Agency<'_>, requests: &[Value]) -> Target {
    let token = std::fs::read_to_string(stage.data().join("demo.token")).expect("a token");
    let one =
        |body: &Value| load::request("POST /raid/", token.trim(), body.to_string().as_bytes());
    Target {
        address: address_of(agency),
        requests: requests.iter().map(one).collect(),
        status: 201,
    }
}

/// Where an agency listens.
pub fn address_of(agency: &Agency<'_>) -> std::net::SocketAddr {
    let address = agency.url().trim_start_matches("http://");
    address.parse().expect("an address")
}

/// A database of its own, and what is minted there: the same documents as through HTTP.
pub struct Database {
    pub test: TestDb,
    pub patterns: Vec<RaidWrite>,
}

impl Database {
    /// A new one, for these requests.
    pub async fn new(backend: Backend, requests: &[Value]) -> Self {
        let test = match backend {
            Backend::Sqlite => TestDb::sqlite(),
            Backend::Postgres => TestDb::postgres(),
        };
        let patterns = requests.iter().map(|r| pattern(test.store(), r)).collect();
        let database = Self { test, patterns };
        database.seed().await;
        database
    }

    /// A further database of the same kind for the same documents.
    pub async fn again(backend: Backend, other: &Self) -> Self {
        let mut database = Self::new(backend, &[]).await;
        database.patterns.clone_from(&other.patterns);
        database
    }

    async fn seed(&self) {
        let row = ServicePointRow {
            id: SERVICE_POINT,
            name: "Bench".to_owned(),
            identifier_owner: ROR.to_owned(),
            repository_id: None,
            prefix: PREFIX.to_owned(),
            group_id: "bench".to_owned(),
            admin_email: None,
            tech_email: None,
            enabled: true,
            app_writes_enabled: true,
            created_at: self.test.clock().now(),
            trust: raid_model::trust::Trust::Auto,
            retired: false,
        };
        let store = self.test.store();
        let seeded = store.write(move |c| service_points::seed(c, &row)).await;
        seeded.expect("a service point");
    }

    /// The clients mint through the store at the same time.
    async fn mint_together(&self) -> Slice {
        let end = Instant::now() + SLICE;
        let clients = (0..CLIENTS).map(|first| {
            let (store, patterns) = (self.test.store().clone(), self.patterns.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                for pattern in patterns.iter().cycle().skip(first) {
                    let write = drawn(&store, pattern);
                    let started = Instant::now();
                    if started >= end {
                        break;
                    }
                    store.mint(write).await.expect("a mint");
                    let done = Instant::now();
                    if done < end {
                        latencies.push(done - started);
                    }
                }
                latencies
            })
        });
        let mut latencies = Vec::new();
        for client in join_all(clients).await {
            latencies.extend(client.expect("a client"));
        }
        Slice {
            rate: latencies.len() as f64 / SLICE.as_secs_f64(),
            latencies,
        }
    }

    /// One connection mints, each in a transaction of its own.
    fn mint_singly(&self) -> Slice {
        let mut writer = self.test.single_writer();
        let mut latencies = Vec::new();
        let began = Instant::now();
        for pattern in self.patterns.iter().cycle() {
            let write = drawn(self.test.store(), pattern);
            let started = Instant::now();
            if started - began >= SLICE {
                break;
            }
            writer.mint(&write).expect("a mint");
            latencies.push(started.elapsed());
        }
        Slice {
            rate: latencies.len() as f64 / began.elapsed().as_secs_f64(),
            latencies,
        }
    }
}

/// What the registry would hand to the store for a request.
fn pattern(store: &Store, request: &Value) -> RaidWrite {
    let request = RaidRequest::from_json(request.to_string().as_bytes()).expect("a request");
    let now = store.clock().now();
    let handle = draw();
    let prefix = |text: &str| text.parse().expect("the beginning of addresses");
    let server = ServerOwned {
        agency_url: Some(handle.url(&prefix("http://127.0.0.1:8080/raids/"))),
        handle,
        owner: ROR.parse().expect("a ROR id"),
        service_point: SERVICE_POINT,
        agency: ROR.parse().expect("a ROR id"),
        licence: "Creative Commons CC-0".to_owned(),
        id_prefix: prefix("https://raid.org/"),
        now: now.assume_utc(),
    };
    let actor = Actor::system("bench");
    let raid = Raid::mint(request, server);
    RaidWrite::of(&raid, actor, now, now, Lane::Interactive).expect("a RAiD")
}

/// The same RAiD under another name, minted now.
fn drawn(store: &Store, pattern: &RaidWrite) -> RaidWrite {
    let handle = AsText::from(draw());
    let now = store.clock().now();
    RaidWrite {
        document: Json(
            pattern
                .document
                .0
                .replace(pattern.handle.as_str(), handle.as_str()),
        ),
        handle,
        at: now,
        due_at: now,
        ..pattern.clone()
    }
}

fn draw() -> Handle {
    let prefix = PREFIX.parse().expect("a prefix");
    Handle::new(prefix, Suffix::from_random(rand::random()))
}
