//! Whoever waits goes before what can wait: an import, reminders.

use crate::agreement::people;
use raid_tests::examples::{self, CARBERRY, handle_of, with_people};
use raid_tests::{Agency, Browser, Stage, eventually};
use reqwest::Method;

raid_tests::on_both_databases!(
    a_mint_by_hand_goes_before_an_import,
    a_grant_goes_before_reminders,
);

/// Mints a RAiD for each person, by one request.
async fn import(agency: &Agency<'_>, people: &[String]) {
    let lines: Vec<String> = people
        .iter()
        .map(|person| with_people("Imported", [person.as_str()]).to_string())
        .collect();
    let client = agency.client();
    let answer = client
        .request(Method::POST, "/v1/raids/bulk")
        .header("Content-Type", "application/x-ndjson")
        .body(lines.join("\n"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let results = answer.text().await.unwrap();
    assert_eq!(results.lines().count(), people.len());
}

async fn count_reaches(stage: &Stage, kind: &str, status: u16, count: u64) {
    eventually(&format!("{count} answers to {kind}"), async || {
        (stage.orcid.answers(kind, status).await >= count).then_some(())
    })
    .await;
}

async fn a_mint_by_hand_goes_before_an_import(stage: &Stage) {
    let slowly = "[orcid]\nper_second = 6.0\nburst = 6\n";
    let agency = stage.agency_with(slowly).await;
    let imported = people(&stage.orcid, 90).await;
    import(&agency, &imported).await;
    count_reaches(stage, "notification_create", 201, 5).await;
    agency.client().mint(&examples::minimal()).await;
    stage.orcid.request(CARBERRY).await;
    let posted = stage.orcid.answers("notification_create", 201).await;
    assert!(posted < 60, "{posted} of the import were asked first");
}

async fn a_grant_goes_before_reminders(stage: &Stage) {
    let often = "[permissions]\nremind_after = \"4s\"\n[orcid]\nper_second = 20.0\nburst = 20\n";
    let agency = stage.agency_with(often).await;
    let reminded = people(&stage.orcid, 60).await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let browser = Browser::new();
    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    import(&agency, &reminded).await;
    // Each reminder takes three calls, one after the other.
    count_reaches(stage, "notification_read", 200, 5).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    browser.press(&consent, "Authorize access").await;
    stage.orcid.membership(CARBERRY, &handle).await;
    let again = stage.orcid.answers("notification_archive", 200).await;
    assert!(again < 50, "{again} reminders went first");
}
