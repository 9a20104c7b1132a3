//! A body that does not arrive ends: a client that stalls must not keep a connection for ever.

use std::io;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _};
use futures::stream::{StreamExt as _, unfold};
use tokio::time::{Instant, timeout_at};

use crate::lines::NDJSON;

/// Middleware for `actix_web::middleware::from_fn`: a request's body must arrive `within` this
/// time of the request's head, or whoever reads it gets an error of the kind
/// [`io::ErrorKind::TimedOut`]. Lines of JSON may go on for ever, while each next piece of them
/// arrives `within` this time of being waited for.
///
/// # Errors
/// Those of the wrapped service.
pub async fn bound_body<B: MessageBody>(
    mut req: ServiceRequest,
    next: Next<B>,
    within: Duration,
) -> Result<ServiceResponse<B>, Error> {
    let payload = req.take_payload();
    if !matches!(payload, Payload::None) {
        let has_no_end = req.content_type().eq_ignore_ascii_case(NDJSON);
        let by_then = Instant::now() + within;
        let bounded = unfold(payload, move |mut payload| async move {
            let deadline = if has_no_end {
                Instant::now() + within
            } else {
                by_then
            };
            if let Ok(chunk) = timeout_at(deadline, payload.next()).await {
                return chunk.map(|chunk| (chunk, payload));
            }
            let late = io::Error::from(io::ErrorKind::TimedOut);
            Some((Err(PayloadError::Io(late)), Payload::None))
        });
        req.set_payload(Payload::Stream {
            payload: Box::pin(bounded),
        });
    }
    next.call(req).await
}

/// Whether a body could not be read because it took too long.
pub(crate) fn is_late(error: &PayloadError) -> bool {
    matches!(error, PayloadError::Io(e) if e.kind() == io::ErrorKind::TimedOut)
}
