//! Inviting by e-mail somebody whose iD is not known.

use crate::mail::{letters, link_in};
use crate::search::holds;
use crate::steps::{granted_project, shows_status, status_of, withdraw};
use raid_tests::examples::{self, CARBERRY, FERNANDEZ, OKAFOR, handle_of, version_of};
use raid_tests::{Agency, Browser, Client, Page, Stage, eventually};
use reqwest::Method;
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    who_is_invited_joins_with_an_authenticated_id,
    the_address_is_shown_nowhere,
    an_invitation_is_for_one_person,
    an_invited_contributor_who_is_there_already_changes_nothing,
    an_invitation_ends,
    a_declined_invitation_stays_open,
    who_accepts_an_invitation_is_part_of_the_project_after_all,
    a_contributor_gets_the_position_that_they_accept,
    a_cancelled_invitation_says_so,
    a_project_that_is_withdrawn_meanwhile_says_so,
    of_an_embargoed_project_the_mail_tells_nothing_and_the_pages_the_truth,
);

const ADDRESS: &str = "amara.okafor.4711@university.example";

/// Invites somebody to a RAiD and gives the link in the mail.
async fn invite(stage: &Stage, agency: &Agency<'_>, handle: &str) -> String {
    invite_as(stage, &agency.client(), handle).await
}

/// As [`invite`], in the name of a caller.
pub async fn invite_as(stage: &Stage, client: &Client, handle: &str) -> String {
    let person = examples::minimal()["contributor"][0].clone();
    let request = json!({
        "email": ADDRESS,
        "position": person["position"],
        "role": [person["role"][1]],
    });
    let before = letters(stage).len();
    let path = format!("/v1/raids/{handle}/invitations");
    client.post(&path, &request).await.expect(201);
    let letter = eventually("the mail", async || {
        let mut all = letters(stage);
        (all.len() > before).then(|| all.pop()).flatten()
    })
    .await;
    assert!(letter.contains(&format!("To: {ADDRESS}")), "{letter}");
    link_in(&letter)
}

/// Signs in, follows the invitation, and consents: the result.
async fn accept(stage: &Stage, browser: &Browser, link: &str, orcid: &str) -> Page {
    browser.sign_in_as(&stage.orcid, orcid).await;
    let landing = browser.open(link).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    browser.press(&consent, "Authorize access").await
}

async fn who_is_invited_joins_with_an_authenticated_id(stage: &Stage) {
    let agency = stage.agency().await;
    let raid = agency.client().mint(&examples::minimal()).await;
    let handle = handle_of(&raid);
    let link = invite(stage, &agency, &handle).await;
    assert!(link.starts_with(agency.url()), "{link}");

    // Looking at it records nothing.
    let landing = Browser::new().open(&link).await;
    assert_eq!(landing.heading(), "Join “Night sounds of the city parks”");
    assert!(landing.text().contains(&handle));
    assert_eq!(version_of(&agency.client().raid(&handle).await), 1);

    let result = accept(stage, &Browser::new(), &link, OKAFOR).await;
    assert_eq!(
        result.heading(),
        "Thank you: your projects go to your ORCID record"
    );
    assert!(result.text().contains(OKAFOR));
    let entry = stage.orcid.membership(OKAFOR, &handle).await;
    assert_eq!(entry["department_name"], "Night sounds of the city parks");
    assert!(entry["role_title"].as_str().unwrap().contains("Software"));

    let joined = eventually("the new version", async || {
        let raid = agency.client().raid(&handle).await;
        (version_of(&raid) == 2).then_some(raid)
    })
    .await;
    let person = &joined["contributor"][1];
    assert_eq!(person["id"], format!("https://orcid.org/{OKAFOR}"));
    assert_eq!(person["schemaUri"], "https://orcid.org/");
    assert_eq!(person["status"], "AUTHENTICATED");
    assert_eq!(
        person["position"],
        examples::minimal()["contributor"][0]["position"]
    );
    assert_eq!(
        joined["contributor"][0], raid["contributor"][0],
        "the others stay as they are"
    );
    let first = agency.client().version(&handle, 1).await;
    assert_eq!(first["contributor"].as_array().unwrap().len(), 1);

    // The record follows later changes as everybody's does, and she is not asked in her inbox.
    crate::steps::retitle(&agency, &handle, "Morning sounds").await;
    let follows = |e: &Value| e["department_name"] == "Morning sounds";
    stage.orcid.membership_that(OKAFOR, &handle, follows).await;
    agency.rest().await;
    assert!(
        stage.orcid.requests(OKAFOR).await.is_empty(),
        "asked although she came by herself"
    );
    stage.orcid.assert_written_once().await;
}

async fn the_address_is_shown_nowhere(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let link = invite(stage, &agency, &handle).await;
    let browser = Browser::new();
    let mut seen = vec![browser.open(&link).await.html];
    seen.push(accept(stage, &browser, &link, OKAFOR).await.html);
    stage.orcid.membership(OKAFOR, &handle).await;
    agency.rest().await;

    let client = agency.client();
    let paths = [
        format!("/raid/{handle}"),
        format!("/raid/{handle}/1"),
        format!("/raid/{handle}/2"),
        "/raid/".to_owned(),
        format!("/raids/{handle}"),
        "/service-point/".to_owned(),
    ];
    for path in &paths {
        let reply = client.get(path).await;
        assert_eq!(reply.status, 200, "{path}");
        seen.push(reply.text);
    }
    seen.push(agency.watcher().get("/metrics").await.text);
    seen.push(stage.orcid.record(OKAFOR).await.to_string());
    seen.push(stage.logs());
    for text in &seen {
        assert!(!holds(text, ADDRESS), "the address is shown in: {text}");
        assert!(
            !holds(text, "okafor.4711"),
            "a part of it is shown in: {text}"
        );
    }
    let database = stage.database_content();
    assert!(holds(&database, &handle), "this is not the database");
    assert!(
        !holds(&database, ADDRESS),
        "the address is in the database in clear"
    );
    assert!(
        !holds(&database, "okafor.4711"),
        "a part of it is in the database in clear"
    );
}

async fn an_invitation_is_for_one_person(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let link = invite(stage, &agency, &handle).await;
    // The second person has the page open while the first accepts.
    let second = Browser::new();
    second.sign_in_as(&stage.orcid, FERNANDEZ).await;
    let landing = second.open(&link).await;
    let consent = second.press(&landing, "Continue to ORCID").await;
    let first = Browser::new();
    accept(stage, &first, &link, OKAFOR).await;
    stage.orcid.membership(OKAFOR, &handle).await;

    let stopped = second.press(&landing, "Continue to ORCID").await;
    assert_eq!(stopped.heading(), "This invitation cannot be used any more");
    let refused = second.press(&consent, "Authorize access").await;
    assert_eq!(refused.heading(), "This invitation cannot be used any more");
    eventually("the second person's pair to be revoked", async || {
        (!stage.orcid.holds_a_token_of(FERNANDEZ).await).then_some(())
    })
    .await;
    agency.rest().await;
    assert!(stage.orcid.memberships(FERNANDEZ).await.is_empty());
    let record = agency.client().list().await.pop().unwrap();
    assert!(!record.to_string().contains(FERNANDEZ), "joined: {record}");
    assert_eq!(version_of(&record), 2);
    // Whoever opens it from now on is told at once.
    let late = Browser::new().open(&link).await;
    assert_eq!(late.status, 410);
    assert_eq!(late.heading(), "This invitation cannot be used any more");
    assert!(stage.orcid.holds_a_token_of(OKAFOR).await);
}

async fn an_invited_contributor_who_is_there_already_changes_nothing(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let link = invite(stage, &agency, &project.handle).await;
    let landing = project.browser.open(&link).await;
    let next = project.browser.press(&landing, "Continue to ORCID").await;
    let result = if next.heading() == "Authorize access" {
        project.browser.press(&next, "Authorize access").await
    } else {
        next
    };
    assert_eq!(
        result.heading(),
        "Thank you: your projects go to your ORCID record"
    );
    agency.rest().await;
    let record = agency.client().list().await.pop().unwrap();
    assert_eq!(version_of(&record), 1, "a version that changes nothing");
    assert_eq!(record["contributor"].as_array().unwrap().len(), 1);
    let entries = stage.orcid.memberships(CARBERRY).await;
    assert_eq!(entries, [project.entry]);
    shows_status(&agency, &project.handle, "AUTHENTICATED").await;
    stage.orcid.assert_written_once().await;
}

async fn who_accepts_an_invitation_is_part_of_the_project_after_all(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let request = stage.orcid.request(CARBERRY).await;
    let link = request["authorization_url"].as_str().unwrap();
    let landing = project.browser.open(link).await;
    let button = "I am not part of this project";
    let sign_in = project.browser.press(&landing, button).await;
    project.browser.press(&sign_in, "Authorize access").await;
    eventually("the entry to be gone", async || {
        let left = stage.orcid.memberships(CARBERRY).await;
        left.is_empty().then_some(())
    })
    .await;
    let link = invite(stage, &agency, &project.handle).await;
    let landing = project.browser.open(&link).await;
    project.browser.press(&landing, "Continue to ORCID").await;
    stage.orcid.membership(CARBERRY, &project.handle).await;
}

async fn an_invitation_ends(stage: &Stage) {
    let agency = stage
        .agency_with("[agency]\ninvitation_lifetime = \"8s\"")
        .await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let link = invite(stage, &agency, &handle).await;
    let expired = eventually("the invitation to end", async || {
        let page = Browser::new().open(&link).await;
        (page.status != 200).then_some(page)
    })
    .await;
    assert_eq!(expired.status, 400);
    assert_eq!(expired.heading(), "This link has expired");
    assert!(
        expired.text().contains("support@raid-agency.example"),
        "whom to ask"
    );
}

async fn a_declined_invitation_stays_open(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let link = invite(stage, &agency, &handle).await;
    let browser = Browser::new();
    browser.sign_in_as(&stage.orcid, OKAFOR).await;
    let landing = browser.open(&link).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    let declined = browser.press(&consent, "Deny access").await;
    assert_eq!(declined.heading(), "You did not give permission");
    let record = agency.client().list().await.pop().unwrap();
    assert_eq!(version_of(&record), 1);
    // What the page offers works.
    let consent = browser.press(&declined, "Continue to ORCID").await;
    browser.press(&consent, "Authorize access").await;
    stage.orcid.membership(OKAFOR, &handle).await;
    assert_eq!(status_of(&agency, &handle, OKAFOR).await, "AUTHENTICATED");
}

async fn a_contributor_gets_the_position_that_they_accept(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let client = agency.client();
    let end = |raid: &mut Value| {
        raid["contributor"][0]["position"][0]["endDate"] = json!("2026-01-31");
    };
    client.edit(&project.handle, end).await;
    let mut position = examples::minimal()["contributor"][0]["position"][0].clone();
    position["id"] = json!("https://vocabulary.raid.org/contributor.position.schema/311");
    position["startDate"] = json!("2026-03-01");
    let role = json!({
        "id": "https://credit.niso.org/contributor-roles/visualization/",
        "schemaUri": "https://credit.niso.org/",
    });
    let request = json!({"email": ADDRESS, "position": [position], "role": [role]});
    let path = format!("/v1/raids/{}/invitations", project.handle);
    client.post(&path, &request).await.expect(201);
    let letter = eventually("the mail", async || letters(stage).pop()).await;
    let landing = project.browser.open(&link_in(&letter)).await;
    let next = project.browser.press(&landing, "Continue to ORCID").await;
    if next.heading() == "Authorize access" {
        project.browser.press(&next, "Authorize access").await;
    }
    let raid = eventually("the new version", async || {
        let raid = agency.client().raid(&project.handle).await;
        (version_of(&raid) == 3).then_some(raid)
    })
    .await;
    let people = raid["contributor"].as_array().unwrap();
    assert_eq!(people.len(), 1);
    let positions = people[0]["position"].as_array().unwrap();
    assert_eq!(positions[0]["endDate"], "2026-01-31");
    assert_eq!(positions[1], position);
    assert!(people[0]["role"].as_array().unwrap().contains(&role));
    // It is on the record, too, and the version is one that can be updated.
    let has_role = |entry: &Value| {
        let title = entry["role_title"].as_str().unwrap_or_default();
        title.contains("Visualization")
    };
    stage
        .orcid
        .membership_that(CARBERRY, &project.handle, has_role)
        .await;
    crate::steps::retitle(&agency, &project.handle, "Evening sounds").await;
    let listed = client.get(&path).await.expect(200);
    assert_eq!(listed[0]["state"], "accepted");
    assert_eq!(
        listed[0]["acceptedBy"],
        format!("https://orcid.org/{CARBERRY}")
    );
}

async fn a_cancelled_invitation_says_so(stage: &Stage) {
    let agency = stage.agency().await;
    let client = agency.client();
    let handle = handle_of(&client.mint(&examples::minimal()).await);
    let link = invite(stage, &agency, &handle).await;
    let browser = Browser::new();
    browser.sign_in_as(&stage.orcid, OKAFOR).await;
    // She has the page open, and ORCID's, when it is cancelled.
    let landing = browser.open(&link).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    let path = format!("/v1/raids/{handle}/invitations");
    let listed = client.get(&path).await.expect(200);
    let one = format!("{path}/{}", listed[0]["id"].as_str().unwrap());
    let cancelled = client.request(Method::DELETE, &one).send().await.unwrap();
    assert_eq!(cancelled.status(), 204);
    let heading = "This invitation was withdrawn by the project";
    let stopped = browser.press(&landing, "Continue to ORCID").await;
    assert_eq!(
        (stopped.status.as_u16(), stopped.heading().as_str()),
        (410, heading)
    );
    let refused = browser.press(&consent, "Authorize access").await;
    assert_eq!(refused.heading(), heading);
    eventually("her pair to be revoked", async || {
        (!stage.orcid.holds_a_token_of(OKAFOR).await).then_some(())
    })
    .await;
    let late = Browser::new().open(&link).await;
    assert_eq!(late.status, 410);
    assert_eq!(late.heading(), heading);
    agency.rest().await;
    assert_eq!(version_of(&client.raid(&handle).await), 1);
    assert!(stage.orcid.memberships(OKAFOR).await.is_empty());
}

async fn a_project_that_is_withdrawn_meanwhile_says_so(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let link = invite(stage, &agency, &handle).await;
    let browser = Browser::new();
    browser.sign_in_as(&stage.orcid, OKAFOR).await;
    let landing = browser.open(&link).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    withdraw(stage, &agency, &handle).await;
    let result = browser.press(&consent, "Authorize access").await;
    assert_eq!(result.heading(), "This project was withdrawn");
    let text = result.text();
    assert!(
        text.contains("You did not join, and the permission just given is handed back"),
        "{text}"
    );
    eventually("her pair to be revoked", async || {
        (!stage.orcid.holds_a_token_of(OKAFOR).await).then_some(())
    })
    .await;
    assert_eq!(stage.orcid.answers("token_code", 200).await, 1);
}

async fn of_an_embargoed_project_the_mail_tells_nothing_and_the_pages_the_truth(stage: &Stage) {
    let agency = stage.agency().await;
    let mut request = examples::titled("Unpublished whispers");
    request["access"] = examples::embargo("Until the paper is out");
    let raid = agency.client().mint(&request).await;
    let handle = handle_of(&raid);
    let link = invite(stage, &agency, &handle).await;
    let letter = letters(stage).pop().unwrap();
    assert!(
        letter.contains("Subject: Invitation to a research project\r\n"),
        "{letter}"
    );
    assert!(!letter.contains("whispers"), "{letter}");

    let browser = Browser::new();
    let landing = browser.open(&link).await;
    assert_eq!(landing.heading(), "Join “Unpublished whispers”");
    let day = raid["access"]["embargoExpiry"].as_str().unwrap();
    let until = format!("until the embargo ends on {day}");
    let text = landing.text();
    assert!(!text.contains("public record"), "{text}");
    for told in [
        format!("record, which is not public {until}."),
        format!("Nothing about this project is written to your ORCID record {until}."),
    ] {
        assert!(text.contains(&told), "{told}: {text}");
    }
    let result = accept(stage, &browser, &link, OKAFOR).await;
    assert_eq!(result.heading(), "Thank you: you joined the project");
    assert!(result.text().contains(&until), "{}", result.text());
    agency.rest().await;
    assert!(stage.orcid.memberships(OKAFOR).await.is_empty());
}
