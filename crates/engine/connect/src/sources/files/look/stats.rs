//! What the values of a column add up to: how many, how many different, their sum, the first and last day.
//!
//! Keeps no values. Invariant: memory does not grow with the number of rows.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};

use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::sources::sheet::STREAM;

/// More different values than this nobody breaks a figure down by.
const MOST_DISTINCT: usize = 2_000;
const DAY_US: i64 = 86_400_000_000;
/// What people write in the row that repeats a sum.
pub const TOTALS: [&str; 7] = ["total", "totais", "total geral", "soma", "subtotal", "grand total", "total:"];

/// Of one column.
pub struct Stats {
    column_type: ColumnType,
    pub values: u64,
    /// None once there are too many.
    seen: Option<HashSet<u64>>,
    hasher: RandomState,
    pub total: Option<(i128, u8)>,
    pub span: Option<(i32, i32)>,
    pub longest: usize,
}

impl Stats {
    pub fn new(column_type: ColumnType) -> Stats {
        let counted = matches!(column_type, ColumnType::Text | ColumnType::Integer | ColumnType::Boolean);
        let total = match column_type {
            ColumnType::Integer => Some((0, 0)),
            ColumnType::Decimal { scale, .. } => Some((0, scale)),
            _ => None,
        };
        Stats {
            column_type,
            values: 0,
            seen: counted.then(HashSet::new),
            hasher: RandomState::new(),
            total,
            span: None,
            longest: 0,
        }
    }

    pub fn distinct(&self) -> Option<u64> {
        self.seen.as_ref().map(|seen| seen.len() as u64)
    }

    pub fn add(&mut self, values: &ArrayRef) {
        self.values += (values.len() - values.null_count()) as u64;
        match self.column_type {
            ColumnType::Text => {
                for text in values.as_string::<i32>().iter().flatten() {
                    self.longest = self.longest.max(text.chars().count());
                    self.see(text.trim());
                }
            }
            ColumnType::Integer => {
                for value in values.as_primitive::<Int64Type>().iter().flatten() {
                    self.see(&value);
                    self.sum(i128::from(value));
                }
            }
            ColumnType::Boolean => values.as_boolean().iter().flatten().for_each(|value| self.see(&value)),
            ColumnType::Decimal { .. } => {
                values.as_primitive::<Decimal128Type>().iter().flatten().for_each(|value| self.sum(value));
            }
            ColumnType::Date => {
                values.as_primitive::<Date32Type>().iter().flatten().for_each(|day| self.reach(day));
            }
            ColumnType::Timestamp | ColumnType::Moment => {
                for at in values.as_primitive::<TimestampMicrosecondType>().iter().flatten() {
                    self.reach(i32::try_from(at.div_euclid(DAY_US)).unwrap_or_default());
                }
            }
            ColumnType::Float => {
                debug_assert!(
                    values.as_primitive_opt::<Float64Type>().is_some(),
                    "floats are not summed here"
                );
            }
        }
    }

    fn see<T: std::hash::Hash + ?Sized>(&mut self, value: &T) {
        let Some(seen) = &mut self.seen else { return };
        seen.insert(self.hasher.hash_one(value));
        if seen.len() > MOST_DISTINCT {
            self.seen = None;
        }
    }

    /// A sum that no longer fits is none.
    fn sum(&mut self, value: i128) {
        self.total = self.total.and_then(|(sum, scale)| Some((sum.checked_add(value)?, scale)));
    }

    fn reach(&mut self, day: i32) {
        let (first, last) = self.span.unwrap_or((day, day));
        self.span = Some((first.min(day), last.max(day)));
    }
}

/// The batch without the rows in which one of the first `columns` says nothing but `Total`, and how many those are.
///
/// # Errors
/// Never for a batch whose columns are of one length.
pub fn without_totals(batch: &RecordBatch, columns: usize) -> Result<(RecordBatch, u64), ConnectError> {
    let own = &batch.columns()[..columns];
    let texts: Vec<_> = own.iter().filter_map(|column| column.as_string_opt::<i32>()).collect();
    let is_total = |row: usize| {
        texts.iter().any(|column| {
            column.is_valid(row) && {
                let text = column.value(row).trim();
                TOTALS.iter().any(|word| word.eq_ignore_ascii_case(text))
            }
        })
    };
    let keep: Vec<bool> = (0..batch.num_rows()).map(|row| !is_total(row)).collect();
    let repeating = keep.iter().filter(|keep| !**keep).count() as u64;
    if repeating == 0 {
        return Ok((batch.clone(), 0));
    }
    let kept = filter_record_batch(batch, &BooleanArray::from(keep)).map_err(|error| {
        ConnectError::Build { stream: STREAM.to_owned(), column: "*".to_owned(), detail: error.to_string() }
    })?;
    Ok((kept, repeating))
}
