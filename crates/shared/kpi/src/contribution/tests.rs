//! Known decompositions, and the sum of effects over random members.

use super::*;

fn text(member: &str) -> Cell {
    Cell::Text(member.to_owned())
}

fn ratio(member: &str, before: (i64, i64), after: (i64, i64)) -> RatioPart {
    RatioPart {
        member: text(member),
        numerator: Cell::Int(after.0),
        denominator: Cell::Int(after.1),
        comparison_numerator: Cell::Int(before.0),
        comparison_denominator: Cell::Int(before.1),
    }
}

fn cents(unscaled: i128) -> Cell {
    Cell::Decimal { unscaled, scale: 2 }
}

/// SplitMix64: enough randomness for tests, the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

#[test]
fn sum_effects_are_the_members_changes() {
    let parts = [
        SumPart { member: text("Ads"), value: cents(10_010), comparison: cents(9_000) },
        SumPart { member: text("Site"), value: cents(500), comparison: cents(2_500) },
        SumPart { member: text("SDR"), value: cents(300), comparison: Cell::Null },
    ];
    let found = of_sum(&parts).unwrap();
    assert_eq!((found.value, found.comparison, found.delta), (108.1, 115.0, -6.9));
    let effects: Vec<(&str, f64)> =
        found.drivers.iter().map(|driver| (driver.member.text().unwrap(), driver.effect)).collect();
    assert_eq!(effects, [("Site", -20.0), ("Ads", 10.1), ("SDR", 3.0)]);
    assert_eq!(found.main_driver().unwrap().member, text("Site"));
}

#[test]
fn ratio_of_members_with_steady_rates_is_all_mix() {
    // Both keep their rate, but the poor one grows: everybody is as good as before and the whole is worse.
    let found =
        of_ratio(&[ratio("good", (50, 100), (50, 100)), ratio("poor", (10, 100), (30, 300))]).unwrap();
    assert_eq!((found.comparison, found.value), (0.3, 0.2));
    assert!(found.drivers.iter().all(|driver| driver.rate == 0.0 && driver.effect < 0.0));
}

#[test]
fn ratio_of_members_with_steady_weights_is_all_rate() {
    let found = of_ratio(&[ratio("a", (16, 64), (32, 64)), ratio("b", (48, 64), (32, 64))]).unwrap();
    assert_eq!(found.delta, 0.0);
    assert_eq!(
        found.drivers.iter().map(|driver| (driver.rate, driver.mix)).collect::<Vec<_>>(),
        [(0.125, 0.0), (-0.125, 0.0)]
    );
    assert_eq!(found.drivers[0].share, None);
}

#[test]
fn ratio_member_that_enters_or_leaves_is_all_mix() {
    let found = of_ratio(&[
        ratio("old", (10, 100), (0, 0)),
        ratio("stays", (20, 100), (20, 100)),
        ratio("new", (0, 0), (60, 100)),
    ])
    .unwrap();
    for driver in &found.drivers {
        assert_eq!(driver.rate, 0.0, "{driver:?}");
    }
    assert_eq!(found.drivers[0].member, text("new"));
}

#[test]
fn ratio_cost_without_denominator_counts_as_rate() {
    let found =
        of_ratio(&[ratio("institutional", (100, 0), (300, 0)), ratio("Ads", (100, 10), (100, 10))]).unwrap();
    assert_eq!(found.delta, 20.0);
    assert_eq!((found.drivers[0].rate, found.drivers[0].mix), (20.0, 0.0));
}

#[test]
fn ratio_without_denominator_explains_nothing() {
    assert_eq!(of_ratio(&[ratio("a", (1, 0), (1, 2))]), None);
    assert_eq!(of_ratio(&[]), None);
}

#[test]
fn effects_sum_to_the_delta_in_any_order() {
    let mut random = Random(7);
    for round in 0..2_000 {
        let count = 1 + random.below(12);
        let mut parts: Vec<RatioPart> = (0..count)
            .map(|index| {
                let mut side = || {
                    let denominator = if random.below(5) == 0 { 0 } else { random.below(10_000) as i64 };
                    (random.below(20_000) as i64 - 5_000, denominator)
                };
                ratio(&format!("m{index}"), side(), side())
            })
            .collect();
        let Some(found) = of_ratio(&parts) else { continue };
        let sum: f64 = found.drivers.iter().map(|driver| driver.effect).sum();
        let size = found.drivers.iter().map(|driver| driver.effect.abs()).sum::<f64>()
            + found.value.abs()
            + found.comparison.abs();
        assert!((sum - found.delta).abs() <= 1e-12 * size, "round {round}: {sum} is not {}", found.delta);
        for decimals in [0, 1, 4] {
            let effects: Vec<f64> = found.drivers.iter().map(|driver| driver.effect).collect();
            let shown: i64 = apportion(&effects, found.delta, decimals).iter().sum();
            assert_eq!(shown, (found.delta * 10f64.powi(i32::from(decimals))).round() as i64);
        }
        parts.rotate_left(random.below(count) as usize);
        parts.reverse();
        assert_eq!(of_ratio(&parts), Some(found));
    }
}

#[test]
fn apportion_gives_the_rest_to_the_largest_remainders() {
    assert_eq!(apportion(&[1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0], 1.0, 2), [34, 33, 33]);
    assert_eq!(apportion(&[-1.25, 0.375, -0.125], -1.0, 1), [-13, 4, -1]);
    assert_eq!(apportion(&[], 0.0, 1), Vec::<i64>::new());
    assert_eq!(apportion(&[0.2, 0.2], 9.0, 0), [5, 4]);
}
