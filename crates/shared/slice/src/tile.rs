//! A question made ready for a slice, and the numbers that it stands at for the rows that are chosen now.
//!
//! Chooses no rows (`session`). Invariant: what it stands at depends on which rows are chosen, not on how they came to be.

mod plan;
mod reading;

use crate::SliceError;
use crate::bits::Bits;
use crate::clusters::Tally;
use crate::kernels::{self, Move, Rows, Totals};
use crate::question::Question;
use crate::slice::Slice;
pub(crate) use plan::{Grouping, Plan};
use std::ops::Range;

#[derive(Debug)]
pub(crate) struct Tile {
    plan: Plan,
    now: Standing,
    /// With every row chosen: often nearer than where the tile stands.
    all: Option<Standing>,
}

/// The numbers of a tile, in the order of its plan.
#[derive(Debug, Clone)]
struct Standing {
    /// Rows per lane and group.
    counts: Vec<Vec<u32>>,
    totals: Vec<Totals>,
    marks: Vec<Bits>,
    tallies: Vec<Tally>,
}

/// From one choice of rows to another, the shortest way.
pub(crate) struct Change {
    start: Start,
    come: Vec<u32>,
    gone: Vec<u32>,
}

enum Start {
    /// Where a tile stands.
    Now,
    /// With every row chosen.
    All,
    /// With none.
    Nothing,
}

impl Change {
    pub(crate) fn new(before: &Bits, chosen: &Bits) -> Change {
        let (come, gone) = (chosen.without(before), before.without(chosen));
        let others = chosen.clone().not();
        let (step, from_all, from_none) = (come.count() + gone.count(), others.count(), chosen.count());
        // To start elsewhere, a tile's numbers are written anew: about as much work as so many rows.
        let anew = (from_all + from_none) / 16;
        if step <= from_all.min(from_none) + anew {
            Change { start: Start::Now, come: come.rows(), gone: gone.rows() }
        } else if from_all < from_none {
            Change { start: Start::All, come: Vec::new(), gone: others.rows() }
        } else {
            Change { start: Start::Nothing, come: chosen.rows(), gone: Vec::new() }
        }
    }
}

impl Tile {
    /// A tile that no row is chosen for yet. `grouping` is that of another tile with the same members and time.
    pub(crate) fn new(
        slice: &Slice,
        question: &Question,
        grouping: Option<Grouping>,
    ) -> Result<Tile, SliceError> {
        let plan = Plan::new(slice, question, grouping)?;
        let totals =
            |column: usize| Totals::new(&slice.numbers(column).amounts, plan.grouping.groups.len + 1);
        let now = Standing {
            counts: vec![vec![0; plan.grouping.groups.len + 1]; plan.lanes.len()],
            totals: plan.sums.iter().map(|column| totals(*column)).collect(),
            marks: plan.rankings.iter().map(|_| Bits::none(slice.rows())).collect(),
            tallies: plan.clusters.iter().map(|clusters| clusters.tally(&plan.grouping.groups)).collect(),
        };
        Ok(Tile { plan, now, all: None })
    }

    pub(crate) fn grouping(&self) -> Grouping {
        self.plan.grouping.clone()
    }

    /// Chooses every row, while none is chosen.
    pub(crate) fn begin(&mut self, slice: &Slice) {
        self.now.apply(&self.plan, slice, Rows::All(slice.rows()), Move::Come);
    }

    /// Remembers where it stands as where it does with every row.
    pub(crate) fn keep_all(&mut self) {
        self.all = Some(self.now.clone());
    }

    /// Goes to where a change starts; `keep_all` has been called before.
    pub(crate) fn start(&mut self, change: &Change) {
        match (&change.start, &self.all) {
            (Start::All, Some(all)) => self.now.clone_from(all),
            (Start::Nothing, _) => self.now.clear(),
            _ => {}
        }
    }

    /// Moves the rows of a change that are in a range.
    pub(crate) fn step(&mut self, slice: &Slice, change: &Change, range: &Range<u32>) {
        let within = |rows: &'_ [u32]| {
            rows.partition_point(|row| *row < range.start)..rows.partition_point(|row| *row < range.end)
        };
        let come = &change.come[within(&change.come)];
        self.now.apply(&self.plan, slice, Rows::These(come), Move::Come);
        let gone = &change.gone[within(&change.gone)];
        self.now.apply(&self.plan, slice, Rows::These(gone), Move::Go);
    }
}

impl Standing {
    fn apply(&mut self, plan: &Plan, slice: &Slice, rows: Rows<'_>, direction: Move) {
        if rows.len() == 0 {
            return;
        }
        let groups = plan.grouping.groups.of.as_ref();
        for (lane, counts) in plan.lanes.iter().zip(&mut self.counts) {
            let own = lane.mask.as_ref().map(|mask| rows.within(mask));
            let rows = own.as_ref().map_or(rows, |own| Rows::These(own));
            match lane.sums.split_first() {
                None => kernels::count(rows, groups, counts, direction),
                Some((first, others)) => {
                    let amounts = |sum: usize| &slice.numbers(plan.sums[sum]).amounts;
                    let both = (amounts(*first), &mut self.totals[*first]);
                    kernels::count_and_sum(rows, groups, counts, both, direction);
                    for sum in others {
                        kernels::sum(rows, groups, amounts(*sum), &mut self.totals[*sum], direction);
                    }
                }
            }
            for index in &lane.rankings {
                kernels::mark(rows, &plan.rankings[*index].position, &mut self.marks[*index], direction);
            }
            for index in &lane.clusters {
                plan.clusters[*index].apply(&mut self.tallies[*index], rows, groups, direction);
            }
        }
    }

    fn clear(&mut self) {
        self.counts.iter_mut().for_each(|counts| counts.fill(0));
        self.totals.iter_mut().for_each(Totals::clear);
        self.marks.iter_mut().for_each(Bits::clear);
        self.tallies.iter_mut().for_each(Tally::clear);
    }
}
