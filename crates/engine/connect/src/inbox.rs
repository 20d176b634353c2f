//! What others send us, kept on disk until the lake has it: a durable log per source, in segments.
//!
//! Understands nothing of what it keeps (`sources`). Invariant: a delivery that was acknowledged survives kill -9 and power cuts, and its
//! number is greater than all numbers that were ever read before it, so that a bookmark never skips it; a segment goes only when every
//! stream's bookmark is past it.

mod frame;
mod reader;
mod segments;
mod writer;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

pub use frame::PAYLOAD_BYTES;
pub use reader::{Deliveries, Item};
pub use writer::Figures;

use writer::Writer;

/// One delivery as it was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub sequence: u64,
    /// Microseconds since 1970, UTC.
    pub received_at: i64,
    /// What the hook noted beside the body: its headers that count, as JSON; empty for nothing.
    pub note: String,
    /// The body, as far as the hook keeps it.
    pub body: Vec<u8>,
}

/// How much a folder may hold, and how it is cut into files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxLimits {
    /// Bytes of all segments together; beyond them senders are told to come again.
    pub total: u64,
    /// A segment with so many bytes is closed.
    pub segment: u64,
    /// Deliveries that wait for the disk at the same time.
    pub waiting: usize,
}

impl Default for InboxLimits {
    fn default() -> InboxLimits {
        InboxLimits { total: 2 << 30, segment: 16 << 20, waiting: 1024 }
    }
}

/// Why a delivery was not taken, or the log could not be read. The sender keeps it and comes again.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    #[error(
        "the inbox `{dir}` is full ({limit_mb} MB); senders come again, and nothing is lost: run `mirante run`, and see why it lands nothing"
    )]
    Full { dir: String, limit_mb: u64 },
    #[error("the inbox `{dir}` cannot be written; senders come again: check free space and permissions")]
    Disk { dir: String, source: io::Error },
    #[error(
        "the inbox `{dir}` is being written by another process; stop the other `mirante serve` on this folder"
    )]
    Taken { dir: String },
    #[error("too many deliveries wait for the disk of inbox `{dir}`; senders come again")]
    Busy { dir: String },
    #[error("a delivery of {bytes} bytes is too large for an inbox")]
    TooLarge { bytes: usize },
    #[error(
        "inbox file `{file}` cannot be read; check that it is there and that its permissions allow reading"
    )]
    Read { file: String, source: io::Error },
}

/// The inbox of one source. Making one touches no disk: the folder is made by the first delivery.
#[derive(Debug)]
pub struct Inbox {
    dir: PathBuf,
    limits: InboxLimits,
    writer: Mutex<Option<Writer>>,
    figures: Arc<Figures>,
}

impl Inbox {
    pub fn new(dir: PathBuf, limits: InboxLimits) -> Inbox {
        Inbox { dir, limits, writer: Mutex::new(None), figures: Arc::default() }
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Keeps a delivery, and answers with its number once it is on the disk; deliveries that come together share one sync.
    ///
    /// # Errors
    /// Then it was not acknowledged, and the sender is to come again; it may be kept all the same, as a copy.
    pub async fn append(&self, note: &str, body: &[u8]) -> Result<u64, InboxError> {
        let bytes = note.len() + body.len();
        if bytes > PAYLOAD_BYTES {
            return Err(InboxError::TooLarge { bytes });
        }
        let kept = self.writer()?.keep(note, body)?;
        // The thread answers every delivery; one that it dropped was lost with the thread.
        kept.await.unwrap_or_else(|_| {
            let source = io::Error::other("the writer ended");
            Err(InboxError::Disk { dir: self.shown(), source })
        })
    }

    /// The deliveries after a number, oldest first, as far as they are on the disk now. Blocks on files.
    ///
    /// # Errors
    /// `Read` when the folder cannot be listed.
    pub fn after(&self, sequence: u64) -> Result<Deliveries, InboxError> {
        Deliveries::open(&self.dir, sequence)
    }

    /// Lets go of segments whose deliveries all have numbers up to `sequence`: the lake has them. Blocks on files.
    ///
    /// Only the process that writes may close the segment that is being written; others leave the newest one.
    ///
    /// # Errors
    /// `Disk` when a file cannot be removed.
    pub fn release(&self, sequence: u64) -> Result<(), InboxError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match writer.filter(Writer::is_alive) {
            Some(writer) => writer.release(sequence),
            None => segments::remove_landed(&self.dir, sequence).map_err(|source| self.disk(source)),
        }
    }

    /// What was counted since the process started.
    pub fn figures(&self) -> InboxCounts {
        InboxCounts {
            deliveries: self.figures.deliveries.load(Ordering::Relaxed),
            syncs: self.figures.syncs.load(Ordering::Relaxed),
            bytes: self.figures.bytes.load(Ordering::Relaxed),
        }
    }

    /// The writer's thread; started by the first delivery, and again after it has ended.
    fn writer(&self) -> Result<Writer, InboxError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = writer.as_ref().filter(|writer| writer.is_alive()) {
            return Ok(writer.clone());
        }
        let opened = Writer::open(&self.dir, self.limits, self.figures.clone())?;
        *writer = Some(opened.clone());
        Ok(opened)
    }

    fn shown(&self) -> String {
        self.dir.display().to_string()
    }

    fn disk(&self, source: io::Error) -> InboxError {
        InboxError::Disk { dir: self.shown(), source }
    }
}

/// What an inbox has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxCounts {
    /// Acknowledged.
    pub deliveries: u64,
    /// Times that a file was synced.
    pub syncs: u64,
    /// Bytes of all segments.
    pub bytes: u64,
}

/// The inboxes of all sources of a data folder: one folder per source. A clone is the same.
#[derive(Debug, Clone)]
pub struct Inboxes {
    dir: PathBuf,
    limits: InboxLimits,
    open: Arc<Mutex<HashMap<String, Arc<Inbox>>>>,
}

impl Inboxes {
    pub fn new(dir: PathBuf, limits: InboxLimits) -> Inboxes {
        Inboxes { dir, limits, open: Arc::default() }
    }

    /// The inbox of a source, the same one each time. The name is SQL-safe, so that it is a name of a folder, too.
    pub fn of(&self, source: &str) -> Arc<Inbox> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let inbox = open
            .entry(source.to_owned())
            .or_insert_with(|| Arc::new(Inbox::new(self.dir.join(source), self.limits)));
        inbox.clone()
    }
}

#[cfg(test)]
mod tests;
