//! Our pages: well made, safe with any text, and harmless to look at.

use crate::mail::{letters, link_in};
use crate::steps::granted_project;
use raid_tests::examples::{self, CARBERRY, OKAFOR, handle_of};
use raid_tests::{Agency, Browser, Page, Stage, eventually};
use serde_json::{Value, json};

raid_tests::on_both_databases!(
    every_page_is_well_made,
    every_bad_link_leads_to_a_page_that_says_so,
    no_text_becomes_markup,
    looking_changes_nothing,
    the_description_of_the_api_needs_nothing_from_elsewhere,
    an_old_link_says_that_it_is_old,
);

/// What holds for each page: it can be read by everybody, works without scripts, and brings
/// nothing from elsewhere.
fn assert_well_made(page: &Page) {
    let Page { url, html, .. } = page;
    assert_eq!(
        page.header("content-type"),
        "text/html; charset=utf-8",
        "{url}"
    );
    let languages = page.attributes("html", "lang");
    assert_eq!(languages, ["en"], "the language of {url}");
    let titles = page.texts("head > title");
    assert_eq!(titles.len(), 1, "{url}");
    assert!(titles[0].len() > 3, "the title of {url}: {titles:?}");
    let headings = page.texts("h1");
    assert_eq!(headings.len(), 1, "{url}: {headings:?}");
    assert!(!headings[0].is_empty(), "the heading of {url}");
    assert!(page.texts("main h1").len() == 1, "{url} has no main part");
    assert_eq!(
        page.attributes("meta[name=viewport]", "content").len(),
        1,
        "{url}"
    );

    let from_elsewhere = "script, link, img, iframe, object, embed, style[src]";
    assert!(
        page.texts(from_elsewhere).is_empty(),
        "{url} needs more than itself: {html}"
    );
    for handler in ["onclick", "onload", "onsubmit", "onerror", "onmouseover"] {
        assert!(
            page.attributes("*", handler).is_empty(),
            "{handler} on {url}"
        );
    }
    for href in page.attributes("a", "href") {
        assert!(
            href.starts_with("http://") || href.starts_with("https://"),
            "{href} on {url}"
        );
    }
    let forms = page.attributes("form", "action");
    assert_eq!(
        page.attributes("form", "method"),
        vec!["post"; forms.len()],
        "{url}"
    );
    assert_eq!(
        page.texts("form button[type=submit]").len(),
        forms.len(),
        "{url}"
    );
    assert!(
        page.texts("form input:not([type=hidden])").is_empty(),
        "an input without a label"
    );

    let policy = page.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{url}: {policy}");
    }
    assert!(!policy.contains("script-src"), "{url}: {policy}");
    assert_eq!(page.header("referrer-policy"), "no-referrer", "{url}");
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{url}");
}

/// Pages that are about one person are not kept by anything on the way.
pub fn assert_private(page: &Page) {
    assert_well_made(page);
    assert_eq!(page.header("cache-control"), "no-store", "{}", page.url);
}

async fn invitation_link(stage: &Stage, agency: &Agency<'_>, handle: &str) -> String {
    let person = examples::minimal()["contributor"][0].clone();
    let request = json!({
        "email": "somebody@university.example",
        "position": person["position"],
        "role": person["role"],
    });
    let path = format!("/v1/raids/{handle}/invitations");
    agency.client().post(&path, &request).await.expect(201);
    let letter = eventually("the mail", async || letters(stage).pop()).await;
    link_in(&letter)
}

async fn every_page_is_well_made(stage: &Stage) {
    let agency = stage.agency().await;
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let invitation = invitation_link(stage, &agency, &handle).await;
    let browser = Browser::new();

    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    assert_private(&landing);
    let consent = browser.press(&landing, "Continue to ORCID").await;
    let denied = browser.press(&consent, "Deny access").await;
    assert_private(&denied);
    let consent = browser.press(&denied, "Do not ask me again").await;
    assert_private(&browser.press(&consent, "Deny access").await);

    browser.sign_in_as(&stage.orcid, OKAFOR).await;
    let consent = browser.press(&denied, "Continue to ORCID").await;
    let other = browser.press(&consent, "Authorize access").await;
    assert_eq!(other.heading(), "This was another ORCID account");
    assert_private(&other);

    browser.sign_in_as(&stage.orcid, CARBERRY).await;
    let consent = browser.press(&other, "Continue to ORCID").await;
    let callback = browser.press_to(&consent, "Authorize access").await;
    let elsewhere = Browser::new().open(callback.as_str()).await;
    assert_private(&elsewhere);
    let granted = browser.open(callback.as_str()).await;
    assert_eq!(
        granted.heading(),
        "Thank you: your projects go to your ORCID record"
    );
    assert_private(&granted);

    let invited = browser.open(&invitation).await;
    assert_private(&invited);
    browser.sign_in_as(&stage.orcid, OKAFOR).await;
    let consent = browser.press(&invited, "Continue to ORCID").await;
    let mut callback = browser.press_to(&consent, "Authorize access").await;
    let visit = callback
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    callback
        .query_pairs_mut()
        .clear()
        .append_pair("state", &visit);
    callback
        .query_pairs_mut()
        .append_pair("error", "server_error");
    let failed = browser.open(callback.as_str()).await;
    assert_eq!(failed.heading(), "ORCID did not confirm your permission");
    assert_private(&failed);

    let consent = browser.press(&failed, "Continue to ORCID").await;
    browser.press(&consent, "Authorize access").await;
    let gone = browser.open(&invitation).await;
    assert_eq!(gone.status, 410);
    assert_private(&gone);

    let given = browser
        .open(link_of(&stage.orcid.request(CARBERRY).await))
        .await;
    assert!(given.heading().starts_with("You gave permission on"));
    assert_private(&given);
    let button = "I am not part of this project";
    let consent = browser.press(&given, button).await;
    let stranger = browser.press(&consent, "Authorize access").await;
    assert_eq!(stranger.heading(), "This was another ORCID account");
    assert_private(&stranger);
    browser.sign_in_as(&stage.orcid, CARBERRY).await;
    let consent = browser.press(&stranger, "Continue to ORCID").await;
    let noted = browser.press(&consent, "Authorize access").await;
    assert_eq!(
        noted.heading(),
        "Thank you: you are not part of this project"
    );
    assert_private(&noted);
    let unknown = [("handle", "10.82841/nowhere")];
    assert_private(&browser.press_with(&given, button, &unknown).await);

    assert_well_made(
        &browser
            .open(&format!("{}/raids/{handle}", agency.url()))
            .await,
    );
    let unknown = browser
        .open(&format!("{}/raids/10.82841/nowhere", agency.url()))
        .await;
    assert_eq!(unknown.status, 404);
    assert_well_made(&unknown);
}

async fn every_bad_link_leads_to_a_page_that_says_so(stage: &Stage) {
    let agency = stage.agency().await;
    let browser = Browser::new();
    let handle = handle_of(&agency.client().mint(&examples::minimal()).await);
    let invitation = invitation_link(stage, &agency, &handle).await;
    let request = stage.orcid.request(CARBERRY).await;
    let landing = link_of(&request);
    // A link is good for what it was made for, and only as it was made.
    let signed = |link: &str| {
        let url = url::Url::parse(link).unwrap();
        url.query_pairs()
            .find(|(name, _)| name == "i")
            .unwrap()
            .1
            .into_owned()
    };
    let (of_landing, of_invitation) = (signed(landing), signed(&invitation));
    let cut = &of_landing[..of_landing.len() - 3];
    let paths = [
        "/orcid/landing".to_owned(),
        "/orcid/landing?i=".to_owned(),
        "/orcid/landing?i=garbage".to_owned(),
        format!("/orcid/landing?i={cut}"),
        format!("/orcid/landing?i={of_invitation}"),
        "/invitation".to_owned(),
        "/invitation?i=garbage".to_owned(),
        format!("/invitation?i={of_landing}"),
        "/orcid/callback".to_owned(),
        "/orcid/callback?code=abc".to_owned(),
        "/orcid/callback?state=garbage&code=abc".to_owned(),
        format!("/orcid/callback?state={of_landing}&code=abc"),
        "/orcid/callback?error=access_denied".to_owned(),
        "/orcid/result/nobody".to_owned(),
    ];
    for path in &paths {
        let page = browser.open(&format!("{}{path}", agency.url())).await;
        assert_eq!(page.status, 400, "{path}: {}", page.html);
        assert_private(&page);
        assert!(
            page.heading().to_lowercase().contains("link"),
            "{path}: {}",
            page.heading()
        );
    }
    assert_eq!(stage.orcid.calls("token_code").await, 0);
}

const NASTY: &str =
    r#"<script>alert(1)</script> :: <b onclick="x()">'bold'</b> & "quoted" {{ 7*7 }}"#;

fn assert_shown_as_text(page: &Page) {
    assert!(page.text().contains(NASTY), "{}: {}", page.url, page.text());
    for markup in ["<script", "<b onclick", "<i>"] {
        assert!(
            !page.html.contains(markup),
            "{markup} on {}: {}",
            page.url,
            page.html
        );
    }
    assert_well_made(page);
}

async fn no_text_becomes_markup(stage: &Stage) {
    let settings = r#"
[agency]
name = "Agency::of <i>Odd</i> \"Names\""
contact = "<i>ask</i>::us@raid-agency.example"
"#;
    let agency = stage.agency_with(settings).await;
    let mut request = examples::titled(NASTY);
    request["description"] = json!([{
        "text": NASTY,
        "type": {
            "id": "https://vocabulary.raid.org/description.type.schema/318",
            "schemaUri": "https://vocabulary.raid.org/description.type.schema/320",
        },
    }]);
    let handle = handle_of(&agency.client().mint(&request).await);
    let invitation = invitation_link(stage, &agency, &handle).await;
    let browser = Browser::new();
    assert_shown_as_text(
        &browser
            .open(&format!("{}/raids/{handle}", agency.url()))
            .await,
    );
    assert_shown_as_text(&browser.open(&invitation).await);

    // `::` would make ORCID take the text for something else, without the button.
    let notification = stage.orcid.request(CARBERRY).await;
    for text in [&notification["intro"], &notification["subject"]] {
        assert!(!text.as_str().unwrap().contains("::"), "{notification:#}");
    }
    let landing = browser.open_request(&stage.orcid, CARBERRY).await;
    assert_shown_as_text(&landing);
    let consent = browser.press(&landing, "Continue to ORCID").await;
    assert_shown_as_text(&browser.press(&consent, "Authorize access").await);
    let entry = stage.orcid.membership(CARBERRY, &handle).await;
    assert_eq!(entry["department_name"], NASTY);

    let embargoed = agency
        .client()
        .mint(&{
            let mut request = request.clone();
            request["access"] = examples::embargo(NASTY);
            request
        })
        .await;
    let page = browser
        .open(&format!("{}/raids/{}", agency.url(), handle_of(&embargoed)))
        .await;
    assert_shown_as_text(&page);
}

async fn looking_changes_nothing(stage: &Stage) {
    let agency = stage.agency().await;
    let project = granted_project(stage, &agency).await;
    let invitation = invitation_link(stage, &agency, &project.handle).await;
    agency.rest().await;
    let request = stage.orcid.request(CARBERRY).await;
    let landing = link_of(&request);
    let links = [
        landing.to_owned(),
        invitation,
        format!("{}/raids/{}", agency.url(), project.handle),
        format!("{}/orcid/callback?state=garbage", agency.url()),
    ];
    // What was still being written in the background comes to its end.
    eventually("looks that leave the database as it is", async || {
        let before = stage.database_content();
        for link in &links {
            Browser::new().open(link).await;
        }
        (stage.database_content() == before).then_some(())
    })
    .await;
    assert_eq!(stage.orcid.calls("token_code").await, 1);
    // The button does begin something.
    let before = stage.database_content();
    let browser = Browser::new();
    let page = browser.open(landing).await;
    browser.press_to(&page, "Give permission again").await;
    assert!(
        stage.database_content() != before,
        "this test could not see a change"
    );
}

async fn an_old_link_says_that_it_is_old(stage: &Stage) {
    let agency = stage
        .agency_with("[permissions]\nlink_lifetime = \"1s\"")
        .await;
    agency.client().mint(&examples::minimal()).await;
    let request = stage.orcid.request(CARBERRY).await;
    let old = eventually("the link to get old", async || {
        let page = Browser::new().open(link_of(&request)).await;
        (page.status != 200).then_some(page)
    })
    .await;
    assert_eq!(old.status, 400);
    assert_eq!(old.heading(), "This link has expired");
    assert_private(&old);
}

/// Where a notification's button leads.
fn link_of(request: &Value) -> &str {
    request["authorization_url"].as_str().unwrap()
}

async fn the_description_of_the_api_needs_nothing_from_elsewhere(stage: &Stage) {
    let agency = stage.agency().await;
    let browser = Browser::new();
    let page = browser.open(&format!("{}/docs", agency.url())).await;
    assert_eq!(page.status, 200, "{}", page.html);
    let mut parts = page.attributes("script[src]", "src");
    parts.extend(page.attributes("link[href]", "href"));
    assert!(!parts.is_empty(), "{}", page.html);
    for part in parts {
        let url = page.url.join(&part).unwrap();
        assert!(url.as_str().starts_with(agency.url()), "{url} is elsewhere");
        assert_eq!(browser.open(url.as_str()).await.status, 200, "{url}");
    }
    let description = agency
        .client()
        .anonymous()
        .get("/openapi.json")
        .await
        .expect(200);
    assert!(description["paths"]["/raid/"]["post"].is_object());
}
