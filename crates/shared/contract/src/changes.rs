//! Changes of a source's streams: what came by itself, what waits for a person, what was asked for.
//!
//! Holds no row. Invariant: a type is written in the words of the options: `text`, `integer`, `decimal(18,2)`.

use serde::{Deserialize, Serialize};

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StreamChange {
    /// Empty in the rows that were there before.
    ColumnNew { column: String, column_type: String },
    /// Its values stay, and new rows have none.
    ColumnGone { column: String },
    /// No value was lost.
    Widened { column: String, before: String, after: String },
    /// One of the two types would lose its meaning.
    Incompatible { column: String, before: String, after: String },
    /// Other columns tell rows apart; `after` is empty when none do.
    KeyChanged { before: Vec<String>, after: Vec<String> },
    /// Somebody wanted everything since this day (`2024-01-31`) once more.
    ReadAgain { since: String },
}

/// What becomes of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// It holds already, and only wants to be known.
    Noted,
    /// Its stream brings nothing until somebody decides.
    Held,
    /// The table starts again with the next sync.
    Accepted,
    /// The table has started again.
    Done,
    /// The source is as it was before.
    Withdrawn,
}

impl ChangeState {
    pub const ALL: [ChangeState; 5] = [
        ChangeState::Noted,
        ChangeState::Held,
        ChangeState::Accepted,
        ChangeState::Done,
        ChangeState::Withdrawn,
    ];

    pub fn word(self) -> &'static str {
        match self {
            ChangeState::Noted => "noted",
            ChangeState::Held => "held",
            ChangeState::Accepted => "accepted",
            ChangeState::Done => "done",
            ChangeState::Withdrawn => "withdrawn",
        }
    }
}

/// A change of one stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeCard {
    pub id: String,
    /// Empty for what concerns all streams of the source.
    pub stream: String,
    /// RFC 3339, UTC.
    pub at: String,
    pub change: StreamChange,
    pub state: ChangeState,
}

/// What reading a stream again will bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadAgain {
    /// What has changed since the day.
    Since,
    /// Everything: it has no cursor that tells a time.
    Whole,
    /// Nothing: what was sent to us, or was true on a day gone by, cannot be asked for again.
    Never,
}
