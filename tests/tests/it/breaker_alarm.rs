//! Operators see that refused tokens are held back, since ORCID refuses those of others too.

use crate::agreement::Sides;
use crate::steps::details;
use raid_model::OrcidId;
use raid_model::permission::PermissionState;
use raid_tests::examples::CARBERRY;
use raid_tests::{Agency, Stage};
use serde_json::{Value, json};
use store::permissions;
use store::testing::put_in_state;

raid_tests::on_both_databases!(the_alarm_follows_the_breaker);

async fn shown(agency: &Agency<'_>) -> (u64, Value) {
    let alarm = agency.metric("raid_permission_breaker_open").await;
    (alarm, details(agency).await["permissions"].clone())
}

/// The stage judges a refusal after three more tries.
async fn the_alarm_follows_the_breaker(stage: &Stage) {
    let agency = stage.agency().await;
    let closed = (0, json!({ "breaker": "closed", "held": 0 }));
    assert_eq!(shown(&agency).await, closed);
    let sides = Sides::of(stage, agency.client());
    let orcid: OrcidId = CARBERRY.parse().unwrap();
    let put = async |state| {
        let clock = sides.store.clock().clone();
        let put = sides
            .store
            .write(move |c| put_in_state(c, &orcid, state, clock.now()));
        put.await.unwrap();
    };
    let refused = async || {
        let clock = sides.store.clock().clone();
        let refused = sides.store.write(move |c| {
            let known = permissions::find(c, &orcid)?.unwrap();
            permissions::record_refusal(c, &known, clock.now())
        });
        assert!(refused.await.unwrap());
    };
    put(PermissionState::Suspect).await;
    for _ in 0..3 {
        refused().await;
    }
    assert_eq!(shown(&agency).await, closed, "it is not judged yet");
    refused().await;
    let open = (1, json!({ "breaker": "open", "held": 1 }));
    assert_eq!(shown(&agency).await, open);
    put(PermissionState::Granted).await;
    assert_eq!(shown(&agency).await, closed);
}
