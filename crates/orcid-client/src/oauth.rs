//! OAuth with ORCID: asking for permission, exchanging the code, revoking.

use std::time::{Duration, Instant};

use raid_model::OrcidId;
use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::call::{CallError, CallKind, Outcome};
use crate::client::Client;
use crate::meaning::Meaning;
use crate::pace::Urgency;
use crate::settings::below;
use crate::transport::{Answer, Call, Unreadable};
use crate::xml::one_line;

/// What we ask a person for: reading our own and other limited items, and writing activities.
const PERSON_SCOPE: &str = "/read-limited /activities/update";
/// What we ask for to learn who somebody is, and nothing more.
const SIGN_IN_SCOPE: &str = "/authenticate";

/// How often an exchange is tried while no connection can be made.
const CONNECTION_ATTEMPTS: u32 = 3;
/// The pause before an exchange is repeated; doubled for the next, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
/// See [`FIRST_PAUSE`].
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The longest name that is kept, in characters.
const NAME_LIMIT: usize = 200;

/// What a person granted.
#[derive(Debug, Clone)]
pub struct Granted {
    /// Who granted it. Compare it with who was asked: people switch accounts.
    pub orcid: OrcidId,
    /// Lets us act on that record.
    pub access_token: SecretString,
    /// Gets a new pair, if ever needed.
    pub refresh_token: Option<SecretString>,
    /// What was granted, separated by spaces.
    pub scope: String,
    /// How long the access token lives; about 20 years.
    pub expires_in: Duration,
    /// The person's public name, on one line, if it is public. Untrusted text.
    pub name: Option<String>,
}

/// A code from ORCID's redirect. It is good for one exchange, so it can be used up only once.
/// `Debug` does not show it.
#[derive(Debug)]
pub struct AuthorizationCode(SecretString);

impl AuthorizationCode {
    /// The code as it came in the redirect.
    pub fn new(code: impl Into<String>) -> Self {
        Self(SecretString::from(code.into()))
    }

    /// The code, to be sealed.
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

/// Why a code gave no tokens.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// ORCID has certainly not used the code: the request did not leave, or the edge refused it
    /// (429, 503). The code may be sent again.
    #[error("the code was not used; exchange it again: {error}")]
    NotUsed {
        /// Why.
        error: CallError,
        /// The code.
        code: AuthorizationCode,
    },
    /// It is not known whether ORCID issued tokens. When it did, the person is not even asked again.
    /// The same code must not be sent again, since ORCID disables the tokens of a code that it sees
    /// twice.
    #[error("the answer was lost; restart authorization: {0}")]
    RestartAuthorization(CallError),
    /// ORCID issued no tokens. The person has to be sent to ORCID again.
    #[error("no tokens were issued: {0}")]
    Failed(CallError),
}

impl ExchangeError {
    /// The call's own error.
    pub fn call_error(&self) -> &CallError {
        match self {
            Self::NotUsed { error, .. }
            | Self::RestartAuthorization(error)
            | Self::Failed(error) => error,
        }
    }
}

/// The JSON of the token endpoint. No `Debug`: it would be one line away from a log.
#[derive(Deserialize)]
pub(crate) struct TokenAnswer {
    pub access_token: SecretString,
    refresh_token: Option<SecretString>,
    pub expires_in: u64,
    scope: Option<String>,
    orcid: Option<String>,
    name: Option<String>,
}

impl TokenAnswer {
    pub fn read(answer: &Answer) -> Result<Self, Unreadable> {
        let read: Self = serde_json::from_slice(answer.bytes()?)
            .map_err(|_| Unreadable("the answer of the token endpoint is not as expected"))?;
        if read.access_token.expose_secret().is_empty() {
            return Err(Unreadable("the token endpoint gave an empty token"));
        }
        Ok(read)
    }

    fn granted(self) -> Result<Granted, Unreadable> {
        let orcid = self.orcid.and_then(|text| text.parse().ok());
        let name = self
            .name
            .map(|name| one_line(&name).chars().take(NAME_LIMIT).collect::<String>());
        Ok(Granted {
            orcid: orcid.ok_or(Unreadable("the token endpoint named no iD"))?,
            access_token: self.access_token,
            refresh_token: self.refresh_token,
            scope: self.scope.unwrap_or_default(),
            expires_in: Duration::from_secs(self.expires_in),
            name: name.filter(|name| !name.is_empty()),
        })
    }
}

impl Client {
    /// Where a person's browser goes to grant or deny. `state` comes back unchanged; `orcid`
    /// prefills the sign-in form, which is then shown instead of the registration form.
    pub fn authorize_url(&self, state: &str, orcid: Option<OrcidId>) -> Url {
        self.oauth_url(PERSON_SCOPE, state, orcid)
    }

    /// As [`Self::authorize_url`], for somebody who only shows that an iD is theirs. ORCID gives a pair
    /// for that, too, which is of no use: revoke it.
    pub fn sign_in_url(&self, state: &str, orcid: Option<OrcidId>) -> Url {
        self.oauth_url(SIGN_IN_SCOPE, state, orcid)
    }

    fn oauth_url(&self, scope: &str, state: &str, orcid: Option<OrcidId>) -> Url {
        let mut url = below(&self.settings.web_url, &["oauth", "authorize"]);
        let hint = orcid.map(|orcid| orcid.to_string());
        let parameters = [
            ("client_id", Some(self.settings.client_id.as_str())),
            ("response_type", Some("code")),
            ("scope", Some(scope)),
            ("redirect_uri", Some(self.settings.redirect_uri.as_str())),
            ("state", Some(state)),
            ("orcid", hint.as_deref()),
            ("show_login", hint.as_ref().map(|_| "true")),
        ];
        let query: Vec<String> = parameters
            .into_iter()
            .filter_map(|(name, value)| {
                let value: String = byte_serialize(value?.as_bytes()).collect();
                // ORCID refuses a literal space; `%20` is the form that every reader understands.
                Some(format!("{name}={}", value.replace('+', "%20")))
            })
            .collect();
        url.set_query(Some(&query.join("&")));
        url
    }

    /// Exchanges the code of ORCID's redirect for the person's tokens.
    ///
    /// Repeated only while ORCID has certainly not used the code: after 429 and 503 until
    /// [`Settings::exchange_wait`](crate::Settings::exchange_wait) is over, and a few times when no
    /// connection could be made.
    pub async fn exchange_code(&self, code: AuthorizationCode) -> Result<Granted, ExchangeError> {
        let end = Instant::now() + self.settings.exchange_wait;
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let error = match self.exchange_once(&code, end).await {
                Ok(granted) => return Ok(granted),
                Err(error) => error,
            };
            match (error.outcome, &error.meaning) {
                (Outcome::Unknown, _) => return Err(ExchangeError::RestartAuthorization(error)),
                (Outcome::Refused, Meaning::Overloaded) => {}
                (Outcome::NotSent, Meaning::Transient) if attempt < CONNECTION_ATTEMPTS => {}
                (Outcome::NotSent, Meaning::Transient | Meaning::Overloaded) => {
                    return Err(ExchangeError::NotUsed { error, code });
                }
                (Outcome::NotSent | Outcome::Refused, _) => {
                    return Err(ExchangeError::Failed(error));
                }
            }
            let wait = pause.mul_f64(rand::random_range(0.5..1.0));
            let wait = wait.max(error.retry_after.unwrap_or_default());
            if Instant::now() + wait >= end {
                return Err(ExchangeError::NotUsed { error, code });
            }
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            attempt += 1;
        }
    }

    /// Sends the code when its turn comes before `end`.
    async fn exchange_once(
        &self,
        code: &AuthorizationCode,
        end: Instant,
    ) -> Result<Granted, CallError> {
        let request = self.oauth_request(
            "token",
            &[
                ("grant_type", "authorization_code"),
                ("code", code.0.expose_secret()),
                ("redirect_uri", self.settings.redirect_uri.as_str()),
            ],
        );
        let secrets = [&code.0, &self.settings.client_secret];
        let call = Call {
            kind: CallKind::ExchangeCode,
            orcid: None,
            handle: None,
            request,
            secrets: &secrets,
            urgency: Urgency::Exchange,
            turn_by: Some(end),
        };
        let result = self
            .transport
            .call(call, |answer| TokenAnswer::read(answer)?.granted())
            .await;
        match &result {
            Ok(_) => self.health.succeeded(),
            // Misconfigured: about this request, not about our client as a whole.
            Err(error) if error.meaning == Meaning::Misconfigured => {}
            Err(error) => self.health.failed(error),
        }
        result
    }

    /// Revokes the pair that `token` (access or refresh) belongs to. Succeeds for an unknown token.
    ///
    /// ORCID lists us among the person's trusted organisations until every pair is revoked.
    pub async fn revoke(&self, token: &SecretString) -> Result<(), CallError> {
        let request = self.oauth_request("revoke", &[("token", token.expose_secret())]);
        let secrets = [token, &self.settings.client_secret];
        let call = Call {
            kind: CallKind::Revoke,
            orcid: None,
            handle: None,
            request,
            secrets: &secrets,
            urgency: self.urgency,
            turn_by: None,
        };
        self.transport.call(call, |_| Ok(())).await
    }

    /// A request to the authorization server with our credentials as form fields, the only way
    /// that its discovery document advertises.
    pub(crate) fn oauth_request(&self, endpoint: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let credentials = [
            ("client_id", self.settings.client_id.as_str()),
            ("client_secret", self.settings.client_secret.expose_secret()),
        ];
        let form: Vec<_> = credentials.iter().chain(form).collect();
        self.transport
            .http
            .post(below(self.settings.oauth_base(), &["oauth", endpoint]))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .form(&form)
    }
}
