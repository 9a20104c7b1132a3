//! A simulator with two clients, a caller of its API, and a browser.

use std::collections::HashMap;

use orcid_simulator::{Client, Settings, Simulator};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

pub const CARBERRY: &str = "0000-0002-1825-0097";
pub const OKAFOR: &str = "0000-0001-5109-3700";
pub const UNNAMED: &str = "0000-0001-5000-0007";
pub const CLIENT: &str = "APP-RAIDTEST00000001";
pub const SECRET: &str = "test-client-secret";
pub const OTHER_CLIENT: &str = "APP-OTHERCLIENT00001";
pub const REDIRECT: &str = "http://127.0.0.1:9/orcid/callback";
pub const SCOPES: &str = "/read-limited /activities/update";
pub const XML: &str = "application/vnd.orcid+xml";

/// The demo's settings with two clients.
pub fn settings() -> Settings {
    let client = |id: &str, name: &str| Client {
        id: id.to_owned(),
        secret: SECRET.to_owned(),
        name: name.to_owned(),
        redirect_uris: vec![REDIRECT.to_owned()],
    };
    let clients = vec![
        client(CLIENT, "Example RAiD Agency"),
        client(OTHER_CLIENT, "Somebody Else"),
    ];
    Settings {
        clients,
        ..Settings::demo()
    }
}

/// A running simulator and an HTTP client that follows no redirect.
pub struct Sim {
    pub simulator: Simulator,
    pub http: reqwest::Client,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Self {
            status,
            headers,
            body: response.text().await.unwrap(),
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// The last segment of `Location`.
    pub fn put_code(&self) -> i64 {
        assert_eq!(self.status, 201, "{}", self.body);
        self.header("location")
            .rsplit('/')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// The text of the first element with this local name.
    pub fn element(&self, local: &str) -> Option<String> {
        let start = self.body.find(&format!(":{local}>"))? + local.len() + 2;
        let end = self.body[start..].find("</")?;
        Some(self.body[start..start + end].to_owned())
    }

    /// Status and error code of an error in XML.
    pub fn error(&self) -> (u16, u16) {
        let number = |name| {
            self.element(name)
                .and_then(|t| t.parse().ok())
                .unwrap_or_default()
        };
        assert_eq!(number("response-code"), self.status, "{}", self.body);
        (self.status, number("error-code"))
    }

    /// Parameters of the address that a redirect leads to.
    pub fn redirect(&self) -> HashMap<String, String> {
        assert_eq!(self.status, 302, "{}", self.body);
        let url = Url::parse(self.header("location")).unwrap();
        url.query_pairs().into_owned().collect()
    }
}

/// A client without redirects, with cookies when it is a browser.
pub fn http(cookies: bool) -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .cookie_store(cookies)
        .build()
        .unwrap()
}

impl Sim {
    pub fn start() -> Self {
        Self::with(settings())
    }

    pub fn with(settings: Settings) -> Self {
        Self {
            simulator: Simulator::start(settings).unwrap(),
            http: http(false),
        }
    }

    pub fn web(&self, path: &str) -> String {
        format!("{}{path}", self.simulator.web_url())
    }

    pub fn api(&self, path: &str) -> String {
        format!("{}{path}", self.simulator.api_url())
    }

    /// A call of the member API as this crate's client sends it.
    pub fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        let request = self.http.request(method, self.api(path));
        request
            .header("accept", XML)
            .header("content-type", XML)
            .bearer_auth(token)
    }

    pub async fn call(&self, method: Method, path: &str, token: &str, body: &str) -> Answer {
        let mut request = self.request(method, path, token);
        if !body.is_empty() {
            request = request.body(body.to_owned());
        }
        send(request).await
    }

    pub async fn post(&self, path: &str, token: &str, body: &str) -> Answer {
        self.call(Method::POST, path, token, body).await
    }

    pub async fn put(&self, path: &str, token: &str, body: &str) -> Answer {
        self.call(Method::PUT, path, token, body).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.call(Method::GET, path, token, "").await
    }

    pub async fn delete(&self, path: &str, token: &str) -> Answer {
        self.call(Method::DELETE, path, token, "").await
    }

    /// A token request at the web host.
    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", CLIENT), ("client_secret", SECRET)];
        all.extend_from_slice(form);
        send(self.http.post(self.web("/oauth/token")).form(&all)).await
    }

    /// The client's own token.
    pub async fn client_token(&self, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        text(&self.token(&form).await.json()["access_token"])
    }

    /// Exchanges a code.
    pub async fn exchange(&self, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
        ];
        self.token(&form).await
    }

    /// A researcher's token, by the whole way through sign-in and consent.
    pub async fn grant(&self, orcid: &str) -> String {
        self.grant_to(orcid, CLIENT, SCOPES).await
    }

    pub async fn grant_to(&self, orcid: &str, client: &str, scopes: &str) -> String {
        let browser = Browser::signed_in(self, orcid).await;
        let query = authorize_query(client, scopes, "s");
        let granted = browser.decide(&query, "authorize").await;
        let code = &granted.redirect()["code"];
        let form = [
            ("client_id", client),
            ("client_secret", SECRET),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
        ];
        let answer = send(self.http.post(self.web("/oauth/token")).form(&form)).await;
        text(&answer.json()["access_token"])
    }

    /// A call of the operator.
    pub async fn operator(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self
            .http
            .request(method, self.web(&format!("/operator/{path}")));
        let answer = send(request.json(&body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    pub async fn counters(&self) -> Value {
        self.operator(Method::GET, "counters", json!(null)).await
    }

    pub async fn fault(&self, fault: Value) {
        self.operator(Method::POST, "faults", fault).await;
    }

    pub async fn record(&self, orcid: &str) -> Value {
        self.operator(Method::GET, &format!("records/{orcid}"), json!(null))
            .await
    }

    pub async fn set_state(&self, orcid: &str, state: Value) {
        self.operator(Method::POST, &format!("records/{orcid}/state"), state)
            .await;
    }
}

/// A browser at the web host.
pub struct Browser<'a> {
    sim: &'a Sim,
    http: reqwest::Client,
}

impl<'a> Browser<'a> {
    pub fn new(sim: &'a Sim) -> Self {
        Self {
            sim,
            http: http(true),
        }
    }

    pub async fn signed_in(sim: &'a Sim, orcid: &str) -> Self {
        let browser = Self::new(sim);
        let answer = browser
            .submit("/signin", &[("orcid", orcid), ("next", "/inbox")])
            .await;
        assert_eq!((answer.status, answer.header("location")), (302, "/inbox"));
        browser
    }

    pub async fn open(&self, path: &str) -> Answer {
        send(self.http.get(self.sim.web(path))).await
    }

    pub async fn submit(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        send(self.http.post(self.sim.web(path)).form(form)).await
    }

    pub async fn decide(&self, query: &str, decision: &str) -> Answer {
        self.submit(
            &format!("/oauth/authorize?{query}"),
            &[("decision", decision)],
        )
        .await
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    Answer::of(request.send().await.unwrap()).await
}

/// The query of an authorize request.
pub fn authorize_query(client: &str, scopes: &str, state: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([
        ("client_id", client),
        ("response_type", "code"),
        ("scope", scopes),
        ("redirect_uri", REDIRECT),
        ("state", state),
    ]);
    query.finish()
}

pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
        .to_owned()
}

pub fn is_redirect(answer: &Answer) -> bool {
    answer.status == StatusCode::FOUND.as_u16()
}
