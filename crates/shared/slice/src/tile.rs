//! A question made ready for a slice, and the numbers that it stands at for the rows that are chosen now.
//!
//! Chooses no rows (`session`). Invariant: what it stands at depends on which rows are chosen, not on how they came to be.

mod plan;
mod reading;

use crate::SliceError;
use crate::bits::Bits;
use crate::kernels::{self, Move, Totals};
use crate::question::Question;
use crate::slice::Slice;
pub(crate) use plan::{Grouping, Plan};

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
}

/// From one choice of rows to another.
pub(crate) struct Change {
    pub chosen: Bits,
    pub come: Bits,
    pub gone: Bits,
    /// Rows that are not chosen.
    pub others: Bits,
}

impl Change {
    pub(crate) fn new(before: &Bits, chosen: Bits) -> Change {
        let (come, gone) = (chosen.without(before), before.without(&chosen));
        let others = chosen.clone().not();
        Change { chosen, come, gone, others }
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
            marks: plan.orders.iter().map(|_| Bits::none(slice.rows())).collect(),
        };
        Ok(Tile { plan, now, all: None })
    }

    pub(crate) fn grouping(&self) -> Grouping {
        self.plan.grouping.clone()
    }

    /// Chooses rows while none are chosen.
    pub(crate) fn begin(&mut self, slice: &Slice, chosen: &Bits) {
        self.now.apply(&self.plan, slice, chosen, Move::Come);
    }

    /// Keeps the standing of now as that of all rows.
    pub(crate) fn keep_all(&mut self) {
        self.all = Some(self.now.clone());
    }

    /// Moves to another choice, the shortest way: from where it stands, from all rows, or from none.
    pub(crate) fn change(&mut self, slice: &Slice, change: &Change) {
        let step = change.come.count() + change.gone.count();
        let (chosen, others) = (change.chosen.count(), change.others.count());
        match &self.all {
            Some(all) if others < step.min(chosen) => {
                self.now.clone_from(all);
                self.now.apply(&self.plan, slice, &change.others, Move::Go);
            }
            _ if chosen < step => {
                self.now.clear();
                self.now.apply(&self.plan, slice, &change.chosen, Move::Come);
            }
            _ => {
                self.now.apply(&self.plan, slice, &change.come, Move::Come);
                self.now.apply(&self.plan, slice, &change.gone, Move::Go);
            }
        }
    }
}

impl Standing {
    fn apply(&mut self, plan: &Plan, slice: &Slice, rows: &Bits, direction: Move) {
        let groups = plan.grouping.groups.of.as_ref();
        for (lane, counts) in plan.lanes.iter().zip(&mut self.counts) {
            let own;
            let rows = match &lane.mask {
                None => rows,
                Some(mask) => {
                    let mut masked = rows.clone();
                    masked.and(mask);
                    own = masked;
                    &own
                }
            };
            kernels::count(rows, groups, counts, direction);
            for index in &lane.sums {
                let amounts = &slice.numbers(plan.sums[*index]).amounts;
                kernels::sum(rows, groups, amounts, &mut self.totals[*index], direction);
            }
            for index in &lane.orders {
                kernels::mark(rows, &plan.orders[*index].position, &mut self.marks[*index], direction);
            }
        }
    }

    fn clear(&mut self) {
        self.counts.iter_mut().for_each(|counts| counts.fill(0));
        self.totals.iter_mut().for_each(Totals::clear);
        self.marks.iter_mut().for_each(Bits::clear);
    }
}
