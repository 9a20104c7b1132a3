//! Rows to work with.

use raid_model::search::SearchDocument;
use raid_model::{Handle, OrcidId};
use std::collections::BTreeSet;
use store::raids::{Access, Actor, RaidWrite};
use store::service_points::{self, ServicePointRow};
use store::tasks::Lane;
use store::testing::TestDb;
use store::{AsText, Json, Store, Timestamp};
use time::Duration;

/// The service point that owns every RAiD here.
pub const SERVICE_POINT: i64 = 20_000_000;

/// The issuer of every token here.
pub const ISSUER: &str = "https://iam.example.org";

/// A moment that every test can count from.
pub fn noon() -> Timestamp {
    time::macros::datetime!(2026-03-01 12:00:00)
}

/// Seconds after [`noon`].
pub fn at(seconds: i64) -> Timestamp {
    noon() + Duration::seconds(seconds)
}

/// The `n`th person: iDs with the checksum that belongs to them.
pub fn person(n: u32) -> OrcidId {
    let digits = format!("00000002{n:07}");
    let sum = digits
        .bytes()
        .fold(0u32, |sum, d| (sum + u32::from(d - b'0')) * 2);
    let check = match (12 - sum % 11) % 11 {
        10 => 'X',
        n => char::from_digit(n, 10).unwrap(),
    };
    let text = format!(
        "{}-{}-{}-{}{check}",
        &digits[..4],
        &digits[4..8],
        &digits[8..12],
        &digits[12..]
    );
    text.parse().unwrap()
}

/// The `n`th handle.
pub fn handle(n: u32) -> Handle {
    format!("10.82210/{n:08x}").parse().unwrap()
}

/// A store with a service point.
pub async fn store(db: &TestDb) -> Store {
    let store = db.store().clone();
    let row = ServicePointRow {
        id: SERVICE_POINT,
        name: "Demo".into(),
        identifier_owner: "https://ror.org/038sjwq14".into(),
        repository_id: None,
        prefix: "10.82210".into(),
        group_id: "demo".into(),
        admin_email: None,
        tech_email: None,
        enabled: true,
        app_writes_enabled: true,
        created_at: noon(),
        trust: raid_model::trust::Trust::Auto,
        retired: false,
    };
    store
        .write(move |c| service_points::seed(c, &row))
        .await
        .unwrap();
    store
}

/// Version 1 of the `n`th RAiD.
pub fn raid(n: u32, contributors: &[OrcidId]) -> RaidWrite {
    RaidWrite {
        handle: AsText::from(handle(n)),
        version: 1,
        service_point_id: SERVICE_POINT,
        access: Access::Open,
        document: Json(format!(r#"{{"raid": {n}}}"#)),
        search: SearchDocument {
            titles: format!("raid {n}"),
            texts: String::new(),
            sort_title: format!("raid {n}"),
            starts_on: noon().date(),
            ends_on: None,
            terms: BTreeSet::new(),
        },
        embargo_ends: None,
        boundary: None,
        held_by_actor: false,
        contributors: contributors.iter().copied().collect(),
        actor: Actor {
            issuer: Some(ISSUER.into()),
            subject: "somebody".into(),
            client: Some("a client".into()),
        },
        at: noon(),
        due_at: at(1),
        lane: Lane::Interactive,
        answer: None,
    }
}
