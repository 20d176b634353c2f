//! Time series from frames: one metric with last year and target, or the members of a dimension.
//!
//! Invariant: the series of a plot have one point per bucket, in the order of the buckets.

use crate::texts::Texts;
use crate::view_models::figures;
use chart::plot::Role as Part;
use chart::{Plot, Point, Series, X};
use chrono::NaiveDate;
use kpi::definition::Additivity;
use kpi::frame::TIME;
use kpi::target::Target;
use kpi::{Cell, Format, Frame, Grain, MetricDefinition, Role};
use locale::{Axis, bucket, date, show};
use std::collections::BTreeMap;

/// What is drawn beside the metric itself.
#[derive(Debug, Clone, Copy)]
pub struct Layers<'a> {
    pub comparison: bool,
    pub target: Option<&'a Target>,
}

/// The plot and its largest value (absolute).
pub fn time_plot(
    definition: &MetricDefinition,
    frame: &Frame,
    grain: Grain,
    layers: Layers<'_>,
    texts: &Texts,
) -> (Plot, f64) {
    let rows = by_bucket(frame);
    let buckets = frame.period.buckets(grain);
    let cell = |name: &str, role: Role, bucket: &NaiveDate| -> Cell {
        let row = rows.get(bucket).copied();
        row.zip(frame.index(name, role)).map_or(Cell::Null, |(row, column)| frame.rows[row][column].clone())
    };
    let column = |name: &str, role: Role| -> Vec<Cell> {
        buckets.iter().map(|bucket| cell(name, role, bucket)).collect()
    };
    let mut parts =
        vec![(texts.label(&definition.label).to_owned(), Part::Main, column(&definition.name, Role::Value))];
    if layers.comparison && frame.comparison.is_some() {
        let before = column(&definition.name, Role::Comparison);
        // A year before the first row is no year of zeros to be held against.
        if before.iter().any(|cell| cell.number().is_some_and(|value| value != 0.0)) {
            parts.push((texts.last_year.to_owned(), Part::Comparison, before));
        }
    }
    match layers.target {
        Some(Target::Value(target)) => {
            parts.push((
                target_name(definition, texts),
                Part::Target,
                vec![Cell::Float(*target); buckets.len()],
            ));
        }
        Some(Target::Metric(name)) if frame.index(name, Role::Value).is_some() => {
            parts.push((target_name(definition, texts), Part::Target, column(name, Role::Value)))
        }
        Some(Target::Metric(_)) | None => {}
    }
    let largest = parts
        .iter()
        .flat_map(|(_, _, cells)| cells)
        .filter_map(Cell::number)
        .fold(0.0, |a: f64, b| a.max(b.abs()));
    let axis = Axis::new(definition.format, largest, texts.lang);
    let series = parts
        .into_iter()
        .map(|(name, role, cells)| Series {
            name,
            role,
            latest: latest(&cells, role, frame, &axis, definition.format, texts),
            points: points(&cells, definition, texts),
        })
        .collect();
    let plot = Plot {
        title: texts.label(&definition.label).to_owned(),
        x_title: grain_name(grain, texts).to_owned(),
        unit: axis.unit.clone(),
        height: 0,
        whole: definition.format == Format::Integer,
        x: ticks(&buckets, grain, frame, texts),
        series,
    };
    (plot, largest)
}

/// From one more than these on, members that are largest over the whole time keep a colour and the rest is one series.
const TOLD_APART: usize = 5;

/// One series per member of `dimension`, coloured in the order of their names; of many, the largest and the sum of the rest.
pub fn member_plot(
    definition: &MetricDefinition,
    frame: &Frame,
    grain: Grain,
    dimension: &str,
    texts: &Texts,
) -> (Plot, f64) {
    let buckets = frame.period.buckets(grain);
    let (Some(time), Some(member), Some(value)) = (
        frame.index(TIME, Role::Dimension),
        frame.index(dimension, Role::Dimension),
        frame.index(&definition.name, Role::Value),
    ) else {
        return (Plot::default(), 0.0);
    };
    let mut members: Members = BTreeMap::new();
    for row in &frame.rows {
        if let Some(day) = row[time].date() {
            members
                .entry(figures::member_name(&row[member], texts))
                .or_default()
                .insert(day, row[value].clone());
        }
    }
    let rest = fold_rest(&mut members, definition);
    let largest = buckets
        .iter()
        .map(|bucket| {
            members
                .values()
                .chain(&rest)
                .filter_map(|cells| cells.get(bucket).and_then(Cell::number))
                .map(f64::abs)
                .sum::<f64>()
        })
        .fold(0.0, f64::max);
    let coloured = members.into_iter().zip(1..).map(|((name, cells), colour)| {
        let role = if colour <= 8 { Part::Member(colour) } else { Part::Others };
        (name, role, cells)
    });
    let series = coloured
        .chain(rest.map(|cells| (texts.others.to_owned(), Part::Others, cells)))
        .map(|(name, role, cells)| {
            let cells: Vec<Cell> =
                buckets.iter().map(|bucket| cells.get(bucket).cloned().unwrap_or(Cell::Null)).collect();
            Series { name, role, points: points(&cells, definition, texts), latest: String::new() }
        })
        .collect();
    let plot = Plot {
        title: texts.label(&definition.label).to_owned(),
        x_title: grain_name(grain, texts).to_owned(),
        unit: Axis::new(definition.format, largest, texts.lang).unit,
        height: 0,
        whole: definition.format == Format::Integer,
        x: ticks(&buckets, grain, frame, texts),
        series,
    };
    (plot, largest)
}

/// A member's figure in each bucket.
type Members = BTreeMap<String, BTreeMap<NaiveDate, Cell>>;

/// Takes the smaller of many members out and sums them; what does not sum over members stays as it is.
fn fold_rest(members: &mut Members, definition: &MetricDefinition) -> Option<BTreeMap<NaiveDate, Cell>> {
    if members.len() <= TOLD_APART + 1 || definition.additivity == Additivity::None {
        return None;
    }
    let size = |cells: &BTreeMap<NaiveDate, Cell>| {
        cells.values().filter_map(Cell::number).map(f64::abs).sum::<f64>()
    };
    let mut sizes: Vec<(f64, String)> =
        members.iter().map(|(name, cells)| (size(cells), name.clone())).collect();
    sizes.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let mut rest: BTreeMap<NaiveDate, Cell> = BTreeMap::new();
    for (_, name) in sizes.split_off(TOLD_APART) {
        for (bucket, cell) in members.remove(&name).unwrap_or_default() {
            match rest.get_mut(&bucket) {
                Some(sum) => *sum = sum.plus(&cell).unwrap_or(Cell::Null),
                None => drop(rest.insert(bucket, cell)),
            }
        }
    }
    Some(rest)
}

fn by_bucket(frame: &Frame) -> BTreeMap<NaiveDate, usize> {
    let Some(time) = frame.index(TIME, Role::Dimension) else { return BTreeMap::new() };
    frame.rows.iter().enumerate().filter_map(|(row, cells)| Some((cells[time].date()?, row))).collect()
}

fn ticks(buckets: &[NaiveDate], grain: Grain, frame: &Frame, texts: &Texts) -> Vec<X> {
    buckets
        .iter()
        .map(|start| {
            let (tick, major) = bucket::tick(*start, grain, texts.lang);
            let partial = frame.partial_from.is_some_and(|from| *start >= from);
            X { label: bucket::long(*start, grain, texts.lang), tick, major, partial }
        })
        .collect()
}

fn points(cells: &[Cell], definition: &MetricDefinition, texts: &Texts) -> Vec<Point> {
    cells
        .iter()
        .map(|cell| Point { value: cell.number(), text: show::full(cell, definition.format, texts.lang) })
        .collect()
}

/// The last value for the label at a line's end, in the axis' own unit; of an unfinished bucket with its day.
fn latest(cells: &[Cell], role: Part, frame: &Frame, axis: &Axis, format: Format, texts: &Texts) -> String {
    let Some(value) = cells.iter().rev().find_map(Cell::number) else { return String::new() };
    let places = if value == 0.0 { 0 } else { value.abs().log10().floor() as i32 - 2 };
    let smallest = if format == Format::Integer { 0 } else { -6 };
    let shown = axis.tick(value, 10f64.powi(places.max(smallest)));
    let partial = frame.partial_from.is_some() && cells.last().is_some_and(|cell| cell.number().is_some());
    if role == Part::Main && partial {
        let day = date::day_month(frame.period.to().min(frame.as_of), texts.lang);
        return format!("{shown} {} {day}", texts.lang.pick("em", "on"));
    }
    shown
}

fn target_name(definition: &MetricDefinition, texts: &Texts) -> String {
    let down = definition.direction == kpi::Direction::Down;
    if down { texts.ceiling } else { texts.target }.to_owned()
}

pub(crate) fn grain_name(grain: Grain, texts: &Texts) -> &'static str {
    match grain {
        Grain::Day => texts.day,
        Grain::Week => texts.week,
        Grain::Month => texts.month,
        Grain::Quarter => texts.quarter,
        Grain::Year => texts.lang.pick("Ano", "Year"),
    }
}
