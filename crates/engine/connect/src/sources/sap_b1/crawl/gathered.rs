//! Records and their lines on the way into pieces.
//!
//! Does not choose rows (`crawl`). Invariant: a record whose list is empty leaves a deleted line with its key, so that lines that were
//! there before go.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::cell::Cell;
use crate::errors::ConnectError;
use crate::json::JsonRow;
use crate::records::Gathering;
use crate::source::{LandHint, Mark, Piece};
use crate::sources::sap_b1::catalogue::Entity;
use crate::sources::sap_b1::fields;

pub(super) struct Gathered {
    entity: Arc<Entity>,
    records: Gathering,
    lines: Option<Gathering>,
}

impl Gathered {
    pub(super) fn new(entity: Arc<Entity>) -> Gathered {
        let lines = entity.lines.as_ref().map(|lines| Gathering::new(lines.shape.clone(), entity.path));
        Gathered { records: Gathering::new(entity.shape.clone(), entity.path), lines, entity }
    }

    pub(super) fn rows(&self) -> usize {
        self.records.rows()
    }

    pub(super) fn is_full(&self) -> bool {
        self.records.is_full() || self.lines.as_ref().is_some_and(Gathering::is_full)
    }

    pub(super) fn push(&mut self, row: &JsonRow<'_>) -> Result<(), ConnectError> {
        self.records.push_with(|field| fields::cell(row, field))?;
        let (Some(lines), Some(gathering)) = (&self.entity.lines, &mut self.lines) else { return Ok(()) };
        let (key, above) = (self.entity.key, lines.parent.key.as_str());
        let entries = fields::entries(row, lines.list);
        for entry in &entries {
            gathering.push_with(|field| {
                if field == above { fields::cell(row, key) } else { fields::cell(entry, field) }
            })?;
        }
        if entries.is_empty() {
            gathering.push_deleted(&[Cell::Number(row.get(key).map_or("", RawValue::get))])?;
        }
        Ok(())
    }

    /// The lines, then the records with the mark. `first` makes tables of what is empty too.
    pub(super) fn pieces(self, whole: bool, first: bool, mark: Mark) -> Result<Vec<Piece>, ConnectError> {
        let mut pieces = Vec::new();
        if let (Some(gathering), Some(lines)) = (self.lines, &self.entity.lines)
            && (first || gathering.rows() > 0)
        {
            pieces
                .push(gathering.piece(LandHint::ReplaceKeys { key: vec![lines.parent.name.clone()] }, None)?);
        }
        let key = self.entity.shape.key.clone();
        let hint = if whole { LandHint::ReplaceAll } else { LandHint::Merge { key } };
        pieces.push(self.records.piece(hint, Some(mark))?);
        Ok(pieces)
    }
}
