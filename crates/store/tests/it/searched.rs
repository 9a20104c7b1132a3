//! The RAiDs that are searched, alike on both databases.

use crate::sample::{self, ISSUER, SERVICE_POINT, at, noon};
use raid_model::{Raid, RaidRequest, ServerOwned};
use serde_json::{Value, json};
use store::raids::{self, Actor, RaidWrite};
use store::tasks::Lane;
use store::testing::TestDb;
use store::{Store, service_points};

const EMBARGOED: &str = "https://vocabularies.coar-repositories.org/access_rights/c_f1cf/";
pub const PERSON: &str = "https://orcid.org/0000-0002-1825-0097";
pub const OTHER_PERSON: &str = "https://isni.org/isni/0000000121032683";
pub const ROR: &str = "https://ror.org/038sjwq14";
pub const OTHER_ROR: &str = "https://ror.org/02stey378";
pub const ECOLOGY: &str = "https://linked.data.gov.au/def/anzsrc-for/2020/3103";
pub const ELSEWHERE: i64 = SERVICE_POINT + 1;

/// A RAiD with a title, which is changed as a test wants it.
pub fn titled(n: u32, title: &str, change: impl FnOnce(&mut Value)) -> Raid {
    let example = include_str!("../../../../examples/raid-min.json");
    let mut body: Value = serde_json::from_str(example).unwrap();
    body["title"][0]["text"] = json!(title);
    body["date"] = json!({"startDate": "2020"});
    let mut service_point = SERVICE_POINT;
    change(&mut body);
    if let Some(other) = body["servicePoint"].as_i64() {
        service_point = other;
    }
    let request = RaidRequest::from_json(body.to_string().as_bytes()).unwrap();
    let server = ServerOwned {
        handle: sample::handle(n),
        owner: ROR.parse().unwrap(),
        service_point,
        agency: ROR.parse().unwrap(),
        licence: "Creative Commons CC-0".to_owned(),
        agency_url: None,
        id_prefix: "https://raid.org/".parse().unwrap(),
        now: noon().assume_utc(),
    };
    Raid::mint(request, server)
}

/// The write of a RAiD, `seconds` after noon.
pub fn write(raid: &Raid, seconds: i64) -> RaidWrite {
    let actor = Actor {
        issuer: Some(ISSUER.to_owned()),
        ..Actor::system("somebody")
    };
    RaidWrite::of(raid, actor, at(seconds), at(seconds), Lane::Interactive).unwrap()
}

/// The shared set of RAiDs. Their numbers are their names in the tests.
pub fn shared() -> Vec<Raid> {
    let subject = |keyword: &str| {
        json!([{"id": ECOLOGY, "schemaUri": "https://vocabs.ardc.edu.au/viewById/316",
                "keyword": [{"text": keyword}]}])
    };
    let organisations = |ids: &[&str]| {
        let one = |id: &&str| json!({"id": id, "schemaUri": "https://ror.org/"});
        Value::Array(ids.iter().map(one).collect())
    };
    vec![
        titled(1, "Climate change in the Alps", |raid| {
            raid["organisation"] = organisations(&[ROR, OTHER_ROR]);
            raid["date"]["endDate"] = json!("2021-06");
        }),
        titled(2, "Glaciers", |raid| {
            raid["description"] = json!([{"text": "How the change of climate moves ice."}]);
            raid["organisation"] = organisations(&[ROR]);
            raid["subject"] = subject("Cryosphere");
            raid["date"]["startDate"] = json!("2019-05-02");
        }),
        titled(3, "Malmö förändras", |raid| {
            raid["description"] = json!([{"text": "climate"}, {"text": "change"}]);
            raid["servicePoint"] = json!(ELSEWHERE);
            raid["date"]["startDate"] = json!("2027");
        }),
        titled(4, "Über den Klimawandel", |raid| {
            raid["contributor"][0]["id"] = json!(OTHER_PERSON);
            raid["contributor"][0]["schemaUri"] = json!("https://isni.org/");
            raid["subject"] = subject("Climate-change");
            raid["relatedObject"] = json!([{"id": "https://doi.org/10.5281/zenodo.7"}]);
            raid["relatedRaid"] = json!([{"id": "https://raid.org/10.82210/00000001"}]);
        }),
        titled(5, "Secret climate change", |raid| {
            raid["access"] = json!({"type": {"id": EMBARGOED}, "embargoExpiry": "2027-01-01"});
            raid["organisation"] = organisations(&[OTHER_ROR]);
        }),
        titled(6, "氣候變遷 and the climates", |raid| {
            raid["date"]["endDate"] = json!("2026-03-01");
        }),
        titled(7, "Climate change, withdrawn", |_| {}),
    ]
}

async fn service_point_elsewhere(store: &Store) {
    let copy = |c: &mut store::Conn| {
        let mut row = service_points::find(c, SERVICE_POINT)?.unwrap();
        row.id = ELSEWHERE;
        "Elsewhere".clone_into(&mut row.name);
        "elsewhere".clone_into(&mut row.group_id);
        service_points::seed(c, &row)
    };
    store.write(copy).await.unwrap();
}

/// A store with the shared set, minted a second apart; the second one was changed last.
pub async fn with_shared(db: &TestDb) -> Store {
    let store = sample::store(db).await;
    service_point_elsewhere(&store).await;
    for (second, raid) in (1..).zip(shared()) {
        let mut write = write(&raid, second);
        write.held_by_actor = raid.handle() == &sample::handle(5);
        store.mint(write).await.unwrap();
    }
    let last = shared()[6].clone().next_version(at(8).assume_utc());
    let changed = shared()[1].clone().next_version(at(9).assume_utc());
    store
        .write(move |c| {
            raids::withdraw(c, &write(&last, 8), "a mistake")?;
            raids::amend(c, &write(&changed, 9))
        })
        .await
        .unwrap();
    store
}
