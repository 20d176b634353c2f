//! Finds the row with the column names among the first rows of a table.
//!
//! Does not read files. Invariant: the rows before the header are titles; a table whose first row is data has no header.

use crate::cell::{self, Cell};
use crate::{moment, numeral};

/// What a cell of the first rows looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Empty,
    Text,
    Number,
    Date,
    Boolean,
}

/// Where the column names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// In this row of those given.
    Row(usize),
    /// Nowhere: this row is the first one with data.
    Nowhere(usize),
}

pub fn look(cell: Cell<'_>) -> Look {
    match cell {
        Cell::Empty => Look::Empty,
        Cell::Boolean(_) => Look::Boolean,
        Cell::Date(_) | Cell::Timestamp(_) => Look::Date,
        // Years are names of columns as often as values.
        Cell::Float(value) if value.fract() == 0.0 && (1990.0..=2100.0).contains(&value) => Look::Text,
        Cell::Float(_) | Cell::Number(_) => Look::Number,
        Cell::Text(text) => look_of_bytes(text.as_bytes()),
        Cell::Raw(bytes) => look_of_bytes(bytes),
    }
}

fn look_of_bytes(bytes: &[u8]) -> Look {
    let bytes = cell::trimmed(bytes);
    let year = bytes.len() == 4 && (b"1990".as_slice()..=b"2100".as_slice()).contains(&bytes);
    if bytes.is_empty() {
        Look::Empty
    } else if numeral::shape(bytes).is_some() {
        if year { Look::Text } else { Look::Number }
    } else if moment::written(bytes).is_some() {
        Look::Date
    } else if cell::boolean(bytes).is_some() {
        Look::Boolean
    } else {
        Look::Text
    }
}

/// The header among `rows`; nothing when all are empty.
pub fn find(rows: &[Vec<Look>]) -> Option<Found> {
    let filled = |row: &Vec<Look>| row.iter().filter(|look| **look != Look::Empty).count();
    let widest = rows.iter().map(filled).max().filter(|widest| *widest > 0)?;
    // Titles above a table fill a cell or two; a header names nearly all columns.
    let first = rows.iter().position(|row| filled(row) * 5 >= widest * 3)?;
    let after = &rows[first + 1..];
    Some(if is_data(&rows[first], after) { Found::Nowhere(first) } else { Found::Row(first) })
}

/// A row is data when it has values that are no words, and each of them looks as most of those below it do.
fn is_data(row: &[Look], after: &[Vec<Look>]) -> bool {
    let mut typed = 0;
    for (column, look) in row.iter().enumerate() {
        if matches!(look, Look::Empty | Look::Text) {
            continue;
        }
        let below = after.iter().filter_map(|row| row.get(column)).filter(|it| **it != Look::Empty);
        let alike = below.clone().filter(|it| *it == look).count();
        if alike * 5 < below.count() * 4 || alike == 0 {
            return false;
        }
        typed += 1;
    }
    typed > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &[&[&str]]) -> Option<Found> {
        let looks: Vec<Vec<Look>> =
            rows.iter().map(|row| row.iter().map(|it| look(Cell::Raw(it.as_bytes()))).collect()).collect();
        find(&looks)
    }

    #[test]
    fn find_usual_tables_have_the_header_first() {
        assert_eq!(found(&[&["id", "nome"], &["1", "Ana"]]), Some(Found::Row(0)));
        assert_eq!(found(&[&["id", "nome"]]), Some(Found::Row(0)));
        assert_eq!(found(&[&["Cliente", "2024", "2025"], &["ACME", "10", "20"]]), Some(Found::Row(0)));
        assert_eq!(found(&[&["nome"], &["Ana"], &["Rui"]]), Some(Found::Row(0)));
    }

    #[test]
    fn find_titles_above_are_passed_over() {
        let rows: &[&[&str]] = &[
            &["Metas 2026", "", "", ""],
            &["", "", "", ""],
            &["KPI", "Indicador", "Mês", "Meta"],
            &["mrr", "MRR", "01/01/2026", "10"],
        ];
        assert_eq!(found(rows), Some(Found::Row(2)));
    }

    #[test]
    fn find_data_in_the_first_row_has_no_header() {
        assert_eq!(found(&[&["1", "Ana", "10,5"], &["2", "Rui", "7,5"]]), Some(Found::Nowhere(0)));
        assert_eq!(found(&[&["", ""]]), None);
    }
}
