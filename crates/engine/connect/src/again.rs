//! Reading a stream again: from a day on, or all of it.
//!
//! Changes no state itself (`pipeline`) and reads nothing. Invariant: a rewound state never lies behind the one that it was made from, so that
//! reading again cannot leave anything out.

use chrono::{DateTime, NaiveDate, Utc};

use crate::source::StreamState;

/// From where a stream is to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// What has changed since this day.
    Since(Beginning),
    /// Everything, as if nothing had been read.
    Whole,
}

/// The beginning of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    pub day: NaiveDate,
    /// When it began in the workspace's time zone.
    pub at: DateTime<Utc>,
}

/// What a source makes of the wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewound {
    /// Read from here on, the stream brings what has changed since that day.
    Since(StreamState),
    /// Read from here on, it brings everything: it has no cursor, or was to be read whole.
    Whole(StreamState),
    /// It cannot be asked for again: it was sent to us, or told how things stood on a day gone by.
    Never,
}
