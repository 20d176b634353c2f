//! Labels at the ends of lines, pushed apart so that none overlaps.
//!
//! Knows no series. Invariant: order from top to bottom is kept, neighbours are at least `GAP` px apart while there is room.

/// Least distance of two labels in px.
pub(crate) const GAP: f64 = 15.0;

/// New y for each wanted y, within `top..=bottom` as far as all fit.
pub(crate) fn spread(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]).then(a.cmp(&b)));
    // Groups of labels that touch are centred on the mean of what they want, and merge with the group above while they overlap.
    let mut groups: Vec<(f64, usize)> = Vec::new(); // (sum of wanted positions, labels)
    let start = |&(sum, count): &(f64, usize)| {
        let height = (count - 1) as f64 * GAP;
        let centred = sum / count as f64 - height / 2.0;
        centred.min(bottom - height).max(top)
    };
    for &index in &order {
        groups.push((wanted[index], 1));
        while let [.., above, below] = groups.as_slice() {
            let above_end = start(above) + above.1 as f64 * GAP;
            if above_end <= start(below) + 1e-6 {
                break;
            }
            let merged = (above.0 + below.0, above.1 + below.1);
            groups.truncate(groups.len() - 2);
            groups.push(merged);
        }
    }
    let mut out = vec![0.0; wanted.len()];
    let mut order = order.into_iter();
    for group in &groups {
        let first = start(group);
        for (step, index) in order.by_ref().take(group.1).enumerate() {
            out[index] = first + step as f64 * GAP;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_touching_labels_moves_them_apart_around_their_middle() {
        assert_eq!(spread(&[50.0, 52.0], 0.0, 200.0), [43.5, 58.5]);
        assert_eq!(spread(&[52.0, 50.0, 150.0], 0.0, 200.0), [58.5, 43.5, 150.0]);
        assert_eq!(spread(&[0.0, 1.0], 0.0, 200.0), [0.0, 15.0]);
        assert_eq!(spread(&[200.0, 199.0], 0.0, 200.0), [200.0, 185.0]);
        assert_eq!(spread(&[], 0.0, 200.0), Vec::<f64>::new());
    }

    #[test]
    fn spread_any_labels_keeps_the_gap() {
        let wanted: Vec<f64> = (0..12).map(|i| f64::from(i * i * 37 % 200)).collect();
        let mut out = spread(&wanted, 0.0, 300.0);
        out.sort_by(f64::total_cmp);
        assert!(out.windows(2).all(|pair| pair[1] - pair[0] >= GAP - 1e-6), "{out:?}");
        assert!(out[0] >= 0.0 && out[11] <= 300.0);
    }
}
