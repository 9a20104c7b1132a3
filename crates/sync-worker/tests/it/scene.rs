//! A database with RAiDs and people, and a sweep that looks at it.

use raid_model::membership::{MembershipDocument, MembershipPolicy};
use raid_model::permission::PermissionState;
use raid_model::{Addresses, Handle, OrcidId, Raid, RaidRequest, ServerOwned};
use reconciler::{Runner, Schedule};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::grants::{self, NewGrant};
use store::memberships::{self, Standing};
use store::raids::{self, Actor, RaidWrite};
use store::service_points::{self, ServicePointRow};
use store::tasks::{self, Kind, Lane, NewTask, Room, Settle, Work};
use store::testing::{TestDb, put_in_state};
use store::{Clock, Conn, Store, StoreError, sweep};
use sync_worker::SweepReconciler;
use tokio::sync::watch;

const EMBARGOED: &str = "https://vocabularies.coar-repositories.org/access_rights/c_f1cf/";
pub const SERVICE_POINT: i64 = 20_000_000;
pub const ADA: &str = "0000-0002-1825-0097";
pub const BOB: &str = "0000-0001-5109-3700";

pub struct Scene {
    pub store: Store,
    pub clock: Clock,
}

pub fn orcid(text: &str) -> OrcidId {
    text.parse().unwrap()
}

pub fn handle(n: u32) -> Handle {
    format!("10.82841/{n:08x}").parse().unwrap()
}

pub fn policy() -> MembershipPolicy {
    MembershipPolicy {
        write_embargoed: false,
        addresses: Addresses {
            landing_prefix: "https://agency.example/raids/".parse().unwrap(),
            id_prefix: "https://raid.org/".parse().unwrap(),
        },
    }
}

impl Scene {
    pub async fn new(db: &TestDb) -> Self {
        let store = db.store().clone();
        let clock = db.clock().clone();
        let row = ServicePointRow {
            id: SERVICE_POINT,
            name: "Demo".into(),
            identifier_owner: "https://ror.org/038sjwq14".into(),
            repository_id: None,
            prefix: "10.82841".into(),
            group_id: "demo".into(),
            admin_email: None,
            tech_email: None,
            enabled: true,
            app_writes_enabled: true,
            created_at: clock.now(),
            trust: raid_model::trust::Trust::Auto,
            retired: false,
        };
        let seeded = store.write(move |c| service_points::seed(c, &row));
        seeded.await.unwrap();
        Self { store, clock }
    }

    /// Does something to the database.
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.write(f).await.unwrap()
    }

    /// The `n`th RAiD, with these contributors, changed as a test wants it.
    pub fn raid(&self, n: u32, people: &[&str], change: impl FnOnce(&mut Value)) -> Raid {
        let example = include_str!("../../../../examples/raid-min.json");
        let mut body: Value = serde_json::from_str(example).unwrap();
        let pattern = body["contributor"][0].clone();
        let people = people.iter().map(|person| {
            let mut contributor = pattern.clone();
            contributor["id"] = json!(format!("https://orcid.org/{person}"));
            contributor
        });
        body["contributor"] = people.collect();
        change(&mut body);
        let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
        let ror = || "https://ror.org/038sjwq14".parse().unwrap();
        let server = ServerOwned {
            handle: handle(n),
            owner: ror(),
            service_point: SERVICE_POINT,
            agency: ror(),
            licence: "Creative Commons CC-0".to_owned(),
            agency_url: None,
            id_prefix: "https://raid.org/".parse().unwrap(),
            now: self.clock.now().assume_utc(),
        };
        Raid::mint(request, server)
    }

    pub fn version(&self, raid: &Raid) -> RaidWrite {
        let actor = Actor::system("somebody");
        let now = self.clock.now();
        RaidWrite::of(raid, actor, now, now, Lane::Interactive).unwrap()
    }

    /// Mints the `n`th RAiD.
    pub async fn mint(&self, n: u32, people: &[&str], change: impl FnOnce(&mut Value)) -> Raid {
        let raid = self.raid(n, people, change);
        self.store.mint(self.version(&raid)).await.unwrap();
        raid
    }

    /// Puts a person into a state, with a token where the state keeps one.
    pub async fn put(&self, person: &str, state: PermissionState) {
        if state.keeps_token() {
            self.give_token(person).await;
        }
        let (orcid, now) = (orcid(person), self.clock.now());
        self.write(move |c| put_in_state(c, &orcid, state, now))
            .await;
    }

    /// Keeps a token, whatever the person's state.
    pub async fn give_token(&self, person: &str) {
        let grant = NewGrant {
            orcid: orcid(person),
            access_token: "token".to_owned().into(),
            refresh_token: None,
            scope: "/activities/update".to_owned(),
            expires_at: None,
        };
        let now = self.clock.now();
        self.write(move |c| {
            let id = grants::keep(c, &TestDb::keys(), &grant, "visit", now)?;
            grants::activate(c, id, &grant.orcid, now)
        })
        .await;
    }

    /// The entry of a person stands as the RAiD tells.
    pub async fn entry_stands(&self, person: &str, raid: &Raid) {
        let (orcid, now) = (orcid(person), self.clock.now());
        let said = MembershipDocument::for_contributor(raid, &orcid, &policy(), now.date());
        let standing = Standing::Written {
            put_code: 7,
            hash: Some(said.unwrap().hash()),
        };
        let handle = raid.handle().clone();
        self.write(move |c| memberships::record(c, &orcid, &handle, &standing, now))
            .await;
    }

    /// Sets a task that nobody takes before long.
    pub async fn set(&self, work: Work) {
        let now = self.clock.now();
        let due_at = now + time::Duration::days(1);
        self.write(move |c| {
            let work = work.clone();
            tasks::enqueue(
                c,
                &[NewTask {
                    work,
                    lane: Lane::Background,
                    due_at,
                    at: now,
                }],
            )
        })
        .await;
    }

    /// Ends every task of these kinds, whenever it is due, without doing it.
    pub async fn end(&self, kinds: &'static [Kind], end: &Settle) {
        let now = self.clock.now();
        let mut later = now + time::Duration::days(1000);
        loop {
            let (end, until) = (end.clone(), later + time::Duration::MINUTE);
            let ended = self
                .write(move |c| {
                    let held = tasks::claim(c, "thief", kinds, Room::any(100), later, until)?;
                    for task in &held {
                        tasks::settle(c, "thief", task, &end, now)?;
                    }
                    Ok(held.len())
                })
                .await;
            if ended == 0 {
                return;
            }
            // The other tasks of those people were put behind.
            later = until;
        }
    }

    /// Loses every task of these kinds.
    pub async fn lose(&self, kinds: &'static [Kind]) {
        self.end(kinds, &Settle::Done).await;
    }

    /// Which tasks there are, without the sweep's own.
    pub async fn queue(&self) -> Vec<String> {
        let mut found = Vec::new();
        for kind in [
            Kind::Permission,
            Kind::Membership,
            Kind::Embargo,
            Kind::Boundary,
        ] {
            let keys = Self::keys(kind);
            let due = self.store.read(move |c| tasks::due_times(c, kind, &keys));
            let due = due.await.unwrap();
            found.extend(due.keys().map(|key| format!("{kind} {key}")));
        }
        found.sort();
        found
    }

    fn keys(kind: Kind) -> Vec<String> {
        let people = [ADA, BOB];
        let handles = (1..10).map(handle);
        match kind {
            Kind::Permission => people.iter().map(ToString::to_string).collect(),
            Kind::Membership => handles
                .flat_map(|handle| people.map(|person| format!("{person} {handle}")))
                .collect(),
            _ => handles.map(|handle| handle.to_string()).collect(),
        }
    }

    /// When a task is due.
    pub async fn due_at(&self, work: &Work) -> Option<store::Timestamp> {
        let (kind, key) = (work.kind(), work.key());
        let keys = [key.clone()];
        let due = self.store.read(move |c| tasks::due_times(c, kind, &keys));
        due.await.unwrap().get(&key).copied().flatten()
    }

    /// Lets the sweep look at everything once.
    pub async fn sweep(&self) {
        let now = self.clock.now();
        self.write(move |c| {
            sweep::set_place(c, "people")?;
            tasks::enqueue(
                c,
                &[NewTask {
                    work: Work::Sweep,
                    lane: Lane::Background,
                    due_at: now,
                    at: now,
                }],
            )
        })
        .await;
        let settings = reconciler::Settings {
            node: "sweep-test".to_owned(),
            slots: 2,
            lease: Duration::from_mins(1),
            poll: Duration::from_millis(5),
            schedule: Schedule::new(vec![Duration::from_secs(1)], 3),
            outage_probe: Duration::from_secs(5),
        };
        let every = Duration::from_hours(6);
        let work = SweepReconciler::new(self.store.clone(), Some(policy()), every);
        let runner = Runner::new(self.store.clone(), settings, vec![Arc::new(work)]);
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(async move { runner.run(stopped).await });
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.store.read(sweep::place).await.unwrap().as_deref() != Some("") {
            assert!(Instant::now() < deadline, "the sweep does not end");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.send_replace(true);
        running.await.unwrap();
    }

    /// Writes the next version of a RAiD past every event: as damage would.
    pub async fn amend_unnoticed(&self, raid: &Raid) {
        let write = self.version(raid);
        self.write(move |c| raids::amend(c, &write)).await;
        self.lose(&[Kind::Membership]).await;
    }
}

/// A body under embargo for so many days.
pub fn embargoed(body: &mut Value, until: time::Date) {
    body["access"]["type"]["id"] = json!(EMBARGOED);
    body["access"]["embargoExpiry"] = json!(until.to_string());
    body["access"]["statement"] = json!({"text": "Later.", "language": {"id": "eng", "schemaUri": "https://www.iso.org/standard/74575.html"}});
}

/// A body whose title changes on a day.
pub fn renamed(body: &mut Value, on: time::Date) {
    let mut next = body["title"][0].clone();
    let before = on.previous_day().unwrap();
    body["title"][0]["startDate"] = json!("2020");
    body["title"][0]["endDate"] = json!(before.to_string());
    body["title"][0]["text"] = json!("Zebra");
    next["startDate"] = json!(on.to_string());
    next["text"] = json!("Aardvark");
    body["title"] = json!([body["title"][0], next]);
}
