//! What is remembered between requests.

use std::sync::Arc;

use actix_web::web::Bytes;
use raid_model::Handle;
use store::raids::Access;
use store::testing::TestDb;

use super::Registry;
use crate::auth::AuthSettings;
use crate::record::{Face, Record};
use crate::settings::Settings;

store::on_both_databases!(a_slow_reader_does_not_hide_what_was_written_meanwhile);

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

async fn a_slow_reader_does_not_hide_what_was_written_meanwhile(db: &TestDb) {
    let agency = "https://ror.org/038sjwq14".parse().unwrap();
    let settings = Settings::new(
        "https://a.example/",
        agency,
        "10.82841".parse().unwrap(),
        AuthSettings::default(),
    );
    let registry = Registry::new(db.store().clone(), settings).unwrap();
    let handle: Handle = "10.82841/abc".parse().unwrap();
    assert!(registry.record(&handle).await.unwrap().is_none());
    for (comes, stands) in [(1, 1), (2, 2), (1, 2), (3, 3), (2, 3)] {
        registry.remember(&handle, &record(comes));
        let found = registry.record(&handle).await.unwrap().unwrap();
        assert_eq!(found.version, stands, "after {comes} came");
    }
}
