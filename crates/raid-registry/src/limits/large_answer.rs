//! Large answers: each holds a place of its reader's until it is sent, and is sent no faster than
//! its reader may have it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;
use tokio::time::{Sleep, sleep};

use super::caller_key::CallerKey;
use super::places::Place;
use super::{LONGEST_WAIT, RequestLimits};

/// Answers up to this size, in bytes, are small.
const SMALL: u64 = 64 * 1024;
/// Bytes that are given to the connection at once: it keeps a copy of what it cannot send yet.
const PIECE: usize = 64 * 1024;
/// Bytes of an answer that a token of the bucket for them pays for.
const BYTES_A_TOKEN: usize = 128 * 1024;

/// Whether an answer of this size is large. One of unknown size is.
pub(super) fn is_large(size: BodySize) -> bool {
    match size {
        BodySize::None => false,
        BodySize::Sized(bytes) => bytes > SMALL,
        BodySize::Stream => true,
    }
}

/// A large answer on its way.
pub(super) struct LargeAnswer {
    body: BoxBody,
    /// Of the body, what is not sent yet.
    chunk: Bytes,
    /// Sent, and not paid for.
    unpaid: usize,
    wait: Option<Pin<Box<Sleep>>>,
    limits: Arc<RequestLimits>,
    who: CallerKey,
    _place: Option<Place>,
}

impl LargeAnswer {
    pub(super) fn new(
        body: BoxBody,
        limits: Arc<RequestLimits>,
        who: CallerKey,
        place: Option<Place>,
    ) -> Self {
        metrics::gauge!("raid_large_answers").increment(1);
        Self {
            body,
            chunk: Bytes::new(),
            unpaid: 0,
            wait: None,
            limits,
            who,
            _place: place,
        }
    }

    /// Pays for what was sent, as far as whole tokens go.
    fn poll_paid(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.unpaid >= BYTES_A_TOKEN {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(cx));
                self.wait = None;
            }
            match self.limits.bytes.take(&self.who, 1) {
                Ok(()) => self.unpaid -= BYTES_A_TOKEN,
                Err(wait) => self.wait = Some(Box::pin(sleep(wait.min(LONGEST_WAIT)))),
            }
        }
        Poll::Ready(())
    }
}

impl MessageBody for LargeAnswer {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        ready!(self.poll_paid(cx));
        while self.chunk.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(error)) => {
                    // The status was sent long ago: the connection breaks off, and this line says why.
                    tracing::error!(%error, "an answer broke off");
                    return Poll::Ready(Some(Err(error)));
                }
                None => return Poll::Ready(None),
            }
        }
        let length = self.chunk.len().min(PIECE);
        let piece = self.chunk.split_to(length);
        self.unpaid += piece.len();
        Poll::Ready(Some(Ok(piece)))
    }
}

impl Drop for LargeAnswer {
    fn drop(&mut self) {
        metrics::gauge!("raid_large_answers").decrement(1);
    }
}
