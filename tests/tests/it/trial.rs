//! `dryRun=true` against a real server: nobody is asked, nothing stands.

use raid_tests::Stage;
use raid_tests::eventually;
use raid_tests::examples::{CARBERRY, OKAFOR, with_people};

raid_tests::on_both_databases!(a_trial_reaches_nobody);

async fn a_trial_reaches_nobody(stage: &Stage) {
    let agency = stage.agency().await;
    let client = agency.client();
    let tried = with_people("Tried", [CARBERRY]);
    let answer = client.post("/raid/?dryRun=true", &tried).await.expect(200);
    assert_eq!(answer["orcid"][0]["change"], "unknown");
    // The workers have been about once this one is asked.
    let real = with_people("Real", [OKAFOR]);
    client.mint(&real).await;
    eventually("somebody to be asked", async || {
        (!stage.orcid.requests(OKAFOR).await.is_empty()).then_some(())
    })
    .await;
    agency.rest().await;
    assert!(stage.orcid.requests(CARBERRY).await.is_empty());
    assert_eq!(client.list().await.len(), 1);
}
