//! What is remembered between requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use raid_model::{Addresses, Handle};
use store::raids::Access;
use store::testing::TestDb;

use super::Registry;
use crate::auth::AuthSettings;
use crate::record::{Face, Record};
use crate::settings::Settings;

store::on_both_databases!(
    a_slow_reader_does_not_hide_what_was_written_meanwhile,
    what_a_slow_reader_kept_is_as_old_as_its_read,
    records_take_no_more_memory_than_they_may,
);

fn record(version: i32) -> Arc<Record> {
    let face = Face {
        body: Bytes::from(version.to_string()),
        etag: crate::etag::of(version, b""),
    };
    Arc::new(Record {
        public: face.clone(),
        full: face,
        version,
        service_point_id: 1,
        access: Access::Open,
        closed: Bytes::new(),
        withdrawal: None,
    })
}

fn registry(db: &TestDb) -> Registry {
    Registry::new(db.store().clone(), settings()).unwrap()
}

fn settings() -> Settings {
    let agency = "https://ror.org/038sjwq14".parse().unwrap();
    Settings::new(
        Addresses {
            landing_prefix: "https://a.example/".parse().unwrap(),
            id_prefix: "https://raid.org/".parse().unwrap(),
        },
        agency,
        "10.82841".parse().unwrap(),
        AuthSettings::default(),
    )
}

async fn a_slow_reader_does_not_hide_what_was_written_meanwhile(db: &TestDb) {
    let registry = registry(db);
    let handle: Handle = "10.82841/abc".parse().unwrap();
    assert!(registry.record(&handle).await.unwrap().is_none());
    for (comes, stands) in [(1, 1), (2, 2), (1, 2), (3, 3), (2, 3)] {
        registry.remember(&handle, &record(comes), Instant::now());
        let found = registry.record(&handle).await.unwrap().unwrap();
        assert_eq!(found.version, stands, "after {comes} came");
    }
}

async fn what_a_slow_reader_kept_is_as_old_as_its_read(db: &TestDb) {
    let registry = registry(db);
    let handle: Handle = "10.82841/abc".parse().unwrap();
    let ttl = registry.settings.read_cache.ttl;
    let before = Instant::now().checked_sub(ttl).unwrap();
    registry.remember(&handle, &record(1), before);
    // Nothing stands in the database, so it is not served from what is kept.
    assert!(registry.record(&handle).await.unwrap().is_none());
    let almost = Instant::now() + Duration::from_secs(1);
    registry.remember(&handle, &record(1), almost);
    assert!(registry.record(&handle).await.unwrap().is_some());
}

/// Large RAiDs push others out sooner than small ones.
async fn records_take_no_more_memory_than_they_may(db: &TestDb) {
    let mut settings = settings();
    settings.memory.records = 4 << 20;
    settings.read_cache.ttl = Duration::from_hours(1);
    let registry = Registry::new(db.store().clone(), settings).unwrap();
    for n in 0..2000_u32 {
        let handle = format!("10.82841/{n}").parse().unwrap();
        let large = Face {
            body: Bytes::from(vec![b' '; 10_000]),
            etag: crate::etag::of(1, b""),
        };
        let record = Record {
            full: large.clone(),
            public: large,
            ..Arc::into_inner(record(1)).unwrap()
        };
        registry.remember(&handle, &Arc::new(record), Instant::now());
    }
    let sizes = registry.cache_sizes();
    let records = sizes.iter().find(|size| size.name == "records").unwrap();
    assert_eq!(records.most, 4 << 20);
    assert!(records.held <= records.most, "{records:?}");
    assert!(records.held > records.most / 2, "{records:?}");
}
