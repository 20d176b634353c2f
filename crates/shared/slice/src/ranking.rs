//! Rows in order of a number within their groups, so that extremes and percentiles can be read off which of them are chosen.
//!
//! Chooses no rows. Invariant: the order is made once per grouping and depends on no filter. A row that comes or goes sets or clears one bit
//! at its position, and that is all that happens per row.

use crate::bits::Ranks;
use crate::codes::{sort_by_number, starts};
use crate::groups::Groups;
use crate::slice::Numbers;

#[derive(Debug)]
pub(crate) struct Ranking {
    /// The position of each row.
    pub position: Vec<u32>,
    /// The row at each position.
    rows: Vec<u32>,
    /// Where each group begins; behind them where the last one ends.
    starts: Vec<u32>,
}

impl Ranking {
    pub(crate) fn new(numbers: &Numbers, groups: &Groups) -> Ranking {
        let group = |row: u32| groups.group(row);
        let starts = starts(groups.len + 1, (0..numbers.sorted().len() as u32).map(group));
        let rows = sort_by_number(numbers.sorted().to_vec(), groups.len as u64, |row| group(row) as u64);
        let mut position = vec![0; rows.len()];
        for (at, row) in rows.iter().enumerate() {
            position[*row as usize] = at as u32;
        }
        Ranking { position, rows, starts }
    }

    /// How many rows of a group are chosen.
    pub(crate) fn count(&self, chosen: &Ranks<'_>, group: usize) -> usize {
        chosen.rank(self.starts[group + 1] as usize) - chosen.rank(self.starts[group] as usize)
    }

    /// The `nth` row that is chosen of a group, by number; there have to be as many.
    pub(crate) fn row(&self, chosen: &Ranks<'_>, group: usize, nth: usize) -> usize {
        let before = chosen.rank(self.starts[group] as usize);
        self.rows[chosen.select(before + nth)] as usize
    }
}
