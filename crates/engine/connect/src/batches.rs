//! The rows of a piece, as they come: a stream of record batches that a reader thread fills.
//!
//! Does not read anything itself. Invariant: a stream that ends without an error has given every row; a panic of the reader is an error.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use futures::channel::mpsc;
use futures::stream::BoxStream;
use futures::{SinkExt, Stream, StreamExt};

use crate::errors::ConnectError;

type Item = Result<RecordBatch, ConnectError>;

/// Where a reader puts its batches; it waits while the consumer is busy.
pub struct BatchSender(mpsc::Sender<Item>);

impl BatchSender {
    /// Hands a batch over; an error means that nobody wants more.
    pub fn send(&mut self, batch: RecordBatch) -> Result<(), ConnectError> {
        futures::executor::block_on(self.0.send(Ok(batch))).map_err(|_| ConnectError::Stopped)
    }
}

type Reader = Box<dyn FnOnce(&mut BatchSender) -> Result<(), ConnectError> + Send>;

enum State {
    Waiting {
        file: String,
        reader: Reader,
    },
    Running(mpsc::Receiver<Item>),
    /// What is in memory already.
    Ready(std::vec::IntoIter<RecordBatch>),
    /// What comes over the network.
    Coming(BoxStream<'static, Item>),
    Done,
}

/// A stream of `Result<RecordBatch, ConnectError>`. The reader starts at the first poll, on a thread of its own.
pub struct Batches(State);

impl std::fmt::Debug for Batches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Batches")
    }
}

impl Batches {
    pub fn new(
        file: &str,
        reader: impl FnOnce(&mut BatchSender) -> Result<(), ConnectError> + Send + 'static,
    ) -> Batches {
        Batches(State::Waiting { file: file.to_owned(), reader: Box::new(reader) })
    }

    /// Batches that have been read already.
    pub(crate) fn ready(batches: Vec<RecordBatch>) -> Batches {
        Batches(State::Ready(batches.into_iter()))
    }

    /// Batches that somebody else brings.
    pub(crate) fn coming(batches: impl Stream<Item = Item> + Send + 'static) -> Batches {
        Batches(State::Coming(batches.boxed()))
    }

    /// The same batches for code that may block. Not from inside an async task.
    pub fn blocking(self) -> impl Iterator<Item = Item> + Send {
        futures::executor::block_on_stream(self)
    }
}

/// Runs a reader so that its panic becomes an error: file formats come from outside, and so do their parsers' surprises.
pub(crate) fn guarded<T>(
    file: &str,
    read: impl FnOnce() -> Result<T, ConnectError>,
) -> Result<T, ConnectError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        Err(ConnectError::ReaderPanicked { file: file.to_owned(), detail: panic_message(&*panic) })
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").lines().next().unwrap_or_default().to_owned()
}

fn start(file: String, reader: Reader) -> Result<mpsc::Receiver<Item>, ConnectError> {
    // One batch waits while the consumer works on another: memory stays at three batches.
    let (sender, receiver) = mpsc::channel(0);
    let name = file.clone();
    let run = move || {
        let mut sender = BatchSender(sender);
        match guarded(&file, || reader(&mut sender)) {
            Ok(()) | Err(ConnectError::Stopped) => {}
            // Nobody listens any more when this fails, so nobody misses the error.
            Err(error) => drop(futures::executor::block_on(sender.0.send(Err(error)))),
        }
    };
    match std::thread::Builder::new().name("connect-reader".into()).spawn(run) {
        Ok(_) => Ok(receiver),
        Err(source) => Err(ConnectError::File { file: name, source }),
    }
}

impl Stream for Batches {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Item>> {
        if let State::Waiting { .. } = self.0
            && let State::Waiting { file, reader } = std::mem::replace(&mut self.0, State::Done)
        {
            match start(file, reader) {
                Ok(receiver) => self.0 = State::Running(receiver),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let next = match &mut self.0 {
            State::Running(receiver) => Pin::new(receiver).poll_next(context),
            State::Ready(batches) => Poll::Ready(batches.next().map(Ok)),
            State::Coming(batches) => batches.as_mut().poll_next(context),
            State::Waiting { .. } | State::Done => Poll::Ready(None),
        };
        if matches!(next, Poll::Ready(None | Some(Err(_)))) {
            self.0 = State::Done;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::Schema;

    use super::*;

    #[test]
    fn blocking_reader_panics_is_an_error_after_the_rows() {
        let batches = Batches::new("a.csv", |sender| {
            sender.send(RecordBatch::new_empty(Arc::new(Schema::empty())))?;
            panic!("surprise");
        });
        let items: Vec<_> = batches.blocking().collect();
        assert!(items[0].is_ok());
        assert!(
            matches!(&items[1], Err(ConnectError::ReaderPanicked { detail, .. }) if detail == "surprise")
        );
        assert_eq!(items.len(), 2);
    }

    #[test]
    fn dropped_consumer_stops_the_reader() {
        let (told, heard) = std::sync::mpsc::channel();
        let batches = Batches::new("a.csv", move |sender| {
            loop {
                if let Err(stopped) = sender.send(RecordBatch::new_empty(Arc::new(Schema::empty()))) {
                    told.send(()).unwrap();
                    return Err(stopped);
                }
            }
        });
        let mut batches = batches.blocking();
        assert!(batches.next().is_some());
        drop(batches);
        heard.recv().unwrap();
    }
}
