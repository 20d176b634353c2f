//! Rows of a database as rows of a piece.
//!
//! Asks nobody (`passage`, `whole`). Invariant: a value is what its text says, or its row is rejected; only what stands for no value at all
//! becomes null: `infinity` of PostgreSQL's dates, and MySQL's day zero.

use sha2::{Digest, Sha256};

use super::session::Row;
use super::streams::Stream;
use crate::cell::{Cell, shown};
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::records::Gathering;

/// A digest of rows that does not depend on their order.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Content(u128);

impl Content {
    fn add(&mut self, cells: &[Option<&[u8]>]) {
        let mut digest = Sha256::new();
        for cell in cells {
            // Each value with its length, so that no two rows read alike.
            digest.update(cell.map_or(-1, |cell| cell.len() as i64).to_le_bytes());
            digest.update(cell.unwrap_or_default());
        }
        self.0 = self.0.wrapping_add(short(&digest.finalize()));
    }

    pub fn shown(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// The first 128 bits of a digest.
pub fn short(digest: &[u8]) -> u128 {
    digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// The texts of a row's fields.
///
/// # Errors
/// When the row has fewer of them.
pub fn cells<'a>(stream: &Stream, row: &'a Row) -> Result<Vec<Option<&'a [u8]>>, sqlx::Error> {
    (0..stream.fields.len()).map(|at| row.text(at)).collect()
}

/// Adds a row to a piece, and to its digest where there is one.
///
/// # Errors
/// `Build` when batches cannot be made.
pub fn push(
    gathering: &mut Gathering,
    stream: &Stream,
    cells: &[Option<&[u8]>],
    content: Option<&mut Content>,
) -> Result<(), ConnectError> {
    if let Some(content) = content {
        content.add(cells);
    }
    let is_absent = |at: &usize| cells[*at].is_none_or(<[u8]>::is_empty);
    if !stream.key.is_empty() && stream.key.iter().all(is_absent) {
        let texts: Vec<String> = cells.iter().map(|cell| shown(cell.unwrap_or_default())).collect();
        gathering.reject(&texts.join(", "), "has an empty key");
        return Ok(());
    }
    gathering.push_cells(|at| cell(cells[at], stream.fields[at].column_type))
}

/// A text as the value that its column wants.
pub fn cell(text: Option<&[u8]>, column_type: ColumnType) -> Cell<'_> {
    let Some(text) = text else { return Cell::Empty };
    match column_type {
        ColumnType::Date | ColumnType::Timestamp | ColumnType::Moment if is_no_day(text) => Cell::Empty,
        ColumnType::Float => std::str::from_utf8(text).map_or(Cell::Raw(text), Cell::Number),
        _ => Cell::Raw(text),
    }
}

fn is_no_day(text: &[u8]) -> bool {
    matches!(text, b"infinity" | b"-infinity") || text.starts_with(b"0000-00-00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_the_same_in_any_order_and_another_with_any_other_value() {
        type Cells<'a> = &'a [Option<&'a [u8]>];
        let digest = |rows: &[Cells<'_>]| {
            let mut content = Content::default();
            for row in rows {
                content.add(row);
            }
            content
        };
        let (one, two): (Cells<'_>, Cells<'_>) = (&[Some(b"a"), None], &[Some(b"b"), Some(b"")]);
        assert_eq!(digest(&[one, two]), digest(&[two, one]));
        assert_ne!(digest(&[one]), digest(&[&[Some(b"a"), Some(b"")]]));
        assert_ne!(digest(&[&[Some(b"ab"), Some(b"c")]]), digest(&[&[Some(b"a"), Some(b"bc")]]));
        assert_ne!(digest(&[one]), digest(&[one, one]));
    }

    #[test]
    fn only_what_is_no_day_becomes_nothing() {
        for text in ["infinity", "-infinity", "0000-00-00", "0000-00-00 00:00:00.000000"] {
            assert_eq!(cell(Some(text.as_bytes()), ColumnType::Timestamp), Cell::Empty);
        }
        assert_eq!(cell(Some(b"infinity"), ColumnType::Text), Cell::Raw(b"infinity"));
        assert_eq!(cell(Some(b"0044-03-15 BC"), ColumnType::Date), Cell::Raw(b"0044-03-15 BC"));
    }
}
