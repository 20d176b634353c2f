//! Third stage: scans as SQL text.
//!
//! Decides nothing (`plan`). Invariant: expressions of a pack stand in a projection over their own table, under aliases, so that no name of
//! one table can mean a column of another.

use crate::catalogue::{Base, Catalogue, ConversionBase, Kind, Needs, Side, Source};
use crate::literal;
use chrono::{Days, NaiveDate};
use kpi::{Grain, Period};
use lake::quote;
use plan::sliced::{HOLDS, Role};
use plan::{Aggregate, Function, Grouping, Scan};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A scan beside the fact that it reads.
struct Reading<'a> {
    catalogue: &'a Catalogue,
    source: &'a Source,
    scan: &'a Scan,
    /// The days that all windows cover; `None` when some column is not bound to a window.
    union: Option<Vec<Period>>,
}

/// The text of a scan. `days` are the days that stand for the spans of stocks. Columns: keys, then the place (bucket, day or number), then the
/// aggregates.
pub(crate) fn text(catalogue: &Catalogue, scan: &Scan, days: &[NaiveDate]) -> String {
    let source = catalogue.source(scan.fact);
    let reading = Reading { catalogue, source, scan, union: union_of(&scan.columns) };
    let keys = scan.keys.iter().enumerate();
    let mut select: Vec<String> =
        keys.map(|(index, key)| format!("{} AS k{index}", source.columns[*key].member())).collect();
    select.extend(reading.place().iter().map(|place| format!("{place} AS place")));
    let grouped = select.len();
    let columns = scan.columns.iter().enumerate();
    select.extend(columns.map(|(index, column)| format!("{} AS v{index}", reading.aggregate(column))));
    let mut conditions: Vec<String> = scan
        .filters
        .iter()
        .map(|test| source.columns[test.column].membership(&test.members, test.negated))
        .collect();
    conditions.extend(reading.days_condition(days));
    let mut sql = format!("SELECT {} FROM {}", select.join(", "), reading.from());
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
    let source = catalogue.source(scan.fact);
    let time = &source.columns[scan.time];
    let Base::Table(table) = &source.base else { return String::new() };
    format!(
        "SELECT DISTINCT {} AS place FROM {} WHERE {} <= {}",
        time.sql,
        tables(catalogue, *table, &time.needs),
        time.sql,
        literal::day(last)
    )
}

/// Some columns of all rows of a fact, for a slice.
pub(crate) fn rows_text(catalogue: &Catalogue, fact: usize, columns: &[(Role, usize)]) -> String {
    let source = catalogue.source(fact);
    let text = |(index, (role, column)): (usize, &(Role, usize))| {
        let held = &source.columns[*column];
        let sql = match role {
            Role::Day => format!("CAST({} AS DATE)", held.sql),
            Role::Member => held.member(),
            Role::Flag => format!("CASE WHEN {} THEN '{HOLDS}' END", held.sql),
            Role::Filled => format!("CASE WHEN {} IS NOT NULL THEN '{HOLDS}' END", held.sql),
            Role::Identity => format!("CAST({} AS VARCHAR)", held.sql),
            Role::Number => held.sql.clone(),
        };
        format!("{sql} AS c{index}")
    };
    let select: Vec<String> = columns.iter().enumerate().map(text).collect();
    let needs = needs_of(source, columns.iter().map(|(_, column)| *column));
    format!("SELECT {} FROM {}", select.join(", "), rows_of(catalogue, source, &needs))
}

/// How many rows a fact has beside those of everything that these columns join, which are as many unless a key is doubled.
pub(crate) fn counts_text(catalogue: &Catalogue, fact: usize, columns: &[(Role, usize)]) -> String {
    let source = catalogue.source(fact);
    let joined = needs_of(source, columns.iter().map(|(_, column)| *column));
    let alone = Needs { own: joined.own.clone(), joins: BTreeMap::new() };
    let count = |needs: &Needs| format!("SELECT COUNT(*) FROM {}", rows_of(catalogue, source, needs));
    format!("SELECT ({}) AS alone, ({}) AS joined", count(&alone), count(&joined))
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

impl Reading<'_> {
    fn column(&self, number: usize) -> &str {
        &self.source.columns[number].sql
    }

    fn time(&self) -> &str {
        self.column(self.scan.time)
    }

    /// What the scan is grouped by besides members.
    fn place(&self) -> Option<String> {
        let time = self.time();
        match &self.scan.grouping {
            Grouping::Spans(_) | Grouping::LastOf(..) => Some("f.span".to_owned()),
            Grouping::AsOf(_) => Some(time.to_owned()),
            Grouping::Buckets { grain: None, .. } => None,
            Grouping::Buckets { grain: Some(grain), floor } => {
                let day = match floor {
                    Some(floor) => {
                        format!("CASE WHEN {time} < {0} THEN {0} ELSE {time} END", literal::day(*floor))
                    }
                    None => time.to_owned(),
                };
                Some(if *grain == Grain::Day {
                    day
                } else {
                    format!("period_start('{}', {day})", grain.name())
                })
            }
        }
    }

    fn days_condition(&self, days: &[NaiveDate]) -> Option<String> {
        match &self.scan.grouping {
            Grouping::AsOf(_) if days.is_empty() => Some("FALSE".to_owned()),
            Grouping::AsOf(_) => {
                let list: Vec<String> = days.iter().map(|day| literal::day(*day)).collect();
                Some(format!("{} IN ({})", self.time(), list.join(", ")))
            }
            Grouping::LastOf(..) => Some("f.day = f.last_day".to_owned()),
            Grouping::Spans(_) => None,
            Grouping::Buckets { .. } => {
                let windows: Vec<String> =
                    self.union.as_ref()?.iter().map(|window| within(self.time(), *window)).collect();
                Some(match windows.as_slice() {
                    [] => "FALSE".to_owned(),
                    [one] => one.clone(),
                    many => format!("({})", many.join(" OR ")),
                })
            }
        }
    }

    fn aggregate(&self, column: &Aggregate) -> String {
        let mut conditions: Vec<String> = Vec::new();
        if let Some(window) = column.window
            && self.union.as_deref() != Some(&[window])
        {
            conditions.push(within(self.time(), window));
        }
        conditions.extend(column.conditions.iter().map(|condition| self.column(*condition).to_owned()));
        let filtered = if conditions.is_empty() {
            String::new()
        } else {
            format!(" FILTER (WHERE {})", conditions.join(" AND "))
        };
        let of = |column: &usize| self.column(*column);
        match &column.function {
            Function::Rows => format!("COUNT(*){filtered}"),
            Function::Sum(column) => format!("SUM({}){filtered}", of(column)),
            Function::Count(column) => format!("COUNT({}){filtered}", of(column)),
            Function::CountDistinct(column) => format!("COUNT(DISTINCT {}){filtered}", of(column)),
            Function::Min(column) => format!("MIN({}){filtered}", of(column)),
            Function::Max(column) => format!("MAX({}){filtered}", of(column)),
            Function::Percentile { of: column, percentile, discrete } => {
                let name = if *discrete { "exact_percentile_disc" } else { "exact_percentile_cont" };
                format!("{name}({}, {percentile:?}){filtered}", of(column))
            }
        }
    }

    fn from(&self) -> String {
        let needs = needs_of(self.source, self.scan.reads());
        let own = own(self.catalogue, self.source, &needs);
        let time = self.time();
        let own = match &self.scan.grouping {
            Grouping::Spans(spans) => {
                format!(
                    "SELECT s.span, f.* FROM {} AS s (span, first_day, last_day) JOIN ({own}) AS f ON {time} BETWEEN s.first_day AND s.last_day",
                    numbered(spans),
                )
            }
            Grouping::LastOf(spans, groups) => {
                let groups: Vec<&str> = groups.iter().map(|group| self.column(*group)).collect();
                format!(
                    "SELECT s.span, f.*, {time} AS day, MAX({time}) OVER (PARTITION BY s.span, {groups}) AS last_day \
                     FROM {spans} AS s (span, first_day, end_day) JOIN ({own}) AS f ON {time} <= s.end_day",
                    groups = groups.join(", "),
                    spans = numbered(spans),
                )
            }
            Grouping::Buckets { .. } | Grouping::AsOf(_) => own,
        };
        format!("({own}) AS f{}", joins(self.catalogue, &needs))
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

fn within(time: &str, window: Period) -> String {
    format!("{time} BETWEEN {} AND {}", literal::day(window.from()), literal::day(window.to()))
}

fn append_where(sql: &mut String, conditions: &[String]) {
    if !conditions.is_empty() {
        let _ = write!(sql, " WHERE {}", conditions.join(" AND "));
    }
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

/// What it takes to read these columns.
fn needs_of(source: &Source, columns: impl IntoIterator<Item = usize>) -> Needs {
    let mut needs = Needs::default();
    columns.into_iter().for_each(|column| needs.merge(&source.columns[column].needs));
    needs
}

/// The rows of a fact itself, without what is joined.
fn own(catalogue: &Catalogue, source: &Source, needs: &Needs) -> String {
    match &source.base {
        Base::Table(table) => projection(catalogue, *table, &needs.own),
        Base::Conversion(conversion) => conversions(catalogue, conversion, needs),
    }
}

fn rows_of(catalogue: &Catalogue, source: &Source, needs: &Needs) -> String {
    format!("({}) AS f{}", own(catalogue, source, needs), joins(catalogue, needs))
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
