//! Round ticks for values, and which labels of an x axis are written.
//!
//! Formats nothing. Invariant: value ticks lie on 1, 2, 2.5 or 5 × 10ⁿ, number three to six on an axis, and enclose the data.

use crate::text_width::text_width;

/// Values beyond this, and closer to zero than its inverse, are drawn there: geometry must stay finite.
const HUGE: f64 = 1e300;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ticks {
    pub(crate) values: Vec<f64>,
    pub(crate) step: f64,
}

impl Ticks {
    pub(crate) fn low(&self) -> f64 {
        self.values.first().copied().unwrap_or(0.0)
    }

    pub(crate) fn high(&self) -> f64 {
        self.values.last().copied().unwrap_or(1.0)
    }
}

/// A finite number that geometry can take, or nothing.
pub(crate) fn drawable(value: f64) -> Option<f64> {
    match value {
        _ if !value.is_finite() => None,
        _ if value.abs() < 1.0 / HUGE => Some(0.0),
        _ => Some(value.clamp(-HUGE, HUGE)),
    }
}

/// Ticks that enclose `low..=high` (finite, any order), three to six. `whole` allows integers only.
pub(crate) fn value_ticks(low: f64, high: f64, whole: bool) -> Ticks {
    ticks_up_to(6.0, low, high, whole)
}

/// Three to `most` ticks that enclose `low..=high`.
pub(crate) fn ticks_up_to(most: f64, low: f64, high: f64, whole: bool) -> Ticks {
    let (mut low, mut high) = if low <= high { (low, high) } else { (high, low) };
    let size = low.abs().max(high.abs());
    if high - low <= size * 1e-9 {
        // All equal: show the value between its neighbours, or above zero.
        let room = if size == 0.0 { 1.0 } else { size / 10.0 };
        let room = if whole { room.max(1.0) } else { room };
        low = if size == 0.0 { 0.0 } else { low - room };
        high += room;
    }
    for (tenths, power) in steps(high - low, whole) {
        let step = times_power_of_ten(tenths, power);
        let mut first = (low / step + 1e-9).floor();
        let mut last = (high / step - 1e-9).ceil();
        if last - first + 1.0 > most {
            continue;
        }
        while last - first < 2.0 {
            if first > 0.0 || last >= 0.0 { last += 1.0 } else { first -= 1.0 }
        }
        let count = (last - first) as i32;
        let values =
            (0..=count).map(|i| times_power_of_ten((first + f64::from(i)) * tenths, power)).collect();
        return Ticks { values, step };
    }
    Ticks { values: vec![low, high], step: high - low }
}

/// Steps from far too fine to far too coarse, as (10, 20, 25 or 50; power of ten).
fn steps(range: f64, whole: bool) -> impl Iterator<Item = (f64, i32)> {
    let power = if whole { exponent(range).max(1) - 1 } else { exponent(range) - 1 };
    (power - 2..=power + 2)
        .flat_map(|power| [10, 20, 25, 50].map(|tenths| (tenths, power - 1)))
        .filter(move |&(tenths, power)| !whole || power >= 0 || (power == -1 && tenths != 25))
        .map(|(tenths, power)| (f64::from(tenths), power))
}

fn exponent(value: f64) -> i32 {
    // The digits tell; a logarithm could differ between platforms.
    format!("{value:e}").split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// `value × 10^power`, rounded once: a division by an exact power for negative ones.
fn times_power_of_ten(value: f64, power: i32) -> f64 {
    let factor: f64 = format!("1e{}", power.abs()).parse().unwrap_or(1.0);
    if power < 0 { value / factor } else { value * factor }
}

/// From which width of the tile on a label of an x axis is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    Always,
    /// 30 rem.
    Medium,
    /// 40 rem.
    Wide,
}

/// One label of an x axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct XTick {
    pub(crate) index: usize,
    pub(crate) tier: Tier,
}

/// Least px of a plot and its margins in tiles of 40 rem and 30 rem, and of a plot alone on the narrowest phone.
const WIDE_PX: f64 = 600.0;
const MEDIUM_PX: f64 = 440.0;
const NARROW_PX: f64 = 264.0;

/// Chooses labels that do not touch at any width: every n-th of those that have a text, on the grid of the first major one,
/// fewer in narrower tiles. `labels` are (text, major), `gaps` is how many distances of neighbours span the plot, `margins`
/// the px beside it.
pub(crate) fn x_ticks(labels: &[(&str, bool)], gaps: f64, margins: f64) -> Vec<XTick> {
    let written: Vec<usize> = (0..labels.len()).filter(|&index| !labels[index].0.is_empty()).collect();
    let anchor = written.iter().position(|&index| labels[index].1).unwrap_or(0);
    let on_grid = |stride: usize| (anchor % stride..written.len()).step_by(stride);
    let half = |at: usize| text_width(labels[written[at]].0, 11.0, false) / 2.0;
    let fits = |stride: usize, px: f64| {
        on_grid(stride).zip(on_grid(stride).skip(1)).all(|(a, b)| {
            let distance = px * (written[b] - written[a]) as f64 / gaps.max(1.0);
            distance >= half(a) + half(b) + 8.0
        })
    };
    // A coarser grid lies on the finer one, so that labels only leave and none moves.
    let coarser = |than: usize, px: f64| {
        let strides = strides().filter(|stride| stride % than == 0);
        strides.into_iter().find(|&stride| fits(stride, px)).unwrap_or(written.len().max(1))
    };
    let wide = coarser(1, WIDE_PX - margins);
    let medium = coarser(wide, MEDIUM_PX - margins);
    let narrow = coarser(medium, NARROW_PX);
    let tier = |at: usize| match at {
        at if at % narrow == anchor % narrow => Tier::Always,
        at if at % medium == anchor % medium => Tier::Medium,
        _ => Tier::Wide,
    };
    on_grid(wide).map(|at| XTick { index: written[at], tier: tier(at) }).collect()
}

/// Strides that read well for months, weeks and days.
fn strides() -> impl Iterator<Item = usize> {
    [1, 2, 3, 4, 6, 12, 24].into_iter().chain((1..).map(|n| 24 << n)).take(40)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(low: f64, high: f64, expected: &[f64]) {
        assert_eq!(value_ticks(low, high, false).values, expected, "{low}..{high}");
    }

    #[test]
    fn value_ticks_are_round_and_enclose() {
        check(0.87, 1.33, &[0.8, 1.0, 1.2, 1.4]);
        check(0.0, 276.0, &[0.0, 100.0, 200.0, 300.0]);
        check(0.0, 100.0, &[0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        check(0.282, 0.326, &[0.28, 0.29, 0.3, 0.31, 0.32, 0.33]);
        check(-30.0, 12.0, &[-30.0, -20.0, -10.0, 0.0, 10.0, 20.0]);
        check(5.0, 5.0, &[4.5, 4.75, 5.0, 5.25, 5.5]);
        check(0.0, 0.0, &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        check(-7.0, -7.0, &[-8.0, -7.5, -7.0, -6.5, -6.0]);
    }

    #[test]
    fn value_ticks_whole_never_splits_a_unit() {
        assert_eq!(value_ticks(0.0, 1.0, true).values, [0.0, 1.0, 2.0]);
        assert_eq!(value_ticks(0.0, 3.0, true).values, [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(value_ticks(0.0, 1e-9, true).values, [0.0, 1.0, 2.0]);
        assert_eq!(value_ticks(1.0, 1.0, true).values, [0.0, 1.0, 2.0]);
    }

    #[test]
    fn x_ticks_many_labels_keep_the_year_starts() {
        let labels: Vec<(&str, bool)> =
            (0..26).map(|i| if i % 12 == 3 { ("jan/26", true) } else { ("out", false) }).collect();
        let ticks = x_ticks(&labels, 25.0, 100.0);
        assert!(ticks.iter().any(|tick| tick.index == 3 && tick.tier == Tier::Always));
        assert!(ticks.len() < 20 && ticks.len() > 6, "{ticks:?}");
        let always = ticks.iter().filter(|tick| tick.tier == Tier::Always).count();
        assert!((2..=6).contains(&always), "{ticks:?}");
        let sparse: Vec<(&str, bool)> =
            (0..5000).map(|i| if i % 500 == 0 { ("dia", false) } else { ("", false) }).collect();
        assert_eq!(x_ticks(&sparse, 4999.0, 0.0).len(), 10);
        assert_eq!(x_ticks(&[("out", false)], 0.0, 0.0), [XTick { index: 0, tier: Tier::Always }]);
        assert!(x_ticks(&[], 0.0, 0.0).is_empty());
    }
}
