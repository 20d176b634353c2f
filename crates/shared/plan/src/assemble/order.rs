//! The order of rows.
//!
//! Invariant: any two rows of a frame have one order, so that the same question always answers in the same order.

use crate::resolve::Question;
use kpi::{Cell, Column, Order, OrderDirection, Role};
use std::cmp::Ordering;

/// By the question's order; what is equal stands by time, then by members. Rows without a value come last in either direction.
pub(super) fn sort(rows: &mut [Vec<Cell>], columns: &[Column], question: &Question) {
    let position =
        |name: &str, role: Role| columns.iter().position(|column| column.name == name && column.role == role);
    let first = |name: &str| {
        columns
            .iter()
            .position(|column| column.name == name && matches!(column.role, Role::Dimension | Role::Value))
    };
    let mut sorts: Vec<(Sort, OrderDirection)> = Vec::new();
    for Order { by, dir } in &question.order {
        let sort = match by.split_once('.') {
            None => first(by).map(Sort::Column),
            Some((metric, "comparison")) => position(metric, Role::Comparison).map(Sort::Column),
            Some((metric, "delta")) => position(metric, Role::Delta).map(Sort::Column),
            Some((metric, _)) => {
                let both = position(metric, Role::Delta).zip(position(metric, Role::Comparison));
                both.map(|(delta, base)| Sort::Share(delta, base))
            }
        };
        sorts.extend(sort.map(|sort| (sort, *dir)));
    }
    let own = columns.iter().enumerate().filter(|(_, column)| column.role == Role::Dimension);
    sorts.extend(own.map(|(index, _)| (Sort::Column(index), OrderDirection::Asc)));
    rows.sort_by(|a, b| {
        let mut orders = sorts.iter().map(|(sort, dir)| sort.compare(a, b, *dir));
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
}

enum Sort {
    Column(usize),
    /// Delta ÷ comparison, by their positions.
    Share(usize, usize),
}

impl Sort {
    fn compare(&self, a: &[Cell], b: &[Cell], dir: OrderDirection) -> Ordering {
        let share = |row: &[Cell], delta: usize, base: usize| match (row[delta].number(), row[base].number())
        {
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

/// Members that are whole numbers stand by size, before all others: hour 9 before hour 10.
fn members(a: &str, b: &str) -> Ordering {
    match (a.parse::<i64>(), b.parse::<i64>()) {
        (Ok(x), Ok(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}
