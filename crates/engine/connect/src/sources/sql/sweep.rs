//! Finds what a table has no more: it does not tell of deletions, the rows are only missing.
//!
//! Lands nothing (`passage`). Invariant: what cannot be told apart from a failure is no deletion.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use sha2::{Digest, Sha256};

use super::errors::SqlError;
use super::rows::{cell, short};
use super::session::{Session, patiently};
use super::statements::{self, After, Part, Selection};
use super::streams::Stream;
use crate::column_builder::ColumnBuilder;
use crate::column_type::ColumnType;
use crate::records::{MANNER, Shape};
use crate::source::{LandedKeys, Mark};

/// Key of the mark.
pub const SWEEP: &str = "sweep";

/// Keys that are listed at a time.
const PAGE: usize = 50_000;
/// Rows that are there and were never landed, and are read again in one go.
const MOST_MISSING: usize = 10_000;
/// So few may be gone of any table, whatever part of it they are.
const FEW: usize = 20;

/// What holds a sweep back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    pub mode: Mode,
    /// Fewer rows than this percentage of the known ones are no plausible answer.
    pub floor_percent: u64,
    /// Deletions that are believed in one go; the others are looked at again another day.
    pub most: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    On,
    /// Counts, and changes nothing.
    DryRun,
    Off,
}

impl Guards {
    /// Whether a table that had `before` rows may have kept `now` of them.
    ///
    /// # Errors
    /// Says why not, and what to do.
    pub fn check(self, before: u64, now: u64) -> Result<(), String> {
        let gone = before.saturating_sub(now);
        let is_hollow = now == 0 || (gone > FEW as u64 && now * 100 < before * self.floor_percent);
        if before == 0 || self.floor_percent == 0 || !is_hollow {
            return Ok(());
        }
        Err(format!(
            "only {now} of {before} known rows are still there, fewer than {} %; see whether the user still sees everything, \
             or lower `sweep_floor` for one day, 0 for an empty table",
            self.floor_percent
        ))
    }
}

/// One comparison of what is there with what was landed.
pub struct Sweep {
    pub keys: Arc<dyn LandedKeys>,
    pub guards: Guards,
    /// For the mark.
    pub day: String,
}

/// What a comparison brought.
#[derive(Debug, Default)]
pub struct Swept {
    /// Keys that were landed and are there no more.
    pub gone: Vec<Vec<Option<String>>>,
    /// Keys that are there and were not landed: committed later than anybody waits.
    pub missing: Vec<After>,
}

/// Why there is nothing to go by.
pub enum Failed {
    Asking(SqlError),
    Implausible(String),
}

/// The mark of a day on which a sweep was begun: however it ends, the next one is another day's.
pub fn mark(day: &str) -> Mark {
    Mark { key: SWEEP.to_owned(), value: serde_json::json!({ "day": day }) }
}

impl Sweep {
    /// Compares.
    ///
    /// # Errors
    /// What the server answers, and what is not plausible.
    pub async fn run(self, session: &mut Session, stream: &Stream, shape: &Shape) -> Result<Swept, Failed> {
        let (landed, mut left) =
            Landed::load(self.keys.as_ref(), stream, shape).await.map_err(Failed::Implausible)?;
        let known = left.len();
        let mut missing = Vec::new();
        let mut after: Option<After> = None;
        loop {
            let keys = page(session, stream, after.as_ref()).await.map_err(Failed::Asking)?;
            let count = keys.texts.len();
            let arrays = keys.arrays;
            let hashes = landed.hashed(&arrays).map_err(Failed::Implausible)?;
            after = keys.texts.last().cloned();
            for (hash, text) in hashes.into_iter().zip(keys.texts) {
                if !left.remove(&hash) && missing.len() < MOST_MISSING {
                    missing.push(text);
                }
            }
            if count < PAGE {
                break;
            }
        }
        let gone = left.len();
        tracing::info!(stream = %stream.name, known, gone, missing = missing.len(), mode = ?self.guards.mode, "compared keys");
        self.guards.check(known as u64, (known - gone) as u64).map_err(Failed::Implausible)?;
        if self.guards.mode != Mode::On {
            return Ok(Swept::default());
        }
        Ok(Swept { gone: landed.texts(&left, self.guards.most).map_err(Failed::Implausible)?, missing })
    }
}

/// The keys that were landed.
struct Landed {
    batches: Vec<Vec<ArrayRef>>,
    converter: RowConverter,
}

impl Landed {
    /// The keys, and the digest of each.
    async fn load(
        keys: &dyn LandedKeys,
        stream: &Stream,
        shape: &Shape,
    ) -> Result<(Landed, HashSet<u128>), String> {
        let names: Vec<&str> = shape.key.iter().map(String::as_str).collect();
        let types: Vec<ColumnType> = stream.key_fields().map(|field| field.column_type).collect();
        let batches = keys.keys(&names).await.map_err(|error| error.to_string())?;
        let as_now = |batch: &RecordBatch| -> Result<Vec<ArrayRef>, String> {
            let column = |(name, column_type): (&&str, &ColumnType)| {
                let column =
                    batch.column_by_name(name).ok_or_else(|| format!("the landed rows have no `{name}`"))?;
                arrow::compute::cast(column, &column_type.arrow()).map_err(|error| error.to_string())
            };
            names.iter().zip(&types).map(column).collect()
        };
        let batches: Vec<Vec<ArrayRef>> = batches.iter().map(as_now).collect::<Result<_, _>>()?;
        let sorts = types.iter().map(|column_type| SortField::new(column_type.arrow())).collect();
        let converter = RowConverter::new(sorts).map_err(|error| error.to_string())?;
        let landed = Landed { batches, converter };
        let mut hashes = HashSet::new();
        for batch in &landed.batches {
            hashes.extend(landed.hashed(batch)?);
        }
        Ok((landed, hashes))
    }

    fn hashed(&self, columns: &[ArrayRef]) -> Result<Vec<u128>, String> {
        let rows = self.converter.convert_columns(columns).map_err(|error| error.to_string())?;
        Ok(rows.iter().map(|row| short(&Sha256::digest(row.data()))).collect())
    }

    /// The keys with these hashes, as texts.
    fn texts(&self, wanted: &HashSet<u128>, most: usize) -> Result<Vec<Vec<Option<String>>>, String> {
        let mut found = Vec::new();
        let options = FormatOptions::default();
        for landed in &self.batches {
            let columns: Vec<ArrayRef> = landed.iter().map(shown).collect::<Result<_, _>>()?;
            let formatters: Vec<ArrayFormatter<'_>> = columns
                .iter()
                .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
                .collect::<Result<_, _>>()
                .map_err(|error| error.to_string())?;
            for (at, hash) in self.hashed(landed)?.into_iter().enumerate() {
                if found.len() >= most {
                    return Ok(found);
                }
                if wanted.contains(&hash) {
                    let texts = columns.iter().zip(&formatters);
                    found.push(
                        texts
                            .map(|(column, text)| (!column.is_null(at)).then(|| text.value(at).to_string()))
                            .collect(),
                    );
                }
            }
        }
        Ok(found)
    }
}

/// A column that can be written out: the name of a zone says nothing to whoever has no list of zones.
fn shown(column: &ArrayRef) -> Result<ArrayRef, String> {
    match column.data_type() {
        DataType::Timestamp(unit, Some(_)) => {
            let utc = DataType::Timestamp(*unit, Some("+00:00".into()));
            arrow::compute::cast(column, &utc).map_err(|error| error.to_string())
        }
        _ => Ok(column.clone()),
    }
}

/// Keys of a page: as columns, and as the texts that are bound for them.
struct Page {
    arrays: Vec<ArrayRef>,
    texts: Vec<After>,
}

async fn page(session: &mut Session, stream: &Stream, after: Option<&After>) -> Result<Page, SqlError> {
    let selection = Selection::of_key(stream);
    let asking = statements::page(stream, &selection, Part::All, (None, after), PAGE);
    let setting = session.setting().clone();
    let types: Vec<ColumnType> = stream.key_fields().map(|field| field.column_type).collect();
    let mut builders: Vec<ColumnBuilder> = types.iter().copied().map(ColumnBuilder::new).collect();
    let mut texts: Vec<After> = Vec::new();
    let reading = async {
        let mut rows = session.rows(asking.sql, &asking.given);
        while let Some(row) = rows.try_next().await? {
            for (at, (builder, column_type)) in builders.iter_mut().zip(&types).enumerate() {
                // What does not fit has been rejected when it came, and is null in both.
                let _ = builder.push(cell(row.text(at)?, *column_type), &MANNER);
            }
            let text =
                |at: usize| Ok(String::from_utf8_lossy(row.text(at)?.unwrap_or_default()).into_owned());
            texts.push((types.len()..2 * types.len()).map(text).collect::<Result<_, sqlx::Error>>()?);
        }
        Ok(())
    };
    let read: Result<(), sqlx::Error> = patiently(&setting, reading).await?;
    read.map_err(|error| setting.of_asking(&error))?;
    Ok(Page { arrays: builders.iter_mut().map(ColumnBuilder::finish).collect(), texts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_or_none_are_no_answer() {
        let guards = Guards { mode: Mode::On, floor_percent: 80, most: 10 };
        assert!(guards.check(1000, 800).is_ok() && guards.check(0, 0).is_ok());
        assert!(guards.check(1000, 799).unwrap_err().contains("only 799 of 1000"));
        assert!(guards.check(3, 1).is_ok(), "a few may go from a small table");
        assert!(guards.check(3, 0).is_err(), "never believe in nothing");
        assert!(Guards { floor_percent: 0, ..guards }.check(3, 0).is_ok(), "unless a person says so");
    }
}
