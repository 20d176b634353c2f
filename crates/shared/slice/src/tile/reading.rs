//! From where a tile stands to its answer.
//!
//! Changes nothing. Invariant: a value is made of whole numbers up to the last step; only averages and percentiles end as floats, by the very
//! operations that the lake uses.

use super::Tile;
use super::plan::{Figure, Rank};
use crate::answer::{Answer, Members};
use crate::bits::Ranks;
use crate::clusters::Clusters;
use crate::slice::{Held, Slice};
use kpi::Cell;
use kpi::cell::decimal_to_f64;
use std::ops::Range;
use std::sync::Arc;

/// One row of an answer before it is in order.
struct Found {
    place: usize,
    combination: u64,
    rows: u64,
    /// The group, or the position among cells that spans were read into.
    at: usize,
}

impl Tile {
    pub(crate) fn answer(&self, slice: &Slice) -> Answer {
        let (mut found, cells) = match &self.plan.grouping.places.spans {
            None => self.by_group(slice),
            Some(spans) => self.by_span(slice, spans),
        };
        found.sort_by_key(|row| (row.place, row.combination));
        let (groups, places) = (&self.plan.grouping.groups, &self.plan.grouping.places);
        let members = |(dimension, column): (usize, &usize)| match slice.held(*column) {
            Held::Dimension(members) => {
                let code = |row: &Found| members.in_order[groups.position(row.combination, dimension)];
                Some(Members {
                    dictionary: Arc::clone(&members.dictionary),
                    codes: found.iter().map(code).collect(),
                })
            }
            _ => None,
        };
        Answer {
            by: self.plan.by.iter().enumerate().filter_map(members).collect(),
            places: found.iter().map(|row| places.shown[row.place]).collect(),
            rows: found.iter().map(|row| row.rows).collect(),
            values: cells
                .into_iter()
                .map(|cells| found.iter().map(|row| cells[row.at].clone()).collect())
                .collect(),
        }
    }

    /// Each group is a row.
    fn by_group(&self, slice: &Slice) -> (Vec<Found>, Vec<Vec<Cell>>) {
        let groups = &self.plan.grouping.groups;
        let counts = &self.now.counts[0];
        let some: Vec<usize> =
            (0..groups.len).filter(|group| counts[*group] > 0 || self.plan.always).collect();
        let row = |(at, group): (usize, &usize)| Found {
            place: groups.place(*group),
            combination: groups.combination(*group),
            rows: u64::from(counts[*group]),
            at,
        };
        let found = some.iter().enumerate().map(row).collect();
        (found, self.plan.figures.iter().map(|figure| self.of_groups(slice, *figure, &some)).collect())
    }

    fn of_groups(&self, slice: &Slice, figure: Figure, groups: &[usize]) -> Vec<Cell> {
        match figure {
            Figure::Count(lane) => {
                groups.iter().map(|group| Cell::Int(i64::from(self.now.counts[lane][*group]))).collect()
            }
            Figure::Sum(lane, sum) | Figure::Average(lane, sum) => {
                let numbers = slice.numbers(self.plan.sums[sum]);
                let cell = |group: &usize| {
                    let count = self.now.counts[lane][*group];
                    let total = self.now.totals[sum].get(&numbers.amounts, *group, count);
                    summed(total, i64::from(count), numbers.scale, matches!(figure, Figure::Average(..)))
                };
                groups.iter().map(cell).collect()
            }
            Figure::Distinct(clusters) => {
                let tally = &self.now.tallies[clusters];
                groups.iter().map(|group| Cell::Int(Clusters::in_group(tally, *group))).collect()
            }
            Figure::Ranked(ranking, column, rank) => {
                let (ranks, numbers) = (Ranks::new(&self.now.marks[ranking]), slice.numbers(column));
                let cell = |group: &usize| {
                    let ranking = &self.plan.rankings[ranking];
                    pick(rank, ranking.count(&ranks, *group), numbers.scale, |nth| {
                        numbers.get(ranking.row(&ranks, *group, nth))
                    })
                };
                groups.iter().map(cell).collect()
            }
        }
    }

    /// Each span is a row, for each combination of members: its places taken together.
    fn by_span(&self, slice: &Slice, spans: &[Range<usize>]) -> (Vec<Found>, Vec<Vec<Cell>>) {
        let groups = &self.plan.grouping.groups;
        let shown = self.plan.grouping.places.shown.len();
        let mut found = Vec::new();
        let mut cells: Vec<Vec<Cell>> = vec![Vec::new(); self.plan.figures.len()];
        let tallies = self.plan.clusters.iter().zip(&self.now.tallies);
        let distinct: Vec<Vec<i64>> = tallies.map(|(clusters, tally)| clusters.in_spans(tally)).collect();
        for (number, own) in groups.combinations.iter().enumerate() {
            let rows = self.folded(own, spans, |group| i128::from(self.now.counts[0][group]));
            let some: Vec<usize> = (0..shown).filter(|span| rows[*span] > 0).collect();
            let Some(combination) = own.clone().next().map(|group| groups.combination(group)) else {
                continue;
            };
            let start = found.len();
            found.extend(some.iter().enumerate().map(|(index, span)| Found {
                place: *span,
                combination,
                rows: rows[*span] as u64,
                at: start + index,
            }));
            if some.is_empty() {
                continue;
            }
            for (cells, figure) in cells.iter_mut().zip(&self.plan.figures) {
                let of_spans = match figure {
                    Figure::Distinct(clusters) => distinct[*clusters][number * shown..][..shown]
                        .iter()
                        .map(|count| Cell::Int(*count))
                        .collect(),
                    _ => self.of_spans(slice, *figure, own, spans),
                };
                cells.extend(some.iter().map(|span| of_spans[*span].clone()));
            }
        }
        (found, cells)
    }

    /// For each span, the sum over the groups of a combination whose places lie in it.
    fn folded(&self, own: &Range<usize>, spans: &[Range<usize>], of: impl Fn(usize) -> i128) -> Vec<i128> {
        let (groups, shown) = (&self.plan.grouping.groups, self.plan.grouping.places.shown.len());
        let mut steps = vec![0_i128; shown + 1];
        for group in own.clone() {
            let (amount, span) = (of(group), &spans[groups.place(group)]);
            steps[span.start] += amount;
            steps[span.end] -= amount;
        }
        let mut sum = 0;
        for step in &mut steps {
            sum += *step;
            *step = sum;
        }
        steps.truncate(shown);
        steps
    }

    fn of_spans(
        &self,
        slice: &Slice,
        figure: Figure,
        own: &Range<usize>,
        spans: &[Range<usize>],
    ) -> Vec<Cell> {
        let counts = |lane: usize| self.folded(own, spans, |group| i128::from(self.now.counts[lane][group]));
        match figure {
            Figure::Count(lane) => counts(lane).into_iter().map(|count| Cell::Int(count as i64)).collect(),
            Figure::Sum(lane, sum) | Figure::Average(lane, sum) => {
                let numbers = slice.numbers(self.plan.sums[sum]);
                let total =
                    |group| self.now.totals[sum].get(&numbers.amounts, group, self.now.counts[lane][group]);
                let average = matches!(figure, Figure::Average(..));
                let both = self.folded(own, spans, total).into_iter().zip(counts(lane));
                both.map(|(total, count)| summed(total, count as i64, numbers.scale, average)).collect()
            }
            Figure::Distinct(_) => Vec::new(),
            Figure::Ranked(ranking, column, rank) => {
                let gathered = self.gathered(slice, ranking, column, own, spans);
                let scale = slice.numbers(column).scale;
                let cell = |mut numbers: Vec<i128>| {
                    numbers.sort_unstable();
                    pick(rank, numbers.len(), scale, |nth| numbers[nth])
                };
                gathered.into_iter().map(cell).collect()
            }
        }
    }

    /// The chosen numbers of each span. Rare enough to be simple: percentiles over spans that overlap.
    fn gathered(
        &self,
        slice: &Slice,
        ranking: usize,
        column: usize,
        own: &Range<usize>,
        spans: &[Range<usize>],
    ) -> Vec<Vec<i128>> {
        let (groups, shown) = (&self.plan.grouping.groups, self.plan.grouping.places.shown.len());
        let ranks = Ranks::new(&self.now.marks[ranking]);
        let mut gathered = vec![Vec::new(); shown];
        for group in own.clone() {
            let ranking = &self.plan.rankings[ranking];
            let number = |nth| slice.numbers(column).get(ranking.row(&ranks, group, nth));
            let numbers: Vec<i128> = (0..ranking.count(&ranks, group)).map(number).collect();
            for span in spans[groups.place(group)].clone() {
                gathered[span].extend_from_slice(&numbers);
            }
        }
        gathered
    }
}

/// An integer when the measure is one and it fits, a decimal otherwise.
fn exact(unscaled: i128, scale: u8) -> Cell {
    match i64::try_from(unscaled) {
        Ok(value) if scale == 0 => Cell::Int(value),
        _ => Cell::Decimal { unscaled, scale },
    }
}

fn summed(total: i128, count: i64, scale: u8, average: bool) -> Cell {
    match (count, average) {
        (0, _) => Cell::Null,
        (_, false) => exact(total, scale),
        (_, true) => exact(total, scale).over(&Cell::Int(count)),
    }
}

/// One of `count` numbers in order of size, or what lies between two of them.
fn pick(rank: Rank, count: usize, scale: u8, number: impl Fn(usize) -> i128) -> Cell {
    let Some(last) = count.checked_sub(1) else { return Cell::Null };
    let float = |nth: usize| decimal_to_f64(number(nth), scale);
    match rank {
        Rank::Min => exact(number(0), scale),
        Rank::Max => exact(number(last), scale),
        Rank::Percentile { share, discrete: true } => {
            let nth = (share * count as f64).ceil() as usize;
            Cell::Float(float(nth.clamp(1, count) - 1))
        }
        Rank::Percentile { share, discrete: false } => {
            let at = share * last as f64;
            let below = float(at.floor() as usize);
            let above = if at.fract() > 0.0 { float(at.floor() as usize + 1) } else { below };
            Cell::Float(below + (above - below) * at.fract())
        }
    }
}
