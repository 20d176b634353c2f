//! The thread that writes an inbox: it takes what waits, writes it in one go, syncs once, and answers all.
//!
//! Invariant: nothing is answered before file, and for a new file its folder, are synced; after a failed write or sync the segment is
//! closed, and no number is given twice.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{mpsc, oneshot};

use super::segments::{self, Segment};
use super::{InboxError, InboxLimits, frame};

/// A reader may have seen deliveries that never became durable: numbers after a restart begin so far beyond the last one on disk.
const GAP: u64 = 1 << 20;
/// Bytes that are written in one go.
const BATCH_BYTES: usize = 8 << 20;
/// A segment is closed at this age, so that what has been landed does not lie there for long.
const OLDEST: Duration = Duration::from_mins(10);
const LOCK: &str = "writer.lock";

type Answer = Result<u64, InboxError>;

enum Order {
    Keep { note: String, body: Vec<u8>, answer: oneshot::Sender<Answer> },
    Release { sequence: u64, answer: std::sync::mpsc::Sender<Result<(), InboxError>> },
}

/// What an inbox counts.
#[derive(Debug, Default)]
pub struct Figures {
    pub(super) deliveries: AtomicU64,
    pub(super) syncs: AtomicU64,
    pub(super) bytes: AtomicU64,
}

/// A way to the thread. A clone leads to the same one, which ends when all are gone.
#[derive(Debug, Clone)]
pub struct Writer {
    orders: mpsc::Sender<Order>,
    dir: Arc<str>,
}

impl Writer {
    /// Takes the folder for this process, mends its end, and starts the thread.
    pub fn open(dir: &Path, limits: InboxLimits, figures: Arc<Figures>) -> Result<Writer, InboxError> {
        let log = Log::open(dir, limits, figures)?;
        let (orders, inbox) = mpsc::channel(limits.waiting.max(1));
        let shown: Arc<str> = log.shown.as_str().into();
        let failed = log.shown.clone();
        let spawned = std::thread::Builder::new().name("inbox-writer".into()).spawn(move || log.work(inbox));
        spawned.map_err(|source| InboxError::Disk { dir: failed, source })?;
        Ok(Writer { orders, dir: shown })
    }

    pub fn is_alive(&self) -> bool {
        !self.orders.is_closed()
    }

    pub fn keep(&self, note: &str, body: &[u8]) -> Result<oneshot::Receiver<Answer>, InboxError> {
        let (answer, kept) = oneshot::channel();
        let order = Order::Keep { note: note.to_owned(), body: body.to_owned(), answer };
        self.orders.try_send(order).map_err(|_| InboxError::Busy { dir: self.dir.to_string() })?;
        Ok(kept)
    }

    /// Waits for the thread to be done with it.
    pub fn release(&self, sequence: u64) -> Result<(), InboxError> {
        let (answer, released) = std::sync::mpsc::channel();
        // A busy thread has better things to do: segments go the next time.
        if self.orders.try_send(Order::Release { sequence, answer }).is_err() {
            return Ok(());
        }
        released.recv().unwrap_or(Ok(()))
    }
}

/// The segment that is being written.
struct Active {
    file: File,
    bytes: u64,
    since: Instant,
}

struct Log {
    dir: PathBuf,
    shown: String,
    limits: InboxLimits,
    figures: Arc<Figures>,
    active: Option<Active>,
    next: u64,
    measured: Instant,
    /// Held as long as we write.
    _lock: File,
}

impl Log {
    fn open(dir: &Path, limits: InboxLimits, figures: Arc<Figures>) -> Result<Log, InboxError> {
        let shown = dir.display().to_string();
        let disk = |source| InboxError::Disk { dir: shown.clone(), source };
        segments::make_dir(dir).map_err(disk)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(dir.join(LOCK)).map_err(disk)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(InboxError::Taken { dir: shown }),
            Err(TryLockError::Error(source)) => return Err(disk(source)),
        }
        let last = mend(dir).map_err(disk)?;
        figures.bytes.store(segments::bytes(dir).map_err(disk)?, Ordering::Relaxed);
        // By the clock, so that numbers go on rising even where the whole folder was lost.
        let next = (last + GAP).max(micros() as u64);
        let measured = Instant::now();
        Ok(Log { dir: dir.to_owned(), shown, limits, figures, active: None, next, measured, _lock: lock })
    }

    fn work(mut self, mut orders: mpsc::Receiver<Order>) {
        while let Some(order) = orders.blocking_recv() {
            let (mut batch, mut bytes, mut releases) = (Vec::new(), 0, Vec::new());
            let mut next = Some(order);
            while let Some(order) = next {
                match order {
                    Order::Keep { note, body, answer } => {
                        bytes += note.len() + body.len();
                        batch.push((note, body, answer));
                    }
                    Order::Release { sequence, answer } => releases.push((sequence, answer)),
                }
                // Whatever came while the last sync ran goes along with this one.
                next = if bytes < BATCH_BYTES { orders.try_recv().ok() } else { None };
            }
            self.keep(batch);
            for (sequence, answer) in releases {
                let done = self.release(sequence).map_err(|source| self.disk(source));
                // Who asked may have gone.
                let _ = answer.send(done);
            }
        }
    }

    fn keep(&mut self, batch: Vec<(String, Vec<u8>, oneshot::Sender<Answer>)>) {
        let (mut frames, mut waiting) = (Vec::new(), Vec::new());
        for (note, body, answer) in batch {
            if self.is_full(frames.len() as u64 + frame::size(&note, &body)) {
                let limit_mb = self.limits.total >> 20;
                let _ = answer.send(Err(InboxError::Full { dir: self.shown.clone(), limit_mb }));
                continue;
            }
            frame::encode(&mut frames, self.next, micros(), &note, &body);
            waiting.push((self.next, answer));
            self.next += 1;
        }
        if waiting.is_empty() {
            return;
        }
        match self.write(&frames, waiting[0].0) {
            Ok(()) => {
                self.figures.deliveries.fetch_add(waiting.len() as u64, Ordering::Relaxed);
                self.figures.bytes.fetch_add(frames.len() as u64, Ordering::Relaxed);
                for (sequence, answer) in waiting {
                    let _ = answer.send(Ok(sequence));
                }
            }
            Err(source) => {
                tracing::error!(inbox = %self.shown, error = %source, "deliveries could not be kept; their senders come again");
                let (kind, text) = (source.kind(), source.to_string());
                for (_, answer) in waiting {
                    let _ = answer.send(Err(self.disk(io::Error::new(kind, text.clone()))));
                }
            }
        }
    }

    /// Whether so many bytes more are too many. Another process may have removed segments, so that is looked up again, once a second.
    fn is_full(&mut self, more: u64) -> bool {
        let full = |log: &Log| log.figures.bytes.load(Ordering::Relaxed) + more > log.limits.total;
        if full(self) && self.measured.elapsed() > Duration::from_secs(1) {
            self.measured = Instant::now();
            if let Ok(bytes) = segments::bytes(&self.dir) {
                self.figures.bytes.store(bytes, Ordering::Relaxed);
            }
        }
        full(self)
    }

    fn write(&mut self, frames: &[u8], first: u64) -> io::Result<()> {
        let due = |active: &Active| active.bytes >= self.limits.segment || active.since.elapsed() > OLDEST;
        // A file that somebody removed under us would take deliveries along when it is closed.
        let removed = |active: &Active| active.file.metadata().map_or(true, |file| file.nlink() == 0);
        let closes = |active: &Active| active.bytes > 0 && due(active) || removed(active);
        if self.active.as_ref().is_some_and(closes) {
            self.active = None;
        }
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.begin(first)?,
        };
        let written = active.file.write_all(frames).and_then(|()| active.file.sync_data());
        self.figures.syncs.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = written {
            // Neither the file's end nor the page cache can be trusted any more: what was acknowledged stays, and a new file follows.
            let _ = active.file.set_len(active.bytes).and_then(|()| active.file.sync_data());
            return Err(error);
        }
        if active.bytes == 0 {
            active.since = Instant::now();
        }
        active.bytes += frames.len() as u64;
        self.active = Some(active);
        Ok(())
    }

    /// A new file, its name durable.
    fn begin(&mut self, first: u64) -> io::Result<Active> {
        segments::make_dir(&self.dir)?;
        let segment = Segment::new(&self.dir, first);
        let file = OpenOptions::new().append(true).create_new(true).open(&segment.path)?;
        file.sync_all()?;
        segments::sync_dir(&self.dir)?;
        self.figures.syncs.fetch_add(2, Ordering::Relaxed);
        Ok(Active { file, bytes: 0, since: Instant::now() })
    }

    /// Removes what has been landed; the newest segment too, once an empty one has taken its place.
    fn release(&mut self, sequence: u64) -> io::Result<()> {
        let all_landed = self.next.saturating_sub(1) <= sequence;
        if all_landed && self.active.as_ref().is_some_and(|active| active.bytes > 0) {
            self.active = None;
            self.active = Some(self.begin(self.next)?);
        }
        segments::remove_landed(&self.dir, sequence)?;
        self.figures.bytes.store(segments::bytes(&self.dir)?, Ordering::Relaxed);
        Ok(())
    }

    fn disk(&self, source: io::Error) -> InboxError {
        InboxError::Disk { dir: self.shown.clone(), source }
    }
}

/// Cuts what a stopped process left half-written off the newest segment; the greatest number that is there.
fn mend(dir: &Path) -> io::Result<u64> {
    let Some(newest) = segments::list(dir)?.pop() else { return Ok(0) };
    let bytes = std::fs::read(&newest.path)?;
    let (mut at, mut end, mut last) = (0, 0, newest.first.saturating_sub(1));
    while at < bytes.len() {
        if let Some((delivery, length)) = frame::decode(&bytes[at..]) {
            at += length;
            (end, last) = (at, delivery.sequence.max(last));
        } else {
            match frame::next_whole(&bytes[at..]) {
                Some(skip) => at += skip,
                None => break,
            }
        }
    }
    if end < bytes.len() {
        tracing::warn!(file = %newest.path.display(), bytes = bytes.len() - end, "cut a torn end off");
        let file = OpenOptions::new().write(true).open(&newest.path)?;
        file.set_len(end as u64)?;
        file.sync_all()?;
    }
    Ok(last)
}

fn micros() -> i64 {
    chrono::DateTime::<chrono::Utc>::from(SystemTime::now()).timestamp_micros()
}
