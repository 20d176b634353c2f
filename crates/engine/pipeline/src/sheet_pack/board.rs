//! The board of a sheet's pack: which period it opens with, and which charts suit the span of its days.
//!
//! Invariant: the board shows rows when it opens: its period lies where the sheet has days, whatever else the workspace holds.

use super::{FILTERS, Measure, SheetPlan, quoted};
use chrono::{Datelike, NaiveDate};
use kpi::{Grain, PeriodSpec};
use std::fmt::Write;

/// Buckets of a chart, at most and at least.
const MOST: u32 = 24;
const FEWEST: u32 = 6;

pub fn board(plan: &SheetPlan) -> String {
    let grain = grain(plan.span);
    let buckets = buckets(plan.span, grain);
    let filters: Vec<String> =
        plan.dimensions.iter().take(FILTERS).map(|dimension| plan.own(&dimension.column)).collect();
    let mut kpis: Vec<String> = plan
        .measures
        .iter()
        .take(cards(plan.measures.len()))
        .map(|measure| plan.own(&measure.column))
        .collect();
    kpis.push(plan.rows_metric());
    let mut yaml = format!(
        "id: {}\ntitle: {{pt: {title}, en: {title}}}\nperiod: {}\nfilters: [{}]\nkpis: [{}]\ntiles:\n",
        plan.name,
        period(plan),
        filters.join(", "),
        kpis.join(", "),
        title = quoted(&plan.title),
    );
    let tiles = Tiles { plan, grain, buckets, yaml: String::new(), count: 0 };
    yaml.push_str(&tiles.all());
    yaml
}

struct Tiles<'p> {
    plan: &'p SheetPlan,
    grain: Grain,
    buckets: u32,
    yaml: String,
    count: usize,
}

impl Tiles<'_> {
    /// Two tiles a row: the first measure over time beside its main breakdown, then one of each for what follows.
    fn all(mut self) -> String {
        let plan = self.plan;
        let rows = plan.rows_metric();
        let named = |measure: &Measure| (plan.own(&measure.column), measure.label.clone());
        let mut measures: Vec<(String, String)> = plan.measures.iter().take(4).map(named).collect();
        if measures.is_empty() {
            measures.push((rows, "Registros".to_owned()));
        }
        let first = measures[0].clone();
        let mut dimensions = plan.dimensions.iter().map(|one| (plan.own(&one.column), one.label.as_str()));
        match dimensions.next() {
            Some(by) => {
                self.over_time("line", 8, &first);
                self.ranking(4, &first, by);
            }
            None => self.over_time("line", 12, &first),
        }
        // Breakdowns of the first measure, three at most, and the other measures over time.
        let rankings: Vec<_> = dimensions.take(3).collect();
        let others: Vec<_> = measures.into_iter().skip(1).collect();
        let total = rankings.len() + others.len();
        let span = |at: usize| if total % 2 == 1 && at + 1 == total { 12 } else { 6 };
        let mut at = 0;
        let (mut rankings, mut others) = (rankings.into_iter(), others.into_iter());
        while at < total {
            if let Some(by) = rankings.next() {
                self.ranking(span(at), &first, by);
                at += 1;
            }
            if let Some(measure) = others.next() {
                self.over_time("bar", span(at), &measure);
                at += 1;
            }
        }
        if !plan.dimensions.is_empty() {
            self.yaml.push_str("  - id: mudou\n    title: {pt: O que mudou, en: What changed}\n    span: 12\n    kind: changes\n");
        }
        self.yaml
    }

    fn over_time(&mut self, kind: &str, span: u8, (metric, label): &(String, String)) {
        let (pt, en) = match self.grain {
            Grain::Day => ("dia", "day"),
            Grain::Week => ("semana", "week"),
            Grain::Month => ("mês", "month"),
            Grain::Quarter => ("trimestre", "quarter"),
            Grain::Year => ("ano", "year"),
        };
        self.tile(span, kind, (&format!("{label} por {pt}"), &format!("{label} by {en}")), metric);
        let _ = writeln!(self.yaml, "    grain: {}\n    buckets: {}", self.grain.name(), self.buckets);
    }

    fn ranking(&mut self, span: u8, (metric, label): &(String, String), (by, by_label): (String, &str)) {
        self.tile(
            span,
            "ranking",
            (&format!("{label} por {by_label}"), &format!("{label} by {by_label}")),
            metric,
        );
        let _ = writeln!(self.yaml, "    by: {by}\n    limit: 10");
    }

    fn tile(&mut self, span: u8, kind: &str, (pt, en): (&str, &str), metric: &str) {
        self.count += 1;
        let _ = writeln!(
            self.yaml,
            "  - id: bloco-{}\n    title: {{pt: {}, en: {}}}\n    span: {span}\n    kind: {kind}\n    metric: {metric}",
            self.count,
            quoted(pt),
            quoted(en)
        );
    }
}

/// Cards of measures beside the one that counts rows: whole rows of four, or one row of fewer.
fn cards(measures: usize) -> usize {
    if measures >= 7 { 7 } else { measures.min(3) }
}

fn days((first, last): (NaiveDate, NaiveDate)) -> i64 {
    (last - first).num_days() + 1
}

/// A chart has neither three points nor three hundred.
fn grain(span: (NaiveDate, NaiveDate)) -> Grain {
    match days(span) {
        ..=45 => Grain::Day,
        46..=120 => Grain::Week,
        121..=1100 => Grain::Month,
        1101..=3000 => Grain::Quarter,
        _ => Grain::Year,
    }
}

fn buckets(span: (NaiveDate, NaiveDate), grain: Grain) -> u32 {
    let length = match grain {
        Grain::Day => 1,
        Grain::Week => 7,
        Grain::Month => 30,
        Grain::Quarter => 91,
        Grain::Year => 365,
    };
    let most = if grain == Grain::Day { 45 } else { MOST };
    u32::try_from(days(span) / length + 1).unwrap_or(most).clamp(FEWEST, most)
}

/// A unit with one before it to compare with, or all days of a sheet that has too few. Where the sheet reaches as far as everything else
/// does, the period moves on with the data.
fn period(plan: &SheetPlan) -> String {
    let (first, last) = plan.span;
    let unit = match days(plan.span) {
        ..=61 => None,
        62..=400 => Some(Grain::Month),
        _ => Some(Grain::Year),
    };
    let Some(unit) = unit else { return format!("{{from: {first}, to: {last}}}") };
    let moving = PeriodSpec::This { this: unit };
    let starts = |day: NaiveDate| match unit {
        Grain::Month => (day.year(), day.month()),
        _ => (day.year(), 1),
    };
    if starts(last) == starts(plan.covered) && moving.resolve(plan.covered).is_ok() {
        return format!("{{this: {}}}", unit.name());
    }
    let (year, month) = starts(last);
    let from = NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(first);
    format!("{{from: {from}, to: {last}}}")
}
