//! Targets, thresholds and pace: whether a value is where it should be today.
//!
//! Reads no clock and formats nothing. Invariant: the verdict depends on the favourable direction only, so that a CAC under its
//! ceiling is good news.

use crate::Direction;
use serde::{Deserialize, Serialize};

/// Where the target comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The same at all times.
    Value(f64),
    /// Another metric, asked for the same period: targets that move by month live in tables like everything else.
    Metric(String),
}

/// Limits between the verdicts, in the metric's own unit: at or beyond `good` is on track, beyond `attention` is off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    pub excellent: Option<f64>,
    pub good: f64,
    pub attention: f64,
}

impl Thresholds {
    /// The verdict on a value by fixed limits, whatever the target is.
    pub fn status(&self, value: f64, direction: Direction) -> Status {
        let reaches = |limit: f64| match direction {
            Direction::Up => value >= limit,
            Direction::Down => value <= limit,
            Direction::None => false,
        };
        if !value.is_finite() || direction == Direction::None {
            Status::Unknown
        } else if reaches(self.good) {
            Status::OnTrack
        } else if reaches(self.attention) {
            Status::Attention
        } else {
            Status::Off
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// At least what is expected by now.
    OnTrack,
    /// Short of it, within reach.
    Attention,
    Off,
    /// No value or no target.
    Unknown,
}

/// A value against what is expected of it by now.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    /// The target for the whole period.
    pub target: f64,
    /// What is expected by now: for sums the target's share of elapsed business days, otherwise the target itself.
    pub expected: f64,
    /// Value ÷ expected, favourable when above 1 for `Up` and below 1 for `Down`.
    pub ratio: f64,
    pub status: Status,
}

/// Shortfall, as a share of what is expected, that is still worth attention instead of alarm.
const ATTENTION_SHARE: f64 = 0.10;

/// The verdict on `value` when `expected` was due by now.
pub fn status(value: f64, expected: f64, direction: Direction) -> Status {
    let shortfall = match direction {
        Direction::Up => expected - value,
        Direction::Down => value - expected,
        Direction::None => return Status::Unknown,
    };
    if !shortfall.is_finite() {
        Status::Unknown
    } else if shortfall <= 0.0 {
        Status::OnTrack
    } else if shortfall <= expected.abs() * ATTENTION_SHARE {
        Status::Attention
    } else {
        Status::Off
    }
}

/// The pace of `value` towards `target`; `elapsed` is the share of the period's business days that are over (1 for levels).
pub fn pace(value: f64, target: f64, elapsed: f64, direction: Direction) -> Pace {
    let expected = target * elapsed;
    Pace { target, expected, ratio: value / expected, status: status(value, expected, direction) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_follows_the_favourable_direction() {
        assert_eq!(status(480.0, 500.0, Direction::Down), Status::OnTrack);
        assert_eq!(status(520.0, 500.0, Direction::Down), Status::Attention);
        assert_eq!(status(600.0, 500.0, Direction::Down), Status::Off);
        assert_eq!(status(0.148, 0.15, Direction::Up), Status::Attention);
        assert_eq!(status(f64::NAN, 0.15, Direction::Up), Status::Unknown);
    }

    #[test]
    fn thresholds_follow_the_favourable_direction() {
        let rate = Thresholds { excellent: Some(0.9), good: 0.8, attention: 0.7 };
        assert_eq!(rate.status(0.8, Direction::Up), Status::OnTrack);
        assert_eq!(rate.status(0.75, Direction::Up), Status::Attention);
        assert_eq!(rate.status(0.69, Direction::Up), Status::Off);
        let days = Thresholds { excellent: None, good: 5.0, attention: 10.0 };
        assert_eq!(days.status(4.0, Direction::Down), Status::OnTrack);
        assert_eq!(days.status(10.5, Direction::Down), Status::Off);
        assert_eq!(days.status(10.5, Direction::None), Status::Unknown);
    }

    #[test]
    fn pace_of_a_sum_expects_the_elapsed_share() {
        let pace = pace(60_000.0, 100_000.0, 13.0 / 20.0, Direction::Up);
        assert_eq!(pace.expected, 65_000.0);
        assert_eq!(pace.status, Status::Attention);
    }
}
