//! The client: settings, connections and our own tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use raid_model::{Handle, OrcidId};
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};

use crate::call::{CallError, CallKind, Observer, Outcome};
use crate::client_health::ClientHealth;
use crate::client_token::{ClientTokens, Scope};
use crate::meaning::Meaning;
use crate::pace::{Pace, Urgency};
use crate::settings::{Settings, SettingsError, below};
use crate::transport::{Answer, Call, Transport, Unreadable};

/// ORCID's media type for records; asked for and sent.
const ORCID_XML: &str = "application/vnd.orcid+xml";

/// Speaks ORCID API v3.0 and its OAuth as one member client.
///
/// Safe to share between tasks and cheap to clone: clones share connections, tokens and settings.
/// Every request passes the [`Pace`] and is told to the [`Observer`]
/// given at construction. Redirects are never followed: the token in hand is not for the record
/// that ORCID would lead to.
#[derive(Clone)]
pub struct Client {
    pub(crate) settings: Arc<Settings>,
    pub(crate) transport: Arc<Transport>,
    pub(crate) tokens: Arc<ClientTokens>,
    pub(crate) health: Arc<ClientHealth>,
    pub(crate) urgency: Urgency,
}

impl Client {
    /// A client for `settings`. Connects to nothing yet.
    pub fn new(
        settings: Settings,
        pace: Arc<dyn Pace>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, SettingsError> {
        settings.check()?;
        // Texts come localised otherwise, and some of them carry a put-code or iD.
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static("en"))]);
        let http = reqwest::Client::builder()
            .user_agent(concat!("raid-agency/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.call_timeout)
            .build()?;
        let transport = Transport {
            http,
            timeout: settings.call_timeout,
            doubt: settings.doubt(),
            doubt_after_disconnect: settings.doubt_after_disconnect,
            pace,
            observer,
        };
        let health = ClientHealth::new(settings.confirm_refusal_after);
        Ok(Self {
            settings: Arc::new(settings),
            transport: Arc::new(transport),
            tokens: Arc::default(),
            health: Arc::new(health),
            urgency: Urgency::default(),
        })
    }

    /// The same client with calls of another urgency. The default is [`Urgency::Interactive`].
    #[must_use]
    pub fn with_urgency(&self, urgency: Urgency) -> Self {
        Self {
            urgency,
            ..self.clone()
        }
    }

    /// Whether ORCID accepts our own client, as far as this process has seen.
    pub fn health(&self) -> &ClientHealth {
        &self.health
    }

    /// What the client was built with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A request to the member API, for `orcid` and what follows it in the path.
    pub(crate) fn api(
        &self,
        method: Method,
        orcid: OrcidId,
        path: &[&str],
        token: &SecretString,
    ) -> RequestBuilder {
        let orcid = orcid.to_string();
        let segments: Vec<&str> = std::iter::once(orcid.as_str())
            .chain(path.iter().copied())
            .collect();
        self.transport
            .http
            .request(method, below(&self.settings.api_url, &segments))
            .header(ACCEPT, ORCID_XML)
            .bearer_auth(token.expose_secret())
    }

    /// Makes a call with that token.
    pub(crate) async fn call_with<T>(
        &self,
        kind: CallKind,
        orcid: OrcidId,
        token: &SecretString,
        request: RequestBuilder,
        accept: impl Fn(&Answer) -> Result<T, Unreadable>,
    ) -> Result<T, CallError> {
        self.call_about(kind, orcid, None, token, request, accept)
            .await
    }

    /// Makes a call with that token, about the RAiD of that handle.
    pub(crate) async fn call_about<T>(
        &self,
        kind: CallKind,
        orcid: OrcidId,
        handle: Option<&Handle>,
        token: &SecretString,
        request: RequestBuilder,
        accept: impl Fn(&Answer) -> Result<T, Unreadable>,
    ) -> Result<T, CallError> {
        self.stop_in_trouble(kind)?;
        let secrets = [token, &self.settings.client_secret];
        let call = Call {
            kind,
            orcid: Some(orcid),
            handle,
            request,
            secrets: &secrets,
            urgency: self.urgency,
            turn_by: None,
        };
        let result = self.transport.call(call, accept).await;
        if let Err(error) = &result
            && error.meaning == Meaning::ClientDisabled
        {
            self.health.failed(error);
        }
        result
    }

    /// While ORCID does not accept our client, nothing is sent: it could only be refused, and ORCID
    /// may take it amiss. [`Client::check_credentials`] finds out when that is over.
    fn stop_in_trouble(&self, kind: CallKind) -> Result<(), CallError> {
        self.health.trouble().map_or(Ok(()), |trouble| {
            Err(CallError {
                kind,
                meaning: Meaning::ClientDisabled,
                status: None,
                code: None,
                outcome: Outcome::NotSent,
                doubt: Duration::ZERO,
                retry_after: None,
                message: trouble.reason.to_owned(),
            })
        })
    }

    /// Makes a call with our own token; a refused token is replaced once.
    ///
    /// When no token can be had, the error is that of the token request (its kind says so), and its
    /// outcome is `NotSent`, since what was asked for never left.
    pub(crate) async fn call_as_client<T>(
        &self,
        scope: Scope,
        kind: CallKind,
        orcid: OrcidId,
        build: impl Fn(&SecretString) -> RequestBuilder,
        accept: impl Fn(&Answer) -> Result<T, Unreadable>,
    ) -> Result<T, CallError> {
        self.stop_in_trouble(kind)?;
        let not_sent = |error| CallError {
            outcome: Outcome::NotSent,
            ..error
        };
        let token = self.client_token(scope, None).await.map_err(not_sent)?;
        let first = self
            .call_with(kind, orcid, &token, build(&token), &accept)
            .await;
        if !matches!(&first, Err(error) if error.meaning == Meaning::TokenRefused) {
            return first;
        }
        let token = self
            .client_token(scope, Some(&token))
            .await
            .map_err(not_sent)?;
        let second = self
            .call_with(kind, orcid, &token, build(&token), &accept)
            .await;
        second.map_err(|error| match error.meaning {
            // A token that ORCID gave a moment ago: this says nothing about the person.
            Meaning::TokenRefused => CallError {
                meaning: Meaning::ClientRefused,
                ..error
            },
            _ => error,
        })
    }
}

/// Puts an XML message into a request.
pub(crate) fn with_xml(request: RequestBuilder, xml: String) -> RequestBuilder {
    request
        .header(CONTENT_TYPE, "application/vnd.orcid+xml; charset=UTF-8")
        .body(xml)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
