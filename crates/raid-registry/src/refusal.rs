//! Why a request is not served, and the answer it gets.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, ResponseError};
use raid_model::JsonError;
use raid_model::validate::FailureList;
use store::StoreError;

use crate::problem::Problem;

/// Where the errors of bearer tokens are explained.
const BEARER_ERRORS: &str = "https://tools.ietf.org/html/rfc6750#section-3.1";

/// The answer to a request that is not served.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No token was sent.
    NoToken,
    /// The token does not count, and why in words that reveal nothing of it.
    BadToken(&'static str),
    /// The token does not give the right to this.
    Forbidden,
    /// The RAiD is embargoed, and the caller has no right to see it: the body says until when.
    Closed(Bytes),
    /// The same where no token was sent: the caller may sign in and try again.
    ClosedWithoutToken(Bytes),
    /// There is nothing here, for those who may know.
    NotFound,
    /// A problem that is told in the body.
    Problem(Box<Problem>),
    /// The store could not do it; the cause is for the log alone.
    Failed(StoreError),
}

impl Refusal {
    /// Why the registry failed, if it did.
    pub(crate) fn cause(&self) -> Option<&StoreError> {
        match self {
            Self::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// What is told in the body, if anything is.
    pub(crate) fn problem(&self) -> Option<Cow<'_, Problem>> {
        match self {
            Self::Problem(problem) => Some(Cow::Borrowed(&**problem)),
            Self::Failed(error) => Some(Cow::Owned(problem_of(error))),
            _ => None,
        }
    }

    fn challenge(&self) -> Option<String> {
        let (error, description) = match self {
            Self::NoToken | Self::ClosedWithoutToken(_) => return Some("Bearer".to_owned()),
            Self::BadToken(why) => ("invalid_token", *why),
            Self::Forbidden | Self::Closed(_) => (
                "insufficient_scope",
                "The request requires higher privileges than provided by the access token.",
            ),
            Self::NotFound | Self::Problem(_) | Self::Failed(_) => return None,
        };
        Some(format!(
            "Bearer error=\"{error}\", error_description=\"{description}\", \
             error_uri=\"{BEARER_ERRORS}\""
        ))
    }
}

/// Refuses a request that breaks rules.
pub(crate) fn unless_valid(failures: impl Into<FailureList>) -> Result<(), Refusal> {
    let failures = failures.into();
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(failures).into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status_code())
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::BadToken(_) | Self::ClosedWithoutToken(_) => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden | Self::Closed(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Problem(problem) => problem.status,
            Self::Failed(error) => problem_of(error).status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        if let Some(challenge) = self.challenge() {
            answer.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Self::Closed(body) | Self::ClosedWithoutToken(body) = self {
            return answer.content_type("application/json").body(body.clone());
        }
        let Some(problem) = self.problem() else {
            return answer.finish();
        };
        if let Some(seconds) = problem.retry_after() {
            answer.insert_header((header::RETRY_AFTER, seconds));
        }
        let content_type = if problem.is_own() {
            "application/json"
        } else {
            "application/problem+json"
        };
        answer.content_type(content_type).json(&*problem)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<JsonError> for Refusal {
    fn from(error: JsonError) -> Self {
        Problem::from(error).into()
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// What a client learns of a failure: nothing of its cause, and whether to try again.
fn problem_of(error: &StoreError) -> Problem {
    match error {
        StoreError::Withdrawn => Problem::withdrawn_meanwhile(),
        // In both nothing was written, so that a retry is safe.
        StoreError::Overloaded | StoreError::Connect(_) => {
            Problem::unavailable("The registry is busy. Nothing was written; please retry.")
        }
        StoreError::TookTooLong => Problem::unavailable(
            "This took longer than it may. Ask for less: another condition, or no facets and no total.",
        ),
        StoreError::NotWritable(_) => Problem::not_writable(),
        // A failed commit may have happened: to invite a retry would invite a second RAiD.
        _ => Problem::internal(),
    }
}
