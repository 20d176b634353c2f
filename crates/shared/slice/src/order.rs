//! Rows in an order in which distinct counts, extremes and percentiles can be read off which of them are chosen.
//!
//! Chooses no rows. Invariant: the order is made once per grouping and depends on no filter. A row that comes or goes sets or clears one bit
//! at its position, and that is all that happens per row.

use crate::bits::{Bits, Ranks, first_of_runs};
use crate::codes::{Codes, sort_by_key, sort_by_number, starts};
use crate::groups::Groups;
use crate::slice::Numbers;
use std::ops::Range;

#[derive(Debug)]
pub(crate) struct Order {
    /// The position of each row.
    pub position: Vec<u32>,
    /// Where each group, or each combination of members, begins; behind them where the last one ends.
    starts: Vec<u32>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Within a group by number: the row at each position.
    Numbers(Vec<u32>),
    /// Within a group by code: where another code begins.
    Codes(Bits),
    /// Within a combination by code and place, for spans that overlap: where another code begins, and the place at each position.
    CodesAndPlaces(Bits, Vec<u32>),
}

impl Order {
    pub(crate) fn of_numbers(numbers: &Numbers, groups: &Groups) -> Order {
        let group = |row: u32| groups.group(row);
        let starts = starts(numbers.sorted(), groups.len + 1, group);
        let rows = sort_by_key(numbers.sorted(), groups.len + 1, group);
        Order { position: positions(&rows), starts, kind: Kind::Numbers(rows) }
    }

    /// `sorted` are the rows in order of their code.
    pub(crate) fn of_codes(codes: &Codes, sorted: &[u32], groups: &Groups) -> Order {
        let group = |row: u32| groups.group(row);
        let starts = starts(sorted, groups.len + 1, group);
        let rows = sort_by_key(sorted, groups.len + 1, group);
        let marks = changes(&rows, |row| (groups.group(row), codes.get(row as usize)));
        Order { position: positions(&rows), starts, kind: Kind::Codes(marks) }
    }

    /// As `of_codes`, `last` being the greatest code.
    pub(crate) fn of_codes_and_places(codes: &Codes, last: usize, groups: &Groups) -> Order {
        let none = groups.runs.len();
        let mut run_of = vec![none as u32; groups.len + 1];
        for (run, of) in groups.runs.iter().enumerate() {
            run_of[of.clone()].fill(run as u32);
        }
        let run = |row: u32| run_of[groups.group(row)] as usize;
        let rows: Vec<u32> = (0..codes.len() as u32).collect();
        let rows = sort_by_key(&rows, groups.len + 1, |row| groups.group(row));
        let rows = sort_by_number(rows, last as u64, |row| codes.get(row as usize));
        let starts = starts(&rows, none + 1, run);
        let rows = sort_by_key(&rows, none + 1, run);
        let marks = changes(&rows, |row| (run(row), codes.get(row as usize)));
        let place = |row: &u32| match groups.group(*row) {
            group if group < groups.len => groups.place(group) as u32,
            _ => 0,
        };
        let places = rows.iter().map(place).collect();
        Order { position: positions(&rows), starts, kind: Kind::CodesAndPlaces(marks, places) }
    }

    /// How many codes are chosen in each group.
    pub(crate) fn distinct(&self, chosen: &Bits) -> Vec<i64> {
        let mut counts = vec![0; self.starts.len() - 1];
        let mut group = 0;
        if let Kind::Codes(marks) = &self.kind {
            first_of_runs(chosen, marks, |at| {
                while self.starts[group + 1] as usize <= at {
                    group += 1;
                }
                counts[group] += 1;
            });
        }
        counts
    }

    /// How many codes are chosen in each of `shown` spans, for the `run`th combination: a code counts once in every span that a place of
    /// one of its rows lies in.
    pub(crate) fn distinct_in_spans(
        &self,
        chosen: &Bits,
        run: usize,
        spans: &[Range<usize>],
        shown: usize,
    ) -> Vec<i64> {
        let mut steps = vec![0_i64; shown + 1];
        if let Kind::CodesAndPlaces(marks, places) = &self.kind {
            // Up to which span the current code is counted already: its places come in order, and so do their spans.
            let mut counted = 0;
            for at in self.starts[run] as usize..self.starts[run + 1] as usize {
                if marks.get(at) {
                    counted = 0;
                }
                if chosen.get(at) {
                    let span = &spans[places[at] as usize];
                    let start = span.start.max(counted);
                    if start < span.end {
                        steps[start] += 1;
                        steps[span.end] -= 1;
                        counted = span.end;
                    }
                }
            }
        }
        let mut sum = 0;
        steps
            .iter()
            .take(shown)
            .map(|step| {
                sum += step;
                sum
            })
            .collect()
    }

    /// How many rows of a group are chosen, and a way to the `nth` of them by number.
    pub(crate) fn ranked<'o>(
        &'o self,
        ranks: &'o Ranks<'_>,
        group: usize,
    ) -> (usize, impl Fn(usize) -> u32 + 'o) {
        let before = ranks.rank(self.starts[group] as usize);
        let count = ranks.rank(self.starts[group + 1] as usize) - before;
        let row = move |nth: usize| match &self.kind {
            Kind::Numbers(rows) => rows[ranks.select(before + nth)],
            Kind::Codes(_) | Kind::CodesAndPlaces(..) => 0,
        };
        (count, row)
    }
}

fn positions(rows: &[u32]) -> Vec<u32> {
    let mut positions = vec![0; rows.len()];
    for (position, row) in rows.iter().enumerate() {
        positions[*row as usize] = position as u32;
    }
    positions
}

/// Where a row's key differs from the one before it.
fn changes<K: PartialEq>(rows: &[u32], key: impl Fn(u32) -> K) -> Bits {
    let mut marks = Bits::none(rows.len());
    let mut before = None;
    for (position, row) in rows.iter().enumerate() {
        let own = Some(key(*row));
        if own != before {
            marks.set(position);
        }
        before = own;
    }
    marks
}
