//! Finds what the API has no more: it never says so, it only stops sending it.
//!
//! Lands nothing (`changes`). Invariant: what cannot be told apart from a failure is no deletion.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;

use super::api::Api;
use super::entities::Entity;
use super::layout::Record;
use crate::errors::ConnectError;
use crate::source::{LandedKeys, Mark};

/// Key of the mark.
pub const SWEEP: &str = "sweep";

/// What holds a sweep back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    pub mode: Mode,
    /// Fewer records than this percentage of the known ones are no plausible answer.
    pub floor_percent: usize,
    /// Deletions that are believed in one go; the others are looked at again another day.
    pub most: usize,
    /// Whether records may be there that nobody wants.
    pub is_partial: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    On,
    /// Counts, and changes nothing.
    DryRun,
    Off,
}

/// One comparison of what is there with what was landed.
pub struct Sweep {
    pub keys: Arc<dyn LandedKeys>,
    pub guards: Guards,
    /// For the mark.
    pub day: String,
}

/// What a comparison brought.
pub struct Swept {
    /// Ids that were landed and are there no more, ascending.
    pub gone: Vec<i64>,
    /// Ids that are there and were not landed, ascending.
    pub unknown: Vec<i64>,
    pub mark: Mark,
}

/// The mark of a day on which a sweep was begun: however it ends, the next one is another day's.
pub fn mark(day: &str) -> Mark {
    Mark { key: SWEEP.to_owned(), value: serde_json::json!({ "day": day }) }
}

impl Sweep {
    /// Compares.
    ///
    /// # Errors
    /// `Sweep` when a page failed, or the answer is not plausible.
    pub async fn run(self, api: &Api, entity: &'static Entity) -> Result<Swept, ConnectError> {
        let refused = |detail: String| ConnectError::Sweep {
            source_name: api.account.source.clone(),
            stream: entity.stream.to_owned(),
            detail,
        };
        // Before the listing: what comes in meanwhile must not look deleted.
        let known = self.known().await.map_err(refused)?;
        let there = there(api, entity).await.map_err(|error| refused(reason(&error)))?;
        let (gone, unknown) = compared(&known, &there, self.guards).map_err(refused)?;
        tracing::info!(
            source = %api.account.source,
            stream = entity.stream,
            known = known.len(),
            there = there.len(),
            gone = gone.len(),
            dry_run = self.guards.mode == Mode::DryRun,
            "compared keys"
        );
        let (gone, unknown) =
            if self.guards.mode == Mode::On { (gone, unknown) } else { (Vec::new(), Vec::new()) };
        Ok(Swept { gone, unknown, mark: mark(&self.day) })
    }

    /// Ids that were landed, ascending.
    async fn known(&self) -> Result<Vec<i64>, String> {
        let batches = self.keys.keys(&["id"]).await.map_err(|error| error.to_string())?;
        let mut ids = Vec::new();
        for batch in &batches {
            let column = batch.column_by_name("id").and_then(|column| column.as_primitive_opt::<Int64Type>());
            ids.extend(column.ok_or("the landed ids are no whole numbers")?.iter().flatten());
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}

/// An error without its place, which is told already.
fn reason(error: &ConnectError) -> String {
    match error {
        ConnectError::Http { error, .. } | ConnectError::Open { error, .. } => error.to_string(),
        other => other.to_string(),
    }
}

/// All ids of the entity, ascending. Only an empty page is an end here.
async fn there(api: &Api, entity: &'static Entity) -> Result<Vec<i64>, ConnectError> {
    let mut ids: Vec<i64> = Vec::new();
    loop {
        let filter = format!("Id gt {}", ids.last().copied().unwrap_or_default());
        let query = [("$select", "Id"), ("$orderby", "Id"), ("$filter", filter.as_str())];
        let page = api.list(entity.stream, entity.path, &query).await?;
        if page.rows.is_empty() {
            return Ok(ids);
        }
        for raw in &page.rows {
            let id = Record::of(raw).and_then(|record| record.id());
            match id.filter(|id| ids.last().is_none_or(|last| id > last)) {
                Some(id) => ids.push(id),
                None => {
                    return Err(api.unexpected(
                        entity.stream,
                        entity.path,
                        "ids are missing or not in their order",
                    ));
                }
            }
        }
    }
}

/// What is gone, and what is there and not known; both ascending.
fn compared(known: &[i64], there: &[i64], guards: Guards) -> Result<(Vec<i64>, Vec<i64>), String> {
    let still = known.iter().filter(|id| there.binary_search(id).is_ok()).count();
    if !known.is_empty() && (still == 0 || still * 100 < known.len() * guards.floor_percent) {
        return Err(format!(
            "only {still} of {} known records are still there, fewer than {} %; see whether the key's user sees everything, \
             or lower `sweep_floor` for one day",
            known.len(),
            guards.floor_percent
        ));
    }
    let gone =
        known.iter().filter(|id| there.binary_search(id).is_err()).copied().take(guards.most).collect();
    // New records come by themselves: they have the highest ids.
    let newest = known.last().copied().unwrap_or_default();
    let unknown = there.iter().filter(|id| **id < newest && known.binary_search(id).is_err()).copied();
    Ok((gone, if guards.is_partial { Vec::new() } else { unknown.collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUARDS: Guards = Guards { mode: Mode::On, floor_percent: 80, most: 2, is_partial: false };

    #[test]
    fn what_is_missing_is_gone_up_to_the_cap() {
        let known: Vec<i64> = (1..=20).collect();
        let there: Vec<i64> = (1..=17).chain([30]).collect();
        assert_eq!(compared(&known, &there, GUARDS), Ok((vec![18, 19], vec![])));
        assert_eq!(compared(&[1, 2, 5], &[1, 2, 3, 5, 9], GUARDS), Ok((vec![], vec![3])));
        assert_eq!(compared(&[], &[], GUARDS), Ok((vec![], vec![])));
    }

    #[test]
    fn too_few_or_none_are_no_answer() {
        let known: Vec<i64> = (1..=10).collect();
        assert!(compared(&known, &known[..8], GUARDS).is_ok());
        let message = compared(&known, &known[..7], GUARDS).unwrap_err();
        assert!(message.contains("only 7 of 10"), "{message}");
        assert!(
            compared(&known, &[], Guards { floor_percent: 0, ..GUARDS }).is_err(),
            "never believe in nothing"
        );
        assert!(
            compared(&known, &(100..200).collect::<Vec<_>>(), GUARDS).is_err(),
            "others do not make up for them"
        );
    }
}
