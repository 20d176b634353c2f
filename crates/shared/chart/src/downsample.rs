//! Fewer points for a line that has more of them than px.
//!
//! Changes no value. Invariant: of every px the lowest and the highest point stay, as do the first and the last.

/// The px that a wide plot may have.
pub(crate) const NOMINAL_PX: usize = 1_000;

/// Keeps at most two points of each of `NOMINAL_PX` columns, in order; `total` is how many x the plot has. Points are (index
/// of x, value).
pub(crate) fn lowest_and_highest(points: Vec<(usize, f64)>, total: usize) -> Vec<(usize, f64)> {
    if total <= 2 * NOMINAL_PX {
        return points;
    }
    let column = |index: usize| index * NOMINAL_PX / total;
    let mut out: Vec<(usize, f64)> = Vec::with_capacity(2 * NOMINAL_PX + 2);
    let (first, last) = (points.first().copied(), points.last().copied());
    for run in points.chunk_by(|a, b| column(a.0) == column(b.0)) {
        let low = run.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
        let high = run.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1));
        let mut kept: Vec<_> = low.into_iter().chain(high).collect();
        kept.extend(first.filter(|point| run.first() == Some(point)));
        kept.extend(last.filter(|point| run.last() == Some(point)));
        kept.sort_by_key(|point| point.0);
        kept.dedup_by_key(|point| point.0);
        out.extend(kept);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowest_and_highest_keeps_extremes_and_ends() {
        let points: Vec<(usize, f64)> =
            (0..100_000).map(|i| (i, f64::from((i as i32 * 7919) % 1000))).collect();
        let kept = lowest_and_highest(points.clone(), points.len());
        assert!(kept.len() <= 2 * NOMINAL_PX + 2, "{}", kept.len());
        assert_eq!(kept.first(), points.first());
        assert_eq!(kept.last(), points.last());
        let max = |points: &[(usize, f64)]| points.iter().map(|p| p.1).fold(f64::MIN, f64::max);
        assert_eq!(max(&kept).to_bits(), max(&points).to_bits());
        assert!(kept.is_sorted_by_key(|point| point.0));
    }
}
