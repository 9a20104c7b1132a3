//! A database belongs to one ORCID environment for life.

use std::sync::{Arc, Barrier};
use store::testing::TestDb;
use store::{StoreError, migrate};

store::on_both_databases!(
    a_second_environment_is_refused,
    nodes_may_claim_the_environment_at_once,
);

async fn a_second_environment_is_refused(db: &TestDb) {
    let store = db.store().clone();
    for _ in 0..2 {
        store
            .write(|c| migrate::claim_environment(c, "https://sandbox.orcid.org"))
            .await
            .unwrap();
    }
    let other = store
        .write(|c| migrate::claim_environment(c, "https://orcid.org"))
        .await
        .unwrap_err();
    assert!(
        matches!(&other, StoreError::OtherEnvironment { found, wanted }
            if found == "https://sandbox.orcid.org" && wanted == "https://orcid.org"),
        "{other}"
    );
}

async fn nodes_may_claim_the_environment_at_once(db: &TestDb) {
    db.store();
    // On SQLite a transaction begins when the one before has ended.
    let together = if db.settings().is_postgres() { 4 } else { 1 };
    let meet = Arc::new(Barrier::new(together));
    let claims: Vec<_> = (0..4)
        .map(|_| {
            let (node, meet) = (db.another_node(), meet.clone());
            tokio::spawn(async move {
                node.write(move |c| {
                    meet.wait();
                    migrate::claim_environment(c, "https://orcid.org")
                })
                .await
            })
        })
        .collect();
    for claim in claims {
        claim.await.unwrap().unwrap();
    }
}
