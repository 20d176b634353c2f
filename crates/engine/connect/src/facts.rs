//! Facts that came unordered and perhaps more than once, one row per key.
//!
//! Reads nothing (`inbound`). Invariant: the rows are the same whatever the order in which the facts came.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::errors::ConnectError;
use crate::json::JsonCell;
use crate::records::{Gathering, Shape};
use crate::source::{LandHint, Mark, Piece};

/// Texts in the order of the shape's columns; none for what was not told.
pub type Row = Vec<Option<String>>;

/// Makes one row of two with the same key. Whatever the order and however often, the outcome must be the same.
pub type Merge = fn(&Row, &Row) -> Row;

/// Rows of one stream, so far.
pub struct Facts {
    shape: Arc<Shape>,
    /// Places of the key's columns.
    key: Vec<usize>,
    rows: BTreeMap<Row, Row>,
    rejects: Vec<(String, String)>,
    merge: Merge,
    /// What is landed already, by key, where rows grow with what comes.
    landed: Option<BTreeMap<Row, Row>>,
}

impl Facts {
    /// Facts that never change: their versions are copies, unless the sender contradicts itself; then the greater one stays.
    pub fn fixed(shape: Arc<Shape>) -> Facts {
        let place = |name: &String| shape.columns.iter().position(|column| column.name == *name);
        let key = shape.key.iter().filter_map(place).collect();
        let merge = |one: &Row, other: &Row| one.max(other).clone();
        Facts { shape, key, rows: BTreeMap::new(), rejects: Vec::new(), merge, landed: None }
    }

    /// Rows that grow with what comes, from those that have been landed.
    pub fn growing(shape: Arc<Shape>, merge: Merge, landed: impl IntoIterator<Item = Row>) -> Facts {
        let facts = Facts::fixed(shape);
        let landed = landed.into_iter().map(|row| (key(&facts.key, &row), row)).collect();
        Facts { merge, landed: Some(landed), ..facts }
    }

    /// How much there is to land, rejects included.
    pub fn len(&self) -> usize {
        self.rows.len() + self.rejects.len()
    }

    /// Adds a fact. Its key has at least one value, or it is a reject.
    pub fn add(&mut self, row: Row) {
        let key = key(&self.key, &row);
        let landed = self.landed.as_ref().and_then(|landed| landed.get(&key));
        let merged = match self.rows.get(&key).or(landed) {
            Some(known) => (self.merge)(known, &row),
            None => row,
        };
        // What is landed so already brings nothing.
        if landed != Some(&merged) {
            self.rows.insert(key, merged);
        }
    }

    /// Keeps what is no fact of this stream although it should be.
    pub fn reject(&mut self, raw: &str, reason: &str) {
        self.rejects.push((raw.to_owned(), reason.to_owned()));
    }

    /// What there is, as one piece; the next one begins with what has been landed by then.
    ///
    /// # Errors
    /// `Build` when a column cannot be built.
    pub fn piece(&mut self, place: &str, mark: Mark) -> Result<Piece, ConnectError> {
        let mut gathering = Gathering::new(self.shape.clone(), place);
        for (key, row) in std::mem::take(&mut self.rows) {
            gathering.push_with(|name| {
                let at = self.shape.columns.iter().position(|column| column.key == name);
                let value = at.and_then(|at| row[at].as_deref());
                value.map_or(JsonCell::Absent, |text| JsonCell::Text(Cow::Borrowed(text)))
            })?;
            if let Some(landed) = &mut self.landed {
                landed.insert(key, row);
            }
        }
        for (raw, reason) in self.rejects.drain(..) {
            gathering.reject(&raw, &reason);
        }
        gathering.piece(LandHint::Merge { key: self.shape.key.clone() }, Some(mark))
    }
}

fn key(places: &[usize], row: &Row) -> Row {
    places.iter().map(|at| row[*at].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column_type::ColumnType;
    use crate::records::RecordColumn;

    fn facts() -> Facts {
        let columns = ["id", "name"].map(|name| RecordColumn::new(name, ColumnType::Text));
        Facts::fixed(Arc::new(Shape::new("people", columns.into(), &["id"])))
    }

    fn row(id: &str, name: &str) -> Row {
        vec![Some(id.to_owned()), Some(name.to_owned())]
    }

    #[test]
    fn rows_are_the_same_in_any_order_and_however_often_they_come() {
        let told = [row("1", "Ana"), row("2", "Bia"), row("1", "Ana B."), row("2", "Bia")];
        let mut forth = facts();
        told.iter().cloned().for_each(|row| forth.add(row));
        let mut back = facts();
        told.iter().rev().chain(&told).cloned().for_each(|row| back.add(row));
        assert_eq!(forth.rows, back.rows);
        assert_eq!(forth.rows.into_values().collect::<Vec<_>>(), [row("1", "Ana B."), row("2", "Bia")]);
    }

    #[test]
    fn what_is_landed_so_already_brings_nothing() {
        let fixed = facts();
        let mut growing = Facts::growing(fixed.shape.clone(), fixed.merge, [row("1", "Bia")]);
        growing.add(row("1", "Ana"));
        growing.add(row("1", "Bia"));
        assert_eq!(growing.len(), 0);
        growing.add(row("1", "Carla"));
        assert_eq!(growing.len(), 1);
    }
}
