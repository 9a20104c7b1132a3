//! A question that stands in an inbox says what is true: it goes with its reason, follows a
//! correction, and nobody is asked for nothing.

use crate::steps::{granted_project, people_are, question_is_archived, retitle, withdraw};
use raid_tests::examples::{self, CARBERRY, FERNANDEZ, OKAFOR, handle_of, titled, with_people};
use raid_tests::{Agency, Browser, Page, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    a_question_to_the_wrong_person_goes_to_the_right_one,
    a_question_goes_with_its_project,
    a_corrected_title_is_asked_for_once,
    a_question_that_was_read_stays,
    a_no_ends_with_its_projects,
    who_is_not_part_of_a_project_is_not_asked_for_it,
    who_granted_can_leave_a_single_project,
    not_me_counts_from_our_own_page_only,
    one_request_is_one_question,
    a_question_that_was_granted_is_archived,
);

const NOTHING: &str = "There is nothing to give permission for";
const NOT_ME: &str = "I am not part of this project";

/// The questions that stand in an inbox.
async fn standing(stage: &Stage, orcid: &str) -> Vec<Value> {
    let mut all = stage.orcid.requests(orcid).await;
    all.retain(|request| request["archived"].is_null());
    all
}

/// Waits for the first question, and until the agency knows that it stands.
async fn asked(stage: &Stage, agency: &Agency<'_>, orcid: &str) -> Value {
    let request = stage.orcid.request(orcid).await;
    people_are(agency, 1, "asked").await;
    request
}

/// Waits until one question stands that names a title, and nothing else.
async fn is_asked_for(stage: &Stage, orcid: &str, title: &str) -> Value {
    eventually("the question in the inbox", async || {
        let mut standing = standing(stage, orcid).await;
        let newest = standing.pop()?;
        let names = newest["items"].to_string().contains(title);
        (standing.is_empty() && names).then_some(newest)
    })
    .await
}

fn link_of(request: &Value) -> &str {
    request["authorization_url"].as_str().unwrap()
}

fn assert_asks_for_nothing(page: &Page) {
    assert_eq!(page.heading(), NOTHING, "{}", page.html);
    assert!(page.texts("form").is_empty(), "{}", page.html);
}

/// Says no, with the link of the question.
async fn deny(browser: &Browser, stage: &Stage, orcid: &str, request: &Value) -> Page {
    browser.sign_in_as(&stage.orcid, orcid).await;
    let landing = browser.open(link_of(request)).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    let denied = browser.press(&consent, "Deny access").await;
    let text = denied.text();
    assert!(text.contains("do not ask you again about these projects"));
    denied
}

fn name(raid: &mut Value, orcid: &str) {
    raid["contributor"][0]["id"] = json!(format!("https://orcid.org/{orcid}"));
}

async fn a_question_to_the_wrong_person_goes_to_the_right_one(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let request = asked(stage, &agency, CARBERRY).await;
    let browser = Browser::new();
    let before = browser.open(link_of(&request)).await;

    let edit = |raid: &mut Value| name(raid, OKAFOR);
    agency.client().edit(&handle, edit).await;
    question_is_archived(stage, CARBERRY).await;
    stage.orcid.request(OKAFOR).await;
    let page = browser.open(link_of(&request)).await;
    assert_asks_for_nothing(&page);
    let why = format!("RAiD {handle} was corrected: it does not name you.");
    assert!(page.text().contains(&why), "{}", page.text());
    // The page from before still has its button, but nobody is sent to ORCID for nothing.
    let pressed = browser.press(&before, "Continue to ORCID").await;
    assert_asks_for_nothing(&pressed);
    assert_eq!(pressed.trail.len(), 0);
    assert_eq!(stage.orcid.requests(CARBERRY).await.len(), 1);
}

async fn a_question_goes_with_its_project(stage: &Stage) {
    let agency = stage.agency().await;
    let client = agency.client();
    let withdrawn = handle_of(&client.mint(&with_people("A", [CARBERRY])).await);
    let embargoed = handle_of(&client.mint(&with_people("B", [OKAFOR])).await);
    let request = stage.orcid.request(CARBERRY).await;
    let other = stage.orcid.request(OKAFOR).await;
    people_are(&agency, 2, "asked").await;

    withdraw(stage, &agency, &withdrawn).await;
    let hide = |raid: &mut Value| raid["access"] = examples::embargo("Until the patent");
    client.edit(&embargoed, hide).await;
    question_is_archived(stage, CARBERRY).await;
    question_is_archived(stage, OKAFOR).await;
    let browser = Browser::new();
    let page = browser.open(link_of(&request)).await;
    assert_asks_for_nothing(&page);
    assert!(page.text().contains(&format!("{withdrawn} was withdrawn")));
    let page = browser.open(link_of(&other)).await;
    assert_asks_for_nothing(&page);
    assert!(page.text().contains(&format!("{embargoed} is not public")));
}

async fn a_corrected_title_is_asked_for_once(stage: &Stage) {
    // A budget of one question: what replaces an unread one does not count.
    let agency = stage.agency_with("[permissions]\nrequests = 1").await;
    let handle = handle_of(&agency.client().mint(&titled("Astrology")).await);
    asked(stage, &agency, CARBERRY).await;
    for (posted, title) in [(2, "Astronomy"), (3, "Radio astronomy")] {
        retitle(&agency, &handle, title).await;
        is_asked_for(stage, CARBERRY, title).await;
        let all = stage.orcid.requests(CARBERRY).await;
        assert_eq!(all.len(), posted, "{all:#?}");
        people_are(&agency, 1, "asked").await;
    }
}

async fn a_question_that_was_read_stays(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&titled("Astrology")).await);
    let request = asked(stage, &agency, CARBERRY).await;
    stage.orcid.read_notification(CARBERRY, &request).await;
    retitle(&agency, &handle, "Astronomy").await;
    // ORCID says that it was read: from then on it is left alone.
    eventually("a try to archive it", async || {
        (stage.orcid.calls("notification_archive").await == 1).then_some(())
    })
    .await;
    retitle(&agency, &handle, "Radio astronomy").await;
    // All that was due has run when somebody else's workflow is over.
    let other = handle_of(
        &agency
            .client()
            .mint(&with_people("Other", [FERNANDEZ]))
            .await,
    );
    Browser::new().grant(&stage.orcid, FERNANDEZ).await;
    stage.orcid.membership(FERNANDEZ, &other).await;
    agency.rest().await;
    let all = stage.orcid.requests(CARBERRY).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all[0]["archived"].is_null());
    let landing = Browser::new().open(link_of(&request)).await;
    assert!(landing.text().contains("Radio astronomy"));
}

async fn a_no_ends_with_its_projects(stage: &Stage) {
    let agency = stage.agency().await;
    let client = agency.client();
    let both = with_people("Shared", [OKAFOR, CARBERRY]);
    let shared = handle_of(&client.mint(&both).await);
    let browser = Browser::new();
    for orcid in [CARBERRY, OKAFOR] {
        let request = stage.orcid.request(orcid).await;
        let denied = deny(&browser, stage, orcid, &request).await;
        if orcid == OKAFOR {
            let consent = browser.press(&denied, "Do not ask me again").await;
            browser.press(&consent, "Authorize access").await;
        }
    }
    people_are(&agency, 1, "ignored").await;
    people_are(&agency, 1, "denied").await;
    for orcid in [CARBERRY, OKAFOR] {
        question_is_archived(stage, orcid).await;
    }
    // It was another Carberry. His own project is another question; Okafor's no stands.
    let correct = |raid: &mut Value| drop(raid["contributor"].as_array_mut().unwrap().pop());
    client.edit(&shared, correct).await;
    client
        .mint(&with_people("Their own", [OKAFOR, CARBERRY]))
        .await;
    is_asked_for(stage, CARBERRY, "Their own").await;
    people_are(&agency, 1, "asked").await;
    people_are(&agency, 1, "denied").await;
    assert_eq!(stage.orcid.requests(OKAFOR).await.len(), 1);
}

async fn who_is_not_part_of_a_project_is_not_asked_for_it(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&titled("Not mine")).await);
    let request = asked(stage, &agency, CARBERRY).await;
    let browser = Browser::new();
    let landing = browser.open(link_of(&request)).await;
    let noted = browser.press(&landing, NOT_ME).await;
    assert_eq!(
        noted.heading(),
        "Thank you: you are not part of this project"
    );
    assert!(noted.text().contains(&handle), "{}", noted.text());
    question_is_archived(stage, CARBERRY).await;
    let page = browser.follow(&noted, "Back to your projects").await;
    assert_eq!(page.heading(), NOTHING, "{}", page.html);
    assert!(page.text().contains("You said that you are not part of"));
    // What can be done is to take it back.
    assert_eq!(page.texts("button"), ["I am part of this project"]);
    // Said twice, it is the same.
    let again = browser.press(&landing, NOT_ME).await;
    assert_eq!(again.heading(), noted.heading());

    // It is no answer about other projects.
    agency.client().mint(&titled("Mine")).await;
    let asked = is_asked_for(stage, CARBERRY, "Mine").await;
    assert!(!asked["items"].to_string().contains("Not mine"));
    assert!(stage.orcid.memberships(CARBERRY).await.is_empty());
}

async fn who_granted_can_leave_a_single_project(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let kept = handle_of(&agency.client().mint(&titled("Kept")).await);
    stage.orcid.membership(CARBERRY, &kept).await;
    let link = link_of(&stage.orcid.request(CARBERRY).await).to_owned();
    let landing = project.browser.open(&link).await;
    let heading = landing.heading();
    assert!(heading.starts_with("You gave permission on 2"), "{heading}");
    assert!(landing.text().contains("Give permission again"));
    assert!(landing.text().contains("Kept"));

    let chosen = [("handle", project.handle.as_str())];
    let sign_in = project.browser.press_with(&landing, NOT_ME, &chosen).await;
    let noted = project.browser.press(&sign_in, "Authorize access").await;
    assert_eq!(
        noted.heading(),
        "Thank you: you are not part of this project"
    );
    eventually("the entry to be gone", async || {
        let left = stage.orcid.memberships_of(CARBERRY, &project.handle).await;
        left.is_empty().then_some(())
    })
    .await;
    // Neither an edit nor a dry run brings it back, and later projects are added.
    let edited = retitle(&agency, &project.handle, "Edited").await;
    let path = format!("/raid/{}?dryRun=true", project.handle);
    let tried = agency.client().put(&path, &edited).await.expect(200);
    assert_eq!(tried["orcid"][0]["change"], "none", "{tried}");
    let later = handle_of(&agency.client().mint(&titled("Later")).await);
    stage.orcid.membership(CARBERRY, &later).await;
    agency.rest().await;
    let left = stage.orcid.memberships_of(CARBERRY, &project.handle).await;
    assert!(left.is_empty(), "{left:?}");
    stage.orcid.membership(CARBERRY, &kept).await;
}

async fn not_me_counts_from_our_own_page_only(stage: &Stage) {
    let agency = stage.agency().await;
    agency.client().mint(&examples::minimal()).await;
    let others = handle_of(
        &agency
            .client()
            .mint(&with_people("Others'", [OKAFOR]))
            .await,
    );
    let request = stage.orcid.request(CARBERRY).await;
    let browser = Browser::new();
    let landing = browser.open(link_of(&request)).await;
    let elsewhere = Browser::new().press(&landing, NOT_ME).await;
    assert_eq!(elsewhere.status, 400);
    assert_eq!(elsewhere.heading(), "Please start from our page");
    for handle in [others.as_str(), "10.82841/nowhere", "nonsense", ""] {
        let page = browser
            .press_with(&landing, NOT_ME, &[("handle", handle)])
            .await;
        assert_eq!(page.status, 404, "{handle}");
        assert_eq!(page.heading(), "This project does not name you");
    }
    let page = browser
        .press_with(&landing, NOT_ME, &[("i", "garbage")])
        .await;
    assert_eq!(page.status, 400);
    let after = browser.open(link_of(&request)).await;
    assert_eq!(after.html, landing.html, "nothing was recorded");
    people_are(&agency, 2, "asked").await;
    assert_eq!(standing(stage, OKAFOR).await.len(), 1);
}

async fn one_request_is_one_question(stage: &Stage) {
    let agency = stage
        .agency_with("[permissions]\nremind_after = \"500ms\"\nrequests = 1")
        .await;
    agency.client().mint(&examples::minimal()).await;
    people_are(&agency, 1, "ignored").await;
    let all = stage.orcid.requests(CARBERRY).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    assert!(all[0]["archived"].is_null(), "it can still be granted");
    let intro = all[0]["intro"].as_str().unwrap();
    assert!(intro.contains("We ask you once."), "{intro}");
    let landing = Browser::new().open(link_of(&all[0])).await;
    assert!(landing.text().contains("We ask you once,"));
}

async fn a_question_that_was_granted_is_archived(stage: &Stage) {
    let agency = stage.agency().await;
    // It waits for the question to go.
    let project = granted_project(stage, &agency).await;
    let inbox = project.browser.open_inbox(&stage.orcid, CARBERRY).await;
    assert!(!inbox.text().contains("Grant permission"));
    people_are(&agency, 1, "granted").await;
}
