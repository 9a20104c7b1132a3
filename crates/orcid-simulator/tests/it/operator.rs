//! The operator's readings and switches, and what survives a restart.

use std::sync::Arc;

use orcid_simulator::{Settings, Simulator};
use reqwest::Method;
use serde_json::{Value, json};

use crate::documents::{MEMBERSHIP, NOTIFICATION};
use crate::harness::{Browser, CARBERRY, SECRET, Sim, http, settings};

#[tokio::test]
async fn what_was_received_can_be_read() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let post = format!("/v3.0/{CARBERRY}/membership");
    sim.post(&post, &token, MEMBERSHIP).await;
    let messages = sim.operator(Method::GET, "messages", Value::Null).await;
    let messages = messages["messages"].as_array().unwrap();
    assert_eq!(
        messages.len(),
        1,
        "token requests and their secrets are not kept"
    );
    assert_eq!(messages[0]["kind"], "membership_create");
    assert_eq!(messages[0]["body"], MEMBERSHIP);

    let record = sim.record(CARBERRY).await;
    let membership = &record["memberships"][0];
    assert_eq!(membership["organization"]["name"], "Reef Watch");
    assert_eq!(membership["start_date"], "2024-03-01");
    assert_eq!(membership["external_ids"][0]["value"], "10.82841/c588ab06");
    assert!(
        !record.to_string().contains(&token),
        "states only, no secrets"
    );
    let tokens = sim.operator(Method::GET, "tokens", Value::Null).await;
    assert_eq!(tokens["tokens"][0]["access_token"], token);
}

#[tokio::test]
async fn counters_and_all_else_can_be_reset() {
    let sim = Sim::start();
    let token = sim.grant(CARBERRY).await;
    let post = format!("/v3.0/{CARBERRY}/membership");
    sim.post(&post, &token, MEMBERSHIP).await.put_code();
    sim.operator(Method::DELETE, "counters", Value::Null).await;
    assert_eq!(sim.counters().await["total"], 0);
    assert_eq!(
        sim.record(CARBERRY).await["memberships"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    sim.operator(Method::POST, "reset", json!({})).await;
    assert_eq!(sim.record(CARBERRY).await["memberships"], json!([]));
    assert_eq!(sim.get(&post, &token).await.status, 401, "grants are gone");
}

#[tokio::test]
async fn researchers_can_be_added() {
    let sim = Sim::start();
    let new = json!({ "orcid": "0000-0003-0000-0009", "name": "New Person" });
    let answer = sim.http.post(sim.web("/operator/records")).json(&new);
    let status = answer.send().await.unwrap().status();
    assert_eq!(status, 400, "a wrong check digit");
    let good = (0..11).find_map(|last| {
        let digit = if last == 10 {
            "X".to_owned()
        } else {
            last.to_string()
        };
        let id = format!("0000-0003-0000-000{digit}");
        id.parse::<orcid_simulator::OrcidId>().ok()
    });
    let good = good.unwrap();
    sim.operator(
        Method::POST,
        "records",
        json!({ "orcid": good, "name": "New Person" }),
    )
    .await;
    assert_eq!(sim.record(good.as_str()).await["name"], "New Person");
    sim.grant(good.as_str()).await;
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let folder = std::env::temp_dir().join(format!("orcid-simulator-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("state.json");
    let with_file = || Settings {
        state_file: Some(file.clone()),
        ..settings()
    };

    let sim = Sim::with(with_file());
    let token = sim.grant(CARBERRY).await;
    let premium = sim.client_token("/premium-notification").await;
    let post = format!("/v3.0/{CARBERRY}/membership");
    let invite = format!("/v3.0/{CARBERRY}/notification-permission");
    let put_code = sim.post(&post, &token, MEMBERSHIP).await.put_code();
    // What was answered is kept, however the process ends.
    for n in 0..5 {
        let another = MEMBERSHIP.replace("10.82841/", &format!("10.82841/another-{n}-"));
        let put_code = sim.post(&post, &token, &another).await.put_code();
        let kept = std::fs::read_to_string(&file).unwrap();
        assert!(kept.contains(&put_code.to_string()), "{put_code}");
    }
    let another = Simulator::start(with_file()).err().unwrap();
    assert!(
        another.to_string().contains("another process uses"),
        "{another}"
    );
    let notification = sim.post(&invite, &premium, NOTIFICATION).await.put_code();
    sim.operator(Method::POST, "clock", json!({ "advance_seconds": 60 }))
        .await;
    sim.simulator.stop().await;

    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(
        !kept.contains(SECRET),
        "the client's secret comes from the settings"
    );
    let sim = Sim::with(with_file());
    assert_eq!(
        sim.get(&format!("{post}/{put_code}"), &token).await.status,
        200
    );
    assert_eq!(
        sim.get(&format!("{invite}/{notification}"), &premium)
            .await
            .status,
        200
    );
    let next = sim.post(&invite, &premium, NOTIFICATION).await.put_code();
    assert!(next > notification, "put-codes are never given twice");
    let clock = sim
        .operator(Method::POST, "clock", json!({ "advance_seconds": 0 }))
        .await;
    assert_eq!(clock["offset_seconds"], 60);
    Browser::signed_in(&sim, CARBERRY).await;
    drop(sim);

    std::fs::write(&file, "not a state").unwrap();
    let error = Simulator::start(with_file())
        .err()
        .expect("a broken file is not overwritten");
    assert!(error.to_string().contains("move it away"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn stopping_closes_both_hosts() {
    let sim = Sim::start();
    let (web, api) = (sim.web("/"), sim.api("/v3.0/apiStatus"));
    assert_ne!(sim.simulator.web_url(), sim.simulator.api_url());
    sim.simulator.stop().await;
    let client = http(false);
    assert!(client.get(web).send().await.is_err());
    assert!(client.get(api).send().await.is_err());
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let sim = Sim::start();
    let taken = sim.simulator.web_url();
    let address = taken.strip_prefix("http://").unwrap().parse().unwrap();
    let error = Simulator::start(Settings {
        web: address,
        ..settings()
    })
    .err()
    .unwrap();
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn public_addresses_are_used_where_they_are_shown() {
    let settings = Settings {
        public_web_url: Some("https://orcid.example/".to_owned()),
        public_api_url: Some("https://api.orcid.example".to_owned()),
        ..settings()
    };
    let simulator = Simulator::start(settings).unwrap();
    assert_eq!(simulator.web_url(), "https://orcid.example");
    assert_eq!(simulator.api_url(), "https://api.orcid.example");
}

#[tokio::test]
async fn time_comes_from_the_settings_and_the_operator() {
    let fixed = time::macros::datetime!(2031-05-06 07:08:09 UTC);
    let settings = Settings {
        clock: Arc::new(move || fixed),
        ..settings()
    };
    let sim = Sim::with(settings);
    let token = sim.grant(CARBERRY).await;
    let post = format!("/v3.0/{CARBERRY}/membership");
    sim.post(&post, &token, MEMBERSHIP).await.put_code();
    let created = sim.record(CARBERRY).await["memberships"][0]["created"].clone();
    assert_eq!(created, "2031-05-06T07:08:09.000Z");
    let clock = sim
        .operator(Method::POST, "clock", json!({ "advance_seconds": 60 }))
        .await;
    assert_eq!(clock["now"], "2031-05-06T07:09:09.000Z");
}
