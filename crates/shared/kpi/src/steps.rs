//! Stages of a funnel and shares of a whole.
//!
//! Asks no data. Invariant: a share of nothing is unknown, never zero or infinite.

use serde::{Deserialize, Serialize};

/// One stage of a funnel beside the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub value: f64,
    /// Share of the first stage; the first is 1.
    pub of_first: Option<f64>,
    /// Share of the stage before; `None` for the first.
    pub of_previous: Option<f64>,
    /// How many were lost since the stage before.
    pub lost: Option<f64>,
}

/// The stages of a funnel, in order.
pub fn funnel(values: &[f64]) -> Vec<Step> {
    values
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let previous = index.checked_sub(1).map(|before| values[before]);
            Step {
                value: *value,
                of_first: share(*value, values[0]),
                of_previous: previous.and_then(|before| share(*value, before)),
                lost: previous.map(|before| before - value),
            }
        })
        .collect()
}

/// `part ÷ whole`; `None` when the whole is zero.
pub fn share(part: f64, whole: f64) -> Option<f64> {
    (whole != 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn funnel_compares_each_stage_with_the_first_and_the_one_before() {
        let steps = funnel(&[200.0, 100.0, 25.0]);
        assert_eq!(steps[0], Step { value: 200.0, of_first: Some(1.0), of_previous: None, lost: None });
        assert_eq!(
            steps[2],
            Step { value: 25.0, of_first: Some(0.125), of_previous: Some(0.25), lost: Some(75.0) }
        );
        assert_eq!(funnel(&[0.0, 0.0])[1].of_first, None);
        assert!(funnel(&[]).is_empty());
    }
}
