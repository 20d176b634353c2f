//! The state of a page as its URL: period, comparison, filters, drill path, grain, breakdown and sort.
//!
//! Knows no data and no router: it turns a query string into a `PageState` and back. Invariant: printing is canonical and
//! parsing what was printed gives the same state; defaults are never printed, and what cannot be read is dropped, so that an
//! old or mistyped link still opens.

mod query_string;

use chrono::NaiveDate;
use kpi::{Compare, Filter, FilterOp, Grain, PeriodSpec};
use serde::{Deserialize, Serialize};

/// Everything is optional: `None` and empty stand for the page's own defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PageState {
    pub period: Option<PeriodSpec>,
    pub compare: Option<Comparison>,
    /// Sorted by dimension; each dimension once, its values in the order in which they were chosen.
    pub filters: Vec<DimensionFilter>,
    /// Coarse to fine: `[("regiao", "Sul"), ("uf", "PR")]`.
    pub drill: Vec<(String, String)>,
    pub grain: Option<Grain>,
    /// The dimension that the leaderboard shows.
    pub by: Option<String>,
    pub sort: Option<Sort>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Comparison {
    pub with: Compare,
    pub match_weekday: bool,
}

impl Default for Comparison {
    fn default() -> Comparison {
        Comparison { with: Compare::PreviousPeriod, match_weekday: false }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DimensionFilter {
    pub dimension: String,
    /// True for `f.uf=!SP`: everything but these.
    pub except: bool,
    /// Never empty; the empty text stands for "no value".
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SortBy {
    Name,
    Value,
    Delta,
    DeltaPercent,
}

impl SortBy {
    pub const ALL: [SortBy; 4] = [SortBy::Name, SortBy::Value, SortBy::Delta, SortBy::DeltaPercent];

    fn key(self) -> &'static str {
        match self {
            SortBy::Name => "name",
            SortBy::Value => "value",
            SortBy::Delta => "delta",
            SortBy::DeltaPercent => "pct",
        }
    }
}

impl PageState {
    /// Reads the part of a URL after `?`. A key may repeat, as forms send it: its values add up.
    pub fn parse(query: &str) -> PageState {
        let mut state = PageState::default();
        for (key, value) in query_string::pairs(query) {
            match key.as_str() {
                "p" => state.period = parse_period(&value).or(state.period),
                "p.from" | "p.to" => state.take_form_day(&key, &value),
                "c" => state.compare = parse_comparison(&value).or(state.compare),
                "d" => state.drill = parse_drill(&value),
                "g" => state.grain = Grain::parse(&value),
                "b" if !value.is_empty() => state.by = Some(value),
                "s" => state.sort = parse_sort(&value),
                _ => {
                    if let Some(dimension) = key.strip_prefix("f.").filter(|name| !name.is_empty()) {
                        state.add_values(dimension, &value);
                    }
                }
            }
        }
        state.filters.sort_by(|a, b| a.dimension.cmp(&b.dimension));
        state
    }

    /// The part of a URL after `?`; empty for a page's defaults.
    pub fn print(&self) -> String {
        let mut out = query_string::Printer::default();
        if let Some(period) = &self.period {
            out.pair("p", &print_period(period));
        }
        if let Some(compare) = self.compare.filter(|compare| *compare != Comparison::default()) {
            out.pair("c", &print_comparison(compare));
        }
        for filter in &self.filters {
            let values: Vec<String> = filter.values.iter().map(|value| query_string::escape(value)).collect();
            let not = if filter.except { "!" } else { "" };
            out.pair(&format!("f.{}", filter.dimension), &format!("{not}{}", values.join(",")));
        }
        if !self.drill.is_empty() {
            let steps: Vec<String> = self
                .drill
                .iter()
                .map(|(dimension, value)| {
                    format!("{}:{}", query_string::escape(dimension), query_string::escape(value))
                })
                .collect();
            out.pair("d", &steps.join(","));
        }
        if let Some(grain) = self.grain {
            out.pair("g", grain.name());
        }
        if let Some(by) = &self.by {
            out.pair("b", by);
        }
        if let Some(sort) = self.sort {
            out.pair("s", &format!("{}.{}", sort.by.key(), if sort.descending { "desc" } else { "asc" }));
        }
        out.finish()
    }

    /// `path` with this state behind it.
    pub fn href(&self, path: &str) -> String {
        match self.print() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }

    /// The keys and values of this state, for the hidden fields of a form.
    pub fn pairs(&self) -> Vec<(String, String)> {
        query_string::pairs(&self.print())
    }

    pub fn comparison(&self) -> Comparison {
        self.compare.unwrap_or_default()
    }

    pub fn filter(&self, dimension: &str) -> Option<&DimensionFilter> {
        self.filters.iter().find(|filter| filter.dimension == dimension)
    }

    /// The same page for another period; the page's own default is left out of the URL.
    #[must_use]
    pub fn with_period(&self, period: PeriodSpec, default: PeriodSpec) -> PageState {
        PageState { period: (period != default).then_some(period), ..self.clone() }
    }

    #[must_use]
    pub fn with_comparison(&self, compare: Comparison) -> PageState {
        PageState { compare: (compare != Comparison::default()).then_some(compare), ..self.clone() }
    }

    #[must_use]
    pub fn with_grain(&self, grain: Grain, default: Grain) -> PageState {
        PageState { grain: (grain != default).then_some(grain), ..self.clone() }
    }

    #[must_use]
    pub fn with_by(&self, by: &str) -> PageState {
        PageState { by: Some(by.to_owned()), sort: None, ..self.clone() }
    }

    #[must_use]
    pub fn with_sort(&self, sort: Option<Sort>) -> PageState {
        PageState { sort, ..self.clone() }
    }

    #[must_use]
    pub fn with_drill(&self, drill: Vec<(String, String)>) -> PageState {
        PageState { drill, by: None, sort: None, ..self.clone() }
    }

    /// The same page with `value` chosen, or no longer chosen when it was.
    #[must_use]
    pub fn toggled(&self, dimension: &str, value: &str) -> PageState {
        let mut values = self
            .filter(dimension)
            .filter(|filter| !filter.except)
            .map_or_else(Vec::new, |f| f.values.clone());
        match values.iter().position(|chosen| chosen == value) {
            Some(index) => drop(values.remove(index)),
            None => values.push(value.to_owned()),
        }
        self.with_filter(dimension, values)
    }

    /// The same page with exactly these values of `dimension`; none lifts the filter.
    #[must_use]
    pub fn with_filter(&self, dimension: &str, values: Vec<String>) -> PageState {
        let mut filters: Vec<_> =
            self.filters.iter().filter(|filter| filter.dimension != dimension).cloned().collect();
        if !values.is_empty() {
            filters.push(DimensionFilter { dimension: dimension.to_owned(), except: false, values });
        }
        filters.sort_by(|a, b| a.dimension.cmp(&b.dimension));
        PageState { filters, ..self.clone() }
    }

    #[must_use]
    pub fn without_filters(&self) -> PageState {
        PageState { filters: Vec::new(), ..self.clone() }
    }

    /// What follows a person from page to page: period, comparison and filters.
    #[must_use]
    pub fn carried(&self) -> PageState {
        PageState { drill: Vec::new(), grain: None, by: None, sort: None, ..self.clone() }
    }

    /// The filters that every query of the page carries, `drill` steps included.
    pub fn query_filters(&self) -> Vec<Filter> {
        let chosen = self.filters.iter().map(|filter| Filter {
            dimension: filter.dimension.clone(),
            op: if filter.except { FilterOp::NotIn } else { FilterOp::In },
            values: filter.values.clone(),
        });
        let drilled = self.drill.iter().map(|(dimension, value)| step(dimension, value));
        chosen.chain(drilled).collect()
    }

    fn add_values(&mut self, dimension: &str, text: &str) {
        let (except, list) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let values = query_string::split(list, ',');
        if let Some(filter) = self.filters.iter_mut().find(|filter| filter.dimension == dimension) {
            for value in values {
                if !filter.values.contains(&value) {
                    filter.values.push(value);
                }
            }
        } else if !values.is_empty() {
            let mut distinct: Vec<String> = Vec::new();
            for value in values {
                if !distinct.contains(&value) {
                    distinct.push(value);
                }
            }
            self.filters.push(DimensionFilter { dimension: dimension.to_owned(), except, values: distinct });
        }
    }

    /// A form sends its two days apart; the first one to arrive waits as a period of one day.
    fn take_form_day(&mut self, key: &str, value: &str) {
        let Ok(day) = value.parse::<NaiveDate>() else { return };
        let (from, to) = match self.period {
            Some(PeriodSpec::Between { from, to }) => (from, to),
            _ => (day, day),
        };
        let (from, to) = if key == "p.from" { (day, to.max(day)) } else { (from.min(day), day) };
        self.period = Some(PeriodSpec::Between { from, to });
    }
}

/// A member as forms and links write it.
pub fn escaped(member: &str) -> String {
    query_string::escape(member)
}

/// One step of a drill path as a filter.
pub fn step(dimension: &str, value: &str) -> Filter {
    Filter { dimension: dimension.to_owned(), op: FilterOp::In, values: vec![value.to_owned()] }
}

fn parse_period(text: &str) -> Option<PeriodSpec> {
    let this = |this| Some(PeriodSpec::This { this });
    match text {
        "today" => return this(Grain::Day),
        "wtd" => return this(Grain::Week),
        "mtd" => return this(Grain::Month),
        "qtd" => return this(Grain::Quarter),
        "ytd" => return this(Grain::Year),
        _ => {}
    }
    if let Some((from, to)) = text.split_once("..") {
        return Some(PeriodSpec::Between { from: from.parse().ok()?, to: to.parse().ok()? });
    }
    let unit = match text.chars().last()? {
        'd' => Grain::Day,
        'w' => Grain::Week,
        'm' => Grain::Month,
        'q' => Grain::Quarter,
        'y' => Grain::Year,
        _ => return None,
    };
    Some(PeriodSpec::Last { last: text[..text.len() - 1].parse().ok()?, unit })
}

/// The canonical text of a period: `mtd`, `13w`, `2026-11-01..2026-11-22`.
pub fn print_period(period: &PeriodSpec) -> String {
    match period {
        PeriodSpec::Between { from, to } => format!("{from}..{to}"),
        PeriodSpec::This { this } => match this {
            Grain::Day => "today",
            Grain::Week => "wtd",
            Grain::Month => "mtd",
            Grain::Quarter => "qtd",
            Grain::Year => "ytd",
        }
        .to_owned(),
        PeriodSpec::Last { last, unit } => {
            let unit = match unit {
                Grain::Day => 'd',
                Grain::Week => 'w',
                Grain::Month => 'm',
                Grain::Quarter => 'q',
                Grain::Year => 'y',
            };
            format!("{last}{unit}")
        }
    }
}

fn parse_comparison(text: &str) -> Option<Comparison> {
    // A form sends `+` as itself and browsers read it as a space.
    let (with, weekday) = match text.split_once(['+', ' ']) {
        Some((with, "dow")) => (with, true),
        Some((with, _)) => (with, false),
        None => (text, false),
    };
    let with = match with {
        "prev" => Compare::PreviousPeriod,
        "yoy" => Compare::SamePeriodLastYear,
        "none" => Compare::None,
        _ => return None,
    };
    Some(Comparison { with, match_weekday: weekday && with != Compare::None })
}

/// The canonical text of a comparison: `prev`, `yoy`, `none`, `yoy+dow`.
pub fn print_comparison(compare: Comparison) -> String {
    let with = match compare.with {
        Compare::PreviousPeriod => "prev",
        Compare::SamePeriodLastYear => "yoy",
        Compare::None => "none",
    };
    let weekday = if compare.match_weekday && compare.with != Compare::None { "+dow" } else { "" };
    format!("{with}{weekday}")
}

fn parse_drill(text: &str) -> Vec<(String, String)> {
    query_string::split_raw(text, ',')
        .iter()
        .filter_map(|item| match query_string::split(item, ':').as_slice() {
            [dimension, value] if !dimension.is_empty() => Some((dimension.clone(), value.clone())),
            _ => None,
        })
        .collect()
}

fn parse_sort(text: &str) -> Option<Sort> {
    let (by, direction) = text.split_once('.')?;
    let by = SortBy::ALL.into_iter().find(|candidate| candidate.key() == by)?;
    match direction {
        "asc" => Some(Sort { by, descending: false }),
        "desc" => Some(Sort { by, descending: true }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
