//! The one way out: every request passes the limiter, is timed, bounded, scrubbed and recorded.
//!
//! # Repeats
//! What to do after a failure is for the caller's task queue to decide. In place there is only what
//! is harmless and soon over:
//! * a GET whose connection failed is sent once more;
//! * a client token or a revocation is tried up to three times while the failure may heal.
//!
//! Nothing is repeated after a timeout. Each repeat passes the limiter and is recorded like any request. Writes are never repeated here.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use raid_model::{Handle, OrcidId};
use reqwest::header::{LOCATION, RETRY_AFTER};
use reqwest::{RequestBuilder, Response};
use secrecy::SecretString;

use crate::call::{CallError, CallKind, CallRecord, Observer, Outcome};
use crate::error_body;
use crate::meaning::{Meaning, Signal};
use crate::pace::{Feedback, Pace, Refused, Urgency};
use crate::scrub::scrub;
use crate::timely::timely;
use crate::xml::{self, Element, XmlError};

/// The largest success that is read: room for some thousand memberships.
const SUCCESS_LIMIT: usize = 4 << 20;
/// The largest error that is read.
const ERROR_LIMIT: usize = 64 << 10;
/// Answers of a gateway that stopped waiting for the server behind it.
const GATEWAY_TIMEOUTS: [u16; 2] = [504, 524];
/// How often a harmless call to the authorization server is sent at most.
const OAUTH_ATTEMPTS: u32 = 3;
/// The pause before the first repeat; doubled for the next, halved or not by chance.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct Transport {
    pub http: reqwest::Client,
    /// How long `http` waits for an answer, all in all.
    pub timeout: Duration,
    /// How long after it was sent a write may still run that nobody waited for.
    pub doubt: Duration,
    /// How long after its connection ended a write is looked at.
    pub doubt_after_disconnect: Duration,
    pub pace: Arc<dyn Pace>,
    pub observer: Arc<dyn Observer>,
}

/// A request that is ready to go.
pub(crate) struct Call<'a> {
    pub kind: CallKind,
    pub orcid: Option<OrcidId>,
    /// The RAiD that it is about, for the log.
    pub handle: Option<&'a Handle>,
    pub request: RequestBuilder,
    /// The secrets that it carries; no text that comes back keeps them.
    pub secrets: &'a [&'a SecretString],
    /// How urgent it is.
    pub urgency: Urgency,
    /// When its turn must have come, if that is before the limiter gives up.
    pub turn_by: Option<Instant>,
}

/// A success (2xx).
pub(crate) struct Answer {
    pub location: Option<String>,
    body: Body,
}

struct Body {
    bytes: Vec<u8>,
    /// Why the bytes are not all.
    cut: Option<&'static str>,
}

/// Why a success cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(pub &'static str);

impl From<XmlError> for Unreadable {
    fn from(error: XmlError) -> Self {
        Self(error.0)
    }
}

impl Answer {
    /// The body, when all of it was read.
    pub fn bytes(&self) -> Result<&[u8], Unreadable> {
        self.body
            .cut
            .map_or(Ok(&self.body.bytes), |cut| Err(Unreadable(cut)))
    }

    /// The body as XML.
    pub fn xml(&self) -> Result<Element, Unreadable> {
        Ok(xml::parse(self.bytes()?)?)
    }

    /// The last segment of the `Location` header: the number of what was created. Host and scheme
    /// are what the server believes them to be, so they are not looked at.
    pub fn created(&self) -> Result<&str, Unreadable> {
        let location = self
            .location
            .as_deref()
            .ok_or(Unreadable("no Location header"))?;
        let path = location.split(['?', '#']).next().unwrap_or_default();
        path.trim_end_matches('/')
            .rsplit('/')
            .next()
            .ok_or(Unreadable("an empty Location header"))
    }
}

/// A failed attempt, and whether only the connection failed.
struct Failed {
    error: CallError,
    disconnected: bool,
}

impl Transport {
    /// Sends `call` and lets `accept` read the success.
    ///
    /// Dropping the future gives the call up; it is recorded then, too.
    pub async fn call<T>(
        &self,
        call: Call<'_>,
        accept: impl Fn(&Answer) -> Result<T, Unreadable>,
    ) -> Result<T, CallError> {
        let mut attempt = 1;
        loop {
            let again = call.request.try_clone();
            let Some(request) = again else {
                return Err(call.error(Meaning::Unexpected, Outcome::NotSent, "cannot be sent"));
            };
            match self.attempt(&call, request, &accept).await {
                Ok(value) => return Ok(value),
                Err(failed) if call.may_repeat(&failed, attempt) => {
                    let pause = FIRST_PAUSE * (1 << (attempt - 1));
                    tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0))).await;
                    attempt += 1;
                }
                Err(failed) => return Err(failed.error),
            }
        }
    }

    async fn attempt<T>(
        &self,
        call: &Call<'_>,
        request: RequestBuilder,
        accept: &impl Fn(&Answer) -> Result<T, Unreadable>,
    ) -> Result<T, Failed> {
        let mut recording = Recording::new(&*self.observer, call);
        if let Err(refused) = self.turn(call).await {
            let mut error = call.error(Meaning::Overloaded, Outcome::NotSent, &refused.to_string());
            error.retry_after = refused.retry_after;
            return Err(recording.failed(error, false));
        }
        recording.sent();
        let sent = match request.build() {
            Ok(request) => {
                let until = Instant::now() + self.timeout;
                self.http.execute(timely(request, until)).await
            }
            Err(error) => Err(error),
        };
        let response = match sent {
            Ok(response) => response,
            Err(error) => return Err(recording.lost(call, error).in_doubt(self, &recording)),
        };
        let status = response.status().as_u16();
        let result = if response.status().is_success() {
            let answer = Answer {
                location: header(&response, &LOCATION),
                body: body(response, SUCCESS_LIMIT).await,
            };
            accept(&answer).map_err(|unreadable| CallError {
                status: Some(status),
                ..call.error(
                    Meaning::Unexpected,
                    Outcome::Unknown,
                    &unreadable.to_string(),
                )
            })
        } else {
            Err(call.refusal(response).await)
        };
        let result = match result {
            Ok(value) => {
                recording.done(status);
                Ok(value)
            }
            Err(error) => Err(recording.failed(error, false).in_doubt(self, &recording)),
        };
        let overloaded =
            matches!(&result, Err(failed) if failed.error.meaning == Meaning::Overloaded);
        self.pace
            .report(if overloaded {
                Feedback::Overloaded
            } else {
                Feedback::Fine
            })
            .await;
        result
    }
}

impl Transport {
    /// Waits for the turn of a call.
    async fn turn(&self, call: &Call<'_>) -> Result<(), Refused> {
        let turn = self.pace.acquire(call.urgency);
        match call.turn_by {
            None => turn.await,
            Some(end) => tokio::time::timeout_at(end.into(), turn)
                .await
                .unwrap_or(Err(Refused { retry_after: None })),
        }
    }
}

impl Failed {
    /// With the time that must pass until what the call did can be seen; see [`CallError::doubt`].
    fn in_doubt(mut self, transport: &Transport, recording: &Recording<'_>) -> Self {
        if self.error.outcome != Outcome::Unknown {
            return self;
        }
        let answered_in_time = self
            .error
            .status
            .is_some_and(|status| !GATEWAY_TIMEOUTS.contains(&status));
        self.error.doubt = if answered_in_time || self.disconnected {
            transport.doubt_after_disconnect
        } else {
            let passed = recording.started.map(|started| started.elapsed());
            transport.doubt.saturating_sub(passed.unwrap_or_default())
        };
        self
    }
}

impl Call<'_> {
    fn may_repeat(&self, failed: &Failed, attempt: u32) -> bool {
        // After a timeout never: the repeat would take as long again.
        let answered = failed.error.status.is_some();
        match self.kind {
            CallKind::ClientToken | CallKind::Revoke => {
                let meaning = &failed.error.meaning;
                let heals = matches!(meaning, Meaning::Transient | Meaning::ClientRefused);
                heals && (answered || failed.disconnected) && attempt < OAUTH_ATTEMPTS
            }
            kind => kind.is_read() && failed.disconnected && attempt == 1,
        }
    }

    fn error(&self, meaning: Meaning, outcome: Outcome, message: &str) -> CallError {
        CallError {
            kind: self.kind,
            meaning,
            status: None,
            code: None,
            outcome,
            retry_after: None,
            doubt: Duration::ZERO,
            message: scrub(message, self.secrets),
        }
    }

    /// Reads an answer that is no success.
    async fn refusal(&self, response: Response) -> CallError {
        let status = response.status().as_u16();
        let location = header(&response, &LOCATION);
        let retry_after = header(&response, &RETRY_AFTER);
        let read = error_body::read(&body(response, ERROR_LIMIT).await.bytes);
        let meaning = Signal {
            kind: self.kind,
            orcid: self.orcid,
            status,
            code: read.code,
            oauth_error: read.oauth_error.as_deref(),
            message: &read.text,
            location: location.as_deref(),
        }
        .meaning();
        // The overload answers come from the edge, before anything was done.
        let outcome = match status {
            429 | 503 => Outcome::Refused,
            500..=599 if !self.kind.is_read() => Outcome::Unknown,
            _ => Outcome::Refused,
        };
        CallError {
            status: Some(status),
            code: read.code,
            retry_after: retry_after
                .and_then(|s| s.parse().ok())
                .map(Duration::from_secs),
            ..self.error(meaning, outcome, &read.text)
        }
    }
}

fn header(response: &Response, name: &reqwest::header::HeaderName) -> Option<String> {
    response
        .headers()
        .get(name)?
        .to_str()
        .ok()
        .map(str::to_owned)
}

/// Reads at most `limit` bytes.
async fn body(mut response: Response, limit: usize) -> Body {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > limit => {
                bytes.extend_from_slice(&chunk[..limit - bytes.len()]);
                return Body {
                    bytes,
                    cut: Some("the answer is too large"),
                };
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Body { bytes, cut: None },
            Err(_) => {
                return Body {
                    bytes,
                    cut: Some("the answer broke off"),
                };
            }
        }
    }
}

/// Makes sure that a request is recorded exactly once, however it ends.
struct Recording<'a> {
    observer: &'a dyn Observer,
    record: CallRecord,
    started: Option<Instant>,
    told: bool,
}

impl<'a> Recording<'a> {
    fn new(observer: &'a dyn Observer, call: &Call<'_>) -> Self {
        let record = CallRecord {
            kind: call.kind,
            orcid: call.orcid,
            handle: call.handle.cloned(),
            status: None,
            code: None,
            failed: Some(Outcome::NotSent),
            millis: 0,
        };
        Self {
            observer,
            record,
            started: None,
            told: false,
        }
    }

    /// From here on, giving up leaves the outcome unknown.
    fn sent(&mut self) {
        self.started = Some(Instant::now());
        self.record.failed = Some(Outcome::Unknown);
    }

    fn done(&mut self, status: u16) {
        self.record.status = Some(status);
        self.record.failed = None;
        self.tell();
    }

    fn failed(&mut self, error: CallError, disconnected: bool) -> Failed {
        self.record.status = error.status;
        self.record.code = error.code;
        self.record.failed = Some(error.outcome);
        self.tell();
        Failed {
            error,
            disconnected,
        }
    }

    /// No answer came.
    fn lost(&mut self, call: &Call<'_>, error: reqwest::Error) -> Failed {
        let error = error.without_url();
        let (meaning, outcome) = if error.is_builder() {
            (Meaning::OurDocument { code: None }, Outcome::NotSent)
        } else if error.is_connect() {
            (Meaning::Transient, Outcome::NotSent)
        } else {
            (Meaning::Transient, Outcome::Unknown)
        };
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            message.push_str(": ");
            message.push_str(&inner.to_string());
            cause = inner.source();
        }
        let disconnected = meaning == Meaning::Transient && !error.is_timeout();
        self.failed(call.error(meaning, outcome, &message), disconnected)
    }

    fn tell(&mut self) {
        if self.told {
            return;
        }
        self.told = true;
        let elapsed = self.started.map(|started| started.elapsed().as_millis());
        self.record.millis = elapsed.map_or(0, |millis| u64::try_from(millis).unwrap_or(u64::MAX));
        let CallRecord {
            kind,
            status,
            code,
            millis,
            ..
        } = self.record;
        let outcome = self.record.outcome();
        tracing::debug!(
            kind = kind.as_str(),
            status,
            code,
            outcome,
            millis,
            "call to ORCID"
        );
        self.observer.called(&self.record);
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        self.tell();
    }
}
