//! Values and changes of one metric as the parts that cards, heroes and tables set.
//!
//! Invariant: where an arrow tells the direction the text has no sign.

use crate::texts::Texts;
use chart::{Delta, Trend};
use kpi::{Cell, Format, Frame, MetricDefinition, Role};
use locale::{Sign, show};

/// The value, comparison and difference of one metric in one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub value: Cell,
    pub comparison: Cell,
    pub delta: Cell,
}

impl Reading {
    /// The only row of `frame`; all null when there is no such metric in it.
    pub fn single(frame: &Frame, metric: &str) -> Reading {
        Reading::row(frame, metric, 0)
    }

    pub fn row(frame: &Frame, metric: &str, row: usize) -> Reading {
        let cell = |role| {
            let index = frame.index(metric, role)?;
            frame.rows.get(row).and_then(|cells| cells.get(index)).cloned()
        };
        let value = cell(Role::Value).unwrap_or(Cell::Null);
        let comparison = cell(Role::Comparison).unwrap_or(Cell::Null);
        let delta = cell(Role::Delta).unwrap_or_else(|| value.minus(&comparison));
        Reading { value, comparison, delta }
    }

    /// The change as a card shows it: points for shares, time for durations, per cent for the rest.
    pub fn change(&self, definition: &MetricDefinition, texts: &Texts) -> Option<Delta> {
        let change = self.delta.number()?;
        let signed = match definition.format {
            // The value beside it says that these are business days.
            Format::BusinessDays => show::difference(&self.delta, Format::Days, Sign::Both, texts.lang),
            Format::Percent | Format::Minutes | Format::Hours | Format::Days => {
                show::difference(&self.delta, definition.format, Sign::Both, texts.lang)
            }
            _ => show::change(&self.value, &self.comparison, Sign::Both, texts.lang),
        };
        if signed == locale::NONE {
            return None;
        }
        Some(delta(change, &signed, definition, texts))
    }

    /// The difference in the metric's own unit, as tables show it.
    pub fn difference(&self, definition: &MetricDefinition, texts: &Texts) -> Option<Delta> {
        let change = self.delta.number()?;
        let signed = show::difference(&self.delta, definition.format, Sign::Both, texts.lang);
        Some(delta(change, &signed, definition, texts))
    }

    /// The relative change, as tables show it.
    pub fn percent(&self, definition: &MetricDefinition, texts: &Texts) -> Option<Delta> {
        let change = self.delta.number()?;
        let signed = show::change(&self.value, &self.comparison, Sign::Both, texts.lang);
        (signed != locale::NONE).then(|| delta(change, &signed, definition, texts))
    }
}

/// Strips the sign off a signed text and lets arrow and spoken words carry it. A text whose sign was rounded away is no change.
pub fn delta(change: f64, signed: &str, definition: &MetricDefinition, texts: &Texts) -> Delta {
    let unsigned = signed.strip_prefix(['+', locale::MINUS]);
    let (trend, tone) = Delta::judge(change, definition.direction, unsigned.is_none());
    let spoken = match (trend, tone) {
        (Trend::Flat, _) => texts.no_change,
        (Trend::Up, chart::Tone::Good) => texts.rise_good,
        (Trend::Up, chart::Tone::Bad) => texts.rise_bad,
        (Trend::Up, chart::Tone::Neutral) => texts.rise,
        (Trend::Down, chart::Tone::Good) => texts.fall_good,
        (Trend::Down, chart::Tone::Bad) => texts.fall_bad,
        (Trend::Down, chart::Tone::Neutral) => texts.fall,
    };
    Delta { text: unsigned.unwrap_or(signed).to_owned(), spoken: spoken.to_owned(), trend, tone }
}

/// The text of a float in a metric's format, in full.
pub fn full(value: f64, format: Format, texts: &Texts) -> String {
    show::full(&Cell::Float(value), format, texts.lang)
}

/// The text of a float in a metric's format, as on a card.
pub fn short(value: f64, format: Format, texts: &Texts) -> String {
    show::card(&Cell::Float(value), format, texts.lang).text()
}

/// The member that a dimension cell names, in words.
pub fn member_name(cell: &Cell, texts: &Texts) -> String {
    match cell {
        Cell::Null => texts.no_value.to_owned(),
        Cell::Text(name) => texts.member(name).to_owned(),
        other => show::full(other, Format::Text, texts.lang),
    }
}

/// The member that a dimension cell names, as a filter writes it.
pub fn member_key(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(name) => name.clone(),
        Cell::Date(day) => day.to_string(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => value.to_string(),
        other => show::full(other, Format::Text, locale::Lang::En),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use kpi::definition::{Additivity, Label, MetricKind, PaceKind};
    use kpi::{Direction, Grain};
    use locale::Lang;

    pub(crate) fn definition(name: &str, format: Format, direction: Direction) -> MetricDefinition {
        MetricDefinition {
            name: name.to_owned(),
            label: Label { pt: name.to_owned(), en: None },
            description: Label::default(),
            kind: MetricKind::Simple,
            additivity: Additivity::Full,
            numerator: None,
            denominator: None,
            formula: Label::default(),
            format,
            unit: String::new(),
            direction,
            target: None,
            thresholds: None,
            pace: PaceKind::Level,
            dimensions: vec!["canal".into(), "uf".into()],
            hierarchies: Vec::new(),
            grain: Grain::Day,
            time_note: Label::default(),
            owner: None,
            steward: None,
            classification: None,
            is_kpi: true,
            hash: String::new(),
            pack: "comercial".into(),
        }
    }

    fn reading(value: f64, comparison: f64) -> Reading {
        let (value, comparison) = (Cell::Float(value), Cell::Float(comparison));
        let delta = value.minus(&comparison);
        Reading { value, comparison, delta }
    }

    fn plain(delta: Option<Delta>) -> (String, Trend, chart::Tone) {
        let delta = delta.unwrap();
        (delta.text.replace(locale::NBSP, " "), delta.trend, delta.tone)
    }

    #[test]
    fn change_has_the_unit_and_the_tone_of_its_metric() {
        let pt = Texts::of(Lang::PtBr);
        let margin = definition("gross_margin_pct", Format::Percent, Direction::Up);
        assert_eq!(
            plain(reading(0.246, 0.228).change(&margin, pt)),
            ("1,8 p.p.".into(), Trend::Up, chart::Tone::Good)
        );
        let cac = definition("cac", Format::Money, Direction::Down);
        assert_eq!(
            plain(reading(1842.0, 1964.0).change(&cac, pt)),
            ("6,2%".into(), Trend::Down, chart::Tone::Good)
        );
        let lead = definition("order_lead_time", Format::BusinessDays, Direction::Down);
        let (text, trend, tone) = plain(reading(3.4, 2.9).change(&lead, pt));
        assert!(text.starts_with("0,5"), "{text}");
        assert_eq!((trend, tone), (Trend::Up, chart::Tone::Bad));
    }

    #[test]
    fn change_that_rounds_to_nothing_is_none() {
        let pt = Texts::of(Lang::PtBr);
        let margin = definition("gross_margin_pct", Format::Percent, Direction::Up);
        assert_eq!(plain(reading(0.2461, 0.2462).change(&margin, pt)).1, Trend::Flat);
        let cac = definition("cac", Format::Money, Direction::Down);
        assert_eq!(reading(1842.0, 0.0).change(&cac, pt), None);
        let null = Reading { value: Cell::Null, comparison: Cell::Float(1.0), delta: Cell::Null };
        assert_eq!(null.change(&margin, pt), None);
    }
}
