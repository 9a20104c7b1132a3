//! What the simulator writes is valid against ORCID's own schemas, when they and xmllint are there:
//! `RAID_ORCID_SCHEMAS` names the folder that holds `record_3.0`, `notification_3.0` and so on.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::documents::{MEMBERSHIP, NOTIFICATION, SMALL_MEMBERSHIP};
use crate::harness::{CARBERRY, Sim, UNNAMED};

fn schemas() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("RAID_ORCID_SCHEMAS")?);
    Command::new("xmllint").arg("--version").output().ok()?;
    Some(folder)
}

fn validate(schema: &Path, document: &str, what: &str) {
    let name = format!(
        "orcid-simulator-{}-{}.xml",
        std::process::id(),
        what.replace(['/', ' '], "-")
    );
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, document).unwrap();
    let output = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .arg(schema)
        .arg(&file)
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {problems}\n{document}");
}

#[tokio::test]
async fn everything_written_is_valid() {
    let Some(folder) = schemas() else {
        println!("skipped: RAID_ORCID_SCHEMAS is not set or xmllint is missing");
        return;
    };
    let membership = folder.join("record_3.0/membership-3.0.xsd");
    let notification = folder.join("notification_3.0/notification-permission-3.0.xsd");
    let activities = folder.join("record_3.0/activities-3.0.xsd");
    let record = folder.join("record_3.0/record-3.0.xsd");
    let person = folder.join("record_3.0/person-3.0.xsd");
    let error = folder.join("record_3.0/error-3.0.xsd");

    validate(&membership, MEMBERSHIP, "the sample membership");
    validate(&membership, SMALL_MEMBERSHIP, "the small sample");
    validate(&notification, NOTIFICATION, "the sample notification");

    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let premium = sim.client_token("/premium-notification").await;
    let public = sim.client_token("/read-public").await;
    let path = |rest: &str| format!("/v3.0/{CARBERRY}/{rest}");
    let put_code = sim
        .post(&path("membership"), &token, MEMBERSHIP)
        .await
        .put_code();
    sim.post(&path("membership"), &token, SMALL_MEMBERSHIP)
        .await
        .put_code();
    let id = sim
        .post(&path("notification-permission"), &premium, NOTIFICATION)
        .await
        .put_code();

    let one = path(&format!("membership/{put_code}"));
    let summary = path(&format!("membership/summary/{put_code}"));
    for (schema, at, with) in [
        (&membership, one, &token),
        (&membership, summary, &token),
        (&activities, path("memberships"), &token),
        (&activities, path("activities"), &token),
        (&record, path("record"), &public),
        (&person, path("person"), &public),
        (&person, format!("/v3.0/{UNNAMED}/person"), &public),
        (
            &notification,
            path(&format!("notification-permission/{id}")),
            &premium,
        ),
        (&notification, path("notification-permission"), &premium),
    ] {
        let answer = sim.get(&at, with).await;
        assert_eq!(answer.status, 200, "{at}: {}", answer.body);
        validate(schema, &answer.body, &at);
    }
    let archived = sim
        .delete(&path(&format!("notification-permission/{id}")), &premium)
        .await;
    validate(&notification, &archived.body, "an archived notification");
    let refused = sim.post(&path("membership"), &token, MEMBERSHIP).await;
    assert_eq!(refused.status, 409);
    validate(&error, &refused.body, "an error");
}
