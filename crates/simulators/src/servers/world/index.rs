//! The rows of a table in order of key and in order of last change.
//!
//! Does not hold rows, only their positions. Invariant: both lists hold the same positions: those of the rows that are there.

use super::State;
use crate::servers::table::Table;

#[derive(Debug, Default)]
pub(crate) struct Index {
    pub by_key: Vec<u32>,
    /// In order of (stamp, key).
    pub by_stamp: Vec<u32>,
    /// Positions taken up so far, deleted ones included.
    counted: u32,
}

impl Index {
    pub(super) fn new(state: &State, table: &Table) -> Index {
        let by_key: Vec<u32> = (0..(table.count)(state) as u32).collect();
        let mut by_stamp = by_key.clone();
        by_stamp.sort_by_cached_key(|&position| (table.stamp_of(state, position), position));
        Index { counted: by_key.len() as u32, by_key, by_stamp }
    }
}

impl State {
    /// Takes up rows that were added at the end.
    pub(super) fn index_added(&mut self, table: &'static Table) {
        for position in self.index(table).counted..(table.count)(self) as u32 {
            let at = self.place(table, position);
            let index = self.index_mut(table);
            index.by_key.push(position);
            index.by_stamp.insert(at, position);
            index.counted = position + 1;
        }
    }

    /// Puts a row whose stamp has changed in its place.
    pub(super) fn index_moved(&mut self, table: &'static Table, position: u32) {
        self.index_mut(table).by_stamp.retain(|&other| other != position);
        let at = self.place(table, position);
        self.index_mut(table).by_stamp.insert(at, position);
    }

    pub(super) fn index_removed(&mut self, table: &'static Table, position: u32) {
        let index = self.index_mut(table);
        index.by_key.retain(|&other| other != position);
        index.by_stamp.retain(|&other| other != position);
    }

    fn place(&self, table: &Table, position: u32) -> usize {
        let wanted = (table.stamp_of(self, position), position);
        self.index(table).by_stamp.partition_point(|&other| (table.stamp_of(self, other), other) < wanted)
    }

    fn index_mut(&mut self, table: &'static Table) -> &mut Index {
        self.indexes.entry((table.system, table.name)).or_default()
    }
}
