//! A small generator of random numbers with the few distributions that the company needs.
//!
//! Does not seed itself. Invariant: only integer arithmetic and IEEE additions and multiplications are used (no `libm`),
//! so that every machine draws the same numbers.

/// SplitMix64: one word of state, which is enough for a demo and easy to branch by label.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A stream of its own for each `label`: a change in one part of the company leaves the others as they were.
    pub fn new(seed: u64, label: &str) -> Rng {
        let hash = label.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut rng = Rng(hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        rng.next();
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..n`; 0 for `n` = 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as usize) as i64
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// About N(0, 1): the sum of twelve uniform numbers.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    pub fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * exp(sigma * self.normal())
    }

    /// A count with the mean `mean`.
    pub fn poisson(&mut self, mean: f64) -> usize {
        if mean > 40.0 {
            // The square root is correctly rounded everywhere, unlike the other functions of `libm`.
            return (mean + mean.sqrt() * self.normal() + 0.5).max(0.0) as usize;
        }
        let limit = exp(-mean);
        let mut product = self.unit();
        let mut count = 0;
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// The index of one of `weights`, each as likely as its weight says.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.len() - 1
    }
}

/// e^x by repeated squaring: to a relative error below 1e-3 for |x| < 4, and the same bits on every machine.
pub fn exp(x: f64) -> f64 {
    let mut power = 1.0 + x / 4096.0;
    for _ in 0..12 {
        power *= power;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_and_label_draw_the_same_numbers() {
        let draw = |seed, label| {
            (0..5).map(|_| 0).scan(Rng::new(seed, label), |rng, _| Some(rng.below(1000))).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, "deals"), draw(7, "deals"));
        assert_ne!(draw(7, "deals"), draw(8, "deals"));
        assert_ne!(draw(7, "deals"), draw(7, "orders"));
    }

    #[test]
    fn distributions_have_their_means() {
        let mut rng = Rng::new(1, "means");
        let n = 20_000;
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / f64::from(n);
        assert!((mean((0..n).map(|_| rng.unit()).collect()) - 0.5).abs() < 0.01);
        assert!(mean((0..n).map(|_| rng.normal()).collect()).abs() < 0.03);
        assert!((mean((0..n).map(|_| rng.poisson(3.0) as f64).collect()) - 3.0).abs() < 0.05);
        assert!((mean((0..n).map(|_| rng.poisson(90.0) as f64).collect()) - 90.0).abs() < 0.3);
        let heads = (0..n).filter(|_| rng.weighted(&[1.0, 3.0]) == 1).count();
        assert!((heads as f64 / f64::from(n) - 0.75).abs() < 0.02);
    }
}
