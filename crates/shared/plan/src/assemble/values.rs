//! The value of each metric for each member and row, from the rows of scans.
//!
//! Invariant: a leaf answers for every member and row: with its value, with zero where nothing is a sum, or with null.

use crate::expression::Expression;
use crate::planner::{Chunk, Columns, Leaf, Node, Reading};
use crate::resolve::Clock;
use crate::rows::{Place, Row, Rows, day_for};
use chrono::NaiveDate;
use kpi::Cell;
use std::collections::{BTreeMap, HashMap};

/// A member of every dimension of a question.
pub(super) type Key = Vec<Option<String>>;

/// The numbers that keys have while a frame is made.
#[derive(Default)]
pub(super) struct Keys<'a> {
    numbers: HashMap<&'a Key, usize>,
    pub all: Vec<&'a Key>,
    /// Keys that have data in some window; a key whose running balance has ended has not.
    pub present: Vec<bool>,
}

impl<'a> Keys<'a> {
    pub(super) fn number(&mut self, key: &'a Key) -> usize {
        *self.numbers.entry(key).or_insert_with(|| {
            self.all.push(key);
            self.present.push(false);
            self.all.len() - 1
        })
    }
}

/// A node whose leaves hold the value of each key and row.
pub(super) enum Valued<'p> {
    Leaf {
        leaf: &'p Leaf,
        values: HashMap<(usize, usize), Cell>,
        /// Rows whose days the data has reached.
        known: Vec<bool>,
        zero: Cell,
    },
    Ratio(Box<Valued<'p>>, Box<Valued<'p>>),
    Derived(&'p Expression, Vec<(&'p str, Valued<'p>)>),
    Mean(Box<Valued<'p>>, &'p [std::ops::Range<usize>]),
}

pub(super) fn value<'p, 'r>(
    node: &'p Node,
    results: &[&'r Rows],
    days: &[&[NaiveDate]],
    clock: &Clock,
    keys: &mut Keys<'r>,
) -> Valued<'p> {
    let mut inner = |node: &'p Node| Box::new(value(node, results, days, clock, keys));
    match node {
        Node::Ratio(above, below) => Valued::Ratio(inner(above), inner(below)),
        Node::Mean(node, ranges) => Valued::Mean(inner(node), ranges),
        Node::Derived(expression, inputs) => {
            let valued = inputs.iter().map(|(alias, input)| (alias.as_str(), *inner(input))).collect();
            Valued::Derived(expression, valued)
        }
        Node::Leaf(leaf) => read(leaf, results[leaf.scan], days[leaf.scan], clock, keys),
    }
}

/// The value of each key and row.
type Values = HashMap<(usize, usize), Cell>;

/// Spreads the rows of a scan over the keys and rows of the answer.
fn read<'p, 'r>(
    leaf: &'p Leaf,
    rows: &'r Rows,
    days: &[NaiveDate],
    clock: &Clock,
    keys: &mut Keys<'r>,
) -> Valued<'p> {
    let mut values = Values::new();
    let mut known: Vec<bool> =
        leaf.spans.iter().map(|span| span.is_some_and(|span| span.from() <= clock.covered)).collect();
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
            let day = |index: usize| {
                let span = leaf.spans[index]?;
                // Beyond the data no balance is carried over; one that is written there, as targets are, is read.
                day_for(days, span, *choice).filter(|day| span.from() <= clock.covered || *day >= span.from())
            };
            let of_rows: Vec<Option<NaiveDate>> = (0..leaf.spans.len()).map(day).collect();
            known = of_rows.iter().map(Option::is_some).collect();
            as_of(&of_rows, *columns, rows, keys, &mut values);
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
fn present(row: &Row, columns: Columns) -> Option<Cell> {
    let rows = row.cells[columns.presence].exact()?.0;
    (rows > 0).then(|| match columns.weight {
        Some(weight) => row.cells[columns.value].over(&row.cells[weight]),
        None => row.cells[columns.value].clone(),
    })
}

fn grid<'r>(chunks: &[Chunk], rows: &'r Rows, keys: &mut Keys<'r>, values: &mut Values) {
    let numbered =
        |chunk: &Chunk| chunk.buckets.iter().enumerate().map(|(index, bucket)| (*bucket, index)).collect();
    let places: Vec<HashMap<NaiveDate, usize>> = chunks.iter().map(numbered).collect();
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

/// Each row shows the day that stands for it.
fn as_of<'r>(
    of_rows: &[Option<NaiveDate>],
    columns: Columns,
    rows: &'r Rows,
    keys: &mut Keys<'r>,
    values: &mut Values,
) {
    let mut by_day: HashMap<NaiveDate, Vec<usize>> = HashMap::new();
    for (index, day) in of_rows.iter().enumerate() {
        if let Some(day) = day {
            by_day.entry(*day).or_default().push(index);
        }
    }
    for row in &rows.rows {
        if let Place::Day(day) = row.place
            && let Some(indices) = by_day.get(&day)
            && let Some(cell) = present(row, columns)
        {
            let key = keys.number(&row.key);
            keys.present[key] = true;
            values.extend(indices.iter().map(|index| ((key, *index), cell.clone())));
        }
    }
}

/// Sums of buckets from the first to the last day of each span; `from_first`: all spans begin where the buckets do.
fn running<'r>(
    leaf: &Leaf,
    chunks: &[Chunk],
    from_first: bool,
    rows: &'r Rows,
    keys: &mut Keys<'r>,
    values: &mut Values,
) {
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
                let from =
                    if from_first { 0 } else { buckets.partition_point(|(day, _)| *day < span.from()) };
                let to = buckets.partition_point(|(day, _)| *day <= span.to());
                let sum = |column: usize| {
                    sum(buckets[from..to].iter().map(|(_, row)| &rows.rows[*row].cells[column]))
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

/// The sum of the cells that hold a number; `None` when none does.
fn sum<'c>(cells: impl Iterator<Item = &'c Cell>) -> Option<Cell> {
    let mut numbers = cells.filter(|cell| !cell.is_null());
    let first = numbers.next()?.clone();
    numbers.try_fold(first, |sum, cell| sum.plus(cell))
}

impl Valued<'_> {
    pub(super) fn at(&self, key: usize, row: usize) -> Cell {
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
                let input = inputs.iter().find(|(alias, _)| *alias == name);
                input.map_or(Cell::Null, |(_, input)| input.at(key, row))
            }),
            Valued::Mean(inner, ranges) => {
                let cells: Vec<Cell> = ranges[row].clone().map(|day| inner.at(key, day)).collect();
                let count = cells.iter().filter(|cell| !cell.is_null()).count();
                sum(cells.iter()).map_or(Cell::Null, |sum| sum.over(&Cell::Int(count as i64)))
            }
        }
    }
}
