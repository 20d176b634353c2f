//! Whether a value is where it should be, in words, sign and bar.
//!
//! Computes no pace (`kpi::target`). Invariant: the tick stands at 80 % on every bar, so that bars of different metrics compare.

use super::figures;
use crate::texts::Texts;
use kpi::definition::PaceKind;
use kpi::target::{Pace, Status, Target, pace};
use kpi::{Direction, Frame, MetricDefinition};

/// Where the tick stands, in per cent of the bar.
pub const EXPECTED_AT: f64 = 80.0;

/// The pace bar with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub status: Status,
    /// `no ritmo`, `acima`, `dentro`, `atenção`, `fora do ritmo`.
    pub word: &'static str,
    /// `Meta R$ 1,30 mi`, `Teto 3,0 dias úteis`.
    pub target: String,
    /// Per cent of the bar, 0 to 100.
    pub filled: f64,
    pub pace: Pace,
}

/// The sprite's symbol and the class of a status.
pub fn sign(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::OnTrack => ("s-ok", "st st-ok"),
        Status::Attention => ("s-warn", "st st-warn"),
        Status::Off => ("s-bad", "st st-bad"),
        Status::Unknown => ("s-off", "st st-off"),
    }
}

/// The class of a pace bar.
pub fn class(status: Status) -> &'static str {
    match status {
        Status::OnTrack => "pace ok",
        Status::Attention => "pace warn",
        Status::Off => "pace bad",
        Status::Unknown => "pace none",
    }
}

/// The target of a metric over the period of `frame`, in its own unit; none when it has none or it is not known.
pub fn target(definition: &MetricDefinition, frame: &Frame) -> Option<f64> {
    match definition.target.as_ref()? {
        Target::Value(value) => Some(*value),
        Target::Metric(name) => frame.single(name, kpi::Role::Value).and_then(kpi::Cell::number),
    }
}

/// The verdict on `value`; `elapsed` is the share of the period's business days that are over.
pub fn judge(definition: &MetricDefinition, value: f64, target: f64, elapsed: f64, texts: &Texts) -> Verdict {
    let due = match definition.pace {
        PaceKind::Sum => elapsed,
        PaceKind::Level => 1.0,
    };
    let pace = pace(value, target, due, definition.direction);
    let word = match (pace.status, definition.direction) {
        (Status::OnTrack, Direction::Down) => texts.within,
        (Status::OnTrack, _) if due >= 1.0 && value > target => texts.above,
        (Status::OnTrack, _) => texts.on_track,
        (Status::Attention, _) => texts.attention,
        (Status::Off, _) => texts.off_track,
        (Status::Unknown, _) => texts.unknown_status,
    };
    let name = if definition.direction == Direction::Down { texts.ceiling } else { texts.target };
    let filled = if pace.ratio.is_finite() { (pace.ratio * EXPECTED_AT).clamp(0.0, 100.0) } else { 0.0 };
    Verdict {
        status: pace.status,
        word,
        target: format!("{name} {}", figures::short(target, definition.format, texts)),
        filled: (filled * 10.0).round() / 10.0,
        pace,
    }
}

#[cfg(test)]
mod tests {
    use super::figures::tests::definition;
    use super::*;
    use kpi::Format;
    use locale::Lang;

    #[test]
    fn judge_puts_the_target_at_the_tick() {
        let pt = Texts::of(Lang::PtBr);
        let mut sla = definition("whatsapp_sla", Format::Percent, Direction::Up);
        sla.pace = PaceKind::Level;
        let verdict = judge(&sla, 0.874, 0.92, 0.5, pt);
        assert_eq!((verdict.status, verdict.word, verdict.filled), (Status::Attention, "atenção", 76.0));
        assert_eq!(judge(&sla, 0.95, 0.92, 0.5, pt).word, "acima");
        let mut cac = definition("cac", Format::Money, Direction::Down);
        cac.pace = PaceKind::Level;
        assert_eq!(judge(&cac, 400.0, 500.0, 0.5, pt).word, "dentro");
        let mut sales = definition("net_sales", Format::Money, Direction::Up);
        sales.pace = PaceKind::Sum;
        assert_eq!(judge(&sales, 65.0, 100.0, 0.65, pt).word, "no ritmo");
    }
}
