//! What each reader of the feed learns: a mirror that follows it holds what its owner may see, and
//! nobody is told of what was never open to them.

use crate::changes::amend;
use crate::sample::{self, ISSUER, SERVICE_POINT, handle, noon, raid};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::{BTreeMap, BTreeSet};
use store::Store;
use store::changes::{self, Shown};
use store::holders::{self, Holder, HolderRole, HolderRow};
use store::raids::{self, Access, RaidWrite, Sight};
use store::service_points::{self, ServicePointRow};
use store::testing::TestDb;

store::on_both_databases!(a_mirror_holds_what_its_owner_may_see);

const OTHER: i64 = SERVICE_POINT + 1;
const RAIDS: u32 = 14;
const STEPS: u32 = 400;
/// The RAiD that somebody holds from the beginning.
const HELD: u32 = 0;

/// A RAiD as it should stand.
#[derive(Clone)]
struct Standing {
    write: RaidWrite,
    withdrawn: bool,
}

/// Somebody who follows the feed.
struct Mirror {
    name: &'static str,
    sight: Sight,
    after: i64,
    holds: BTreeMap<String, i32>,
    /// Every RAiD that they were told of.
    told_of: BTreeSet<String>,
    /// Every RAiD that they could see at any time.
    could_see: BTreeSet<String>,
}

impl Mirror {
    fn new(name: &'static str, sight: Sight) -> Self {
        Self {
            name,
            sight,
            after: 0,
            holds: BTreeMap::new(),
            told_of: BTreeSet::new(),
            could_see: BTreeSet::new(),
        }
    }

    fn sees(&self, raid: &Standing) -> bool {
        let held = self.sight.holder.is_some() && *raid.write.handle.get() == handle(HELD);
        let own = self.sight.service_point == Some(raid.write.service_point_id);
        let open = raid.write.access == Access::Open;
        !raid.withdrawn && (open || own || held || self.sight.embargoed)
    }

    async fn read(&mut self, store: &Store, limit: i64) -> bool {
        store.changes_reach().await.unwrap();
        let (sight, after) = (self.sight.clone(), self.after);
        let page = store
            .read(move |c| changes::page(c, &sight, after, limit))
            .await
            .unwrap();
        for change in page.changes {
            assert!(change.position > self.after, "{}", self.name);
            self.after = change.position;
            let handle = change.handle.to_string();
            self.told_of.insert(handle.clone());
            match change.shown {
                Shown::Current | Shown::Superseded => {
                    self.holds.insert(handle, change.version);
                }
                Shown::Hidden | Shown::Withdrawn => {
                    self.holds.remove(&handle);
                }
            }
        }
        self.after = page.last.unwrap_or(self.after);
        page.last.is_some()
    }
}

fn mirrors() -> Vec<Mirror> {
    let holder = Holder {
        issuer: ISSUER.to_owned(),
        subject: "holder".to_owned(),
        roles: vec![HolderRole::RaidUser],
    };
    let of_service_point = |id| Sight {
        service_point: Some(id),
        ..Sight::default()
    };
    vec![
        Mirror::new("everybody", Sight::default()),
        Mirror::new("operator", Sight::everything()),
        Mirror::new("user", of_service_point(SERVICE_POINT)),
        Mirror::new("other user", of_service_point(OTHER)),
        Mirror::new(
            "holder",
            Sight {
                holder: Some(holder),
                ..Sight::default()
            },
        ),
    ]
}

async fn add_other_service_point(store: &Store) {
    let point = store
        .read(|c| service_points::find(c, SERVICE_POINT))
        .await
        .unwrap()
        .unwrap();
    let other = ServicePointRow {
        id: OTHER,
        name: "Other".into(),
        group_id: "other".into(),
        ..point
    };
    let seeded = store.write(move |c| service_points::seed(c, &other)).await;
    assert!(seeded.unwrap());
}

async fn mint(store: &Store, write: RaidWrite) {
    store.mint(write.clone()).await.unwrap();
    if *write.handle.get() == handle(HELD) {
        let row = HolderRow {
            handle: write.handle,
            issuer: ISSUER.to_owned(),
            subject: "holder".to_owned(),
            role: HolderRole::RaidUser,
            given_by_issuer: ISSUER.to_owned(),
            given_by: "somebody".to_owned(),
            given_at: noon(),
        };
        store.write(move |c| holders::give(c, &row)).await.unwrap();
    }
}

/// Mints, changes, hides, shows, moves or withdraws a RAiD.
async fn step(store: &Store, rng: &mut StdRng, raids: &mut BTreeMap<u32, Standing>) {
    let n = rng.random_range(0..RAIDS);
    let access = if rng.random_ratio(1, 2) {
        Access::Open
    } else {
        Access::Embargoed
    };
    let Some(standing) = raids.get_mut(&n) else {
        let write = RaidWrite {
            // Some are never open.
            access: if n % 3 == 0 {
                Access::Embargoed
            } else {
                access
            },
            ..raid(n, &[])
        };
        mint(store, write.clone()).await;
        let withdrawn = false;
        raids.insert(n, Standing { write, withdrawn });
        return;
    };
    let mut write = standing.write.clone();
    write.version += 1;
    if standing.withdrawn {
        assert!(amend(store, write).await.is_err());
        return;
    }
    if rng.random_ratio(1, 25) {
        standing.withdrawn = true;
        standing.write = write.clone();
        let last = move |c: &mut store::Conn| raids::withdraw(c, &write, "a mistake");
        store.write(last).await.unwrap();
        return;
    }
    if n % 3 != 0 {
        write.access = access;
    }
    if rng.random_ratio(1, 6) {
        write.service_point_id = [SERVICE_POINT, OTHER][rng.random_range(0..2)];
    }
    standing.write = write.clone();
    amend(store, write).await.unwrap();
}

async fn a_mirror_holds_what_its_owner_may_see(db: &TestDb) {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let store = sample::store(db).await;
    add_other_service_point(&store).await;
    let mut mirrors = mirrors();
    let mut raids = BTreeMap::new();
    for _ in 0..STEPS {
        step(&store, &mut rng, &mut raids).await;
        for mirror in &mut mirrors {
            let visible = raids.values().filter(|raid| mirror.sees(raid));
            let visible: Vec<_> = visible
                .map(|raid| raid.write.handle.as_str().into())
                .collect();
            mirror.could_see.extend(visible);
        }
        if rng.random_ratio(1, 3) {
            let reader = rng.random_range(0..mirrors.len());
            let limit = rng.random_range(1..9);
            mirrors[reader].read(&store, limit).await;
        }
    }
    for mirror in &mut mirrors {
        while mirror.read(&store, 50).await {}
        let expected: BTreeMap<_, _> = raids
            .values()
            .filter(|raid| mirror.sees(raid))
            .map(|raid| (raid.write.handle.as_str().to_owned(), raid.write.version))
            .collect();
        assert_eq!(mirror.holds, expected, "{}", mirror.name);
        let strangers: Vec<_> = mirror.told_of.difference(&mirror.could_see).collect();
        assert!(strangers.is_empty(), "{}: {strangers:?}", mirror.name);
    }
    assert!(raids.values().any(|raid| raid.withdrawn));
    let public = &mirrors[0];
    assert!(public.told_of.len() < raids.len(), "nothing was secret");
}
