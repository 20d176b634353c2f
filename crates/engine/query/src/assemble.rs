//! Last stage: cells of scans become the rows of a frame.
//!
//! Reads nothing. Invariant: scans are joined by members that are equal, null with null, so that a member that only one fact knows still has
//! its row.

use crate::catalogue::Catalogue;
use crate::plan::{Chunk, Columns, Leaf, Node, Planned, Reading};
use crate::resolve::{MAX_ROWS, Question};
use crate::run::{Clock, Place, Rows, Scanned, day_for};
use crate::AskError;
use chrono::NaiveDate;
use kpi::frame::TIME;
use kpi::{Cell, Column, Engine, Format, Frame, Order, OrderDirection, Role, comparison};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

/// A member of every dimension of a question.
type Key = Vec<Option<String>>;

/// The numbers that keys have while a frame is made.
#[derive(Default)]
struct Keys<'a> {
    numbers: HashMap<&'a Key, usize>,
    keys: Vec<&'a Key>,
    /// Keys that have data in some window; a key whose running balance has ended has not.
    present: Vec<bool>,
}

impl<'a> Keys<'a> {
    fn number(&mut self, key: &'a Key) -> usize {
        *self.numbers.entry(key).or_insert_with(|| {
            self.keys.push(key);
            self.present.push(false);
            self.keys.len() - 1
        })
    }
}

/// A node whose leaves hold the value of each key and row.
enum Valued<'p> {
    Leaf { leaf: &'p Leaf, values: HashMap<(usize, usize), Cell>, known: Vec<bool>, zero: Cell },
    Ratio(Box<Valued<'p>>, Box<Valued<'p>>),
    Derived(&'p crate::expression::Expression, Vec<(&'p str, Valued<'p>)>),
    Mean(Box<Valued<'p>>, &'p [std::ops::Range<usize>]),
}

pub(crate) fn frame(
    catalogue: &Catalogue,
    planned: &Planned,
    results: &[Scanned],
    days: &[Vec<NaiveDate>],
    clock: &Clock,
    edition: u64,
) -> Result<Frame, AskError> {
    let question = &planned.question;
    let mut keys = Keys::default();
    let whole: Key = Vec::new();
    if question.by.is_empty() {
        let number = keys.number(&whole);
        keys.present[number] = true;
    }
    let mut valued = Vec::with_capacity(planned.nodes.len());
    for node in &planned.nodes {
        valued.push(value(node, results, days, clock, &mut keys)?);
    }
    let present: Vec<usize> = (0..keys.keys.len()).filter(|number| keys.present[*number]).collect();
    if present.len().saturating_mul(question.rows) > MAX_ROWS * 10 {
        return Err(AskError::TooManyRows { max: MAX_ROWS });
    }
    let mut rows = Vec::with_capacity(present.len() * question.rows);
    for number in present {
        for row in 0..question.rows {
            rows.push(cells(question, &valued, keys.keys[number], number, row));
        }
    }
    let columns = columns(catalogue, question, &rows);
    sort(&mut rows, &columns, question);
    let truncated = question.limit.is_some_and(|limit| rows.len() > limit);
    rows.truncate(question.limit.unwrap_or(usize::MAX));
    if rows.len() > MAX_ROWS {
        return Err(AskError::TooManyRows { max: MAX_ROWS });
    }
    let hash = |name: &String| Some((name.clone(), catalogue.metric(name)?.hash.clone()));
    Ok(Frame {
        columns,
        rows,
        edition,
        as_of: clock.covered,
        period: question.period,
        comparison: question.comparison,
        partial_from: question.partial_from,
        definition: question.metrics.iter().filter_map(hash).collect::<BTreeMap<String, String>>(),
        engine: Engine::Lake,
        truncated,
    })
}

fn value<'p, 'r>(
    node: &'p Node,
    results: &'r [Scanned],
    days: &[Vec<NaiveDate>],
    clock: &Clock,
    keys: &mut Keys<'r>,
) -> Result<Valued<'p>, AskError> {
    let mut inner = |node: &'p Node| value(node, results, days, clock, keys).map(Box::new);
    Ok(match node {
        Node::Ratio(above, below) => Valued::Ratio(inner(above)?, inner(below)?),
        Node::Mean(node, ranges) => Valued::Mean(inner(node)?, ranges),
        Node::Derived(expression, inputs) => {
            let mut valued = Vec::with_capacity(inputs.len());
            for (alias, input) in inputs {
                valued.push((alias.as_str(), *inner(input)?));
            }
            Valued::Derived(expression, valued)
        }
        Node::Leaf(leaf) => {
            let rows = results[leaf.scan].as_ref().map_err(|error| AskError::engine(error.clone()))?;
            read(leaf, rows, &days[leaf.scan], clock, keys)
        }
    })
}

/// Spreads the rows of a scan over the keys and rows of the answer.
fn read<'p, 'r>(leaf: &'p Leaf, rows: &'r Rows, days: &[NaiveDate], clock: &Clock, keys: &mut Keys<'r>) -> Valued<'p> {
    let mut values = HashMap::new();
    let mut known: Vec<bool> = leaf.spans.iter().map(|span| span.is_some_and(|span| span.from() <= clock.covered)).collect();
    let columns = match &leaf.reading {
        Reading::Grid(chunks) => {
            grid(chunks, rows, keys, &mut values);
            chunks.first().map(|chunk| chunk.columns)
        }
        Reading::Indexed(columns) => {
            for row in &rows.rows {
                if let Place::Number(index) = row.place
                    && let Some(cell) = present(row, *columns)
                {
                    let key = keys.number(&row.key);
                    keys.present[key] = true;
                    values.insert((key, index), cell);
                }
            }
            Some(*columns)
        }
        Reading::AsOf(columns, choice) => {
            let mut by_day: HashMap<NaiveDate, Vec<usize>> = HashMap::new();
            for (index, span) in leaf.spans.iter().enumerate() {
                // Beyond the data no balance is carried over; one that is written there, as targets are, is read.
                let day = span.and_then(|span| day_for(days, span, *choice).filter(|day| known[index] || *day >= span.from()));
                known[index] = day.is_some();
                if let Some(day) = day {
                    by_day.entry(day).or_default().push(index);
                }
            }
            for row in &rows.rows {
                if let Place::Day(day) = row.place
                    && let Some(indices) = by_day.get(&day)
                    && let Some(cell) = present(row, *columns)
                {
                    let key = keys.number(&row.key);
                    keys.present[key] = true;
                    values.extend(indices.iter().map(|index| ((key, *index), cell.clone())));
                }
            }
            Some(*columns)
        }
        Reading::Running { chunks, from_first } => {
            running(leaf, chunks, *from_first, rows, keys, &mut values);
            chunks.first().map(|chunk| chunk.columns)
        }
    };
    let zero = columns.and_then(|columns| rows.zeros.get(columns.value).cloned()).unwrap_or(Cell::Int(0));
    Valued::Leaf { leaf, values, known, zero }
}

/// The value of a row that has rows behind it.
fn present(row: &crate::run::Row, columns: Columns) -> Option<Cell> {
    let rows = row.cells[columns.presence].exact()?.0;
    (rows > 0).then(|| match columns.weight {
        Some(weight) => row.cells[columns.value].over(&row.cells[weight]),
        None => row.cells[columns.value].clone(),
    })
}

fn grid<'r>(chunks: &[Chunk], rows: &'r Rows, keys: &mut Keys<'r>, values: &mut HashMap<(usize, usize), Cell>) {
    let places: Vec<HashMap<NaiveDate, usize>> =
        chunks.iter().map(|chunk| chunk.buckets.iter().enumerate().map(|(index, bucket)| (*bucket, index)).collect()).collect();
    for row in &rows.rows {
        for (chunk, places) in chunks.iter().zip(&places) {
            let index = match row.place {
                Place::Whole => Some(0),
                Place::Day(day) => places.get(&day).copied(),
                Place::Number(_) | Place::Nowhere => None,
            };
            let Some(index) = index.filter(|index| *index < chunk.rows) else { continue };
            if let Some(cell) = present(row, chunk.columns) {
                let key = keys.number(&row.key);
                keys.present[key] = true;
                values.insert((key, chunk.start + index), cell);
            }
        }
    }
}

/// Sums of buckets from the first to the last day of each span; `from_first`: all spans begin where the buckets do.
fn running<'r>(leaf: &Leaf, chunks: &[Chunk], from_first: bool, rows: &'r Rows, keys: &mut Keys<'r>, values: &mut HashMap<(usize, usize), Cell>) {
    let mut by_key: BTreeMap<usize, Vec<(NaiveDate, usize)>> = BTreeMap::new();
    for (index, row) in rows.rows.iter().enumerate() {
        if let Place::Day(day) = row.place {
            by_key.entry(keys.number(&row.key)).or_default().push((day, index));
        }
    }
    for (key, mut buckets) in by_key {
        buckets.sort_unstable();
        for chunk in chunks {
            for index in chunk.start..chunk.start + chunk.rows {
                let Some(span) = leaf.spans[index] else { continue };
                let from = if from_first { 0 } else { buckets.partition_point(|(day, _)| *day < span.from()) };
                let to = buckets.partition_point(|(day, _)| *day <= span.to());
                let sum = |column: usize| {
                    let cells = buckets[from..to].iter().map(|(_, row)| &rows.rows[*row].cells[column]).filter(|cell| !cell.is_null());
                    cells.fold(None, |sum: Option<Cell>, cell| sum.map_or_else(|| Some(cell.clone()), |sum| sum.plus(cell)))
                };
                let Some(value) = sum(chunk.columns.value) else { continue };
                let value = match chunk.columns.weight {
                    Some(weight) => value.over(&sum(weight).unwrap_or(Cell::Null)),
                    None => value,
                };
                keys.present[key] |= value.number().is_some_and(|number| number != 0.0);
                values.insert((key, index), value);
            }
        }
    }
}

impl Valued<'_> {
    fn at(&self, key: usize, row: usize) -> Cell {
        match self {
            Valued::Leaf { leaf, values, known, zero } => {
                let found = values.get(&(key, row)).cloned().unwrap_or(Cell::Null);
                if !found.is_null() || !known[row] {
                    return found;
                }
                match &leaf.fill {
                    Some(fill) => fill.clone(),
                    None if leaf.zero => zero.clone(),
                    None => Cell::Null,
                }
            }
            Valued::Ratio(above, below) => above.at(key, row).over(&below.at(key, row)),
            Valued::Derived(expression, inputs) => expression.evaluate(&|name| {
                inputs.iter().find(|(alias, _)| *alias == name).map_or(Cell::Null, |(_, input)| input.at(key, row))
            }),
            Valued::Mean(inner, ranges) => {
                let cells: Vec<Cell> = ranges[row].clone().map(|day| inner.at(key, day)).filter(|cell| !cell.is_null()).collect();
                let sum = cells.iter().try_fold(Cell::Int(0), |sum, cell| sum.plus(cell)).unwrap_or(Cell::Null);
                sum.over(&Cell::Int(cells.len() as i64))
            }
        }
    }
}

fn cells(question: &Question, valued: &[Valued<'_>], key: &Key, number: usize, row: usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    if let Some(grain) = question.grain {
        let start = question.spans[row].map(|span| grain.start(span.from()));
        cells.push(start.map_or(Cell::Null, Cell::Date));
        if let (Some(other), Some(start)) = (question.comparison, start) {
            cells.push(comparison::beside(question.period, other, grain, start).map_or(Cell::Null, Cell::Date));
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

fn columns(catalogue: &Catalogue, question: &Question, rows: &[Vec<Cell>]) -> Vec<Column> {
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
    let roles: &[Role] = if question.comparison.is_some() { &[Role::Value, Role::Comparison, Role::Delta] } else { &[Role::Value] };
    for name in &question.metrics {
        let definition = catalogue.metric(name);
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

/// By the question's order; what is equal stands by time, then by members. Rows without a value come last in either direction.
fn sort(rows: &mut [Vec<Cell>], columns: &[Column], question: &Question) {
    let position = |name: &str, role: Role| columns.iter().position(|column| column.name == name && column.role == role);
    let first = |name: &str| columns.iter().position(|column| column.name == name && matches!(column.role, Role::Dimension | Role::Value));
    let mut sorts: Vec<(Sort, OrderDirection)> = Vec::new();
    for Order { by, dir } in &question.order {
        let sort = match by.split_once('.') {
            None => first(by).map(Sort::Column),
            Some((metric, "comparison")) => position(metric, Role::Comparison).map(Sort::Column),
            Some((metric, "delta")) => position(metric, Role::Delta).map(Sort::Column),
            Some((metric, _)) => position(metric, Role::Delta).zip(position(metric, Role::Comparison)).map(|(delta, base)| Sort::Share(delta, base)),
        };
        sorts.extend(sort.map(|sort| (sort, *dir)));
    }
    let own = columns.iter().enumerate().filter(|(_, column)| column.role == Role::Dimension);
    sorts.extend(own.map(|(index, _)| (Sort::Column(index), OrderDirection::Asc)));
    rows.sort_by(|a, b| sorts.iter().map(|(sort, dir)| sort.compare(a, b, *dir)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal));
}

enum Sort {
    Column(usize),
    /// Delta ÷ comparison, by their positions.
    Share(usize, usize),
}

impl Sort {
    fn compare(&self, a: &[Cell], b: &[Cell], dir: OrderDirection) -> Ordering {
        let share = |row: &[Cell], delta: usize, base: usize| match (row[delta].number(), row[base].number()) {
            (Some(delta), Some(base)) if base != 0.0 => Cell::Float(delta / base.abs()),
            _ => Cell::Null,
        };
        match *self {
            Sort::Column(index) => compare(&a[index], &b[index], dir),
            Sort::Share(delta, base) => compare(&share(a, delta, base), &share(b, delta, base), dir),
        }
    }
}

fn compare(a: &Cell, b: &Cell, dir: OrderDirection) -> Ordering {
    let order = match (a, b) {
        (Cell::Text(a), Cell::Text(b)) => members(a, b),
        _ => a.order(b),
    };
    if a.is_null() || b.is_null() || dir == OrderDirection::Asc { order } else { order.reverse() }
}

/// Members that are whole numbers stand by size: hour 9 before hour 10.
fn members(a: &str, b: &str) -> Ordering {
    match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(x), Ok(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
        _ => a.cmp(b),
    }
}
