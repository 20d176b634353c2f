//! A change against a comparison: arrow, text and tone.
//!
//! Computes no change and formats none. Invariant: tone comes from the metric's direction, never from the sign, and shape
//! tells it too: solid is favourable, hollow is unfavourable.

use crate::markup::escape;
use kpi::Direction;
use std::fmt::Write;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trend {
    Up,
    Down,
    /// No change, or one inside the noise band.
    #[default]
    Flat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    Good,
    Bad,
    #[default]
    Neutral,
}

impl Tone {
    /// The class, with a space before it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Tone::Good => " good",
            Tone::Bad => " bad",
            Tone::Neutral => "",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delta {
    /// `1,8 p.p.`: without a sign where the arrow tells it.
    pub text: String,
    /// Read aloud before the text: `alta favorável de `.
    pub spoken: String,
    pub trend: Trend,
    pub tone: Tone,
}

impl Delta {
    /// The trend and the tone of a change; `noise` says that it is too small to be called one.
    pub fn judge(change: f64, direction: Direction, noise: bool) -> (Trend, Tone) {
        let trend = match change {
            _ if noise => Trend::Flat,
            change if change > 0.0 => Trend::Up,
            change if change < 0.0 => Trend::Down,
            _ => Trend::Flat,
        };
        let tone = match (trend, direction) {
            (Trend::Flat, _) | (_, Direction::None) => Tone::Neutral,
            (Trend::Up, Direction::Up) | (Trend::Down, Direction::Down) => Tone::Good,
            (Trend::Up, Direction::Down) | (Trend::Down, Direction::Up) => Tone::Bad,
        };
        (trend, tone)
    }

    /// `<span class="delta good">` with its arrow; needs the sprite's `s-up`, `s-down`, `s-up-o`, `s-down-o`, `s-flat`.
    pub fn html(&self) -> String {
        let icon = match (self.trend, self.tone) {
            (Trend::Up, Tone::Bad) => "s-up-o",
            (Trend::Up, _) => "s-up",
            (Trend::Down, Tone::Bad) => "s-down-o",
            (Trend::Down, _) => "s-down",
            (Trend::Flat, _) => "s-flat",
        };
        let mut out = format!("<span class=\"delta{}\">", self.tone.class());
        let _ = write!(out, "<svg class=\"tri\" aria-hidden=\"true\"><use href=\"#{icon}\"/></svg>");
        if !self.spoken.is_empty() {
            let _ = write!(out, "<span class=\"vh\">{}</span>", escape(&self.spoken));
        }
        out + &escape(&self.text) + "</span>"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judge_follows_the_direction_not_the_sign() {
        assert_eq!(Delta::judge(-6.2, Direction::Down, false), (Trend::Down, Tone::Good));
        assert_eq!(Delta::judge(-3.1, Direction::Up, false), (Trend::Down, Tone::Bad));
        assert_eq!(Delta::judge(0.4, Direction::Up, true), (Trend::Flat, Tone::Neutral));
        assert_eq!(Delta::judge(0.4, Direction::None, false), (Trend::Up, Tone::Neutral));
        assert_eq!(Delta::judge(f64::NAN, Direction::Up, false), (Trend::Flat, Tone::Neutral));
    }
}
