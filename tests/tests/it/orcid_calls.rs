//! The log of calls to ORCID: which RAiD they were about, and for how long it is kept.

use crate::steps::granted_project;
use raid_tests::examples::CARBERRY;
use raid_tests::{Stage, eventually};
use serde_json::Value;

raid_tests::on_both_databases!(operators_read_the_calls_about_a_raid_while_they_are_kept);

async fn operators_read_the_calls_about_a_raid_while_they_are_kept(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let token = stage.command(&["token", "--role", "operator"]).output();
    let operator = agency.client().with_token(token.trim());
    let path = format!("/v1/orcid-calls?handle={}", project.handle);
    let calls = eventually("the call in the log", async || {
        let calls = operator.get(&path).await.expect(200);
        calls
            .as_array()
            .is_some_and(|c| !c.is_empty())
            .then_some(calls)
    })
    .await;
    let kinds: Vec<&Value> = calls
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["kind"])
        .collect();
    assert_eq!(kinds, ["create-membership"]);
    assert_eq!(calls[0]["orcid"], CARBERRY);
    assert_eq!(calls[0]["outcome"], "done");
    let _worker = agency
        .second_with("worker", "[orcid]\ncalls_kept = \"0s\"")
        .await;
    eventually("the calls to be deleted", async || {
        // Others go on: each process asks whether ORCID accepts our client.
        let calls = operator.get(&path).await.expect(200);
        calls.as_array().is_some_and(Vec::is_empty).then_some(())
    })
    .await;
}
