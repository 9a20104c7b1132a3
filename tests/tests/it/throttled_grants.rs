//! People come back from ORCID while ORCID is busy: nobody is turned away, and nobody signs in twice.

use crate::agreement::people;
use crate::steps::people_are;
use futures::future::join_all;
use raid_tests::examples::{self, CARBERRY, handle_of, with_people};
use raid_tests::{Browser, Stage};
use serde_json::json;

raid_tests::on_both_databases!(
    twenty_five_people_grant_while_orcid_is_throttled,
    a_busy_orcid_takes_no_second_sign_in,
);

const THANKS: &str = "Thank you: your projects go to your ORCID record";

/// ORCID's own limit.
const PACE: &str = r"
[orcid]
per_second = 24.0
burst = 20
";

async fn twenty_five_people_grant_while_orcid_is_throttled(stage: &Stage) {
    let agency = stage.agency_with(PACE).await;
    let people = people(&stage.orcid, 25).await;
    let project = with_people("Many hands", people.iter().map(String::as_str));
    agency.client().mint(&project).await;
    people_are(&agency, 25, "asked").await;
    // Everybody is on ORCID's consent page, and comes back at the same time.
    let on_their_way = people.iter().map(async |person| {
        let browser = Browser::new();
        let landing = browser.open_request(&stage.orcid, person).await;
        let consent = browser.press(&landing, "Continue to ORCID").await;
        (browser, consent)
    });
    let on_their_way = join_all(on_their_way).await;
    let throttled = json!({
        "kind": "rate_limit", "per_second": 2.0, "burst": 1.0, "calls": ["token_code"]
    });
    stage.orcid.fault(throttled).await;
    let back = on_their_way
        .iter()
        .map(|(browser, consent)| browser.press(consent, "Authorize access"));
    for result in join_all(back).await {
        assert_eq!(result.heading(), THANKS);
    }
    assert!(stage.orcid.struck().await > 0, "ORCID was never busy");
    assert_eq!(stage.orcid.answers("token_code", 200).await, 25);
    people_are(&agency, 25, "granted").await;
}

async fn a_busy_orcid_takes_no_second_sign_in(stage: &Stage) {
    let agency = stage
        .agency_with("[orcid]\nexchange_wait = \"2500ms\"\n")
        .await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    stage
        .orcid
        .fault(json!({ "kind": "too_many_requests", "calls": ["token_code"] }))
        .await;
    let browser = Browser::new();
    let busy = browser.grant(&stage.orcid, CARBERRY).await;
    assert_eq!(busy.heading(), "ORCID is busy");
    assert_eq!(busy.texts("button"), ["Try again"]);
    let refused = stage.orcid.answers("token_code", 429).await;
    assert!(refused > 1, "it was not tried again at once");

    // The code is kept, but not in clear.
    let callback = busy
        .trail
        .iter()
        .find(|u| u.path() == "/orcid/callback")
        .unwrap();
    let (_, code) = callback.query_pairs().find(|(k, _)| k == "code").unwrap();
    assert!(!stage.database_content().contains(&*code));

    // The button counts in this browser only.
    let elsewhere = Browser::new().press(&busy, "Try again").await;
    assert_eq!(elsewhere.status, 400);
    assert_eq!(stage.orcid.answers("token_code", 429).await, refused);

    // Still busy: the button stays.
    let still = browser.press(&busy, "Try again").await;
    assert_eq!(still.heading(), "ORCID is busy");
    stage.orcid.heal().await;
    let result = browser.press(&still, "Try again").await;
    assert_eq!(result.heading(), THANKS);
    assert!(
        result
            .trail
            .iter()
            .all(|u| u.as_str().starts_with(agency.url())),
        "sent to ORCID again: {:?}",
        result.trail
    );
    stage.orcid.membership(CARBERRY, &handle).await;

    // A second press, or a reload, exchanges nothing.
    let again = browser.press(&still, "Try again").await;
    assert_eq!(again.heading(), THANKS);
    assert_eq!(stage.orcid.answers("token_code", 200).await, 1);
    assert!(stage.orcid.holds_a_token_of(CARBERRY).await);
    stage.orcid.assert_written_once().await;
}
