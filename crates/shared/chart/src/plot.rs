//! Series over a shared x: the data of lines, areas and bars.
//!
//! Draws nothing. Invariant: a value that is missing, or no finite number, is a gap and never a zero.

use crate::drawing::{Drawing, Focus, FocusValue, Table};
use crate::markup::escape;
use crate::ticks::drawable;
use crate::words::{Text, fill};

/// One position on x: a time bucket or a category.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct X {
    /// In full, for the table and the read-out: `nov/26`.
    pub label: String,
    /// Under the axis, short: `nov`; empty for none.
    pub tick: String,
    /// The tick starts a year; when there are too many ticks, these stay.
    pub major: bool,
    /// The bucket is not complete: dashed, hollow, shaded.
    pub partial: bool,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Point {
    pub value: Option<f64>,
    /// The value in full; an em dash where there is none.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// The one series that the chart is about.
    #[default]
    Main,
    /// The same series in the comparison period.
    Comparison,
    Target,
    /// A member of a dimension in its stable colour, 1 to 8.
    Member(u8),
    /// The members that have no colour.
    Others,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    pub name: String,
    pub role: Role,
    /// One per x; missing ones at the end are gaps.
    pub points: Vec<Point>,
    /// The latest value, short, for the label at the end and the key: `1,28 em 22/11`. May be empty.
    pub latest: String,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plot {
    pub title: String,
    /// Header of the table's first column: `Mês`.
    pub x_title: String,
    /// Above the axis: `R$ milhões`; may be empty.
    pub unit: String,
    /// Px; 0 takes the kind's own height.
    pub height: u32,
    /// Values are counts: ticks at integers only.
    pub whole: bool,
    pub x: Vec<X>,
    pub series: Vec<Series>,
}

/// From this many members on, only the first five keep a colour.
const COLOURED: usize = 5;

impl Series {
    pub(crate) fn value(&self, index: usize) -> Option<f64> {
        self.points.get(index).and_then(|point| point.value).and_then(drawable)
    }

    pub(crate) fn is_measured(&self) -> bool {
        !matches!(self.role, Role::Comparison | Role::Target)
    }
}

impl Plot {
    pub(crate) fn is_empty(&self) -> bool {
        !self.series.iter().any(|series| (0..self.x.len()).any(|index| series.value(index).is_some()))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        self.series.iter().flat_map(|series| (0..self.x.len()).filter_map(|index| series.value(index)))
    }

    /// Class of each series' swatch, dot and label.
    pub(crate) fn classes(&self) -> Vec<String> {
        let members = self.series.iter().filter(|series| matches!(series.role, Role::Member(_))).count();
        let mut seen = 0;
        let mut class = |series: &Series| match series.role {
            Role::Main => "s1".to_owned(),
            Role::Comparison => "ref".to_owned(),
            Role::Target => "target".to_owned(),
            Role::Others => "other".to_owned(),
            Role::Member(colour) => {
                seen += 1;
                let grey = (members > COLOURED && seen > COLOURED) || !(1..=8).contains(&colour);
                if grey { "other".to_owned() } else { format!("c{colour}") }
            }
        };
        self.series.iter().map(&mut class).collect()
    }

    /// Unbroken runs of a series, as (index of x, value).
    pub(crate) fn runs(&self, series: &Series) -> Vec<Vec<(usize, f64)>> {
        let mut runs: Vec<Vec<(usize, f64)>> = Vec::new();
        let mut open = false;
        for index in 0..self.x.len() {
            let value = series.value(index);
            match (value, runs.last_mut()) {
                (Some(value), Some(run)) if open => run.push((index, value)),
                (Some(value), _) => runs.push(vec![(index, value)]),
                (None, _) => {}
            }
            open = value.is_some();
        }
        runs
    }

    pub(crate) fn is_partial(&self, index: usize) -> bool {
        self.x.get(index).is_some_and(|x| x.partial)
    }

    fn label(&self, index: usize) -> &str {
        self.x.get(index).map_or("", |x| x.label.as_str())
    }

    pub(crate) fn table(&self, text: &Text) -> Table {
        let headers = std::iter::once(self.x_title.clone())
            .chain(self.series.iter().map(|series| series.name.clone()))
            .collect();
        let cell = |series: &Series, index: usize| match series.points.get(index) {
            Some(point) if !point.text.is_empty() => point.text.clone(),
            _ => text.words.none.to_owned(),
        };
        let row = |(index, x): (usize, &X)| {
            let name =
                if x.partial { format!("{} ({})", x.label, text.words.partial) } else { x.label.clone() };
            std::iter::once(name).chain(self.series.iter().map(|series| cell(series, index))).collect()
        };
        Table { caption: self.title.clone(), headers, rows: self.x.iter().enumerate().map(row).collect() }
    }

    /// The read-out at every x; `place` gives the x in shares and the y in px of a series' value.
    pub(crate) fn focus(
        &self,
        text: &Text,
        x: impl Fn(usize) -> f64,
        y: impl Fn(usize, usize) -> Option<f64>,
    ) -> Vec<Focus> {
        let classes = self.classes();
        let value = |index: usize, number: usize| {
            let series = &self.series[number];
            let shown =
                series.points.get(index).map(|point| point.text.as_str()).filter(|shown| !shown.is_empty());
            FocusValue {
                series: series.name.clone(),
                text: shown.unwrap_or(text.words.none).to_owned(),
                class: classes[number].clone(),
                y: y(index, number),
            }
        };
        (0..self.x.len())
            .map(|index| Focus {
                x: (x(index) * 10_000.0).round() / 100.0,
                label: self.x[index].label.clone(),
                partial: self.x[index].partial,
                values: (0..self.series.len()).map(|number| value(index, number)).collect(),
            })
            .collect()
    }

    /// One sentence about the plot.
    pub(crate) fn summary(&self, text: &Text) -> String {
        let measured: Vec<&Series> = self.series.iter().filter(|series| series.is_measured()).collect();
        let sentence = match measured.as_slice() {
            [] => self.series.first().and_then(|series| self.summary_of_one(series, text)),
            [series] => self.summary_of_one(series, text),
            several => self.summary_of_several(several, text),
        };
        match sentence {
            Some(sentence) => stopped(sentence),
            None => format!("{}: {}.", self.title, lower_first(text.words.empty)),
        }
    }

    /// Shape and extremes over complete periods: an unfinished one would always look like a fall.
    fn summary_of_one(&self, series: &Series, text: &Text) -> Option<String> {
        let words = text.words;
        let all: Vec<(usize, f64)> = (0..self.x.len()).filter_map(|i| Some((i, series.value(i)?))).collect();
        let complete: Vec<(usize, f64)> =
            all.iter().copied().filter(|point| !self.is_partial(point.0)).collect();
        let points = if complete.is_empty() { &all } else { &complete };
        let (first, last) = (points.first()?, points.last()?);
        let high = points.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        let low = points.iter().copied().reduce(|a, b| if b.1 < a.1 { b } else { a })?;
        let phrase = match () {
            () if points.len() == 1 => words.single,
            () if last.1 > first.1 => words.rose,
            () if last.1 < first.1 => words.fell,
            () if high.1 > low.1 => words.held,
            () => words.level,
        };
        let shown = |index: usize| series.points[index].text.as_str();
        let title = if self.title.is_empty() { &series.name } else { &self.title };
        let mut sentence = fill(
            phrase,
            &[
                ("title", title),
                ("first", shown(first.0)),
                ("first_x", self.label(first.0)),
                ("last", shown(last.0)),
                ("last_x", self.label(last.0)),
                ("high", shown(high.0)),
                ("high_x", self.label(high.0)),
                ("low", shown(low.0)),
                ("low_x", self.label(low.0)),
            ],
        );
        let latest = all.last()?;
        if self.is_partial(latest.0) {
            sentence += &fill(words.so_far, &[("last", shown(latest.0)), ("last_x", self.label(latest.0))]);
        }
        Some(sentence)
    }

    fn summary_of_several(&self, several: &[&Series], text: &Text) -> Option<String> {
        let has_value = |index: &usize| several.iter().any(|series| series.value(*index).is_some());
        let first = (0..self.x.len()).find(has_value)?;
        let last = (0..self.x.len()).rev().find(has_value)?;
        let ends = several.iter().filter_map(|series| Some((series, series.value(last)?)));
        let top = ends.clone().reduce(|a, b| if b.1 > a.1 { b } else { a })?.0;
        let bottom = ends.reduce(|a, b| if b.1 < a.1 { b } else { a })?.0;
        Some(fill(
            text.words.several,
            &[
                ("title", &self.title),
                ("count", &several.len().to_string()),
                ("first_x", self.label(first)),
                ("last_x", self.label(last)),
                ("top", &top.name),
                ("top_value", &top.points[last].text),
                ("bottom", &bottom.name),
                ("bottom_value", &bottom.points[last].text),
            ],
        ))
    }

    /// The drawing of a plot without a single value.
    pub(crate) fn drawn_empty(&self, text: &Text) -> Drawing {
        Drawing {
            html: empty(text),
            summary: self.summary(text),
            table: self.table(text),
            empty: true,
            ..Drawing::default()
        }
    }
}

/// What stands in place of a chart without data.
pub(crate) fn empty(text: &Text) -> String {
    format!(
        "<div class=\"empty\"><b>{}</b><p>{}</p></div>",
        escape(text.words.empty),
        escape(text.words.empty_hint)
    )
}

/// The sentence with its full stop, once: it may end in `p.p.`.
pub(crate) fn stopped(mut sentence: String) -> String {
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

pub(crate) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
