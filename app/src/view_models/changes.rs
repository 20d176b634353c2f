//! Why a metric changed: the members of a dimension that explain it, exactly, and the sentence that says so.
//!
//! Invariant: effects come from `kpi::contribution` and, with the rest, sum to the delta; where a metric has no parts that sum, no
//! share is told.

use super::figures::{self, Reading};
use crate::texts::Texts;
use chart::Tone;
use kpi::contribution::{Contribution, Driver, RatioPart, SumPart, apportion, of_ratio, of_sum};
use kpi::definition::Additivity;
use kpi::{Cell, Format, Frame, MetricDefinition, Period, Role};
use locale::{Sign, show};
use serde::{Deserialize, Serialize};

/// Drivers that keep their name; the others are summed.
pub const NAMED: usize = 9;

/// What the members of one dimension did to a metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cause {
    Parts(Explained),
    /// The metric has no parts that sum: the member whose own value moved most.
    Move(Move),
}

/// A change in exact parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    pub dimension: String,
    pub period: Period,
    pub compared_with: Period,
    pub value: f64,
    pub comparison: f64,
    pub delta: f64,
    /// The largest effects, the largest first.
    pub leading: Vec<Driver>,
    /// The member that explains most in the delta's own direction.
    pub main: Option<Driver>,
    /// How many members there are in all.
    pub members: usize,
    /// Sums over all members.
    pub rate: f64,
    pub mix: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Move {
    pub dimension: String,
    pub member: Cell,
    pub value: Cell,
    pub comparison: Cell,
}

impl Cause {
    /// None when there is no comparison, no member, or nothing moved.
    pub fn of(definition: &MetricDefinition, frame: &Frame, dimension: &str) -> Option<Cause> {
        let exact = definition.denominator.is_some() || definition.additivity != Additivity::None;
        if exact {
            explain(definition, frame, dimension).map(Cause::Parts)
        } else {
            largest_move(definition, frame, dimension).map(Cause::Move)
        }
    }
}

fn explain(definition: &MetricDefinition, frame: &Frame, dimension: &str) -> Option<Explained> {
    let member_at = frame.index(dimension, Role::Dimension)?;
    let compared_with = frame.comparison?;
    let cell = |row: &Vec<Cell>, name: &str, role| {
        frame.index(name, role).map_or(Cell::Null, |index| row[index].clone())
    };
    let contribution = if let (Some(above), Some(below)) = (&definition.numerator, &definition.denominator) {
        let part = |row: &Vec<Cell>| RatioPart {
            member: row[member_at].clone(),
            numerator: cell(row, above, Role::Value),
            denominator: cell(row, below, Role::Value),
            comparison_numerator: cell(row, above, Role::Comparison),
            comparison_denominator: cell(row, below, Role::Comparison),
        };
        of_ratio(&frame.rows.iter().map(part).collect::<Vec<_>>())?
    } else {
        let name = definition.name.as_str();
        let part = |row: &Vec<Cell>| SumPart {
            member: row[member_at].clone(),
            value: cell(row, name, Role::Value),
            comparison: cell(row, name, Role::Comparison),
        };
        of_sum(&frame.rows.iter().map(part).collect::<Vec<_>>())?
    };
    compact(contribution, dimension, frame.period, compared_with)
}

fn compact(
    contribution: Contribution,
    dimension: &str,
    period: Period,
    compared_with: Period,
) -> Option<Explained> {
    if contribution.drivers.is_empty() {
        return None;
    }
    let main = contribution.main_driver().cloned();
    let Contribution { value, comparison, delta, mut drivers } = contribution;
    let sum = |part: fn(&Driver) -> f64| drivers.iter().map(part).sum::<f64>();
    let (members, rate, mix) = (drivers.len(), sum(|driver| driver.rate), sum(|driver| driver.mix));
    drivers.truncate(NAMED);
    Some(Explained {
        dimension: dimension.to_owned(),
        period,
        compared_with,
        value,
        comparison,
        delta,
        leading: drivers,
        main,
        members,
        rate,
        mix,
    })
}

fn largest_move(definition: &MetricDefinition, frame: &Frame, dimension: &str) -> Option<Move> {
    let member_at = frame.index(dimension, Role::Dimension)?;
    frame.comparison?;
    let moves = frame.rows.iter().enumerate().filter_map(|(row, cells)| {
        let reading = Reading::row(frame, &definition.name, row);
        let change = reading.delta.number().filter(|change| *change != 0.0)?;
        Some((cells[member_at].clone(), reading, change.abs()))
    });
    let (member, reading, _) = moves.reduce(|best, next| if next.2 > best.2 { next } else { best })?;
    Some(Move {
        dimension: dimension.to_owned(),
        member,
        value: reading.value,
        comparison: reading.comparison,
    })
}

/// The dimension whose main driver stands out most: its share of the change beyond what an even spread would give it.
pub fn most_telling<'a>(explained: impl IntoIterator<Item = &'a Explained>) -> Option<&'a Explained> {
    let telling = |explained: &Explained| {
        let share = explained.main.as_ref().and_then(|driver| driver.share).unwrap_or(0.0);
        share.min(1.0) - 1.0 / explained.members as f64
    };
    // A single member always explains everything, which says nothing.
    explained
        .into_iter()
        .filter(|explained| explained.members > 1)
        .reduce(|best, next| if telling(next) > telling(best) { next } else { best })
}

/// One sentence of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub metric: String,
    pub name: String,
    /// `Detrator`, `Alavanca`.
    pub kind: &'static str,
    pub member: String,
    /// After the member's name.
    pub sentence: String,
    /// The parts that sum: `Site −0,3 p.p. · outros −0,4 p.p.`; empty where nothing sums.
    pub parts: String,
    pub share: Option<Share>,
    pub tone: Tone,
    /// By which changes of different metrics are ranked.
    pub size: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Per cent of the bar, 0 to 100.
    pub filled: f64,
    /// `61% da queda`.
    pub text: String,
}

/// The change of one KPI in one sentence; none when its digits all round away.
pub fn change(
    definition: &MetricDefinition,
    explained: &Explained,
    dimension_name: &str,
    texts: &Texts,
) -> Option<Change> {
    let driver = explained.main.as_ref()?;
    let lang = texts.lang;
    let signed = |value: f64| show::card_difference(&Cell::Float(value), definition.format, Sign::Both, lang);
    let (_, tone) = chart::Delta::judge(explained.delta, definition.direction, false);
    let delta = signed(explained.delta);
    delta.strip_prefix(['+', locale::MINUS])?;
    let parts = parts(definition, explained, driver, texts);
    let (main_effect, effect) = parts
        .first()
        .map_or_else(|| (driver.effect, signed(driver.effect)), |(_, value, text)| (*value, text.clone()));
    let effects = if definition.denominator.is_some() {
        let halves = rounded(&[driver.rate, driver.mix], main_effect, definition.format);
        format!(": {} {}, {} {}", texts.rate_effect, signed(halves[0]), texts.mix_effect, signed(halves[1]))
    } else {
        String::new()
    };
    let sentence = lang.pick(
        format!(" ({dimension_name}) responde por {effect} de {delta}{effects}."),
        format!(" ({dimension_name}) accounts for {effect} of {delta}{effects}."),
    );
    Some(Change {
        metric: definition.name.clone(),
        name: texts.label(&definition.label).to_owned(),
        kind: match tone {
            Tone::Good => texts.lever,
            Tone::Bad => texts.detractor,
            Tone::Neutral => texts.mover,
        },
        member: figures::member_name(&driver.member, texts),
        sentence: sentence.replace("p.p..", "p.p."),
        parts: parts
            .iter()
            .map(|(name, _, effect)| format!("{name} {effect}"))
            .collect::<Vec<_>>()
            .join(" · "),
        share: share(driver, explained, texts),
        tone,
        size: if explained.comparison == 0.0 { 0.0 } else { (explained.delta / explained.comparison).abs() },
    })
}

/// The main driver, the next two and everybody else: the shown digits of shares, counts and money sum to the delta's.
fn parts(
    definition: &MetricDefinition,
    explained: &Explained,
    main: &Driver,
    texts: &Texts,
) -> Vec<(String, f64, String)> {
    let mut named: Vec<&Driver> = vec![main];
    named.extend(explained.leading.iter().filter(|driver| driver.member != main.member).take(2));
    let mut names: Vec<String> =
        named.iter().map(|driver| figures::member_name(&driver.member, texts)).collect();
    let mut effects: Vec<f64> = named.iter().map(|driver| driver.effect).collect();
    if explained.members > named.len() {
        names.push(texts.others.to_lowercase());
        effects.push(explained.delta - effects.iter().sum::<f64>());
    }
    let shown = rounded(&effects, explained.delta, definition.format);
    // In cents, because money in three digits cannot sum.
    let show = if definition.format == Format::Money { show::difference } else { show::card_difference };
    let text = |effect: f64| show(&Cell::Float(effect), definition.format, Sign::Both, texts.lang);
    names.into_iter().zip(shown).map(|(name, effect)| (name, effect, text(effect))).collect()
}

/// Effects as their digits will be shown, so that those sum to the total's.
fn rounded(effects: &[f64], total: f64, format: Format) -> Vec<f64> {
    let decimals = match format {
        Format::Percent => 3,
        Format::Integer => 0,
        Format::Money => 2,
        _ => return effects.to_vec(),
    };
    apportion(effects, total, decimals)
        .iter()
        .map(|units| kpi::cell::decimal_to_f64(i128::from(*units), decimals))
        .collect()
}

fn share(driver: &Driver, explained: &Explained, texts: &Texts) -> Option<Share> {
    let share = driver.share?;
    let rise = explained.delta > 0.0;
    if share > 1.0 {
        // Others moved against it.
        let text = if rise { texts.more_than_rise } else { texts.more_than_fall };
        return Some(Share { filled: 100.0, text: text.to_owned() });
    }
    let direction = if rise { texts.of_the_rise } else { texts.of_the_fall };
    let text = locale::Number::float(share).map(|share| {
        locale::decimal::percent(&share, locale::Decimals::exactly(0), Sign::Negative, texts.lang)
    })?;
    Some(Share { filled: (share * 100.0).clamp(0.0, 100.0).round(), text: format!("{text} {direction}") })
}

/// The sentence about a member that moved, for metrics without parts that sum.
pub fn moved(
    definition: &MetricDefinition,
    moved: &Move,
    dimension_name: &str,
    texts: &Texts,
) -> Option<Change> {
    let change = moved.value.minus(&moved.comparison).number()?;
    let (_, tone) = chart::Delta::judge(change, definition.direction, false);
    let card = |cell: &Cell| show::card(cell, definition.format, texts.lang).text();
    let (before, after) = (card(&moved.comparison), card(&moved.value));
    Some(Change {
        metric: definition.name.clone(),
        name: texts.label(&definition.label).to_owned(),
        kind: texts.mover,
        member: figures::member_name(&moved.member, texts),
        sentence: texts.lang.pick(
            format!(" ({dimension_name}) foi de {before} para {after}."),
            format!(" ({dimension_name}) went from {before} to {after}."),
        ),
        parts: String::new(),
        share: None,
        tone,
        size: moved.comparison.number().filter(|base| *base != 0.0).map_or(0.0, |base| (change / base).abs()),
    })
}

#[cfg(test)]
mod tests;
