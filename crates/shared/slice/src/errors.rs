//! What can be wrong with a slice or with a question to it.
//!
//! Words only: who finds a mistake says where. Invariant: bytes that are not what they should be are an error, never a panic.

use crate::manifest::{Id, VERSION};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    #[error("{what} is damaged: {how}; fetch it again")]
    Damaged { what: String, how: String },
    #[error("{what} {id} is missing; fetch it first")]
    Missing { what: &'static str, id: Id },
    #[error("the slice has format {found} and this program reads {VERSION}; reload the program")]
    Version { found: u32 },
    #[error("the slice has no column `{name}`; it has {known}")]
    UnknownColumn { name: String, known: String },
    #[error("`{name}` is {is}; {needed}")]
    Unfit { name: String, is: &'static str, needed: &'static str },
    #[error(
        "span {number} begins or ends before the one ahead of it; ask in order of time, or in two questions"
    )]
    Backwards { number: usize },
    #[error("a percentile takes a share from 0 to 1")]
    Share,
    #[error("the groups of {by} are too many to number; leave out a dimension")]
    TooWide { by: String },
    #[error("sums of `{name}` might not fit 38 digits; give it a smaller scale")]
    TooLarge { name: String },
    #[error(
        "a batch has {found} rows in column `{name}` and {expected} in the first; give every column the same rows"
    )]
    Uneven { name: String, found: usize, expected: usize },
    #[error("row {row}, column `{name}`: {value} is out of range; use days of the years 1 to 9999")]
    Day { name: String, row: usize, value: i32 },
    #[error("{what}; {remedy}")]
    Schema { what: String, remedy: &'static str },
}

/// `Damaged`, for a `map_err` or an early return.
pub(crate) fn damaged(what: impl Into<String>, how: impl Into<String>) -> SliceError {
    SliceError::Damaged { what: what.into(), how: how.into() }
}
