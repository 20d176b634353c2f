//! How far the data of an edition reaches: the last day on which any fact that metrics count has a row.
//!
//! Invariant: only time dimensions that metrics count along are looked at; a due date of the future covers nothing.

use crate::errors::ScanError;
use crate::{AskError, Catalogue};
use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;
use chrono::{Days, NaiveDate};
use lake::Session;
use std::sync::Arc;

/// The greatest day, up to `not_after`, of the facts' own time dimensions; `None` when all of them are empty.
///
/// # Errors
/// When a table cannot be read.
pub async fn reaches(
    session: &Session,
    catalogue: &Catalogue,
    not_after: NaiveDate,
) -> Result<Option<NaiveDate>, AskError> {
    let mut last = None;
    for table in &catalogue.tables {
        let Some(time) = table.model.time.as_ref().and_then(|name| table.dimension(name)) else { continue };
        if table.model.measures.is_empty() {
            continue;
        }
        let day = format!("cast({} as date)", table.model.dimensions[time].expression);
        // A row dated in the future (a due date, a typing error) must not make the future look covered.
        let sql = format!("select max({day}) from {} where {day} <= date '{not_after}'", table.name.quoted());
        for batch in
            session.query(&sql).await.map_err(|error| AskError::engine(Arc::new(ScanError::Lake(error))))?
        {
            let Some(days) = batch.column(0).as_primitive_opt::<Date32Type>() else { continue };
            if !days.is_empty() && days.is_valid(0) {
                last = last.max(
                    NaiveDate::default()
                        .checked_add_days(Days::new(days.value(0).max(0).unsigned_abs().into())),
                );
            }
        }
    }
    Ok(last)
}
