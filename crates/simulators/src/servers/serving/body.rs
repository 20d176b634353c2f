//! A body that is sent as a whole, or ends with the connection in its middle.
//!
//! Invariant: a cut body announces its full length, so that the client can tell that something is missing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::Sleep;

pub(super) struct Sent {
    bytes: Option<Bytes>,
    length: u64,
    /// How long the first half is given to reach the client before the connection ends.
    pause: Option<Pin<Box<Sleep>>>,
}

impl Sent {
    pub(super) fn whole(bytes: Vec<u8>) -> Sent {
        Sent { length: bytes.len() as u64, bytes: Some(Bytes::from(bytes)), pause: None }
    }

    pub(super) fn cut(bytes: Vec<u8>) -> Sent {
        let length = bytes.len() as u64;
        let half = Bytes::from(bytes).slice(..length as usize / 2);
        let pause = Box::pin(tokio::time::sleep(Duration::from_millis(15)));
        Sent { bytes: Some(half), length, pause: Some(pause) }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.pause.as_mut().map(|pause| pause.as_mut().poll(context)) {
            None => Poll::Ready(None),
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(())) => {
                self.pause = None;
                Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut on purpose"))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.as_ref().is_none_or(Bytes::is_empty) && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
