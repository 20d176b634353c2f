//! `$filter`: comparisons of a property with a literal, joined by `and`, `or`, `not` and parentheses; three text functions.
//!
//! Does not fetch properties; the caller does. Invariant: bounds taken from a filter never exclude a row for which it holds.

use std::cmp::Ordering;

use serde_json::Value;

use super::{ODataError, instants};

mod grammar;

/// How a system writes dates in a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates {
    /// `2026-04-30T00:00:00-03:00`; a date in quotes is a text.
    Unquoted,
    /// `'2026-04-30'`; a date without quotes is refused.
    Quoted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// Milliseconds since 1970 in UTC.
    Instant(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Contains,
    StartsWith,
    EndsWith,
}

/// A condition on a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare { field: String, operator: Operator, literal: Literal },
    Call { function: Function, field: String, text: String },
}

/// A half-open range of a number that orders rows; every row for which a filter holds lies in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub low: i64,
    /// Exclusive.
    pub high: i64,
    /// The filter holds for every row in the range.
    pub exact: bool,
}

impl Bounds {
    pub const ALL: Bounds = Bounds { low: i64::MIN, high: i64::MAX, exact: false };

    /// The range that a comparison with the whole number `n` leaves.
    pub fn of(operator: Operator, n: i64) -> Bounds {
        let (low, high) = match operator {
            Operator::Eq => (n, n + 1),
            Operator::Gt => (n + 1, i64::MAX),
            Operator::Ge => (n, i64::MAX),
            Operator::Lt => (i64::MIN, n),
            Operator::Le => (i64::MIN, n + 1),
            Operator::Ne => return Bounds::ALL,
        };
        Bounds { low, high, exact: true }
    }
}

impl Filter {
    /// Parses the decoded value of `$filter`.
    pub fn parse(text: &str, dates: Dates) -> Result<Filter, ODataError> {
        grammar::parse(text, dates)
    }

    /// Whether a row whose properties `fetch` gives is meant. `fold` ignores the case of texts.
    pub fn holds(&self, fetch: &mut dyn FnMut(&str) -> Value, fold: bool) -> bool {
        match self {
            Filter::And(one, other) => one.holds(fetch, fold) && other.holds(fetch, fold),
            Filter::Or(one, other) => one.holds(fetch, fold) || other.holds(fetch, fold),
            Filter::Not(inner) => !inner.holds(fetch, fold),
            Filter::Compare { field, operator, literal } => {
                let value = fetch(field);
                if *literal == Literal::Null || value.is_null() {
                    // Nothing but equality can be told of nothing.
                    let equal = *literal == Literal::Null && value.is_null();
                    return match operator {
                        Operator::Eq => equal,
                        Operator::Ne => !equal,
                        _ => false,
                    };
                }
                compare(&value, literal, fold).is_some_and(|ordering| match operator {
                    Operator::Eq => ordering.is_eq(),
                    Operator::Ne => ordering.is_ne(),
                    Operator::Gt => ordering.is_gt(),
                    Operator::Ge => ordering.is_ge(),
                    Operator::Lt => ordering.is_lt(),
                    Operator::Le => ordering.is_le(),
                })
            }
            Filter::Call { function, field, text } => {
                let value = fetch(field);
                let Some(value) = value.as_str() else { return false };
                let (value, text) = (folded(value, fold), folded(text, fold));
                match function {
                    Function::Contains => value.contains(&text),
                    Function::StartsWith => value.starts_with(&text),
                    Function::EndsWith => value.ends_with(&text),
                }
            }
        }
    }

    /// The range of an ordering number in which all rows lie for which the filter holds.
    pub fn bounds(&self, of: &dyn Fn(&str, Operator, &Literal) -> Option<Bounds>) -> Bounds {
        match self {
            Filter::And(one, other) => {
                let (one, other) = (one.bounds(of), other.bounds(of));
                let (low, high) = (one.low.max(other.low), one.high.min(other.high));
                Bounds { low, high, exact: one.exact && other.exact }
            }
            Filter::Or(one, other) => {
                let (one, other) = (one.bounds(of), other.bounds(of));
                Bounds { low: one.low.min(other.low), high: one.high.max(other.high), exact: false }
            }
            Filter::Compare { field, operator, literal } => {
                of(field, *operator, literal).unwrap_or(Bounds::ALL)
            }
            Filter::Not(_) | Filter::Call { .. } => Bounds::ALL,
        }
    }

    /// Calls `see` with each comparison's property and literal.
    pub fn each(&self, see: &mut dyn FnMut(&str, Option<&Literal>)) {
        match self {
            Filter::And(one, other) | Filter::Or(one, other) => {
                one.each(see);
                other.each(see);
            }
            Filter::Not(inner) => inner.each(see),
            Filter::Compare { field, literal, .. } => see(field, Some(literal)),
            Filter::Call { field, .. } => see(field, None),
        }
    }
}

fn folded(text: &str, fold: bool) -> String {
    if fold { text.to_lowercase() } else { text.to_owned() }
}

fn compare(value: &Value, literal: &Literal, fold: bool) -> Option<Ordering> {
    match (value, literal) {
        (Value::Number(number), Literal::Number(wanted)) => number.as_f64()?.partial_cmp(wanted),
        (Value::Bool(truth), Literal::Bool(wanted)) => Some(truth.cmp(wanted)),
        // The CRM's own manual writes `Dynamic = 1`.
        (Value::Bool(truth), Literal::Number(wanted)) => f64::from(u8::from(*truth)).partial_cmp(wanted),
        (Value::String(text), Literal::Instant(wanted)) => Some(instants::parse(text)?.cmp(wanted)),
        (Value::String(text), Literal::Text(wanted)) => {
            match (text.len(), instants::parse_date(text), instants::parse_date(wanted)) {
                (10, Some(day), Some(wanted)) => Some(day.cmp(&wanted)),
                _ => Some(folded(text, fold).cmp(&folded(wanted, fold))),
            }
        }
        _ => None,
    }
}
