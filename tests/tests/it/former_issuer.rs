//! An upgrade from a version that stored the subject of tokens alone.

use crate::agreement::Sides;
use raid_tests::Stage;
use raid_tests::examples::{self, handle_of};
use store::testing::forget_issuers;

raid_tests::on_both_databases!(
    the_only_issuer_is_the_former_one,
    of_several_issuers_the_former_one_must_be_named,
);

const OTHER: &str = "[[auth.issuers]]\nissuer = \"https://iam.example.org\"\naudience = \"raid\"\n";

/// An embargoed RAiD that Ada holds, as a former version left it; its path.
async fn held_before(stage: &Stage) -> String {
    let mut agency = stage.agency().await;
    let mut request = examples::titled("Unpublished whispers");
    request["access"] = examples::embargo("Until the paper is out");
    let client = agency.client();
    let raid = client.with_token(&ada(stage)).mint(&request).await;
    let store = Sides::of(stage, client).store;
    agency.kill_9();
    store.write(forget_issuers).await.unwrap();
    handle_of(&raid)
}

fn ada(stage: &Stage) -> String {
    let arguments = ["token", "--role", "raid-admin", "--subject", "ada"];
    stage.command(&arguments).output().trim().to_owned()
}

/// Ada holds the RAiD, with the agency's own tokens.
async fn is_held(stage: &Stage, settings: &str, handle: &str) {
    let agency = stage.agency_with(settings).await;
    let ada = agency.client().with_token(&ada(stage));
    ada.get(&format!("/raid/{handle}")).await.expect(200);
    let path = format!("/v1/raids/{handle}/holders");
    let held = ada.get(&path).await.expect(200);
    assert_eq!(held[0]["issuer"], "raid-agency");
    let versions = ada.get(&format!("/v1/raids/{handle}/versions")).await;
    let version = &versions.expect(200)[0];
    assert_eq!(version["subject"], "ada");
    assert!(version.get("issuer").is_none());
}

async fn the_only_issuer_is_the_former_one(stage: &Stage) {
    let handle = held_before(stage).await;
    is_held(stage, "", &handle).await;
    // It is recorded: another provider beside it raises no question.
    is_held(stage, OTHER, &handle).await;
}

async fn of_several_issuers_the_former_one_must_be_named(stage: &Stage) {
    let handle = held_before(stage).await;
    let refused = stage.refused_start(OTHER);
    assert!(
        refused.contains("auth.former_issuer must be set"),
        "{refused}"
    );
    let named = format!("[auth]\nformer_issuer = \"raid-agency\"\n{OTHER}");
    is_held(stage, &named, &handle).await;
    let wrong = format!("[auth]\nformer_issuer = \"https://iam.example.org\"\n{OTHER}");
    let refused = stage.refused_start(&wrong);
    assert!(refused.contains("auth.former_issuer"), "{refused}");
    assert!(refused.contains("raid-agency"), "{refused}");
}
