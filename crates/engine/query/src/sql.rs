//! Third stage: scans as SQL text.
//!
//! Decides nothing (`plan`). Invariant: expressions of a pack stand in a projection over their own table, under aliases, so that no name of
//! one table can mean a column of another.

use crate::catalogue::{Catalogue, Kind};
use crate::literal;
use crate::plan::{Aggregate, Base, ConversionBase, Function, Grouping, Needs, Scan, Side};
use chrono::{Days, NaiveDate};
use kpi::{Grain, Period};
use lake::quote;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The text of a scan. `days` are the days that stand for the spans of stocks. Columns: keys, then the place (bucket, day or number), then the
/// aggregates.
pub(crate) fn text(catalogue: &Catalogue, scan: &Scan, days: &[NaiveDate]) -> String {
    let place = place(scan);
    let union = union_of(&scan.columns);
    let mut select: Vec<String> =
        scan.keys.iter().enumerate().map(|(index, key)| format!("{key} AS k{index}")).collect();
    select.extend(place.iter().map(|place| format!("{place} AS place")));
    let grouped = select.len();
    select.extend(
        scan.columns
            .iter()
            .enumerate()
            .map(|(index, column)| format!("{} AS v{index}", aggregate(column, scan, union.as_deref()))),
    );
    let mut conditions = scan.conditions.clone();
    conditions.extend(days_condition(scan, union.as_deref(), days));
    let mut sql = format!("SELECT {} FROM {}", select.join(", "), from(catalogue, scan));
    append_where(&mut sql, &conditions);
    if grouped > 0 {
        let positions: Vec<String> = (1..=grouped).map(|position| position.to_string()).collect();
        // Writing to a String cannot fail.
        let _ = write!(sql, " GROUP BY {}", positions.join(", "));
    }
    sql
}

/// The days on which a stock's fact has rows, up to the last one that matters.
pub(crate) fn days_text(catalogue: &Catalogue, scan: &Scan, last: NaiveDate) -> String {
    let mut needs = Needs::default();
    for (alias, expression) in &scan.needs.own {
        if scan.time == format!("f.{}", quote(alias)) {
            needs.own.insert(alias.clone(), expression.clone());
        }
    }
    let Base::Table(table) = &scan.base else { return String::new() };
    format!(
        "SELECT DISTINCT {} AS place FROM {} WHERE {} <= {}",
        scan.time,
        tables(catalogue, *table, &needs),
        scan.time,
        literal::day(last)
    )
}

/// How often each member of a dimension of this table occurs, the most frequent first; `None` when the table has no such dimension.
pub(crate) fn members_text(
    catalogue: &Catalogue,
    table: usize,
    dimension: &str,
    limit: usize,
) -> Option<String> {
    let table = &catalogue.tables[table];
    let index = table.dimension(dimension)?;
    let expression = &table.model.dimensions[index].expression;
    let member = if table.kinds[index] == Kind::Text {
        format!("NULLIF(({expression}), '')")
    } else {
        format!("CAST(({expression}) AS VARCHAR)")
    };
    Some(format!(
        "SELECT {member} AS k0, COUNT(*) AS v0 FROM {} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {limit}",
        table.name.quoted()
    ))
}

/// What the scan is grouped by besides members.
fn place(scan: &Scan) -> Option<String> {
    match &scan.grouping {
        Grouping::Spans(_) | Grouping::LastOf(..) => Some("f.span".to_owned()),
        Grouping::AsOf(_) => Some(scan.time.clone()),
        Grouping::Buckets { grain: None, .. } => None,
        Grouping::Buckets { grain: Some(grain), floor } => {
            let day = match floor {
                Some(floor) => {
                    format!("CASE WHEN {0} < {1} THEN {1} ELSE {0} END", scan.time, literal::day(*floor))
                }
                None => scan.time.clone(),
            };
            Some(if *grain == Grain::Day { day } else { format!("period_start('{}', {day})", grain.name()) })
        }
    }
}

/// The days that all windows of a scan cover, as disjoint periods in order; `None` when some column is not bound to a window.
fn union_of(columns: &[Aggregate]) -> Option<Vec<Period>> {
    let mut windows: Vec<Period> = columns.iter().map(|column| column.window).collect::<Option<_>>()?;
    windows.sort_by_key(|window| (window.from(), window.to()));
    let mut union: Vec<Period> = Vec::new();
    for window in windows {
        match union.last_mut() {
            Some(last) if window.from() <= last.to() + Days::new(1) => {
                if let Ok(joined) = Period::new(last.from(), last.to().max(window.to())) {
                    *last = joined;
                }
            }
            _ => union.push(window),
        }
    }
    Some(union)
}

fn days_condition(scan: &Scan, union: Option<&[Period]>, days: &[NaiveDate]) -> Option<String> {
    match &scan.grouping {
        Grouping::AsOf(_) if days.is_empty() => Some("FALSE".to_owned()),
        Grouping::AsOf(_) => {
            let list: Vec<String> = days.iter().map(|day| literal::day(*day)).collect();
            Some(format!("{} IN ({})", scan.time, list.join(", ")))
        }
        Grouping::LastOf(..) => Some("f.day = f.last_day".to_owned()),
        Grouping::Spans(_) => None,
        Grouping::Buckets { .. } => {
            let windows: Vec<String> = union?.iter().map(|window| within(&scan.time, *window)).collect();
            Some(match windows.as_slice() {
                [] => "FALSE".to_owned(),
                [one] => one.clone(),
                many => format!("({})", many.join(" OR ")),
            })
        }
    }
}

fn within(time: &str, window: Period) -> String {
    format!("{time} BETWEEN {} AND {}", literal::day(window.from()), literal::day(window.to()))
}

fn aggregate(column: &Aggregate, scan: &Scan, union: Option<&[Period]>) -> String {
    let mut conditions: Vec<String> = Vec::new();
    if let Some(window) = column.window
        && union != Some(&[window])
    {
        conditions.push(within(&scan.time, window));
    }
    conditions.extend(column.conditions.iter().cloned());
    let filtered = if conditions.is_empty() {
        String::new()
    } else {
        format!(" FILTER (WHERE {})", conditions.join(" AND "))
    };
    match &column.function {
        Function::Rows => format!("COUNT(*){filtered}"),
        Function::Sum(of) => format!("SUM({of}){filtered}"),
        Function::Count(of) => format!("COUNT({of}){filtered}"),
        Function::CountDistinct(of) => format!("COUNT(DISTINCT {of}){filtered}"),
        Function::Min(of) => format!("MIN({of}){filtered}"),
        Function::Max(of) => format!("MAX({of}){filtered}"),
        Function::Percentile { of, percentile, discrete } => {
            let name = if *discrete { "exact_percentile_disc" } else { "exact_percentile_cont" };
            format!("{name}({of}, {percentile:?}){filtered}")
        }
    }
}

fn append_where(sql: &mut String, conditions: &[String]) {
    if !conditions.is_empty() {
        let _ = write!(sql, " WHERE {}", conditions.join(" AND "));
    }
}

fn from(catalogue: &Catalogue, scan: &Scan) -> String {
    let own = match &scan.base {
        Base::Table(table) => projection(catalogue, *table, &scan.needs.own),
        Base::Conversion(conversion) => conversions(catalogue, conversion, &scan.needs),
    };
    let own = match &scan.grouping {
        Grouping::Spans(spans) => {
            format!(
                "SELECT s.span, f.* FROM {} AS s (span, first_day, last_day) JOIN ({own}) AS f ON {} BETWEEN s.first_day AND s.last_day",
                numbered(spans),
                scan.time
            )
        }
        Grouping::LastOf(spans, groups) => format!(
            "SELECT s.span, f.*, {time} AS day, MAX({time}) OVER (PARTITION BY s.span, {groups}) AS last_day \
             FROM {spans} AS s (span, first_day, end_day) JOIN ({own}) AS f ON {time} <= s.end_day",
            time = scan.time,
            groups = groups.join(", "),
            spans = numbered(spans),
        ),
        Grouping::Buckets { .. } | Grouping::AsOf(_) => own,
    };
    format!("({own}) AS f{}", joins(catalogue, &scan.needs))
}

fn numbered(spans: &[Option<Period>]) -> String {
    let rows: Vec<String> = spans
        .iter()
        .enumerate()
        .filter_map(|(index, span)| {
            span.map(|span| format!("({index}, {}, {})", literal::day(span.from()), literal::day(span.to())))
        })
        .collect();
    if rows.is_empty() {
        // VALUES cannot be empty; no day lies in this span.
        return "(VALUES (0, DATE '1900-01-02', DATE '1900-01-01'))".to_owned();
    }
    format!("(VALUES {})", rows.join(", "))
}

fn tables(catalogue: &Catalogue, table: usize, needs: &Needs) -> String {
    format!("({}) AS f{}", projection(catalogue, table, &needs.own), joins(catalogue, needs))
}

fn projection(catalogue: &Catalogue, table: usize, columns: &BTreeMap<String, String>) -> String {
    let list: Vec<String> =
        columns.iter().map(|(alias, expression)| format!("({expression}) AS {}", quote(alias))).collect();
    format!("SELECT {} FROM {}", list.join(", "), catalogue.tables[table].name.quoted())
}

fn joins(catalogue: &Catalogue, needs: &Needs) -> String {
    needs.joins.iter().fold(String::new(), |mut sql, (path, join)| {
        let alias = quote(&format!("j_{path}"));
        let key = quote(&join.key);
        let table = projection(catalogue, join.table, &join.columns);
        let _ = write!(sql, " LEFT JOIN ({table}) AS {alias} ON {}.{key} = {alias}.{key}", join.parent);
        sql
    })
}

/// Each conversion once, beside the latest base event of the same entity before it and within the window, with that event's columns.
fn conversions(catalogue: &Catalogue, conversion: &ConversionBase, needs: &Needs) -> String {
    let mut base = conversion.base.clone();
    base.needs.own.extend(needs.own.iter().map(|(alias, expression)| (alias.clone(), expression.clone())));
    let kept: Vec<String> = base.needs.own.keys().map(|alias| format!("b.{}", quote(alias))).collect();
    let equal: Vec<String> = (0..conversion.constant.len())
        .map(|index| format!(" AND b.p{index} IS NOT DISTINCT FROM c.p{index}"))
        .collect();
    let within = conversion
        .window
        .as_ref()
        .map_or_else(String::new, |window| format!(" AND b.day > c.day - {window}"));
    let extras = |first: bool| {
        conversion.constant.iter().enumerate().fold(String::new(), |mut sql, (index, pair)| {
            let _ = write!(sql, ", {} AS p{index}", if first { &pair.0 } else { &pair.1 });
            sql
        })
    };
    format!(
        "SELECT * FROM (SELECT {kept}, c.value AS m_conversion, \
         ROW_NUMBER() OVER (PARTITION BY c.number ORDER BY b.day DESC, {kept}) AS nth \
         FROM ({base}) AS b JOIN ({other}) AS c ON b.entity = c.entity AND b.day <= c.day{within}{equal}) WHERE nth = 1",
        kept = kept.join(", "),
        base = side(catalogue, &base, &format!("f.*{}", extras(true))),
        other = side(
            catalogue,
            &conversion.conversion,
            &format!("{} AS value, ROW_NUMBER() OVER () AS number{}", conversion.value, extras(false))
        ),
        equal = equal.concat(),
    )
}

fn side(catalogue: &Catalogue, side: &Side, columns: &str) -> String {
    let mut conditions = side.conditions.clone();
    conditions.push(format!("{} IS NOT NULL", side.entity));
    let mut sql = format!(
        "SELECT {} AS entity, {} AS day, {columns} FROM {}",
        side.entity,
        side.time,
        tables(catalogue, side.table, &side.needs)
    );
    append_where(&mut sql, &conditions);
    sql
}
