//! From minting a RAiD to its entry on the contributor's ORCID record.

use raid_tests::examples::{self, CARBERRY, handle_of};
use raid_tests::{Browser, Stage};

raid_tests::on_both_databases!(a_granted_project_stands_on_the_record);

async fn a_granted_project_stands_on_the_record(stage: &Stage) {
    let agency = stage.agency().await;
    let raid = agency
        .client()
        .mint(&examples::titled("Night sounds"))
        .await;
    let handle = handle_of(&raid);
    let result = Browser::new().grant(&stage.orcid, CARBERRY).await;
    assert_eq!(
        result.heading(),
        "Thank you: your projects go to your ORCID record"
    );
    let entry = stage.orcid.membership(CARBERRY, &handle).await;
    assert_eq!(entry["department_name"], "Night sounds");
}
