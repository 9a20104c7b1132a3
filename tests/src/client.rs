//! The REST API, as an agency's own software uses it.

use crate::examples::handle_of;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;

/// The longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A user of the API.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    token: Option<String>,
    http: reqwest::Client,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub text: String,
}

impl Reply {
    pub(crate) async fn of(response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Self {
            status,
            headers,
            text: response.text().await?,
        })
    }

    /// The body.
    ///
    /// # Panics
    /// When it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|e| panic!("{e} in {}: {}", self.status, self.text))
    }

    /// The body, where that status is expected.
    ///
    /// # Panics
    /// When it is another status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default()
    }
}

impl Client {
    /// Uses the API at `base` with a token, or without one.
    ///
    /// # Panics
    /// When the HTTP client cannot be made.
    pub fn new(base: &str, token: Option<String>) -> Self {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("an HTTP client");
        Self {
            base: base.trim_end_matches('/').to_owned(),
            token,
            http,
        }
    }

    /// The token, if there is one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The same API without a token.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self {
            token: None,
            ..self.clone()
        }
    }

    /// The same API with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// Sends a request, whose answer may fail to come.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<Reply> {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        Reply::of(request.send().await?).await
    }

    /// `POST` with an idempotency key, whose answer may fail to come.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn post_once(&self, path: &str, key: &str, body: &Value) -> reqwest::Result<Reply> {
        let request = self.request(Method::POST, path).json(body);
        Reply::of(request.header("Idempotency-Key", key).send().await?).await
    }

    /// A request of which more is to be chosen.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    async fn answer(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        match self.send(method, path, body).await {
            Ok(reply) => reply,
            Err(e) => panic!("no answer from {path}: {e:?}"),
        }
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Reply {
        self.answer(Method::GET, path, None).await
    }

    /// `POST`
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.answer(Method::POST, path, Some(body)).await
    }

    /// `PUT`
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.answer(Method::PUT, path, Some(body)).await
    }

    /// Mints a RAiD and gives its record.
    pub async fn mint(&self, request: &Value) -> Value {
        self.post("/raid/", request).await.expect(201)
    }

    /// The record of a RAiD, as it is now.
    pub async fn raid(&self, handle: &str) -> Value {
        self.get(&format!("/raid/{handle}")).await.expect(200)
    }

    /// One version of a RAiD's record.
    pub async fn version(&self, handle: &str, version: u64) -> Value {
        self.get(&format!("/raid/{handle}/{version}"))
            .await
            .expect(200)
    }

    /// All records of the own service point.
    pub async fn list(&self) -> Vec<Value> {
        match self.get("/raid/").await.expect(200) {
            Value::Array(records) => records,
            other => panic!("not a list: {other}"),
        }
    }

    /// Puts a changed record in place of the one it was made from, and gives the new one.
    pub async fn update(&self, raid: &Value) -> Value {
        self.put(&format!("/raid/{}", handle_of(raid)), raid)
            .await
            .expect(200)
    }

    /// Reads a RAiD, changes it, and puts it back.
    pub async fn edit(&self, handle: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut raid = self.raid(handle).await;
        change(&mut raid);
        self.update(&raid).await
    }
}
