//! Records of one piece on their way to the lake: a few megabytes in memory, the rest on disk as it came.
//!
//! Does not decide columns (`found`). Invariant: memory does not grow with the number of records, and a piece holds exactly those that were
//! there when it was made.

use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tempfile::SpooledTempFile;

use crate::batches::{BatchSender, Batches};
use crate::errors::ConnectError;
use crate::found::{lookup, row, told};
use crate::json::JsonCell;
use crate::records::{Gathering, Shape};
use crate::source::{LandHint, Mark, Piece};

/// What stays in memory.
const MEMORY: usize = 4 << 20;
/// A batch ends before its records have more bytes than this.
const BATCH_BYTES: usize = 32 << 20;
/// Keys by which connectors that follow a database's log say that a record is gone.
const GONE: [&str; 2] = ["_ab_cdc_deleted_at", "_sdc_deleted_at"];

/// Records as text, in their order.
pub struct Spool {
    stream: String,
    file: BufWriter<SpooledTempFile>,
    digest: Sha256,
    rows: u64,
}

/// What becomes of a spool.
pub struct Landing {
    pub shape: Shape,
    /// Keys of the records, as the source calls them, that no record may lack all of.
    pub key: Vec<String>,
    pub flatten: bool,
    /// Where the records come from, for rejects.
    pub place: String,
    pub hint: LandHint,
    pub mark: Option<Mark>,
}

impl Spool {
    /// In `folder`, else where the machine keeps temporary files.
    pub fn new(stream: &str, folder: Option<&Path>) -> Spool {
        let file = match folder {
            Some(folder) => SpooledTempFile::new_in(MEMORY, folder),
            None => SpooledTempFile::new(MEMORY),
        };
        Spool { stream: stream.to_owned(), file: BufWriter::new(file), digest: Sha256::new(), rows: 0 }
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// # Errors
    /// `Spool` when the disk is full, say.
    pub fn push(&mut self, record: &str) -> Result<(), ConnectError> {
        let length = (record.len() as u64).to_le_bytes();
        self.digest.update(length);
        self.digest.update(record);
        self.rows += 1;
        let written = self.file.write_all(&length).and_then(|()| self.file.write_all(record.as_bytes()));
        written.map_err(|source| ConnectError::Spool { stream: self.stream.clone(), source })
    }

    /// Digest of all records, in hexadecimal.
    pub fn content(&self) -> String {
        use std::fmt::Write as _;
        self.digest.clone().finalize().iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The first `rows` records as a piece; they become batches when it is landed.
    ///
    /// # Errors
    /// `Spool` when they cannot be read back.
    pub fn piece(self, rows: u64, landing: Landing) -> Result<Piece, ConnectError> {
        let failed = |source: io::Error| ConnectError::Spool { stream: self.stream.clone(), source };
        let mut file = self.file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        let Landing { shape, key, flatten, place, hint, mark } = landing;
        let shape = Arc::new(shape);
        let mut gathering = Gathering::new(shape.clone(), &place);
        let rejects = gathering.rejects();
        let stream = self.stream.clone();
        let batches = Batches::new(&place, move |sender| {
            let mut feeding = Feeding { gathering: &mut gathering, key: &key, flatten, sender };
            feeding.all(BufReader::with_capacity(64 << 10, file), rows, &stream)
        });
        Ok(Piece {
            stream: self.stream,
            file: place,
            batch_id: uuid::Uuid::now_v7().to_string(),
            hint,
            schema: shape.schema(),
            batches,
            rejects,
            mark,
        })
    }
}

struct Feeding<'a> {
    gathering: &'a mut Gathering,
    key: &'a [String],
    flatten: bool,
    sender: &'a mut BatchSender,
}

impl Feeding<'_> {
    fn all(&mut self, mut file: impl Read, rows: u64, stream: &str) -> Result<(), ConnectError> {
        let failed = |source| ConnectError::Spool { stream: stream.to_owned(), source };
        let (mut text, mut bytes) = (Vec::new(), 0);
        for _ in 0..rows {
            let mut length = [0; 8];
            file.read_exact(&mut length).map_err(failed)?;
            let length = u64::from_le_bytes(length) as usize;
            text.resize(length, 0);
            file.read_exact(&mut text).map_err(failed)?;
            self.record(&String::from_utf8_lossy(&text))?;
            bytes += length;
            let whole = bytes >= BATCH_BYTES;
            if whole {
                bytes = 0;
            }
            self.send(whole)?;
        }
        self.send(true)
    }

    fn send(&mut self, whole: bool) -> Result<(), ConnectError> {
        self.gathering.take(whole)?.into_iter().try_for_each(|batch| self.sender.send(batch))
    }

    fn record(&mut self, text: &str) -> Result<(), ConnectError> {
        let row = match row(text, self.flatten) {
            Ok(row) => row,
            Err(error) => {
                self.gathering.reject(text, &format!("is no JSON object: {error}"));
                return Ok(());
            }
        };
        let is_absent = |key: &str| matches!(lookup(&row, key), JsonCell::Absent);
        if !self.key.is_empty() && self.key.iter().all(|key| is_absent(key)) {
            self.gathering.reject(text, &format!("has no value in its key `{}`", self.key.join(", ")));
            return Ok(());
        }
        let gone = GONE.iter().any(|key| !is_absent(key));
        self.gathering.push(gone, |column| told(lookup(&row, &column.key), column.column_type))
    }
}
