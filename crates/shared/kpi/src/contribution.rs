//! How much each member of a dimension contributes to a change: exact, so that the parts sum to the whole.
//!
//! Chooses no words (`locale`) and asks no data (`query`). Invariant: effects sum to the delta, whatever the order of the members.
//!
//! A sum changes by the sum of its members' changes. A ratio R = Σ wᵢ·rᵢ, with weight wᵢ = Dᵢ ÷ ΣD and rate rᵢ = Nᵢ ÷ Dᵢ, changes by
//! Σ (rate + mix): rate = w̄·Δr is the member itself doing better or worse, mix = Δw·(r̄ − R̄) is the member weighing more or less than
//! before. Bars are means of both periods. Subtracting R̄ changes no total, because Σ Δw = 0, and says that growth of a member
//! helps only if it is better than the rest. Medians and distinct counts have no such parts.

use crate::{Cell, Direction};
use serde::{Deserialize, Serialize};

/// What a member adds to a sum: a missing value is no rows, which is zero.
#[derive(Debug, Clone, PartialEq)]
pub struct SumPart {
    pub member: Cell,
    pub value: Cell,
    pub comparison: Cell,
}

/// What a member adds above and below the line of a ratio.
#[derive(Debug, Clone, PartialEq)]
pub struct RatioPart {
    pub member: Cell,
    pub numerator: Cell,
    pub denominator: Cell,
    pub comparison_numerator: Cell,
    pub comparison_denominator: Cell,
}

/// One member's part in a change, in the metric's own unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Driver {
    pub member: Cell,
    /// The member's own value and comparison; `None` for a ratio without denominator.
    pub value: Option<f64>,
    pub comparison: Option<f64>,
    /// `rate + mix`; all effects sum to the delta.
    pub effect: f64,
    pub rate: f64,
    /// Zero for sums.
    pub mix: f64,
    /// `effect ÷ delta`; `None` when nothing changed. Above 1 when other members moved the other way.
    pub share: Option<f64>,
}

/// A change and its drivers, the largest effect first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    pub value: f64,
    pub comparison: f64,
    pub delta: f64,
    pub drivers: Vec<Driver>,
}

/// The members' parts in the change of a sum; `None` when the sum overflows.
pub fn of_sum(parts: &[SumPart]) -> Option<Contribution> {
    let total = |cell: fn(&SumPart) -> &Cell| {
        parts.iter().try_fold(Cell::Int(0), |sum, part| sum.plus(or_zero(cell(part))))
    };
    let (value, comparison) = (total(|part| &part.value)?, total(|part| &part.comparison)?);
    let drivers = parts
        .iter()
        .map(|part| {
            let effect = or_zero(&part.value).minus(or_zero(&part.comparison)).number()?;
            let driver = Driver {
                member: part.member.clone(),
                value: part.value.number(),
                comparison: part.comparison.number(),
                effect,
                rate: effect,
                mix: 0.0,
                share: None,
            };
            Some(driver)
        })
        .collect::<Option<Vec<Driver>>>()?;
    let delta = value.minus(&comparison).number()?;
    Some(ranked(value.number()?, comparison.number()?, delta, drivers))
}

/// The members' parts in the change of a ratio; `None` when a denominator of the whole is zero, for then there is no change to explain.
///
/// A member without a denominator has no rate: what it adds above the line (a cost without a channel) counts as rate. A member
/// that enters or leaves has no rate of one period, so its effect is all mix.
pub fn of_ratio(parts: &[RatioPart]) -> Option<Contribution> {
    let mut parts: Vec<&RatioPart> = parts.iter().collect();
    // Float sums depend on their order; this one is the members' own.
    parts.sort_by(|a, b| a.member.order(&b.member));
    let total = |cell: fn(&RatioPart) -> &Cell| {
        parts.iter().try_fold(Cell::Int(0), |sum, part| sum.plus(or_zero(cell(part))))
    };
    let whole_before = total(|part| &part.comparison_denominator)?.number()?;
    let whole_after = total(|part| &part.denominator)?.number()?;
    if whole_before == 0.0 || whole_after == 0.0 {
        return None;
    }
    let value = total(|part| &part.numerator)?.number()? / whole_after;
    let comparison = total(|part| &part.comparison_numerator)?.number()? / whole_before;
    let middle = f64::midpoint(value, comparison);
    let drivers = parts.iter().map(|part| ratio_driver(part, whole_before, whole_after, middle)).collect();
    Some(ranked(value, comparison, value - comparison, drivers))
}

fn ratio_driver(part: &RatioPart, whole_before: f64, whole_after: f64, middle: f64) -> Driver {
    let number = |cell: &Cell| cell.number().unwrap_or(0.0);
    let (n0, d0) = (number(&part.comparison_numerator), number(&part.comparison_denominator));
    let (n1, d1) = (number(&part.numerator), number(&part.denominator));
    let (before, after) = (rate(n0, d0), rate(n1, d1));
    let (w0, w1) = (d0 / whole_before, d1 / whole_after);
    let (rate, mix) = match (before, after) {
        (Some(r0), Some(r1)) => {
            (f64::midpoint(w0, w1) * (r1 - r0), (w1 - w0) * (f64::midpoint(r0, r1) - middle))
        }
        (before, after) => {
            let effect = (n1 / whole_after - n0 / whole_before) - middle * (w1 - w0);
            let mix = before.or(after).map_or(0.0, |r| (w1 - w0) * (r - middle));
            // An entering or leaving member has nothing above the line without something below it: then this is zero.
            let above_only = if (before.is_none() && n0 != 0.0) || (after.is_none() && n1 != 0.0) {
                effect - mix
            } else {
                0.0
            };
            (above_only, mix)
        }
    };
    Driver {
        member: part.member.clone(),
        value: after,
        comparison: before,
        effect: rate + mix,
        rate,
        mix,
        share: None,
    }
}

fn rate(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator != 0.0).then(|| numerator / denominator)
}

fn or_zero(cell: &Cell) -> &Cell {
    if cell.is_null() { &Cell::Int(0) } else { cell }
}

fn ranked(value: f64, comparison: f64, delta: f64, mut drivers: Vec<Driver>) -> Contribution {
    for driver in &mut drivers {
        driver.share = (delta != 0.0).then(|| driver.effect / delta);
    }
    drivers.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()).then_with(|| a.member.order(&b.member)));
    Contribution { value, comparison, delta, drivers }
}

impl Contribution {
    /// The first `count` drivers, and the effect of all the others together: still the whole delta.
    pub fn leading(&self, count: usize) -> (&[Driver], f64) {
        let (leading, rest) = self.drivers.split_at(count.min(self.drivers.len()));
        (leading, rest.iter().map(|driver| driver.effect).sum())
    }

    /// The member that explains most of the change: the largest effect in the delta's own direction, named members first.
    pub fn main_driver(&self) -> Option<&Driver> {
        let along = |driver: &&Driver| {
            self.delta != 0.0 && driver.effect.signum() == self.delta.signum() && driver.effect != 0.0
        };
        self.drivers
            .iter()
            .filter(along)
            .find(|driver| !driver.member.is_null())
            .or_else(|| self.drivers.iter().find(along))
    }

    /// Whether a member moved the metric the way that it should go.
    pub fn favourable(effect: f64, direction: Direction) -> Option<bool> {
        match direction {
            Direction::Up => Some(effect > 0.0),
            Direction::Down => Some(effect < 0.0),
            Direction::None => None,
        }
    }
}

/// `parts` in units of 10^-`decimals`, rounded so that they sum to the rounded `total` (largest remainders first): a waterfall whose
/// shown figures add up.
pub fn apportion(parts: &[f64], total: f64, decimals: u8) -> Vec<i64> {
    if parts.is_empty() {
        return Vec::new();
    }
    let factor = 10f64.powi(i32::from(decimals));
    let mut units: Vec<i64> = parts.iter().map(|part| (part * factor).floor() as i64).collect();
    let missing = (total * factor).round() as i64 - units.iter().sum::<i64>();
    let (each, extra) =
        (missing.div_euclid(parts.len() as i64), missing.rem_euclid(parts.len() as i64) as usize);
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    let remainder = |index: usize| parts[index] * factor - (parts[index] * factor).floor();
    by_remainder.sort_by(|a, b| remainder(*b).total_cmp(&remainder(*a)).then(a.cmp(b)));
    for (rank, index) in by_remainder.into_iter().enumerate() {
        units[index] += each + i64::from(rank < extra);
    }
    units
}

#[cfg(test)]
#[path = "contribution/tests.rs"]
mod tests;
