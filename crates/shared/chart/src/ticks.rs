//! Round ticks for values, and which labels of an x axis are written.
//!
//! Formats nothing. Invariant: value ticks lie on 1, 2, 2.5 or 5 × 10ⁿ, number three to six, and enclose the data.

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

/// Ticks that enclose `low..=high` (finite, any order). `whole` allows integers only.
pub(crate) fn value_ticks(low: f64, high: f64, whole: bool) -> Ticks {
    let (mut low, mut high) = if low <= high { (low, high) } else { (high, low) };
    let size = low.abs().max(high.abs());
    if high - low <= size * 1e-9 {
        // All equal: show the value between its neighbours, or above zero.
        let room = if size == 0.0 { 1.0 } else { size / 10.0 };
        let room = if whole { room.max(1.0) } else { room };
        low = if size == 0.0 || (whole && low == 1.0) { 0.0 } else { low - room };
        high += room;
    }
    for (tenths, power) in steps(high - low, whole) {
        let step = times_power_of_ten(tenths, power);
        let mut first = (low / step + 1e-9).floor();
        let mut last = (high / step - 1e-9).ceil();
        if last - first + 1.0 > 6.0 {
            continue;
        }
        while last - first < 2.0 {
            if first > 0.0 || last >= 0.0 { last += 1.0 } else { first -= 1.0 }
        }
        let count = (last - first) as i32;
        let values = (0..=count).map(|i| times_power_of_ten((first + f64::from(i)) * tenths, power)).collect();
        return Ticks { values, step };
    }
    Ticks { values: vec![low, high], step: high - low }
}

/// Steps from far too fine to far too coarse, as (10, 20, 25 or 50; power of ten).
fn steps(range: f64, whole: bool) -> impl Iterator<Item = (f64, i32)> {
    let power = exponent(range) - 1;
    (power - 2..=power + 2)
        .flat_map(|power| [10.0, 20.0, 25.0, 50.0].map(|tenths| (tenths, power - 1)))
        .filter(move |&(tenths, power)| !whole || power >= 0 || (power == -1 && tenths != 25.0))
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

/// One label of an x axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct XTick {
    pub(crate) index: usize,
    /// Leaves when the plot is narrow.
    pub(crate) optional: bool,
}

/// Width in px that a plot has on a desk, and with the optional labels gone on a phone.
const WIDE_PX: f64 = 520.0;
const NARROW_PX: f64 = 264.0;

/// Chooses labels that do not touch: every n-th, on the grid of the first major one; every second of them is optional.
/// `labels` are (text, major); `gaps` is how many label distances span the whole width.
pub(crate) fn x_ticks(labels: &[(&str, bool)], gaps: f64) -> Vec<XTick> {
    let widest = labels.iter().map(|(text, _)| text_width(text, 11.0, false)).fold(0.0, f64::max);
    let gaps = gaps.max(1.0);
    let fits = |stride: usize| {
        let stride = stride as f64;
        WIDE_PX * stride / gaps >= widest + 12.0 && NARROW_PX * 2.0 * stride / gaps >= widest + 8.0
    };
    let stride = strides().find(|&stride| fits(stride) || stride >= labels.len()).unwrap_or(1);
    let anchor = labels.iter().position(|&(_, major)| major).unwrap_or(0);
    let offset = anchor % stride;
    let parity = (anchor / stride) % 2;
    (0..labels.len())
        .filter(|index| index % stride == offset && !labels[*index].0.is_empty())
        .map(|index| XTick { index, optional: (index / stride) % 2 != parity })
        .collect()
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
        assert_eq!(value_ticks(1.0, 1.0, true).values, [0.0, 1.0, 2.0]);
    }

    #[test]
    fn x_ticks_many_labels_keep_the_year_starts() {
        let labels: Vec<(&str, bool)> =
            (0..26).map(|i| if i % 12 == 3 { ("jan/26", true) } else { ("out", false) }).collect();
        let ticks = x_ticks(&labels, 25.0);
        assert!(ticks.iter().any(|tick| tick.index == 3 && !tick.optional));
        assert!(ticks.len() < 20 && ticks.len() > 6, "{ticks:?}");
        assert_eq!(x_ticks(&[("out", false)], 0.0), [XTick { index: 0, optional: false }]);
        assert!(x_ticks(&[], 0.0).is_empty());
    }
}
