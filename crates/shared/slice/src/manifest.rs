//! The manifest: which columns, dictionaries and chunks make a slice of one fact for one policy at one edition.
//!
//! Holds no data. Invariant: everything that it names is named by the hash of its bytes, so that what a browser has already need not travel
//! again, and nothing can be taken for something else.

use crate::SliceError;
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The format of manifests, dictionaries and chunks that this program writes and reads.
pub const VERSION: u32 = 1;
/// Columns that a slice may have.
pub const MAX_COLUMNS: usize = 64;
/// Rows that a chunk may have; a month with more is several chunks.
pub const MAX_CHUNK_ROWS: usize = 1 << 22;
/// Rows that a slice may have: rows are numbered in 32 bits, with room to spare.
pub const MAX_ROWS: usize = 1 << 28;

/// The SHA-256 of a dictionary's or chunk's bytes, which is its name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 32]);

impl Id {
    /// The name of these bytes.
    pub fn of(bytes: &[u8]) -> Id {
        Id(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Id, &'static str> {
        const WRONG: &str = "a name is 64 hexadecimal digits";
        let mut id = Id([0; 32]);
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(WRONG);
        }
        for (index, byte) in id.0.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).map_err(|_| WRONG)?;
        }
        Ok(id)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub version: u32,
    pub fact: String,
    /// Whose part of the tables this is: equal sights share a slice.
    pub policy: String,
    pub edition: u64,
    /// The first one is the day by which chunks are cut.
    pub columns: Vec<Column>,
    /// In order of months, rows without a day first.
    pub chunks: Vec<Chunk>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a column holds. All kinds know null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A day, for time and for filters.
    Day,
    /// A member of a dimension. The empty text is no value, as everywhere in a `MetricQuery`.
    Dimension { dictionary: Vec<Segment> },
    /// Something that is counted once. Its dictionary keeps codes stable from edition to edition and stays on the server: the browser
    /// counts codes, and never learns who they are.
    Entity { dictionary: Vec<Segment> },
    /// An exact number, in units of 10^-scale.
    Measure { scale: u8 },
}

impl Kind {
    /// The dictionary of a dimension or entity.
    pub fn dictionary(&self) -> &[Segment] {
        match self {
            Kind::Dimension { dictionary } | Kind::Entity { dictionary } => dictionary,
            Kind::Day | Kind::Measure { .. } => &[],
        }
    }

    pub(crate) fn words(&self) -> &'static str {
        match self {
            Kind::Day => "a column of days",
            Kind::Dimension { .. } => "a dimension",
            Kind::Entity { .. } => "an entity",
            Kind::Measure { .. } => "a measure",
        }
    }
}

/// A part of a dictionary that never changes: members that come later make another one behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    pub id: Id,
    pub members: u32,
}

/// The rows of a month, or a part of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    pub id: Id,
    /// Its first day; none for rows without a day.
    pub month: Option<NaiveDate>,
    pub rows: u32,
}

impl Manifest {
    pub fn rows(&self) -> u64 {
        self.chunks.iter().map(|chunk| u64::from(chunk.rows)).sum()
    }

    /// What a browser has to have before it can open the slice: dictionaries of dimensions, and chunks.
    pub fn needed(&self) -> impl Iterator<Item = Id> {
        let dimensions = self.columns.iter().filter(|column| matches!(column.kind, Kind::Dimension { .. }));
        let segments = dimensions.flat_map(|column| column.kind.dictionary()).map(|segment| segment.id);
        segments.chain(self.chunks.iter().map(|chunk| chunk.id))
    }

    /// # Errors
    /// `Version`, or `Schema` when it describes no slice that this program could hold.
    pub fn check(&self) -> Result<(), SliceError> {
        if self.version != VERSION {
            return Err(SliceError::Version { found: self.version });
        }
        check_columns(&self.columns)?;
        let too_many = |what: String| SliceError::Schema { what, remedy: "aggregate it before it is sliced" };
        if self.rows() > MAX_ROWS as u64 {
            return Err(too_many(format!("the slice has {} rows, and at most {MAX_ROWS} fit", self.rows())));
        }
        if let Some(chunk) = self.chunks.iter().find(|chunk| chunk.rows as usize > MAX_CHUNK_ROWS) {
            return Err(too_many(format!("chunk {} has more than {MAX_CHUNK_ROWS} rows", chunk.id)));
        }
        let members = |column: &Column| -> u64 {
            column.kind.dictionary().iter().map(|segment| u64::from(segment.members)).sum()
        };
        match self.columns.iter().find(|column| members(column) >= u64::from(u32::MAX)) {
            None => Ok(()),
            Some(column) => Err(too_many(format!("`{}` has too many members", column.name))),
        }
    }
}

/// # Errors
/// `Schema` when these columns make no slice.
pub(crate) fn check_columns(columns: &[Column]) -> Result<(), SliceError> {
    let wrong = |what: String, remedy| Err(SliceError::Schema { what, remedy });
    if !matches!(columns.first(), Some(Column { kind: Kind::Day, .. })) {
        return wrong("the first column is no day".to_owned(), "begin with the day that chunks are cut by");
    }
    if columns.len() > MAX_COLUMNS {
        return wrong(format!("the slice has {} columns", columns.len()), "at most 64 fit; leave some out");
    }
    for (index, column) in columns.iter().enumerate() {
        if columns[..index].iter().any(|other| other.name == column.name) {
            return wrong(format!("two columns are called `{}`", column.name), "give each its own name");
        }
        if matches!(column.kind, Kind::Measure { scale } if scale > 38) {
            return wrong(format!("`{}` has a scale beyond 38", column.name), "round it first");
        }
    }
    Ok(())
}
