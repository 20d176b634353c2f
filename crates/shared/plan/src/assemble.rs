//! Last stage: cells of scans become the rows of a frame.
//!
//! Reads nothing. Invariant: scans are joined by members that are equal, null with null, so that a member that only one fact knows still has
//! its row.

mod order;
mod values;

use crate::planner::Planned;
use crate::resolve::{Clock, MAX_ROWS, Question};
use crate::{AskError, Definitions, Rows};
use chrono::NaiveDate;
use kpi::frame::TIME;
use kpi::{Cell, Column, Engine, Format, Frame, Role, comparison};
use std::collections::BTreeMap;
use values::{Key, Keys, Valued, value};

/// The answer to a planned question. `results` and `days` are those of the call's scans, by their numbers: what each found, and for scans of
/// stocks the days on which their fact has rows. Those that the question does not need may be empty.
///
/// # Errors
/// `TooManyRows`.
pub fn frame(
    definitions: &Definitions,
    planned: &Planned,
    results: &[&Rows],
    days: &[&[NaiveDate]],
    clock: &Clock,
    edition: u64,
    engine: Engine,
) -> Result<Frame, AskError> {
    let question = &planned.question;
    let mut keys = Keys::default();
    let whole: Key = Vec::new();
    if question.by.is_empty() {
        let number = keys.number(&whole);
        keys.present[number] = true;
    }
    let valued: Vec<Valued<'_>> =
        planned.nodes.iter().map(|node| value(node, results, days, clock, &mut keys)).collect();
    let present: Vec<usize> = (0..keys.all.len()).filter(|number| keys.present[*number]).collect();
    if present.len().saturating_mul(question.rows) > MAX_ROWS * 10 {
        return Err(AskError::TooManyRows { max: MAX_ROWS });
    }
    let mut rows = Vec::with_capacity(present.len() * question.rows);
    for number in present {
        for row in 0..question.rows {
            rows.push(cells(question, &valued, keys.all[number], number, row));
        }
    }
    let columns = columns(definitions, question, &rows);
    order::sort(&mut rows, &columns, question);
    let truncated = question.limit.is_some_and(|limit| rows.len() > limit);
    rows.truncate(question.limit.unwrap_or(usize::MAX));
    if rows.len() > MAX_ROWS {
        return Err(AskError::TooManyRows { max: MAX_ROWS });
    }
    let hash = |name: &String| Some((name.clone(), definitions.metric(name)?.hash.clone()));
    Ok(Frame {
        columns,
        rows,
        edition,
        as_of: clock.covered,
        period: question.period,
        comparison: question.comparison,
        partial_from: question.partial_from,
        definition: question.metrics.iter().filter_map(hash).collect::<BTreeMap<String, String>>(),
        engine,
        truncated,
    })
}

fn cells(question: &Question, valued: &[Valued<'_>], key: &Key, number: usize, row: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    if let Some(grain) = question.grain {
        let start = question.spans[row].map(|span| grain.start(span.from()));
        cells.push(start.map_or(Cell::Null, Cell::Date));
        if let (Some(other), Some(start)) = (question.comparison, start) {
            cells.push(
                comparison::beside(question.period, other, grain, start).map_or(Cell::Null, Cell::Date),
            );
        }
    }
    cells.extend(key.iter().map(|member| member.clone().map_or(Cell::Null, Cell::Text)));
    for node in valued {
        let value = node.at(number, row);
        if question.comparison.is_some() {
            let other = node.at(number, question.rows + row);
            let delta = value.minus(&other);
            cells.extend([value, other, delta]);
        } else {
            cells.push(value);
        }
    }
    cells
}

fn columns(definitions: &Definitions, question: &Question, rows: &[Vec<Cell>]) -> Vec<Column> {
    let dimension = |name: &str, role: Role, kind: &str| Column {
        name: name.to_owned(),
        role,
        kind: kind.to_owned(),
        unit: String::new(),
        format: Format::Text,
    };
    let mut columns = Vec::new();
    if question.grain.is_some() {
        columns.push(dimension(TIME, Role::Dimension, "date"));
        if question.comparison.is_some() {
            columns.push(dimension(TIME, Role::Comparison, "date"));
        }
    }
    columns.extend(question.by.iter().map(|name| dimension(name, Role::Dimension, "text")));
    let roles: &[Role] = if question.comparison.is_some() {
        &[Role::Value, Role::Comparison, Role::Delta]
    } else {
        &[Role::Value]
    };
    for name in &question.metrics {
        let definition = definitions.metric(name);
        for role in roles {
            let index = columns.len();
            columns.push(Column {
                name: name.clone(),
                role: *role,
                kind: kind(rows, index).to_owned(),
                unit: definition.map(|definition| definition.unit.clone()).unwrap_or_default(),
                format: definition.map(|definition| definition.format).unwrap_or_default(),
            });
        }
    }
    columns
}

/// The widest type among the cells of a column.
fn kind(rows: &[Vec<Cell>], index: usize) -> &'static str {
    let rank = |cell: &Cell| match cell {
        Cell::Null => 0,
        Cell::Int(_) => 1,
        Cell::Decimal { .. } => 2,
        Cell::Float(_) => 3,
        Cell::Date(_) => 4,
        Cell::Bool(_) => 5,
        Cell::Text(_) => 6,
    };
    match rows.iter().map(|row| rank(&row[index])).max().unwrap_or(0) {
        1 => "int",
        2 => "decimal",
        4 => "date",
        5 => "bool",
        6 => "text",
        _ => "float",
    }
}
