//! Tokens that name many strangers: bounded, and nothing is lost.

use crate::agreement::people;
use crate::mail::letters;
use crate::steps::operator;
use raid_tests::examples::{self, CARBERRY, handle_of, titled, with_people};
use raid_tests::{Client, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    many_new_people_wait_for_the_next_day_or_an_operator,
    a_raid_with_many_new_people_waits_for_an_operator,
    a_withdrawn_raid_holds_nobody,
    many_invitations_are_refused,
    many_objections_are_an_alarm,
);

/// How many of these people have a question in their inbox.
async fn asked(stage: &Stage, people: &[String]) -> usize {
    let mut asked = 0;
    for person in people {
        asked += usize::from(!stage.orcid.requests(person).await.is_empty());
    }
    asked
}

async fn all_are_asked(stage: &Stage, people: &[String]) {
    eventually("all to be asked", async || {
        (asked(stage, people).await == people.len()).then_some(())
    })
    .await;
}

/// How the contributors of a RAiD stand: the states of their entries.
async fn states(client: &Client, handle: &str) -> Vec<String> {
    let path = format!("/v1/raids/{handle}/contributors");
    let shown = client.get(&path).await.expect(200);
    let state = |it: &Value| it["entry"]["state"].as_str().unwrap().to_owned();
    shown.as_array().unwrap().iter().map(state).collect()
}

async fn many_new_people_wait_for_the_next_day_or_an_operator(stage: &Stage) {
    let agency = stage.agency_with("[quotas]\nnew_people_per_day = 4").await;
    let people = people(&stage.orcid, 12).await;
    let client = agency.client();
    let mut handles = Vec::new();
    for pair in people.chunks(2) {
        let request = with_people("Cannon", pair.iter().map(String::as_str));
        // Minting is never refused.
        handles.push(handle_of(&client.mint(&request).await));
    }
    let held = r#"raid_namings{state="held_day"}"#;
    eventually("people to be held", async || {
        (agency.metric(held).await == 8).then_some(())
    })
    .await;
    eventually("four to be asked", async || {
        (asked(stage, &people).await == 4).then_some(())
    })
    .await;
    agency.rest().await;
    assert_eq!(asked(stage, &people).await, 4);
    // Whose turn comes first is open, but four people are of four RAiDs at most.
    let mut all_held = Vec::new();
    for handle in &handles {
        if states(&client, handle).await == ["held", "held"] {
            all_held.push(handle);
        }
    }
    assert!(all_held.len() >= 2, "{all_held:?}");
    assert_eq!(
        agency
            .metric(r#"raid_people_held_total{because="day"}"#)
            .await,
        8
    );
    let told = stage.command(&["why", all_held[0]]).output();
    assert!(
        told.contains("entry: held. It waits: the service point named"),
        "{told}"
    );
    assert!(
        stage
            .logs()
            .contains("people whom a service point named for the first time are held")
    );

    // Whoever is known already is not held.
    let mut known = people.iter();
    let known = loop {
        let person = known.next().unwrap();
        if asked(stage, std::slice::from_ref(person)).await == 1 {
            break person;
        }
    };
    let known = with_people("Known", [known.as_str()]);
    let known = handle_of(&client.mint(&known).await);
    agency.rest().await;
    assert_eq!(states(&client, &known).await, ["none"]);

    let operator = operator(stage, &agency);
    let waiting = operator.get("/v1/service-points/waiting").await.expect(200);
    assert_eq!(waiting[0]["held"]["peopleByDay"], 8);
    assert_eq!(waiting[0]["today"]["newPeople"], 4);
    assert_eq!(waiting[0]["alarms"], json!(["new-people"]));
    let release = "/v1/service-points/10000000/release";
    client.post(release, &Value::Null).await.expect(403);
    let released = operator.post(release, &Value::Null).await.expect(200);
    assert_eq!(released["people"], 8);
    all_are_asked(stage, &people).await;
    let again = operator.post(release, &Value::Null).await.expect(200);
    assert_eq!(again["people"], 0);
}

async fn a_raid_with_many_new_people_waits_for_an_operator(stage: &Stage) {
    let agency = stage.agency_with("[quotas]\nnew_people_per_raid = 3").await;
    let people = people(&stage.orcid, 7).await;
    let client = agency.client();
    let many = with_people("Many", people[..5].iter().map(String::as_str));
    let many = handle_of(&client.mint(&many).await);
    let few = with_people("Few", [people[5].as_str()]);
    client.mint(&few).await;
    all_are_asked(stage, &people[5..6]).await;
    agency.rest().await;
    assert_eq!(asked(stage, &people).await, 1);
    assert_eq!(states(&client, &many).await, ["held"; 5]);
    let operator = operator(stage, &agency);
    let waiting = operator.get("/v1/service-points/waiting").await.expect(200);
    assert_eq!(waiting[0]["held"]["peopleByRaid"], 5);
    assert_eq!(waiting[0]["raids"], json!([many]));

    let release = format!("/v1/raids/{many}/release");
    let released = operator.post(&release, &Value::Null).await.expect(200);
    assert_eq!(released["people"], 5);
    all_are_asked(stage, &people[..6]).await;
    // One more is not many.
    client
        .edit(&many, |raid| crate::cast::add_person(raid, &people[6]))
        .await;
    all_are_asked(stage, &people).await;
}

/// Nor one that was corrected: what else names the people is looked at again.
async fn a_withdrawn_raid_holds_nobody(stage: &Stage) {
    let agency = stage.agency_with("[quotas]\nnew_people_per_raid = 3").await;
    let people = people(&stage.orcid, 8).await;
    let client = agency.client();
    let operator = operator(stage, &agency);
    let many = |title, people: &[String]| with_people(title, people.iter().map(String::as_str));
    let withdrawn = handle_of(&client.mint(&many("Withdrawn", &people[..4])).await);
    let corrected = handle_of(&client.mint(&many("Corrected", &people[4..])).await);
    let held = r#"raid_namings{state="held_raid"}"#;
    eventually("all to be held", async || {
        (agency.metric(held).await == 8).then_some(())
    })
    .await;
    client.mint(&many("One of them", &people[..1])).await;
    crate::steps::withdraw(stage, &agency, &withdrawn).await;
    all_are_asked(stage, &people[..1]).await;
    client
        .edit(&corrected, |raid| {
            raid["contributor"].as_array_mut().unwrap().truncate(1);
        })
        .await;
    eventually("those who are named to be left", async || {
        let waiting = operator.get("/v1/service-points/waiting").await.expect(200);
        (waiting[0]["held"]["peopleByRaid"] == 1).then_some(())
    })
    .await;
    let release = "/v1/service-points/10000000/release";
    let released = operator.post(release, &Value::Null).await.expect(200);
    assert_eq!(released["people"], 1);
    all_are_asked(stage, &people[4..5]).await;
    agency.rest().await;
    assert_eq!(asked(stage, &people).await, 2);
}

async fn many_invitations_are_refused(stage: &Stage) {
    let quotas = "[quotas]\nmails_per_day = 4\nmails_per_address_per_day = 2";
    let agency = stage.agency_with(quotas).await;
    let client = agency.client();
    let person = examples::minimal()["contributor"][0].clone();
    let invitation = |email: &str| json!({ "email": email, "position": person["position"], "role": person["role"] });
    let mut paths = Vec::new();
    for _ in 0..3 {
        let handle = handle_of(&client.mint(&examples::minimal()).await);
        paths.push(format!("/v1/raids/{handle}/invitations"));
    }
    let victim = invitation("victim@university.example");
    client.post(&paths[0], &victim).await.expect(201);
    // The same mailbox by other names.
    let spelled = invitation("Victim+x@University.example");
    client.post(&paths[1], &spelled).await.expect(201);
    let refused = client.post(&paths[2], &victim).await;
    let problem = refused.expect(429);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("about all RAiDs"),
        "{problem}"
    );
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=24 * 60 * 60 + 1).contains(&wait), "{wait}");
    for name in ["one", "two"] {
        let other = invitation(&format!("{name}@university.example"));
        client.post(&paths[2], &other).await.expect(201);
    }
    let other = invitation("three@university.example");
    let problem = client.post(&paths[2], &other).await.expect(429);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("The service point has sent"), "{problem}");
    // What was asked for before is answered as before.
    client.post(&paths[0], &victim).await.expect(200);
    let letters = eventually("the mails", async || {
        let letters = letters(stage);
        (letters.len() == 4).then_some(letters)
    })
    .await;
    for letter in &letters {
        let subject = letter.lines().find(|line| line.starts_with("Subject:"));
        assert_eq!(
            subject,
            Some("Subject: Invitation to a research project"),
            "{letter}"
        );
    }
    let kept = stage.database_content();
    assert!(
        !kept.to_lowercase().contains("victim"),
        "the address is kept"
    );
}

async fn many_objections_are_an_alarm(stage: &Stage) {
    let agency = stage.agency_with("[quotas]\nobjections_alarm = 1").await;
    agency.client().mint(&examples::minimal()).await;
    let browser = raid_tests::Browser::new();
    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    browser
        .press(&landing, "I am not part of this project")
        .await;
    let operator = operator(stage, &agency);
    let waiting = operator.get("/v1/service-points/waiting").await.expect(200);
    assert_eq!(waiting[0]["today"]["objections"], 1);
    assert_eq!(waiting[0]["alarms"], json!(["objections"]));
    // To say it again is one objection, and so is what the same person says of other projects.
    agency.client().mint(&titled("Another")).await;
    let another = eventually("the other project on the page", async || {
        let page = browser.open(landing.url.as_str()).await;
        page.text().contains("Another").then_some(page)
    })
    .await;
    browser
        .press(&another, "I am not part of this project")
        .await;
    browser
        .press(&landing, "I am not part of this project")
        .await;
    assert_eq!(agency.metric("raid_objections_total").await, 1);
    assert_eq!(agency.metric("raid_objection_alarms_total").await, 1);
    eventually("the warning in the log", async || {
        stage
            .logs()
            .contains("many people object today")
            .then_some(())
    })
    .await;
}
