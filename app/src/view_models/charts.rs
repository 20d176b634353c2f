//! Frames as charts: which cell goes where, in which words. The drawing itself is `chart`'s.
//!
//! Invariant: every bucket of the period has its place on x, also those that the frame left out; those are gaps.

mod series;

use super::figures::{self, Reading};
use crate::page_state::PageState;
use crate::texts::Texts;
use chart::kinds::{
    Area, Bar, BarCell, BarColumn, BarList, BarRow, Funnel, HeatCell, HeatRow, HeatScale, Heatmap, Hide,
    Layout, Line, Sparkline, Stage,
};
use chart::{ChartSpec, Drawing, Plot, Text, Words};
use contract::metrics::Catalogue;
use kpi::definition::Additivity;
use kpi::target::Target;
use kpi::{Cell, Format, Frame, Grain, MetricDefinition, Role};
use locale::date::{self, Width};
use locale::{Axis, Lang, Sign, show};
pub(crate) use series::grain_name;
pub use series::{Layers, time_plot};

pub fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::PtBr => &chart::words::PT_BR,
        Lang::En => &chart::words::EN,
    }
}

/// Draws with the axis of a format whose largest value is `largest`.
pub fn draw(spec: &ChartSpec, format: Format, largest: f64, texts: &Texts) -> Drawing {
    let axis = Axis::new(format, largest, texts.lang);
    chart::draw(spec, &Text { words: words(texts.lang), tick: &|value, step| axis.tick(value, tidy(step)) })
}

/// A step without the noise of binary fractions, which would cost a tick a dozen decimals: two significant digits.
fn tidy(step: f64) -> f64 {
    if step > 0.0 && step.is_finite() { format!("{step:.1e}").parse().unwrap_or(step) } else { step }
}

/// The trend on a card.
pub fn trend(definition: &MetricDefinition, frame: &Frame, grain: Grain, texts: &Texts) -> Drawing {
    let (plot, largest) =
        time_plot(definition, frame, grain, Layers { comparison: true, target: None }, texts);
    draw(&ChartSpec::Sparkline(Sparkline { plot, mini: false }), definition.format, largest, texts)
}

/// A metric over time with last year and target.
pub fn line(
    title: &str,
    definition: &MetricDefinition,
    frame: &Frame,
    grain: Grain,
    catalogue: &Catalogue,
    texts: &Texts,
) -> Drawing {
    let target = definition.target.as_ref().filter(|target| match target {
        Target::Value(_) => true,
        Target::Metric(name) => catalogue.metric(name).is_some(),
    });
    let (plot, largest) = time_plot(definition, frame, grain, Layers { comparison: true, target }, texts);
    let plot = Plot { title: title.to_owned(), ..plot };
    draw(&ChartSpec::Line(Line { plot, zero: false }), definition.format, largest, texts)
}

/// A metric over time as an area or bars, in total or by the members of a dimension.
pub fn filled(
    title: &str,
    definition: &MetricDefinition,
    frame: &Frame,
    grain: Grain,
    look: Filled<'_>,
    texts: &Texts,
) -> Drawing {
    let (plot, largest) = match look.by {
        Some(dimension) => series::member_plot(definition, frame, grain, dimension, texts),
        None => time_plot(definition, frame, grain, Layers { comparison: !look.area, target: None }, texts),
    };
    let plot = Plot { title: title.to_owned(), ..plot };
    let layout = if look.stacked { Layout::Stacked } else { Layout::Grouped };
    let spec = if look.area { ChartSpec::Area(Area { plot }) } else { ChartSpec::Bar(Bar { plot, layout }) };
    draw(&spec, definition.format, largest, texts)
}

#[derive(Debug, Clone, Copy)]
pub struct Filled<'a> {
    pub area: bool,
    pub stacked: bool,
    pub by: Option<&'a str>,
}

/// Members of a dimension as bars with share and change; a name filters the page by it.
pub fn ranking(
    title: &str,
    definition: &MetricDefinition,
    frame: &Frame,
    dimension: (&str, &str),
    page: (&PageState, &str),
    texts: &Texts,
) -> Drawing {
    let (dimension, dimension_name) = dimension;
    let (state, path) = page;
    let column = frame.index(dimension, Role::Dimension).unwrap_or(0);
    let readings: Vec<(Cell, Reading)> = frame
        .rows
        .iter()
        .enumerate()
        .map(|(row, cells)| (cells[column].clone(), Reading::row(frame, &definition.name, row)))
        .collect();
    let shares = definition.additivity != Additivity::None;
    let whole: f64 = readings.iter().filter_map(|(_, reading)| reading.value.number()).sum();
    let compared = frame.comparison.is_some();
    let row = |(member, reading): &(Cell, Reading)| {
        let mut cells = vec![BarCell::Text(show::full(&reading.value, definition.format, texts.lang))];
        if shares {
            let share = reading
                .value
                .number()
                .filter(|_| whole > 0.0)
                .map_or(Cell::Null, |value| Cell::Float(value / whole));
            cells.push(BarCell::Text(show::full(&share, Format::Percent, texts.lang)));
        }
        if compared {
            cells.push(change_cell(reading.change(definition, texts)));
        }
        BarRow {
            name: figures::member_name(member, texts),
            href: Some(state.toggled(dimension, &figures::member_key(member)).href(path)),
            value: reading.value.number(),
            reference: reading.comparison.number(),
            cells,
        }
    };
    let mut columns = vec![BarColumn {
        title: texts.label(&definition.label).to_owned(),
        hide: Hide::Never,
        sorted: Some("descending"),
    }];
    if shares {
        columns.push(BarColumn { title: texts.share.to_owned(), hide: Hide::Xs, sorted: None });
    }
    if compared {
        columns.push(BarColumn { title: "Δ".to_owned(), ..BarColumn::default() });
    }
    let list = BarList {
        title: title.to_owned(),
        name: dimension_name.to_owned(),
        columns,
        rows: readings.iter().map(row).collect(),
        total: None,
        roomy: false,
    };
    draw(&ChartSpec::BarList(list), definition.format, whole, texts)
}

/// One stage per metric; passage is the share of the stage before.
pub fn funnel(title: &str, stages: &[&MetricDefinition], frame: &Frame, texts: &Texts) -> Drawing {
    let readings: Vec<Reading> = stages.iter().map(|stage| Reading::single(frame, &stage.name)).collect();
    let stage = |index: usize| {
        let (definition, reading) = (stages[index], &readings[index]);
        let (passage, delta) = match index.checked_sub(1) {
            Some(before) => passage(reading, &readings[before], definition, texts),
            None => (String::new(), None),
        };
        Stage {
            name: texts.label(&definition.label).to_owned(),
            value: reading.value.number(),
            text: show::full(&reading.value, definition.format, texts.lang),
            passage,
            delta,
            ..Stage::default()
        }
    };
    let total = match (readings.as_slice(), stages) {
        ([first, .., last], [first_stage, .., last_stage]) => {
            let (passage, delta) = passage(last, first, last_stage, texts);
            let name = format!("{} → {}", texts.label(&first_stage.label), texts.label(&last_stage.label));
            let text = show::full(&last.value, last_stage.format, texts.lang);
            Some(Stage { name, value: last.value.number(), text, passage, delta, ..Stage::default() })
        }
        _ => None,
    };
    let change = if frame.comparison.is_some() { "Δ" } else { "" };
    let count = texts.total.to_owned();
    let chart = Funnel {
        title: title.to_owned(),
        headers: [texts.stage.to_owned(), count, texts.passage.to_owned(), change.to_owned()],
        stages: (0..stages.len()).map(stage).collect(),
        total,
        ..Funnel::default()
    };
    draw(&ChartSpec::Funnel(chart), Format::Integer, 1.0, texts)
}

fn passage(
    stage: &Reading,
    before: &Reading,
    definition: &MetricDefinition,
    texts: &Texts,
) -> (String, Option<chart::Delta>) {
    let ratio = |above: &Cell, below: &Cell| match (above.number(), below.number()) {
        (Some(above), Some(below)) if below != 0.0 => Cell::Float(above / below),
        _ => Cell::Null,
    };
    let now = ratio(&stage.value, &before.value);
    let delta = now.minus(&ratio(&stage.comparison, &before.comparison));
    let signed = show::difference(&delta, Format::Percent, Sign::Both, texts.lang);
    let change = delta.number().map(|change| figures::delta(change, &signed, definition, texts));
    (show::full(&now, Format::Percent, texts.lang), change)
}

/// A metric by two dimensions; around its target when it has one.
pub fn heatmap(
    title: &str,
    definition: &MetricDefinition,
    frame: &Frame,
    rows: &str,
    columns: &str,
    texts: &Texts,
) -> Drawing {
    let (Some(row_at), Some(column_at)) =
        (frame.index(rows, Role::Dimension), frame.index(columns, Role::Dimension))
    else {
        return Drawing { empty: true, ..Drawing::default() };
    };
    let row_members = members(frame, row_at);
    let column_members = members(frame, column_at);
    let value_at = frame.index(&definition.name, Role::Value);
    let cell = |row: &Cell, column: &Cell| {
        let found = frame.rows.iter().find(|cells| cells[row_at] == *row && cells[column_at] == *column);
        let value = found.and_then(|cells| Some(cells[value_at?].clone()));
        let Some(value) = value else { return HeatCell { closed: true, ..HeatCell::default() } };
        let full = show::full(&value, definition.format, texts.lang);
        let place = format!("{}, {}", axis_member(row, true, texts), axis_member(column, true, texts));
        HeatCell {
            value: value.number(),
            text: heat_text(&value, definition.format, texts),
            title: format!("{place}: {full}"),
            partial: false,
            closed: false,
        }
    };
    let heat_rows: Vec<HeatRow> = row_members
        .iter()
        .map(|row| HeatRow {
            name: axis_member(row, false, texts),
            full: axis_member(row, true, texts),
            cells: column_members.iter().map(|column| cell(row, column)).collect(),
        })
        .collect();
    let values: Vec<f64> =
        heat_rows.iter().flat_map(|row| row.cells.iter().filter_map(|cell| cell.value)).collect();
    let largest = values.iter().copied().fold(0.0, |a: f64, b| a.max(b.abs()));
    let scale = match definition.target {
        Some(Target::Value(target)) => HeatScale::around(target, definition.direction, values.into_iter()),
        _ => HeatScale::sequential(values.into_iter()),
    };
    let columns = column_members.iter().map(|column| axis_member(column, false, texts)).collect();
    let heat = Heatmap {
        title: title.to_owned(),
        name: texts.label(&definition.label).to_owned(),
        columns,
        rows: heat_rows,
        scale,
    };
    draw(&ChartSpec::Heatmap(heat), definition.format, largest, texts)
}

/// The distinct members of a column: weekdays in their own order, others in theirs.
fn members(frame: &Frame, column: usize) -> Vec<Cell> {
    let mut members: Vec<Cell> = Vec::new();
    for row in &frame.rows {
        if !members.contains(&row[column]) {
            members.push(row[column].clone());
        }
    }
    let all_weekdays = members.iter().all(|member| weekday(member).is_some());
    members.sort_by(|a, b| if all_weekdays { weekday(a).cmp(&weekday(b)) } else { a.order(b) });
    members
}

/// The weekday that a member names as packs write it, `seg` to `dom`; 0 is Monday.
fn weekday(member: &Cell) -> Option<u8> {
    let name = member.text()?;
    (0..7).find(|day| {
        chrono::Weekday::try_from(*day).is_ok_and(|day| date::weekday(day, Width::Short, Lang::PtBr) == name)
    })
}

/// Weekdays are named in the reader's language and hours without their leading zero; other members by themselves.
fn axis_member(member: &Cell, full: bool, texts: &Texts) -> String {
    if let Some(day) = weekday(member).and_then(|day| chrono::Weekday::try_from(day).ok()) {
        return date::weekday(day, if full { Width::Medium } else { Width::Short }, texts.lang).to_owned();
    }
    match member.text() {
        Some(hour) if hour.len() == 3 && hour.starts_with('0') && hour.ends_with('h') => hour[1..].to_owned(),
        _ => figures::member_name(member, texts),
    }
}

/// Two or three digits fit a heat cell: shares lose their sign, money its cents.
fn heat_text(value: &Cell, format: Format, texts: &Texts) -> String {
    match (format, value.number()) {
        (Format::Percent, Some(share)) => format!("{:.0}", share * 100.0),
        _ => show::card(value, format, texts.lang).number,
    }
}

fn change_cell(delta: Option<chart::Delta>) -> BarCell {
    delta.map_or_else(|| BarCell::Text(locale::NONE.to_owned()), BarCell::Delta)
}
