//! The loops over chosen rows.
//!
//! Know nothing of why a row was chosen. Invariant: adding rows and taking the same rows away leaves every number as it was, bit for bit, in
//! whatever order: that is what moving a filter relies on.

use crate::bits::Bits;
use crate::codes::{Code, Codes, with_codes};
use crate::slice::Amounts;

/// Whether rows come or go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    Come,
    Go,
}

impl Move {
    /// 1 or −1, in arithmetic that wraps around.
    fn sign(self) -> u64 {
        if self == Move::Come { 1 } else { u64::MAX }
    }
}

/// Sums above a measure's base, per group.
#[derive(Debug, Clone)]
pub(crate) enum Totals {
    /// What stays below 64 bits for as many rows as a slice may have.
    Small(Vec<u64>),
    Large(Vec<i128>),
}

impl Totals {
    pub(crate) fn new(amounts: &Amounts, groups: usize) -> Totals {
        match amounts {
            Amounts::Above { codes: Codes::U64(_), .. } | Amounts::Wide(_) => Totals::Large(vec![0; groups]),
            Amounts::Above { .. } => Totals::Small(vec![0; groups]),
        }
    }

    /// The sum of a group of which `count` rows have a value.
    pub(crate) fn get(&self, amounts: &Amounts, group: usize, count: u32) -> i128 {
        let base = match amounts {
            Amounts::Above { base, .. } => *base,
            Amounts::Wide(_) => 0,
        };
        let above = match self {
            Totals::Small(totals) => i128::from(totals[group]),
            Totals::Large(totals) => totals[group],
        };
        base * i128::from(count) + above
    }

    pub(crate) fn clear(&mut self) {
        match self {
            Totals::Small(totals) => totals.fill(0),
            Totals::Large(totals) => totals.fill(0),
        }
    }
}

/// Rows that come or go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// As many as there are.
    All(usize),
    These(&'a [u32]),
}

impl Rows<'_> {
    pub(crate) fn len(self) -> usize {
        match self {
            Rows::All(count) => count,
            Rows::These(rows) => rows.len(),
        }
    }

    #[inline]
    pub(crate) fn each(self, mut work: impl FnMut(usize)) {
        match self {
            Rows::All(count) => (0..count).for_each(work),
            Rows::These(rows) => rows.iter().for_each(|row| work(*row as usize)),
        }
    }

    /// Those that are also in a set.
    pub(crate) fn within(self, set: &Bits) -> Vec<u32> {
        match self {
            Rows::All(_) => set.rows(),
            Rows::These(rows) => rows.iter().copied().filter(|row| set.get(*row as usize)).collect(),
        }
    }
}

/// Counts rows per group; `None` is one group of all.
pub(crate) fn count(rows: Rows<'_>, groups: Option<&Codes>, counts: &mut [u32], direction: Move) {
    let sign = direction.sign() as u32;
    match groups {
        None => counts[0] = counts[0].wrapping_add((rows.len() as u32).wrapping_mul(sign)),
        Some(groups) => with_codes!(groups, groups => rows.each(|row| {
            let count = &mut counts[groups[row].index()];
            *count = count.wrapping_add(sign);
        })),
    }
}

/// Counts rows and sums a measure per group; all rows have a value.
pub(crate) fn count_and_sum(
    rows: Rows<'_>,
    groups: Option<&Codes>,
    counts: &mut [u32],
    (amounts, totals): (&Amounts, &mut Totals),
    direction: Move,
) {
    match (amounts, groups, totals) {
        // Both at once: finding the row and its group is the larger part of the work.
        (Amounts::Above { codes, .. }, Some(groups), Totals::Small(totals)) => {
            let sign = direction.sign();
            with_codes!(codes, codes => with_codes!(groups, groups => rows.each(|row| {
                let group = groups[row].index();
                counts[group] = counts[group].wrapping_add(sign as u32);
                totals[group] = totals[group].wrapping_add(codes[row].wide().wrapping_mul(sign));
            })));
        }
        (amounts, groups, totals) => {
            count(rows, groups, counts, direction);
            sum(rows, groups, amounts, totals, direction);
        }
    }
}

/// Sums a measure per group; all rows have a value.
pub(crate) fn sum(
    rows: Rows<'_>,
    groups: Option<&Codes>,
    amounts: &Amounts,
    totals: &mut Totals,
    direction: Move,
) {
    let sign = i128::from(direction.sign() as i64);
    match (amounts, totals) {
        (Amounts::Above { codes, .. }, Totals::Small(totals)) => with_codes!(codes, codes => match groups {
            None => {
                let mut total = 0_u64;
                rows.each(|row| total = total.wrapping_add(codes[row].wide()));
                totals[0] = totals[0].wrapping_add(total.wrapping_mul(direction.sign()));
            }
            Some(groups) => rows.each(|row| {
                let total = &mut totals[groups.get(row) as usize];
                *total = total.wrapping_add(codes[row].wide().wrapping_mul(direction.sign()));
            }),
        }),
        (Amounts::Above { codes, .. }, Totals::Large(totals)) => {
            large(rows, groups, |row| i128::from(codes.get(row)), totals, sign);
        }
        (Amounts::Wide(numbers), Totals::Large(totals)) => {
            large(rows, groups, |row| numbers[row], totals, sign);
        }
        (Amounts::Wide(_), Totals::Small(_)) => {}
    }
}

fn large(
    rows: Rows<'_>,
    groups: Option<&Codes>,
    number: impl Fn(usize) -> i128,
    totals: &mut [i128],
    sign: i128,
) {
    rows.each(|row| {
        let group = groups.map_or(0, |groups| groups.get(row) as usize);
        totals[group] = totals[group].wrapping_add(number(row).wrapping_mul(sign));
    });
}

/// Sets or clears the bit at each row's position.
pub(crate) fn mark(rows: Rows<'_>, position: &[u32], marks: &mut Bits, direction: Move) {
    let words = marks.words_mut();
    match direction {
        Move::Come => rows.each(|row| words[position[row] as usize / 64] |= 1 << (position[row] % 64)),
        Move::Go => rows.each(|row| words[position[row] as usize / 64] &= !(1 << (position[row] % 64))),
    }
}
