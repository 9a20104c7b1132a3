//! The limiter that every request passes.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A boxed future, so that [`Pace`] can be used behind `dyn`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Decides when a request may go out, and learns how ORCID took it.
///
/// The client asks before every request it sends, also for tokens and quick repeats, so no call can
/// go around the limit that ORCID sets for one client (24 requests/s, burst 40).
pub trait Pace: Send + Sync {
    /// Waits for the turn of one request, or refuses when the wait would be too long.
    fn acquire(&self, urgency: Urgency) -> BoxFuture<'_, Result<(), Refused>>;

    /// Tells how the request that was let through ended. Not called when no answer came.
    fn report(&self, feedback: Feedback) -> BoxFuture<'_, ()>;
}

/// How urgent a request is. The limiter keeps part of ORCID's limit for what is more urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Urgency {
    /// The exchange of a code, whatever the client's own urgency: a person waits for the page.
    Exchange,
    /// A person waits for the result.
    #[default]
    Interactive,
    /// Bulk work.
    Bulk,
    /// Nobody waits for it.
    Background,
}

/// How ORCID took a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feedback {
    /// It answered, whatever it answered.
    Fine,
    /// It asked us to slow down (429, or 503 without more).
    Overloaded,
}

/// The limiter did not let a request through; nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the limit of requests to ORCID is reached; try again later")]
pub struct Refused {
    /// When it makes sense to ask again, if the limiter knows.
    pub retry_after: Option<Duration>,
}

/// Lets every request through at once. For tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPace;

impl Pace for NoPace {
    fn acquire(&self, _urgency: Urgency) -> BoxFuture<'_, Result<(), Refused>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn report(&self, _feedback: Feedback) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
