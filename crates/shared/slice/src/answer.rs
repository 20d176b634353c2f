//! What a slice answers: groups and their values, column by column.
//!
//! Assembles no metrics. Invariant: groups stand in order of time, then of members as they are shown (whole numbers by size before texts by code
//! point, no value last), so that the same question has the same rows in the same order.

use crate::dictionary::Dictionary;
use crate::places::Place;
use kpi::Cell;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The members of each dimension of the question, by group.
    pub by: Vec<Members>,
    /// Where in time each group is.
    pub places: Vec<Place>,
    /// How many rows each group has, before any value's own filters.
    pub rows: Vec<u64>,
    /// The cells of each value of the question, by group.
    pub values: Vec<Vec<Cell>>,
}

/// A dimension's member per group.
#[derive(Debug, Clone)]
pub struct Members {
    pub(crate) dictionary: Arc<Dictionary>,
    pub(crate) codes: Vec<u32>,
}

impl Answer {
    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

impl Members {
    /// The member of a group; `None` is no value.
    pub fn get(&self, group: usize) -> Option<&str> {
        self.dictionary.member(*self.codes.get(group)?)
    }

    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.codes.iter().map(|code| self.dictionary.member(*code))
    }
}

/// Equal members are equal, whatever their codes.
impl PartialEq for Members {
    fn eq(&self, other: &Members) -> bool {
        self.iter().eq(other.iter())
    }
}
