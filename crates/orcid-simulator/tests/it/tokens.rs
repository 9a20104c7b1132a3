//! The token and revoke endpoints.

use std::time::Duration;

use orcid_simulator::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::documents::MEMBERSHIP;
use crate::harness::{
    Browser, CARBERRY, CLIENT, OTHER_CLIENT, REDIRECT, SCOPES, SECRET, Sim, UNNAMED,
    authorize_query, send, settings, text,
};

async fn code(sim: &Sim, orcid: &str) -> String {
    let browser = Browser::signed_in(sim, orcid).await;
    let query = authorize_query(CLIENT, SCOPES, "s");
    browser.decide(&query, "authorize").await.redirect()["code"].clone()
}

fn oauth_error(answer: &crate::harness::Answer) -> (u16, String, String) {
    let json = answer.json();
    (
        answer.status,
        text(&json["error"]),
        text(&json["error_description"]),
    )
}

#[tokio::test]
async fn a_code_becomes_a_token_for_twenty_years() {
    let sim = Sim::start();
    let code = code(&sim, CARBERRY).await;
    assert!(
        code.len() == 6 && code.bytes().all(|b| b.is_ascii_alphanumeric()),
        "{code}"
    );
    let answer = sim.exchange(&code).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("OAUTH_AUTHORIZATION_CODE_EXCHANGE"), "ON");
    assert_eq!(answer.header("cache-control"), "no-store");
    let json = answer.json();
    assert_eq!(json["expires_in"], 631_138_518);
    assert_eq!(json["token_type"], "bearer");
    assert_eq!(json["orcid"], CARBERRY);
    assert_eq!(json["name"], "Josiah Carberry");
    assert_eq!(json["scope"], "/activities/update /read-limited");
    assert_eq!(text(&json["access_token"]).len(), 36);
}

#[tokio::test]
async fn a_name_that_is_not_public_is_null() {
    let sim = Sim::start();
    let json = sim.exchange(&code(&sim, UNNAMED).await).await.json();
    assert_eq!(json["name"], Value::Null);
    assert_eq!(json["orcid"], UNNAMED);
}

#[tokio::test]
async fn using_a_code_twice_kills_its_token() {
    let sim = Sim::start();
    let code = code(&sim, CARBERRY).await;
    let token = text(&sim.exchange(&code).await.json()["access_token"]);
    let path = format!("/v3.0/{CARBERRY}/memberships");
    assert_eq!(sim.get(&path, &token).await.status, 200);
    let again = oauth_error(&sim.exchange(&code).await);
    let expected = format!("Reused authorization code: {code}");
    assert_eq!(again, (400, "invalid_grant".into(), expected));
    assert_eq!(sim.get(&path, &token).await.status, 401);
    assert_eq!(
        sim.delete(&format!("/v3.0/{CARBERRY}/membership/1"), &token)
            .await
            .status,
        401
    );
    assert_eq!(
        sim.record(CARBERRY).await["tokens"][0]["disabled"],
        "AUTH_CODE_REUSED"
    );
}

#[tokio::test]
async fn codes_that_do_not_work() {
    let sim = Sim::with(Settings {
        code_lifetime: Duration::from_mins(1),
        ..settings()
    });
    let unknown = oauth_error(&sim.exchange("XXXXXX").await);
    assert_eq!(unknown.1, "invalid_grant");
    assert_eq!(unknown.2, "Invalid authorization code: XXXXXX");

    let first = code(&sim, CARBERRY).await;
    let other = [
        ("client_id", OTHER_CLIENT),
        ("client_secret", SECRET),
        ("grant_type", "authorization_code"),
        ("code", first.as_str()),
        ("redirect_uri", REDIRECT),
    ];
    let stolen = send(sim.http.post(sim.web("/oauth/token")).form(&other)).await;
    assert_eq!(oauth_error(&stolen).1, "invalid_grant");

    let elsewhere = [
        ("grant_type", "authorization_code"),
        ("code", first.as_str()),
        ("redirect_uri", "http://127.0.0.1:9/orcid/callback/other"),
    ];
    let mismatch = oauth_error(&sim.token(&elsewhere).await);
    assert_eq!(
        (mismatch.0, mismatch.2.as_str()),
        (400, "Redirect URI mismatch.")
    );

    sim.operator(Method::POST, "clock", json!({ "advance_seconds": 61 }))
        .await;
    let expired = oauth_error(&sim.exchange(&first).await);
    assert_eq!(
        (expired.0, expired.2.as_str()),
        (400, "Authorization code has expired")
    );

    let second = code(&sim, CARBERRY).await;
    sim.set_state(CARBERRY, json!({ "state": "locked" })).await;
    assert_eq!(
        oauth_error(&sim.exchange(&second).await).1,
        "unauthorized_client"
    );
}

#[tokio::test]
async fn the_clients_own_token() {
    let sim = Sim::start();
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "/premium-notification"),
    ];
    let json = sim.token(&form).await.json();
    assert_eq!(json["orcid"], Value::Null);
    assert_eq!(json["expires_in"], 631_138_518);

    let basic = sim
        .http
        .post(sim.api("/oauth/token"))
        .basic_auth(CLIENT, Some(SECRET));
    assert_eq!(
        send(basic.form(&form)).await.status,
        200,
        "Basic works, on the API host too"
    );

    let ask = |scope: &'static str| async {
        oauth_error(
            &sim.token(&[("grant_type", "client_credentials"), ("scope", scope)])
                .await,
        )
    };
    assert_eq!(ask("/nonsense").await.0, 401);
    sim.operator(
        Method::POST,
        &format!("clients/{CLIENT}"),
        json!({ "premium": false }),
    )
    .await;
    let refused = ask("/premium-notification").await;
    let expected = (
        400,
        "invalid_scope".into(),
        "Invalid scope: /premium-notification".into(),
    );
    assert_eq!(refused, expected);
}

#[tokio::test]
async fn requests_that_are_refused() {
    let sim = Sim::start();
    let none = oauth_error(&sim.token(&[]).await);
    let expected = (
        400,
        "unsupported_grant_type".into(),
        "grant_type is missing".into(),
    );
    assert_eq!(none, expected);
    for other in [
        "password",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ] {
        let refused = oauth_error(&sim.token(&[("grant_type", other)]).await);
        assert_eq!(
            (refused.0, refused.1.as_str()),
            (400, "unsupported_grant_type")
        );
    }
    let blank = sim
        .token(&[("grant_type", "client_credentials"), ("scope", "")])
        .await;
    assert_eq!(
        blank.status, 401,
        "the web host maps what it cannot pass on to 401"
    );

    for (id, secret) in [(CLIENT, "wrong"), ("APP-NOBODY0000000000", SECRET)] {
        let form = [
            ("client_id", id),
            ("client_secret", secret),
            ("grant_type", "client_credentials"),
            ("scope", "/read-public"),
        ];
        let refused = send(sim.http.post(sim.web("/oauth/token")).form(&form)).await;
        assert_eq!(refused.status, 401, "{id}");
    }
    let long = "x".repeat(101);
    let form = [("client_id", CLIENT), ("client_secret", long.as_str())];
    assert_eq!(
        send(sim.http.post(sim.api("/oauth/token")).form(&form))
            .await
            .status,
        400
    );
    assert_eq!(
        send(sim.http.post(sim.api("/oauth/revoke")).form(&form))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn refreshing_replaces_the_pair() {
    let sim = Sim::start();
    let first = sim.exchange(&code(&sim, CARBERRY).await).await.json();
    let refresh = text(&first["refresh_token"]);
    let form = |scope: Option<&'static str>| {
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
        ];
        form.extend(scope.map(|s| ("scope", s)));
        form
    };
    let wider = oauth_error(&sim.token(&form(Some("/person/update"))).await);
    assert_eq!((wider.0, wider.1.as_str()), (400, "invalid_scope"));
    let second = sim.token(&form(Some("/read-limited"))).await.json();
    assert_eq!(second["scope"], "/read-limited");
    let path = format!("/v3.0/{CARBERRY}/memberships");
    assert_eq!(
        sim.get(&path, &text(&first["access_token"])).await.status,
        401
    );
    assert_eq!(
        sim.get(&path, &text(&second["access_token"])).await.status,
        200
    );
    let again = oauth_error(&sim.token(&form(None)).await);
    assert_eq!(again.2, "Parent token is disabled");
}

#[tokio::test]
async fn revoking_disables_one_pair_and_always_answers_200() {
    let sim = Sim::start();
    let first = sim.exchange(&code(&sim, CARBERRY).await).await.json();
    let second = sim.grant(CARBERRY).await;
    let access = text(&first["access_token"]);
    let post = format!("/v3.0/{CARBERRY}/membership");
    let put_code = sim.post(&post, &access, MEMBERSHIP).await.put_code();
    let revoke = |token: String| {
        let form = [
            ("client_id", CLIENT.to_owned()),
            ("client_secret", SECRET.to_owned()),
            ("token", token),
        ];
        send(sim.http.post(sim.web("/oauth/revoke")).form(&form))
    };
    for token in [
        text(&first["refresh_token"]),
        access.clone(),
        "unknown".to_owned(),
    ] {
        let answer = revoke(token).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
        assert_eq!(answer.header("OAUTH_TOKEN_VALIDATION"), "ON");
    }
    let path = format!("/v3.0/{CARBERRY}/memberships");
    assert_eq!(sim.get(&path, &access).await.status, 401);
    let own = format!("{post}/{put_code}");
    assert_eq!(
        sim.delete(&own, &access).await.status,
        401,
        "CLIENT_REVOKED does not delete"
    );
    assert_eq!(
        sim.get(&path, &second).await.status,
        200,
        "the other pair lives on"
    );
}

#[tokio::test]
async fn discovery_names_the_endpoints() {
    let sim = Sim::start();
    let url = sim.web("/.well-known/openid-configuration");
    let json = send(sim.http.get(url)).await.json();
    assert_eq!(json["token_endpoint"], sim.web("/oauth/token"));
    assert_eq!(
        json["token_endpoint_auth_methods_supported"],
        json!(["client_secret_post"])
    );
    assert!(
        json.get("code_challenge_methods_supported").is_none(),
        "ORCID has no PKCE"
    );
}
