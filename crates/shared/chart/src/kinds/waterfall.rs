//! A driver waterfall: from one figure to another through effects that sum exactly.
//!
//! Computes no effects (`kpi::contribution`). Invariant: the digits shown for start, effects and end add up; what the given
//! effects leave over is a row of its own.

use crate::delta::Tone;
use crate::drawing::{Drawing, Table};
use crate::markup::{escape, num};
use crate::plot::{empty, lower_first, stopped};
use crate::ticks::{drawable, value_ticks};
use crate::words::{Text, fill};
use std::fmt::Write;

/// What kind of cause a driver is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effect {
    /// The weights changed: hatched.
    Mix,
    /// The members' own values changed: solid.
    Rate,
    /// Neither: the metric is a sum.
    #[default]
    Plain,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Driver {
    pub name: String,
    pub effect: Effect,
    pub value: f64,
    pub tone: Tone,
}

/// The first or last row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct End {
    pub name: String,
    pub value: f64,
    /// `31,20%`.
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Waterfall {
    pub title: String,
    /// Header of the effects: `p.p.`.
    pub unit: String,
    /// The last digit shown, as a value: 0.0001 for hundredths of a percentage point. Positive.
    pub digit: f64,
    pub start: End,
    pub drivers: Vec<Driver>,
    pub end: End,
}

/// Beyond 2⁵³ a float has no last digits to share out.
const EXACT: f64 = 9.0e15;

/// A driver with its effect in whole last digits.
struct Row<'a> {
    name: &'a str,
    effect: Effect,
    tone: Tone,
    digits: i64,
}

impl Waterfall {
    pub fn draw(&self, text: &Text) -> Drawing {
        let Some((start, rows, end)) = self.rows(text) else {
            let summary = format!("{}: {}.", self.title, lower_first(text.words.empty));
            return Drawing { html: empty(text), summary, empty: true, ..Drawing::default() };
        };
        let summary = self.summary(&rows, text);
        let axis = Axis::over(start, &rows, self.digit);
        let unit = escape(&self.unit);
        let mut html =
            format!("<table class=\"table waterfall\"><caption class=\"vh\">{}</caption>", escape(&summary));
        let _ = write!(
            html,
            "<thead><tr><th>{}</th><td>{}</td><th class=\"r\">{unit}</th></tr></thead><tbody>",
            escape(text.words.cause),
            axis.html(text)
        );
        push_end(&mut html, &self.start, axis.share(start));
        let mut at = start;
        for row in &rows {
            self.push_row(&mut html, row, &axis, at, text);
            at = at.saturating_add(row.digits);
        }
        push_end(&mut html, &self.end, axis.share(end));
        html += "</tbody></table>";
        Drawing { html, summary, table: self.table(&rows, text), ..Drawing::default() }
    }

    fn push_row(&self, html: &mut String, row: &Row, axis: &Axis, at: i64, text: &Text) {
        let (from, to) = (axis.share(at), axis.share(at.saturating_add(row.digits)));
        let kind = match row.effect {
            Effect::Mix => " mix",
            Effect::Rate => " rate",
            Effect::Plain => "",
        };
        let tone = row.tone.class();
        let note = note(row.effect, text);
        let note = if note.is_empty() { String::new() } else { format!("<small>{}</small>", escape(note)) };
        let effect = escape(&self.effect_text(row.digits, text));
        let _ = write!(
            html,
            "<tr><th scope=\"row\">{}{note}</th><td><span class=\"wf\"><i class=\"st0\" style=\"--a:{}%\"></i>\
             <i class=\"blk{tone}{kind}\" style=\"--a:{}%;--b:{}%\"></i></span></td>\
             <td class=\"r\"><span class=\"delta{tone}\">{effect}</span></td></tr>",
            escape(row.name),
            num(from),
            num(from.min(to)),
            num((to - from).abs()),
        );
    }

    /// Start, effects and end in whole last digits; nothing when an end is no number.
    fn rows<'a>(&'a self, text: &Text<'a>) -> Option<(i64, Vec<Row<'a>>, i64)> {
        let digit = Some(self.digit).filter(|digit| digit.is_finite() && *digit > 0.0)?;
        let whole = |value: f64| (value / digit).round();
        let (start, end) = (whole(drawable(self.start.value)?), whole(drawable(self.end.value)?));
        if start.abs() > EXACT || end.abs() > EXACT {
            return None;
        }
        let (start, end) = (start as i64, end as i64);
        let effects: Vec<f64> = self
            .drivers
            .iter()
            .map(|driver| (drawable(driver.value).unwrap_or(0.0) / digit).clamp(-EXACT, EXACT))
            .collect();
        let given: f64 = effects.iter().sum();
        let unexplained = (end - start) as f64 - given;
        let mut drivers: Vec<Row> = self
            .drivers
            .iter()
            .map(|driver| Row { name: &driver.name, effect: driver.effect, tone: driver.tone, digits: 0 })
            .collect();
        // Rounding alone leaves at most one digit at each end; anything more was not given, and says so.
        let total = if unexplained.abs() > 1.0 { given.round() as i64 } else { end - start };
        for (row, digits) in drivers.iter_mut().zip(largest_remainder(&effects, total)) {
            row.digits = digits;
        }
        let left = (end - start) - drivers.iter().map(|row| row.digits).sum::<i64>();
        if left != 0 {
            drivers.push(Row {
                name: text.words.unexplained,
                effect: Effect::Plain,
                tone: Tone::Neutral,
                digits: left,
            });
        }
        Some((start, drivers, end))
    }

    /// `+0,06`, `−0,85`, `0,00`.
    fn effect_text(&self, digits: i64, text: &Text) -> String {
        let shown = (text.tick)(digits as f64 * self.digit, self.digit);
        if digits > 0 { format!("+{shown}") } else { shown }
    }

    fn table(&self, rows: &[Row], text: &Text) -> Table {
        let end = |end: &End| vec![end.name.clone(), end.text.clone()];
        let row = |row: &Row| {
            let note = note(row.effect, text);
            let name = if note.is_empty() { row.name.to_owned() } else { format!("{} ({note})", row.name) };
            vec![name, self.effect_text(row.digits, text)]
        };
        let rows =
            std::iter::once(end(&self.start)).chain(rows.iter().map(row)).chain([end(&self.end)]).collect();
        let headers = vec![text.words.cause.to_owned(), self.unit.clone()];
        Table { caption: self.title.clone(), headers, rows }
    }

    fn summary(&self, rows: &[Row], text: &Text) -> String {
        let largest = rows.iter().reduce(|a, b| if b.digits.abs() > a.digits.abs() { b } else { a });
        let (driver, effect) = largest
            .map_or((text.words.none, String::new()), |row| (row.name, self.effect_text(row.digits, text)));
        let effect = format!("{effect} {}", self.unit);
        let values = [
            ("title", self.title.as_str()),
            ("start", &self.start.text),
            ("end", &self.end.text),
            ("driver", driver),
            ("effect", effect.trim()),
        ];
        stopped(fill(text.words.bridge, &values))
    }
}

fn note<'a>(effect: Effect, text: &Text<'a>) -> &'a str {
    match effect {
        Effect::Mix => text.words.mix,
        Effect::Rate => text.words.rate,
        Effect::Plain => "",
    }
}

fn push_end(html: &mut String, end: &End, at: f64) {
    let _ = write!(
        html,
        "<tr class=\"end\"><th scope=\"row\">{}</th><td><span class=\"wf\"><i class=\"mk\" style=\"--a:{}%\"></i></span></td>\
         <td class=\"r\">{}</td></tr>",
        escape(&end.name),
        num(at),
        escape(&end.text)
    );
}

/// Integers nearest to the effects that sum to `total`: those that lost most by rounding down get one more.
fn largest_remainder(effects: &[f64], total: i64) -> Vec<i64> {
    let mut digits: Vec<i64> = effects.iter().map(|effect| effect.floor() as i64).collect();
    let missing = total - digits.iter().sum::<i64>();
    let mut order: Vec<usize> = (0..effects.len()).collect();
    let remainder = |index: &usize| effects[*index] - effects[*index].floor();
    order.sort_by(|a, b| remainder(b).total_cmp(&remainder(a)).then(a.cmp(b)));
    let (step, order): (i64, Vec<usize>) =
        if missing < 0 { (-1, order.into_iter().rev().collect()) } else { (1, order) };
    let count = usize::try_from(missing.abs()).unwrap_or(usize::MAX).min(effects.len());
    for index in order.into_iter().take(count) {
        digits[index] += step;
    }
    digits
}

/// The cut axis: three ticks around all levels.
struct Axis {
    low: f64,
    step: f64,
    digit: f64,
}

impl Axis {
    fn over(start: i64, rows: &[Row], digit: f64) -> Axis {
        let mut at = start;
        let mut levels = vec![start as f64 * digit];
        for row in rows {
            at = at.saturating_add(row.digits);
            levels.push(at as f64 * digit);
        }
        let low = levels.iter().copied().fold(f64::INFINITY, f64::min);
        let high = levels.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // The finest of the usual steps and their larger kin that reaches from a fifth-step below to above in two steps.
        let fine = value_ticks(low, high, false).step;
        let fits = |step: &f64| (low / (step / 5.0) + 1e-9).floor() * (step / 5.0) + 2.0 * step >= high;
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| fine * factor).into_iter().find(fits);
        let step = step.unwrap_or(fine * 10.0);
        Axis { low: (low / (step / 5.0) + 1e-9).floor() * (step / 5.0), step, digit }
    }

    /// Per cent of the width.
    fn share(&self, digits: i64) -> f64 {
        let share = (digits as f64 * self.digit - self.low) / (2.0 * self.step);
        if share.is_finite() { share.clamp(0.0, 1.0) * 100.0 } else { 0.0 }
    }

    fn html(&self, text: &Text) -> String {
        let mut out = String::from("<span class=\"wf-ax\">");
        for index in 0..3 {
            let value = self.low + f64::from(index) * self.step;
            let tick = escape(&(text.tick)(value, self.step / 5.0));
            let _ = write!(out, "<i style=\"--a:{}%\">{tick}</i>", index * 50);
        }
        out + "</span>"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn largest_remainder_sums_to_the_total() {
        assert_eq!(largest_remainder(&[0.4, 0.4, 0.4], 1), [1, 0, 0]);
        assert_eq!(largest_remainder(&[-0.5, -0.5, 2.9], 2), [0, -1, 3]);
        assert_eq!(largest_remainder(&[1.0, 2.0], 2), [1, 1]);
        assert_eq!(largest_remainder(&[], 3), Vec::<i64>::new());
    }
}
