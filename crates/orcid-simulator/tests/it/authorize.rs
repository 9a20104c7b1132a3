//! Sign-in and consent.

use reqwest::Method;
use serde_json::json;

use crate::harness::{
    Browser, CARBERRY, CLIENT, OKAFOR, SCOPES, Sim, authorize_query, is_redirect, settings,
};
use orcid_simulator::{Researcher, Settings};

fn page(query: &str) -> String {
    format!("/oauth/authorize?{query}")
}

#[tokio::test]
async fn signing_in_consenting_and_coming_back() {
    let sim = Sim::start();
    let browser = Browser::new(&sim);
    let state = "v1.a+b/c=&d";
    let query = authorize_query(CLIENT, SCOPES, state) + "&orcid=" + OKAFOR;
    let sign_in = browser.open(&page(&query)).await;
    assert_eq!(sign_in.status, 200);
    assert!(sign_in.body.contains("Sign in to ORCID"));
    assert!(
        sign_in
            .body
            .contains(&format!("value=\"{OKAFOR}\" required checked")),
        "prefilled"
    );
    let next = {
        let from = sign_in.body.find("name=\"next\" value=\"").unwrap() + 19;
        let to = sign_in.body[from..].find('"').unwrap();
        sign_in.body[from..from + to]
            .replace("&#38;", "&")
            .replace("&amp;", "&")
    };
    let signed = browser
        .submit("/signin", &[("orcid", OKAFOR), ("next", &next)])
        .await;
    assert_eq!(signed.status, 302);
    let consent = browser.open(signed.header("location")).await;
    assert_eq!(consent.status, 200);
    for text in [
        "Example RAiD Agency",
        "/read-limited",
        "Authorize access",
        "Deny access",
    ] {
        assert!(consent.body.contains(text), "{text}");
    }
    let granted = browser.decide(&query, "authorize").await.redirect();
    assert_eq!(granted["state"], state);
    assert_eq!(sim.exchange(&granted["code"]).await.json()["orcid"], OKAFOR);
}

#[tokio::test]
async fn denying_is_told_and_not_remembered() {
    let sim = Sim::start();
    let browser = Browser::signed_in(&sim, CARBERRY).await;
    let query = authorize_query(CLIENT, SCOPES, "s1");
    let denied = browser.decide(&query, "deny").await;
    let location = denied.header("location");
    assert!(
        location.contains("error_description=User%20denied%20access"),
        "{location}"
    );
    let parameters = denied.redirect();
    assert_eq!(parameters["error"], "access_denied");
    assert_eq!(parameters["state"], "s1");
    assert_eq!(browser.open(&page(&query)).await.status, 200, "asked again");
}

#[tokio::test]
async fn consent_is_skipped_for_exactly_the_same_live_scopes() {
    let sim = Sim::start();
    sim.grant(CARBERRY).await;
    let browser = Browser::signed_in(&sim, CARBERRY).await;
    let same = browser
        .open(&page(&authorize_query(CLIENT, SCOPES, "s2")))
        .await;
    let back = same.redirect();
    assert_eq!(back["state"], "s2");
    assert_eq!(sim.exchange(&back["code"]).await.status, 200);
    // Fewer scopes, another person, or nobody signed in: asked.
    let fewer = authorize_query(CLIENT, "/read-limited", "s");
    assert!(!is_redirect(&browser.open(&page(&fewer)).await));
    let other = Browser::signed_in(&sim, OKAFOR).await;
    let query = authorize_query(CLIENT, SCOPES, "s");
    assert!(!is_redirect(&other.open(&page(&query)).await));
    assert!(!is_redirect(&Browser::new(&sim).open(&page(&query)).await));
    // Revoked: asked again.
    let revoke = format!("records/{CARBERRY}/revoke");
    sim.operator(Method::POST, &revoke, json!({ "client_id": CLIENT }))
        .await;
    assert!(!is_redirect(&browser.open(&page(&query)).await));
}

#[tokio::test]
async fn requests_that_cannot_be_trusted_stay_at_orcid() {
    let sim = Sim::start();
    let browser = Browser::signed_in(&sim, CARBERRY).await;
    let good = authorize_query(CLIENT, SCOPES, "s");
    for (query, text) in [
        (
            good.replace(CLIENT, "APP-NOBODY0000000000"),
            "Incorrect client_id",
        ),
        (
            good.replace("127.0.0.1%3A9", "evil.example"),
            "registered redirect URIs.",
        ),
        (
            good.replace("response_type=code&", ""),
            "Missing parameter: response_type.",
        ),
        (
            good.replace("client_id=", "x="),
            "Missing parameter: client_id.",
        ),
        (good.replace("scope=", "x="), "Missing parameter: scope."),
        (
            good.replace("redirect_uri=", "x="),
            "Missing parameter: redirect_uri.",
        ),
    ] {
        let answer = browser.open(&page(&query)).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(answer.body.contains(text), "{text}: {}", answer.body);
        assert_eq!(browser.decide(&query, "authorize").await.status, 400);
    }
    sim.operator(
        Method::POST,
        &format!("clients/{CLIENT}"),
        json!({ "disabled": true }),
    )
    .await;
    assert_eq!(browser.open(&page(&good)).await.status, 400);
}

#[tokio::test]
async fn other_mistakes_are_told_to_the_client() {
    let sim = Sim::start();
    let browser = Browser::new(&sim);
    for (scopes, response_type, error) in [
        ("/nonsense", "code", "invalid_scope"),
        ("/premium-notification", "code", "invalid_scope"),
        (SCOPES, "token", "unsupported_response_type"),
    ] {
        let query = authorize_query(CLIENT, scopes, "s3");
        let query = query.replace(
            "response_type=code",
            &format!("response_type={response_type}"),
        );
        let parameters = browser.open(&page(&query)).await.redirect();
        assert_eq!(
            (parameters["error"].as_str(), parameters["state"].as_str()),
            (error, "s3")
        );
    }
    let silent = authorize_query(CLIENT, SCOPES, "s") + "&prompt=none";
    let answer = browser.open(&page(&silent)).await;
    assert!(
        answer
            .header("location")
            .ends_with("/orcid/callback#login_required")
    );
}

#[tokio::test]
async fn switching_the_account() {
    let sim = Sim::start();
    let browser = Browser::signed_in(&sim, CARBERRY).await;
    let query = authorize_query(CLIENT, SCOPES, "s");
    let consent = browser.open(&page(&query)).await;
    assert!(consent.body.contains("Switch account"));
    let next = page(&query);
    browser
        .submit("/signin", &[("orcid", OKAFOR), ("next", &next)])
        .await;
    let granted = browser.decide(&query, "authorize").await.redirect();
    assert_eq!(sim.exchange(&granted["code"]).await.json()["orcid"], OKAFOR);
}

#[tokio::test]
async fn who_cannot_sign_in() {
    let mut settings = settings();
    let secret = Researcher {
        password: Some("open sesame".to_owned()),
        ..settings.researchers.remove(0)
    };
    settings.researchers.insert(0, secret);
    let sim = Sim::with(Settings { ..settings });
    let browser = Browser::new(&sim);
    let form = |password| {
        [
            ("orcid", CARBERRY),
            ("password", password),
            ("next", "/inbox"),
        ]
    };
    assert_eq!(browser.submit("/signin", &form("wrong")).await.status, 401);
    assert_eq!(
        browser.submit("/signin", &form("open sesame")).await.status,
        302
    );
    sim.set_state(OKAFOR, json!({ "state": "locked" })).await;
    assert_eq!(
        browser.submit("/signin", &[("orcid", OKAFOR)]).await.status,
        401
    );
    let away = browser.submit(
        "/signin",
        &[
            ("orcid", CARBERRY),
            ("password", "open sesame"),
            ("next", "//evil.example/"),
        ],
    );
    assert_eq!(away.await.header("location"), "/inbox");
}
