//! ORCID does not accept our own client: wrong credentials, or a client that ORCID disabled.

use crate::steps::details;
use raid_tests::examples::{self, CARBERRY, OKAFOR, handle_of};
use raid_tests::{Agency, Browser, Page, Stage, eventually};
use serde_json::Value;

raid_tests::on_both_databases!(
    a_wrong_secret_is_noticed,
    a_disabled_client_sends_nobody_to_orcid,
);

/// Checks often.
const CHECKED: &str = r#"
[orcid]
client_check = "600ms"
"#;

/// What the log says once when ORCID does not accept our client.
const COMPLAINT: &str = "ORCID does not accept our client";

async fn orcid_is(agency: &Agency<'_>, status: &str) -> Value {
    eventually(&format!("ORCID to be {status}"), async || {
        let details = details(agency).await;
        (details["orcid"]["status"] == status).then_some(details)
    })
    .await
}

fn asks_to_come_back(page: &Page) {
    assert_eq!(page.status, 503);
    assert_eq!(page.heading(), "Please come back later");
    assert!(page.header("retry-after").parse::<u32>().is_ok());
    assert!(page.texts("button").is_empty());
}

async fn a_wrong_secret_is_noticed(stage: &Stage) {
    let settings = format!("{CHECKED}client_secret = \"not the secret\"\n");
    let agency = stage.agency_with(&settings).await;
    let details = orcid_is(&agency, "DOWN").await;
    assert_eq!(details["database"]["status"], "UP");
    let reason = details["orcid"]["reason"].as_str().unwrap();
    assert!(reason.contains("secret"), "{reason}");
    let since = details["orcid"]["since"].as_str().unwrap();
    assert!(since.starts_with("20") && since.ends_with('Z'), "{since}");
    assert_eq!(agency.metric("raid_orcid_client_usable").await, 0);

    // Minting works all the same.
    let client = agency.client();
    agency.watcher().get("/health/ready").await.expect(200);
    client.mint(&examples::minimal()).await;
    // Checked again and again, and said once.
    let before = stage.orcid.answers("token_client", 401).await;
    eventually("another check", async || {
        (stage.orcid.answers("token_client", 401).await > before + 6).then_some(())
    })
    .await;
    let logs = stage.logs();
    assert_eq!(logs.matches(COMPLAINT).count(), 1);
    assert!(!logs.contains("not the secret"), "the secret is logged");
}

async fn a_disabled_client_sends_nobody_to_orcid(stage: &Stage) {
    let agency = stage.agency_with(CHECKED).await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let browser = Browser::new();
    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    let well = orcid_is(&agency, "UP").await;
    assert_eq!(well["orcid"]["reason"], Value::Null);
    assert_eq!(agency.metric("raid_orcid_client_usable").await, 1);

    // Nothing else goes on that would tell.
    agency.rest().await;
    stage.orcid.disable_client(true).await;
    orcid_is(&agency, "DOWN").await;
    asks_to_come_back(&browser.press(&landing, "Continue to ORCID").await);
    asks_to_come_back(&browser.open(landing.url.as_str()).await);
    agency.watcher().get("/health/ready").await.expect(200);

    // Nothing but the checks is sent to ORCID.
    let sent = stage.orcid.calls("notification_create").await;
    let meanwhile = examples::with_people("Minted meanwhile", [OKAFOR]);
    agency.client().mint(&meanwhile).await;
    agency.rest().await;
    let checks = stage.orcid.answers("token_client", 401).await;
    eventually("two more checks", async || {
        (stage.orcid.answers("token_client", 401).await > checks + 2).then_some(())
    })
    .await;
    assert_eq!(stage.orcid.calls("notification_create").await, sent);

    // All goes on by itself.
    stage.orcid.disable_client(false).await;
    orcid_is(&agency, "UP").await;
    stage.orcid.request(OKAFOR).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    browser.press(&consent, "Authorize access").await;
    stage.orcid.membership(CARBERRY, &handle).await;
    assert_eq!(stage.logs().matches(COMPLAINT).count(), 1);
}
