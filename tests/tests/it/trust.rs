//! Service points of different trust: what follows a standing permission, what the person is informed of,
//! what waits, and how the person stops it.

use crate::pages::assert_private;
use crate::steps::{granted_project, operator};
use raid_tests::examples::{self, CARBERRY, OKAFOR, handle_of, titled, with_people};
use raid_tests::{Agency, Browser, Client, Page, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    a_new_service_point_is_announced_once,
    a_killed_process_announces_once,
    whoever_saw_the_service_point_before_is_not_informed,
    an_inbox_that_takes_nothing_is_shown_to_operators,
    messages_beyond_the_budget_wait,
    not_mine_removes_the_entries_and_stops_the_service_point,
    what_a_held_service_point_adds_waits,
    whoever_wants_none_of_their_projects_gets_the_permission_back,
);

/// A service point that an operator made, and its user.
struct Point {
    id: i64,
    client: Client,
    operator: Client,
}

impl Point {
    /// One of this trust; of the agency's choice if it is not said.
    async fn new(stage: &Stage, agency: &Agency<'_>, trust: Option<&str>) -> Self {
        let operator = operator(stage, agency);
        let mut new = json!({
            "name": "Strangers",
            "identifierOwner": "https://ror.org/00rqy9422",
            "groupId": "strangers",
        });
        if let Some(trust) = trust {
            new["trust"] = json!(trust);
        }
        let point = operator.post("/service-point/", &new).await.expect(201);
        assert_eq!(point["trust"], trust.unwrap_or("notify"));
        let id = point["id"].as_i64().unwrap();
        let arguments = ["token", "--service-point", &id.to_string()];
        let token = stage.command(&arguments).output();
        Self {
            id,
            client: agency.client().with_token(token.trim()),
            operator,
        }
    }

    async fn mint(&self, request: &Value) -> String {
        handle_of(&self.client.mint(request).await)
    }

    /// What the operators see of it.
    async fn waiting(&self) -> Value {
        let all = self.operator.get("/v1/service-points/waiting").await;
        let all = all.expect(200);
        let found = all
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["id"] == self.id);
        found.cloned().unwrap_or_default()
    }

    /// What those see of a contributor who look after a RAiD.
    async fn contributor(&self, handle: &str) -> Value {
        let path = format!("/v1/raids/{handle}/contributors");
        self.client.get(&path).await.expect(200)[0].clone()
    }

    /// Waits until an entry is in a state.
    async fn entry_is(&self, handle: &str, state: &str) -> Value {
        eventually(&format!("the entry to be {state}"), async || {
            let shown = self.contributor(handle).await;
            (shown["entry"]["state"] == state).then_some(shown)
        })
        .await
    }
}

/// The messages about new service points in an inbox.
async fn messages(stage: &Stage, orcid: &str) -> Vec<Value> {
    let mut all = stage.orcid.requests(orcid).await;
    all.retain(|request| {
        let link = request["authorization_url"].as_str().unwrap();
        link.contains("/orcid/service-point?")
    });
    all
}

/// Waits until no message is to be sent any more.
async fn all_are_informed(agency: &Agency<'_>) {
    let due = r#"raid_tasks{kind="announcement",state="due"}"#;
    eventually("the messages to be sent", async || {
        (agency.metric(due).await == 0).then_some(())
    })
    .await;
}

async fn the_message(stage: &Stage, orcid: &str) -> Value {
    eventually("the message", async || messages(stage, orcid).await.pop()).await
}

async fn a_new_service_point_is_announced_once(stage: &Stage) {
    let agency = stage.agency().await;
    granted_project(stage, &agency).await;
    assert!(messages(stage, CARBERRY).await.is_empty());
    let point = Point::new(stage, &agency, None).await;
    let first = point.mint(&titled("Inquiry")).await;
    stage.orcid.membership(CARBERRY, &first).await;
    let message = the_message(stage, CARBERRY).await;
    assert_eq!(message["subject"], "A project was added");
    let intro = message["intro"].as_str().unwrap();
    for words in [
        "Strangers added the project below",
        "do not need to grant anything again",
        "RAiD Demo Agency",
    ] {
        assert!(intro.contains(words), "{words} is not in: {intro}");
    }
    // What follows is not announced again, neither a project nor a change.
    let second = point.mint(&titled("Second")).await;
    stage.orcid.membership(CARBERRY, &second).await;
    let change = |raid: &mut Value| raid["title"][0]["text"] = json!("Renamed");
    point.client.edit(&first, change).await;
    let renamed = |e: &Value| e["department_name"] == "Renamed";
    stage.orcid.membership_that(CARBERRY, &first, renamed).await;
    agency.rest().await;
    all_are_informed(&agency).await;
    assert_eq!(messages(stage, CARBERRY).await.len(), 1);
    stage.orcid.assert_written_once().await;
}

async fn a_killed_process_announces_once(stage: &Stage) {
    let mut agency = stage.agency_with("[worker]\nlease = \"6s\"").await;
    granted_project(stage, &agency).await;
    let point = Point::new(stage, &agency, None).await;
    let lost = json!({
        "kind": "drop_after_commit", "calls": ["notification_create"], "when": { "next": 1 }
    });
    stage.orcid.fault(lost).await;
    let handle = point.mint(&titled("Inquiry")).await;
    // It stands in the inbox, and the process never learns of that.
    the_message(stage, CARBERRY).await;
    agency.kill_9();
    stage.orcid.heal().await;
    agency.restart().await;
    stage.orcid.membership(CARBERRY, &handle).await;
    all_are_informed(&agency).await;
    assert_eq!(messages(stage, CARBERRY).await.len(), 1);
    assert_eq!(point.waiting().await["announcementsFailed"], 0);
}

async fn whoever_saw_the_service_point_before_is_not_informed(stage: &Stage) {
    let agency = stage.agency().await;
    let point = Point::new(stage, &agency, None).await;
    let handle = point.mint(&examples::minimal()).await;
    Browser::new().grant(&stage.orcid, CARBERRY).await;
    stage.orcid.membership(CARBERRY, &handle).await;
    // Nor is anybody whose permission followed the trust of the first service point.
    let trusted = handle_of(&agency.client().mint(&titled("Trusted")).await);
    stage.orcid.membership(CARBERRY, &trusted).await;
    agency.rest().await;
    all_are_informed(&agency).await;
    assert!(messages(stage, CARBERRY).await.is_empty());
}

async fn an_inbox_that_takes_nothing_is_shown_to_operators(stage: &Stage) {
    let agency = stage.agency().await;
    granted_project(stage, &agency).await;
    let point = Point::new(stage, &agency, None).await;
    // The record is closed between the entry and the message.
    let refused = json!({ "kind": "server_error", "calls": ["notification_create"] });
    stage.orcid.fault(refused).await;
    let handle = point.mint(&titled("Inquiry")).await;
    stage.orcid.membership(CARBERRY, &handle).await;
    let locked = json!({ "state": "locked" });
    stage.orcid.set_state(CARBERRY, locked).await;
    stage.orcid.heal().await;
    let shown = eventually("the operators to see it", async || {
        let shown = point.waiting().await;
        (shown["announcementsFailed"] == 1).then_some(shown)
    })
    .await;
    assert_eq!(shown["name"], "Strangers");
    assert!(messages(stage, CARBERRY).await.is_empty());
}

async fn messages_beyond_the_budget_wait(stage: &Stage) {
    let agency = stage.agency_with("[permissions]\nannouncements = 0").await;
    granted_project(stage, &agency).await;
    let point = Point::new(stage, &agency, None).await;
    let handle = point.mint(&titled("Inquiry")).await;
    stage.orcid.membership(CARBERRY, &handle).await;
    agency.rest().await;
    let due = r#"raid_tasks{kind="announcement",state="due"}"#;
    assert_eq!(agency.metric(due).await, 1);
    assert!(messages(stage, CARBERRY).await.is_empty());
}

/// The page that the message leads to.
async fn open_message(stage: &Stage, browser: &Browser, orcid: &str) -> Page {
    let message = the_message(stage, orcid).await;
    let link = message["authorization_url"].as_str().unwrap().to_owned();
    browser.open(&link).await
}

/// Presses a button that takes a sign-in at ORCID, and signs in.
async fn confirm(browser: &Browser, page: &Page, button: &str) -> Page {
    let consent = browser.press(page, button).await;
    browser.press(&consent, "Authorize access").await
}

async fn not_mine_removes_the_entries_and_stops_the_service_point(stage: &Stage) {
    let agency = stage.agency().await;
    let known = granted_project(stage, &agency).await;
    let point = Point::new(stage, &agency, None).await;
    let first = point.mint(&titled("Inquiry")).await;
    stage.orcid.membership(CARBERRY, &first).await;
    let browser = Browser::new();
    let page = open_message(stage, &browser, CARBERRY).await;
    assert_eq!(
        page.heading(),
        "Strangers adds projects to your ORCID record"
    );
    assert_private(&page);
    assert!(page.text().contains("Inquiry"));
    assert!(!page.text().contains("Night sounds"), "of another one");
    // Looking changes nothing, nor does the link in another browser.
    let elsewhere = Browser::new()
        .press(&page, "Not mine: stop Strangers")
        .await;
    assert_eq!(elsewhere.heading(), "Please start from our page");
    assert_eq!(stage.orcid.memberships_of(CARBERRY, &first).await.len(), 1);

    // Somebody else who has the link removes nothing.
    let stranger = Browser::new();
    stranger.sign_in_as(&stage.orcid, OKAFOR).await;
    let theirs = open_message(stage, &stranger, CARBERRY).await;
    let other = confirm(&stranger, &theirs, "Not mine: stop Strangers").await;
    assert_eq!(other.heading(), "This was another ORCID account");
    assert_eq!(stage.orcid.memberships_of(CARBERRY, &first).await.len(), 1);

    browser.sign_in_as(&stage.orcid, CARBERRY).await;
    let stopped = confirm(&browser, &page, "Not mine: stop Strangers").await;
    assert_eq!(stopped.heading(), "Thank you: Strangers is stopped");
    assert_private(&stopped);
    let shown = point.entry_is(&first, "stopped").await;
    assert_eq!(
        shown["entry"]["reason"],
        "This person does not want entries from this service point."
    );
    let second = point.mint(&titled("Another")).await;
    point.entry_is(&second, "stopped").await;
    agency.rest().await;
    assert!(
        stage
            .orcid
            .memberships_of(CARBERRY, &first)
            .await
            .is_empty()
    );
    assert!(
        stage
            .orcid
            .memberships_of(CARBERRY, &second)
            .await
            .is_empty()
    );
    // The others stay, and so does the permission; nobody else sees it.
    assert_eq!(
        stage.orcid.memberships_of(CARBERRY, &known.handle).await,
        [known.entry]
    );
    let public = agency.client().anonymous().raid(&first).await;
    assert_eq!(public["contributor"][0]["status"], "AUTHENTICATED");
    assert!(!public.to_string().contains("stopped"));
    assert_eq!(point.waiting().await["today"]["objections"], 1);
    let told = stage.command(&["why", &first]).output();
    assert!(
        told.contains("entry: stopped. This person does not want"),
        "{told}"
    );

    // They may think better of it.
    let page = open_message(stage, &browser, CARBERRY).await;
    assert_eq!(
        page.heading(),
        "Strangers adds nothing to your ORCID record"
    );
    assert_private(&page);
    let allow = "Allow entries from Strangers again";
    let allowed = confirm(&browser, &page, allow).await;
    assert_eq!(allowed.heading(), "Strangers may add projects again");
    stage.orcid.membership(CARBERRY, &first).await;
    stage.orcid.membership(CARBERRY, &second).await;
    agency.rest().await;
    all_are_informed(&agency).await;
    assert_eq!(messages(stage, CARBERRY).await.len(), 1);
    stage.orcid.assert_written_once().await;
}

async fn what_a_held_service_point_adds_waits(stage: &Stage) {
    let agency = stage.agency().await;
    granted_project(stage, &agency).await;
    let point = Point::new(stage, &agency, Some("hold")).await;
    let handle = point
        .mint(&with_people("Inquiry", [CARBERRY, OKAFOR]))
        .await;
    let shown = point.entry_is(&handle, "held").await;
    let reason = shown["entry"]["reason"].as_str().unwrap();
    assert!(
        reason.contains("everything new from this service point"),
        "{reason}"
    );
    agency.rest().await;
    assert!(
        stage
            .orcid
            .memberships_of(CARBERRY, &handle)
            .await
            .is_empty()
    );
    assert!(stage.orcid.requests(OKAFOR).await.is_empty());
    assert_eq!(point.waiting().await["held"]["contributionsByTrust"], 2);

    let release = format!("/v1/raids/{handle}/release");
    point.client.post(&release, &Value::Null).await.expect(403);
    let released = point.operator.post(&release, &Value::Null).await;
    assert_eq!(released.expect(200)["contributions"], 2);
    stage.orcid.membership(CARBERRY, &handle).await;
    stage.orcid.request(OKAFOR).await;
    let again = point.operator.post(&release, &Value::Null).await;
    assert_eq!(again.expect(200)["contributions"], 0);

    // What stands follows; what is new waits again, until the trust changes.
    let change = |raid: &mut Value| raid["title"][0]["text"] = json!("Renamed");
    point.client.edit(&handle, change).await;
    let renamed = |e: &Value| e["department_name"] == "Renamed";
    stage
        .orcid
        .membership_that(CARBERRY, &handle, renamed)
        .await;
    let second = point.mint(&titled("Second")).await;
    point.entry_is(&second, "held").await;
    let path = format!("/service-point/{}", point.id);
    let mut shown = point.operator.get(&path).await.expect(200);
    assert_eq!(shown["trust"], "hold");
    shown["trust"] = json!("auto");
    point.operator.put(&path, &shown).await.expect(200);
    stage.orcid.membership(CARBERRY, &second).await;
    // A client that knows nothing of trust changes nothing of it.
    shown.as_object_mut().unwrap().remove("trust");
    let kept = point.operator.put(&path, &shown).await.expect(200);
    assert_eq!(kept["trust"], "auto");
    let seen = point.client.get(&path).await.expect(200);
    assert!(seen["trust"].is_null(), "shown to operators only: {seen}");
}

async fn whoever_wants_none_of_their_projects_gets_the_permission_back(stage: &Stage) {
    let agency = stage
        .agency_with("[permissions]\nforget_after = \"200ms\"")
        .await;
    let known = granted_project(stage, &agency).await;
    let question = stage.orcid.requests(CARBERRY).await;
    let link = question[0]["authorization_url"].as_str().unwrap();
    let browser = Browser::new();
    let page = browser.open(link).await;
    browser.sign_in_as(&stage.orcid, CARBERRY).await;
    confirm(&browser, &page, "I am not part of this project").await;
    eventually("the permission to be handed back", async || {
        (!stage.orcid.holds_a_token_of(CARBERRY).await).then_some(())
    })
    .await;
    let entries = stage.orcid.memberships_of(CARBERRY, &known.handle).await;
    assert!(entries.is_empty(), "{entries:?}");
}
