//! Chooses the rows of a page: by index where filter and order allow it, else by looking at every row once per query.
//!
//! Does not render. Invariant: walking through all pages of a query costs about as much as one look at each row, however many pages.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::odata::filter::{Bounds, Literal};
use super::odata::{ODataError, Order, Query};
use super::table::{Table, Unit};
use super::world::State;

/// Rows of one page.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub positions: Vec<u32>,
    /// Others follow.
    pub more: bool,
    /// How many rows there are in all, when asked for.
    pub total: usize,
}

type Found = (String, Arc<Vec<u32>>);

/// What was found for the latest queries that no index answers.
#[derive(Default)]
pub(crate) struct Memory(Mutex<VecDeque<Found>>);

const REMEMBERED: usize = 8;

impl Memory {
    fn get(&self, question: &str, find: impl FnOnce() -> Vec<u32>) -> Arc<Vec<u32>> {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, positions)) = found.iter().find(|(asked, _)| asked == question) {
            return Arc::clone(positions);
        }
        let positions = Arc::new(find());
        found.push_front((question.to_owned(), Arc::clone(&positions)));
        found.truncate(REMEMBERED);
        positions
    }
}

/// How the rows are to be ordered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sorting {
    ByKey,
    ByStamp,
    Otherwise,
}

fn sorting(table: &Table, order: &[Order]) -> Sorting {
    let stamp = table.stamp.as_ref().map(|stamp| stamp.field);
    let is = |order: &Order, name: &str| !order.descending && order.field == name;
    match order {
        [] => Sorting::ByKey,
        [first] if is(first, table.key) => Sorting::ByKey,
        [first] if stamp.is_some_and(|stamp| is(first, stamp)) => Sorting::ByStamp,
        [first, second] if stamp.is_some_and(|stamp| is(first, stamp)) && is(second, table.key) => {
            Sorting::ByStamp
        }
        _ => Sorting::Otherwise,
    }
}

/// Refuses properties that the table lacks, and dates written as texts where the system wants instants.
pub(crate) fn check(table: &Table, state: &State, query: &Query) -> Result<(), ODataError> {
    let mut wrong = None;
    let mut see = |field: &str, literal: Option<&Literal>| {
        let milliseconds = table.stamp.as_ref().is_some_and(|stamp| stamp.unit == Unit::Milliseconds);
        let quoted_date =
            milliseconds && field.ends_with("Date") && matches!(literal, Some(Literal::Text(_)));
        if wrong.is_none() && quoted_date {
            wrong = Some(ODataError::Syntax { option: "$filter", at: field.to_owned() });
        } else if wrong.is_none() && !table.knows(state, field) {
            wrong = Some(ODataError::Property { name: field.to_owned() });
        }
    };
    if let Some(filter) = &query.filter {
        filter.each(&mut see);
    }
    for order in &query.order {
        see(&order.field, None);
    }
    wrong.map_or(Ok(()), Err)
}

/// The page of `size` rows after `skip`. `fold` ignores the case of texts.
pub(crate) fn page(
    table: &Table,
    state: &State,
    query: &Query,
    (skip, size): (usize, usize),
    fold: bool,
    memory: &Memory,
) -> Page {
    let index = state.index(table);
    let (by_key, by_stamp) = (range(table, state, query, true), range(table, state, query, false));
    let sorting = sorting(table, &query.order);
    let (list, bounds) = match sorting {
        Sorting::ByStamp => (&index.by_stamp[by_stamp.0.clone()], by_stamp.1),
        _ => (&index.by_key[by_key.0.clone()], by_key.1),
    };
    let plain = query.filter.is_none() || bounds.exact;
    if plain && sorting != Sorting::Otherwise {
        return cut(list, skip, size);
    }
    let holds = |position: u32| {
        let mut made = None;
        query.filter.as_ref().is_none_or(|filter| {
            filter.holds(&mut |path: &str| table.fetch(state, position, path, &mut made), fold)
        })
    };
    if skip == 0 && !query.count && sorting != Sorting::Otherwise {
        // The first page: read no further than it needs.
        let found: Vec<u32> =
            list.iter().copied().filter(|&position| holds(position)).take(size.saturating_add(1)).collect();
        return cut(&found, 0, size);
    }
    let question =
        format!("{}\n{}\n{}\n{fold}\n{}", table.name, query.filter_text, query.order_text, state.version);
    let found = memory.get(&question, || {
        let fewer = by_stamp.0.len() < by_key.0.len() && table.stamp.is_some();
        let candidates = if fewer { &index.by_stamp[by_stamp.0] } else { &index.by_key[by_key.0] };
        let mut found: Vec<u32> = candidates.iter().copied().filter(|&position| holds(position)).collect();
        sort(table, state, &query.order, &mut found);
        found
    });
    cut(&found, skip, size)
}

fn cut(list: &[u32], skip: usize, size: usize) -> Page {
    let start = skip.min(list.len());
    let end = start.saturating_add(size).min(list.len());
    Page { positions: list[start..end].to_vec(), more: end < list.len(), total: list.len() }
}

/// The part of an index outside of which the filter cannot hold.
fn range(table: &Table, state: &State, query: &Query, key: bool) -> (std::ops::Range<usize>, Bounds) {
    let index = state.index(table);
    let list = if key { &index.by_key } else { &index.by_stamp };
    let bounds = query.filter.as_ref().map_or(Bounds::ALL, |filter| {
        filter.bounds(&|field, operator, literal| {
            if key {
                table.key_bounds(field, operator, literal)
            } else {
                table.stamp_bounds(field, operator, literal)
            }
        })
    });
    let number = |position: u32| {
        if key {
            match (table.key_of)(state, position) {
                super::table::Key::Number(number) => number,
                super::table::Key::Text(_) => 0,
            }
        } else {
            table.stamp_of(state, position)
        }
    };
    let start = list.partition_point(|&position| number(position) < bounds.low);
    let end = list.partition_point(|&position| number(position) < bounds.high).max(start);
    (start..end, bounds)
}

fn sort(table: &Table, state: &State, order: &[Order], found: &mut [u32]) {
    let keys = |position: u32| -> Vec<Value> {
        let mut made = None;
        order.iter().map(|order| table.fetch(state, position, &order.field, &mut made)).collect()
    };
    let mut keyed: Vec<(Vec<Value>, u32)> =
        found.iter().map(|&position| (keys(position), position)).collect();
    keyed.sort_by(|(one, first), (other, second)| {
        let by_keys = order.iter().zip(one.iter().zip(other)).map(|(order, (one, other))| {
            let ordering = compare(one, other);
            if order.descending { ordering.reverse() } else { ordering }
        });
        by_keys.fold(Ordering::Equal, Ordering::then).then(first.cmp(second))
    });
    for (place, (_, position)) in found.iter_mut().zip(keyed) {
        *place = position;
    }
}

/// Nothing comes before everything; values of one kind by their size.
fn compare(one: &Value, other: &Value) -> Ordering {
    match (one, other) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Number(one), Value::Number(other)) => {
            one.as_f64().unwrap_or_default().total_cmp(&other.as_f64().unwrap_or_default())
        }
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        _ => Ordering::Equal,
    }
}
