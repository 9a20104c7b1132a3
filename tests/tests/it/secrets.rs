//! Tokens, codes and keys stay where they belong: after a workflow full of faults none of them is
//! in the database, the debug logs, the metrics or a page, in any form.

use crate::search::holds;
use crate::steps::retitle;
use raid_tests::examples::{self, CARBERRY, OKAFOR, handle_of};
use raid_tests::{Agency, Browser, Page, Stage};
use serde_json::{Value, json};
use std::path::Path;
use url::Url;

raid_tests::on_both_databases!(no_secret_leaves_its_place);

/// Where a secret could turn up, with a name to say so.
struct Places(Vec<(String, String)>);

impl Places {
    fn holding(&self, text: &str) -> Vec<&str> {
        let places = self.0.iter().filter(|(_, content)| holds(content, text));
        places.map(|(name, _)| name.as_str()).collect()
    }
}

async fn no_secret_leaves_its_place(stage: &Stage) {
    let agency = stage.agency().await;
    let mut secrets = vec![(
        "the client's secret".to_owned(),
        stage.orcid.client_secret().into(),
    )];
    let mut pages = Vec::new();
    let project = handle_of(&agency.client().mint(&people([CARBERRY, OKAFOR])).await);

    grant(stage, CARBERRY, &mut secrets, &mut pages).await;
    stage.orcid.membership(CARBERRY, &project).await;
    granted_by_another(stage, &mut secrets, &mut pages).await;
    codes_that_fail(stage, &mut secrets, &mut pages).await;
    agency.rest().await;
    trouble(stage, &agency, &project, &mut secrets).await;

    secrets.extend(live_tokens(stage).await);
    secrets.extend(keys(&stage.data().join("secrets")));
    let token = std::fs::read_to_string(stage.data().join("demo.token")).unwrap();
    secrets.push(("the API token".to_owned(), token.trim().to_owned()));
    for expected in [
        "Carberry's access",
        "Carberry's refresh",
        "code",
        "sealing.key",
        "links.key",
    ] {
        assert!(
            secrets.iter().any(|(name, _)| name.contains(expected)),
            "no {expected}"
        );
    }

    mangled_links(&agency, &pages).await;
    let (links, logs) = (links_in(&pages), stage.logs());
    assert!(links.len() >= 4, "no links: {links:?}");
    for link in &links {
        assert!(!holds(&logs, link), "{link} is in the logs");
    }
    let mut places = places(stage, &agency, &pages).await;
    for (name, secret) in &secrets {
        assert!(secret.len() >= 6, "{name} is too short to be found");
        assert_eq!(places.holding(secret), [""; 0], "{name} is in");
    }
    assert_can_fail(&mut places, &project, &secrets);
}

fn people<const N: usize>(people: [&str; N]) -> Value {
    examples::with_people("Nothing to hide", people)
}

type Secrets = Vec<(String, String)>;

async fn grant(stage: &Stage, orcid: &str, secrets: &mut Secrets, pages: &mut Vec<Page>) {
    let browser = Browser::new();
    let landing = browser.open_request(&stage.orcid, orcid).await;
    let consent = browser.press(&landing, "Continue to ORCID").await;
    let result = browser.press(&consent, "Authorize access").await;
    secrets.extend(codes_in(&result.trail));
    pages.extend([landing, result]);
}

/// Okafor's link, used by Carberry: a pair that is kept only to be revoked.
async fn granted_by_another(stage: &Stage, secrets: &mut Secrets, pages: &mut Vec<Page>) {
    let browser = Browser::new();
    let landing = browser.open_request(&stage.orcid, OKAFOR).await;
    browser.sign_in_as(&stage.orcid, CARBERRY).await;
    let result = browser.press(&landing, "Continue to ORCID").await;
    let result = match result.heading().as_str() {
        "Authorize access" => browser.press(&result, "Authorize access").await,
        _ => result,
    };
    assert_eq!(result.heading(), "This was another ORCID account");
    secrets.extend(codes_in(&result.trail));
    pages.push(result);
}

/// ORCID's answers to codes that it does not take tell the code.
async fn codes_that_fail(stage: &Stage, secrets: &mut Secrets, pages: &mut Vec<Page>) {
    let browser = Browser::new();
    let mut page = browser.open_request(&stage.orcid, OKAFOR).await;
    for bogus in ["bogus-code-1f7c", "bogus-code-\u{202e}9a2e\r\nX: y"] {
        let consent = browser.press(&page, "Continue to ORCID").await;
        let mut callback = browser.press_to(&consent, "Authorize access").await;
        secrets.extend(codes_in(std::slice::from_ref(&callback)));
        let visit = callback
            .query_pairs()
            .find(|(n, _)| n == "state")
            .unwrap()
            .1
            .into_owned();
        callback
            .query_pairs_mut()
            .clear()
            .append_pair("code", bogus);
        callback.query_pairs_mut().append_pair("state", &visit);
        page = browser.open(callback.as_str()).await;
        assert_eq!(page.heading(), "ORCID did not confirm your permission");
        secrets.push(("a bogus code".to_owned(), bogus.to_owned()));
        pages.push(page.clone());
    }
}

/// Refusals that echo the token, and answers that break off.
async fn trouble(stage: &Stage, agency: &Agency<'_>, handle: &str, secrets: &mut Secrets) {
    let faults = [
        json!({ "kind": "spurious_401", "when": { "next": 3 } }),
        json!({ "kind": "drop_after_commit", "when": { "next": 1 } }),
        json!({ "kind": "html_502", "when": { "next": 2 } }),
        json!({ "kind": "server_error", "when": { "next": 2 } }),
        json!({ "kind": "too_many_requests", "when": { "next": 2 } }),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        stage.orcid.fault(fault).await;
        let title = format!("Trouble {number}");
        retitle(agency, handle, &title).await;
        let follows = |e: &Value| e["department_name"] == *title;
        stage.orcid.membership_that(CARBERRY, handle, follows).await;
        stage.orcid.heal().await;
    }
    // A withdrawn token is still a secret: it is in the calls that find out.
    secrets.extend(live_tokens(stage).await);
    stage.orcid.revoke(CARBERRY).await;
    retitle(agency, handle, "After all").await;
    crate::steps::people_are(agency, 1, "revoked").await;
    agency.rest().await;
}

fn codes_in(trail: &[Url]) -> Secrets {
    let codes = trail
        .iter()
        .flat_map(|url| url.query_pairs().into_owned().collect::<Vec<_>>());
    codes
        .filter(|(name, _)| name == "code")
        .map(|(_, code)| ("a code".to_owned(), code))
        .collect()
}

/// What opens a page or ends a visit, wherever a browser was with it.
fn links_in(pages: &[Page]) -> Vec<String> {
    let urls = pages
        .iter()
        .flat_map(|page| page.trail.iter().chain([&page.url]));
    let values = urls.flat_map(|url| url.query_pairs().into_owned().collect::<Vec<_>>());
    values
        .filter(|(name, value)| matches!(name.as_str(), "i" | "state") && value.starts_with("v1."))
        .map(|(_, value)| value)
        .collect()
}

/// Mail programs write `?` as `%3F` at times, so that a link stands in the path.
async fn mangled_links(agency: &Agency<'_>, pages: &[Page]) {
    for link in links_in(pages) {
        for page in ["orcid/landing", "invitation", "orcid/callback"] {
            let url = format!("{}/{page}%3Fi={link}", agency.url());
            assert_ne!(Browser::new().open(&url).await.status, 200);
        }
    }
}

async fn live_tokens(stage: &Stage) -> Secrets {
    let mut found = Vec::new();
    for token in stage.orcid.tokens().await {
        let owner = match token["orcid"].as_str() {
            Some(CARBERRY) => "Carberry's",
            Some(_) => "somebody's",
            None => "the client's",
        };
        for kind in ["access", "refresh"] {
            if let Some(secret) = token[format!("{kind}_token")].as_str() {
                found.push((format!("{owner} {kind} token"), secret.to_owned()));
            }
        }
    }
    found
}

fn keys(folder: &Path) -> Secrets {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .map(|file| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            (
                name,
                std::fs::read_to_string(&file).unwrap().trim().to_owned(),
            )
        })
        .collect()
}

async fn places(stage: &Stage, agency: &Agency<'_>, pages: &[Page]) -> Places {
    let mut places = vec![
        ("the database".to_owned(), stage.database_content()),
        ("the logs".to_owned(), stage.logs()),
    ];
    let client = agency.client();
    for path in ["/raid/", "/service-point/", "/openapi.json"] {
        let reply = client.get(path).await;
        assert_eq!(reply.status, 200, "{path}");
        places.push((path.to_owned(), reply.text));
    }
    let metrics = agency.watcher().get("/metrics").await;
    assert_eq!(metrics.status, 200);
    places.push(("/metrics".to_owned(), metrics.text));
    for page in pages {
        places.push((page.url.to_string(), page.url.to_string()));
        places.push((format!("the page at {}", page.url), page.html.clone()));
    }
    Places(places)
}

/// The places are the right ones, and a secret that was there would be found.
fn assert_can_fail(places: &mut Places, handle: &str, secrets: &[(String, String)]) {
    let found = places.holding(handle);
    assert!(
        found.contains(&"the database") && found.contains(&"the logs"),
        "{found:?}"
    );
    for (name, content) in &mut places.0 {
        let (_, secret) = &secrets[0];
        content.push_str(secret);
        assert!(
            holds(content, secret),
            "what is planted in {name} is not found"
        );
    }
}
