//! Requests that go out in time, or not at all.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use reqwest::Request;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

/// Gives a request up that has not gone out by `until`.
///
/// The connection's own task sends it, some time after it was handed over. A process that stood still
/// in between (stopped, or cut off) would send it when it goes on, long after the caller's time was
/// over, and beside the write of another process that took the work over. The task asks for the body
/// before anything goes out, the head included.
pub(crate) fn timely(mut request: Request, until: Instant) -> Request {
    if let Some(body) = request.body_mut()
        && let Some(bytes) = body.as_bytes()
    {
        let bytes = Bytes::copy_from_slice(bytes);
        *body = reqwest::Body::wrap(Timely {
            bytes: Some(bytes),
            until,
        });
    }
    request
}

struct Timely {
    bytes: Option<Bytes>,
    until: Instant,
}

/// The caller gave the request up before it could go out.
#[derive(Debug, thiserror::Error)]
#[error("it did not go out in time, so it was not sent")]
struct TooLate;

impl Body for Timely {
    type Data = Bytes;
    type Error = TooLate;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TooLate>>> {
        let frame = self.bytes.take().map(|bytes| {
            if Instant::now() < self.until {
                Ok(Frame::data(bytes))
            } else {
                Err(TooLate)
            }
        });
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
