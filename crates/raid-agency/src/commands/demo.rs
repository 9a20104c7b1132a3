//! `raid-agency demo`: the whole workflow, step by step, against a running instance.

mod browser;
mod watch;

use crate::application::demo_token_file;
use crate::orcid::Hosts;
use crate::settings::Settings;
use anyhow::{Context as _, bail, ensure};
use browser::Browser;
use raid_model::OrcidId;
use rand::RngExt as _;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;
use watch::{Watch, eventually};

/// A real request; its contributor is replaced by a researcher who is new to the simulator.
const EXAMPLE: &str = include_str!("../../../../examples/raid-min.json");

/// A look at what stands, with what it is called.
struct Demo {
    http: reqwest::Client,
    agency: Url,
    watch: Watch,
    token: String,
    orcid: OrcidId,
}

/// Walks through the workflow, and fails at the first thing that is not as it should be.
pub(crate) async fn demo(
    settings: &Settings,
    agency: Option<Url>,
    simulator: Option<Url>,
) -> anyhow::Result<()> {
    let agency = agency.unwrap_or_else(|| settings.server.public_url.get().clone());
    let simulator = match simulator {
        Some(url) => url,
        None => Hosts::of(settings)?.web,
    };
    let file = demo_token_file(settings);
    let token = std::fs::read_to_string(&file)
        .with_context(|| format!("{}: is the agency running (`make run`)?", file.display()))?;
    let http = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()?;
    let orcid = somebody()?;
    let watch = Watch::new(http.clone(), simulator.clone(), orcid);
    let demo = Demo {
        http,
        agency,
        watch,
        token: token.trim().to_owned(),
        orcid,
    };
    demo.watch.add_researcher("Demo Researcher").await?;
    println!("A researcher who is new to us: {orcid}\n");
    demo.run(&simulator).await?;
    println!(
        "\nAll as it should be. Their record: {}",
        simulator.join(&orcid.to_string())?
    );
    Ok(())
}

/// A random iD, with its check character.
fn somebody() -> anyhow::Result<OrcidId> {
    let n: u32 = rand::rng().random_range(0..10_000_000);
    let digits = format!("0000-0002-{:04}-{:03}", n / 1000, n % 1000);
    "0123456789X"
        .chars()
        .find_map(|check| format!("{digits}{check}").parse().ok())
        .context("no check character fits")
}

impl Demo {
    async fn run(&self, simulator: &Url) -> anyhow::Result<()> {
        step(2, "mint a RAiD");
        let mut request: Value = serde_json::from_str(EXAMPLE)?;
        request["contributor"][0]["id"] = json!(format!("https://orcid.org/{}", self.orcid));
        let first = self.mint(&request).await?;
        let title = text(&first["title"][0]["text"]);
        saw(&format!(
            "201, {} version 1, “{title}”",
            text(&first["identifier"]["id"])
        ));
        saw(&format!(
            "contributor status {}",
            text(&first["contributor"][0]["status"])
        ));

        step(
            3,
            "a permission notification in the ORCID inbox, granted by pressing the buttons",
        );
        let (subject, after) = eventually("a notification that names the project", || {
            self.watch.notification(&title)
        })
        .await?;
        saw(&format!(
            "after {after:.1} s: “{subject}”, naming “{title}”"
        ));
        ensure!(
            self.watch.memberships().await?.is_empty(),
            "written before the permission"
        );
        self.grant(simulator).await?;

        step(4, "the project on the ORCID record");
        let handle = handle_of(&first)?;
        let (entry, after) = eventually("the membership", || {
            self.watch.membership(&handle, |_| true)
        })
        .await?;
        saw(&format!("after {after:.1} s: {}", show(&entry)));
        for (member, wanted) in [("organization", title.as_str()), ("url", "/raids/")] {
            let found = match member {
                "organization" => text(&entry["organization"]["name"]),
                other => text(&entry[other]),
            };
            ensure!(
                found.contains(wanted),
                "{member} is “{found}”, not “{wanted}”"
            );
        }

        step(5, "a second RAiD appears by itself, with no new question");
        request["title"][0]["text"] = json!("Night sounds of the harbour");
        let second = self.mint(&request).await?;
        let second_handle = handle_of(&second)?;
        let (entry, after) = eventually("the second membership", || {
            self.watch.membership(&second_handle, |_| true)
        })
        .await?;
        saw(&format!("after {after:.1} s: {}", show(&entry)));
        let asked = self.watch.questions().await?;
        ensure!(asked == 1, "the researcher was asked {asked} times");
        saw("the researcher was asked once");

        step(6, "the record follows: title, role, end date, removal");
        let mut record = self.get(&handle).await?;
        ensure!(
            record["contributor"][0]["status"] == "AUTHENTICATED",
            "the contributor's status is {}",
            record["contributor"][0]["status"]
        );
        record["title"][0]["text"] = json!("Night sounds of the city parks, second season");
        let position = &mut record["contributor"][0]["position"][0];
        position["id"] = json!("https://vocabulary.raid.org/contributor.position.schema/308");
        position["endDate"] = json!("2026-10");
        self.put(&handle, &record).await?;
        let (entry, after) = eventually("title, role and end date to follow", || {
            self.watch.membership(&handle, |entry| {
                entry["end_date"] == "2026-10"
                    && text(&entry["organization"]["name"]).ends_with("second season")
                    && text(&entry["role_title"]).starts_with("Co-investigator")
            })
        })
        .await?;
        saw(&format!("after {after:.1} s: {}", show(&entry)));
        let mut record = self.get(&second_handle).await?;
        record["contributor"][0]["id"] = json!("https://orcid.org/0000-0001-5109-3700");
        self.put(&second_handle, &record).await?;
        let ((), after) =
            eventually("the removal", || self.watch.no_membership(&second_handle)).await?;
        saw(&format!(
            "after {after:.1} s: removed as a contributor, and from the record"
        ));
        ensure!(
            self.watch.memberships().await?.len() == 1,
            "one entry should be left"
        );
        Ok(())
    }

    /// As a person would: inbox, our page, ORCID's sign-in and consent, our result page.
    async fn grant(&self, simulator: &Url) -> anyhow::Result<()> {
        let mut browser = Browser::new()?;
        let inbox = format!("researchers/{}/inbox", self.orcid);
        browser.open(simulator.join(&inbox)?).await?;
        browser.follow("Grant permission").await?;
        ensure!(
            browser.url().path().ends_with("/orcid/landing"),
            "landed on {}",
            browser.url().path()
        );
        saw(&format!("our page: “{}”", browser.heading()));
        browser.press("Continue to ORCID", &[]).await?;
        if browser.has_button("Sign in") {
            browser
                .press("Sign in", &[("orcid", &self.orcid.to_string())])
                .await?;
        }
        saw(&format!("ORCID: “{}”", browser.heading()));
        browser.press("Authorize access", &[]).await?;
        saw(&format!("back with us: “{}”", browser.heading()));
        ensure!(
            browser.heading().starts_with("Thank you"),
            "the grant did not arrive"
        );
        Ok(())
    }

    async fn mint(&self, request: &Value) -> anyhow::Result<Value> {
        let (status, body) = self.call(Method::POST, "raid/", Some(request)).await?;
        ensure!(
            status == StatusCode::CREATED,
            "{status} instead of 201: {body}"
        );
        Ok(body)
    }

    async fn get(&self, handle: &str) -> anyhow::Result<Value> {
        let (status, body) = self
            .call(Method::GET, &format!("raid/{handle}"), None)
            .await?;
        ensure!(status == StatusCode::OK, "{status} instead of 200: {body}");
        Ok(body)
    }

    async fn put(&self, handle: &str, record: &Value) -> anyhow::Result<()> {
        let path = format!("raid/{handle}");
        let (status, body) = self.call(Method::PUT, &path, Some(record)).await?;
        ensure!(status == StatusCode::OK, "{status} instead of 200: {body}");
        saw(&format!(
            "PUT: 200, version {}",
            body["identifier"]["version"]
        ));
        Ok(())
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let url = self.agency.join(path)?;
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request
            .send()
            .await
            .context("is the agency running (`make run`)?")?;
        let status = answer.status();
        let text = answer.text().await?;
        Ok((
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        ))
    }
}

fn step(number: u8, what: &str) {
    println!("Step {number}: {what}");
}

fn saw(what: &str) {
    println!("   {what}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn show(entry: &Value) -> String {
    format!(
        "“{}” | {} | {} to {} | raid: {}",
        text(&entry["organization"]["name"]),
        text(&entry["role_title"]),
        text(&entry["start_date"]),
        entry["end_date"].as_str().unwrap_or("present"),
        text(&entry["external_ids"][0]["value"]),
    )
}

fn handle_of(record: &Value) -> anyhow::Result<String> {
    let id = text(&record["identifier"]["id"]);
    match id.strip_prefix("https://raid.org/") {
        Some(handle) => Ok(handle.to_owned()),
        None => bail!("{id} is no RAiD"),
    }
}
