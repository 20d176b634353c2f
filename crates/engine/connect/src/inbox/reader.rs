//! Reads deliveries back, one segment at a time.
//!
//! Changes nothing. Invariant: what stands behind a damaged place is still read; only a torn end of the newest segment, which was never
//! acknowledged, is passed over in silence.

use std::io;
use std::path::Path;

use super::segments::{self, Segment};
use super::{Delivery, InboxError, frame};

/// What is read: a delivery, or a place that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Delivery(Delivery),
    Damaged {
        /// Name of the segment.
        file: String,
        /// Where the damage begins, in bytes.
        at: usize,
        bytes: usize,
    },
}

/// Deliveries after a number, oldest first. Holds one segment in memory.
#[derive(Debug)]
pub struct Deliveries {
    after: u64,
    segments: std::vec::IntoIter<Segment>,
    /// Name, content and place in it.
    open: Option<(String, Vec<u8>, usize)>,
}

impl Deliveries {
    pub(super) fn open(dir: &Path, after: u64) -> Result<Deliveries, InboxError> {
        let read = |source| InboxError::Read { file: dir.display().to_string(), source };
        let mut segments = segments::list(dir).map_err(read)?;
        // The segment before the first one that begins beyond may still hold some.
        let beyond = segments.iter().position(|segment| segment.first > after + 1).unwrap_or(segments.len());
        segments.drain(..beyond.saturating_sub(1));
        Ok(Deliveries { after, segments: segments.into_iter(), open: None })
    }

    fn next_in_segment(&mut self) -> Option<Item> {
        let (file, bytes, at) = self.open.as_mut()?;
        while *at < bytes.len() {
            let rest = &bytes[*at..];
            if let Some((delivery, length)) = frame::decode(rest) {
                *at += length;
                if delivery.sequence > self.after {
                    self.after = delivery.sequence;
                    return Some(Item::Delivery(delivery));
                }
                continue;
            }
            let skip = frame::next_whole(rest);
            let behind = match skip {
                Some(skip) => frame::decode(&rest[skip..]).map(|(delivery, _)| delivery.sequence),
                None => self.segments.as_slice().first().map(|segment| segment.first),
            };
            let bytes = skip.unwrap_or(rest.len());
            let damaged = Item::Damaged { file: file.clone(), at: *at, bytes };
            *at += bytes;
            // Nothing behind it: somebody is writing there just now, or was stopped while writing. What is behind was read before:
            // so was the damage.
            if behind.is_some_and(|behind| behind > self.after) {
                return Some(damaged);
            }
        }
        None
    }

    fn next_segment(&mut self) -> Option<Result<(), InboxError>> {
        let segment = self.segments.next()?;
        let file = segment.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match std::fs::read(&segment.path) {
            Ok(bytes) => self.open = Some((file, bytes, 0)),
            // Landed by somebody else and removed since we listed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.open = None,
            Err(source) => {
                return Some(Err(InboxError::Read { file: segment.path.display().to_string(), source }));
            }
        }
        Some(Ok(()))
    }
}

impl Iterator for Deliveries {
    type Item = Result<Item, InboxError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.next_in_segment() {
                return Some(Ok(item));
            }
            if let Err(error) = self.next_segment()? {
                return Some(Err(error));
            }
        }
    }
}
