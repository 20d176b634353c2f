//! Slices from the lake: the rows of a fact, with the columns that a set of metrics needs, as a session sees them.
//!
//! Keeps and sends nothing (`server`). Invariant: a column that a slice cannot hold exactly is left out, so that its questions go to the lake.

use crate::errors::ScanError;
use crate::{AskError, Catalogue, sql};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type, Schema};
use futures::StreamExt;
use lake::Session;
use plan::Definitions;
use plan::sliced::{Role, wanted};
use slice::{Builder, Built, Column, Input, Kind, Manifest, SliceError};
use std::sync::Arc;

/// Facts with more rows are not sliced as they are.
pub const MAX_ROWS: u64 = 2_000_000;

/// Why a fact has no slice.
#[derive(Debug, thiserror::Error)]
pub enum SlicingError {
    #[error(transparent)]
    Lake(#[from] AskError),
    #[error(transparent)]
    Slice(#[from] SliceError),
    #[error("`{fact}` has {rows} rows, more than the {MAX_ROWS} that are sliced")]
    TooManyRows { fact: String, rows: u64 },
    #[error("no metric counts `{fact}`")]
    Uncounted { fact: String },
}

/// What a slice is called.
#[derive(Debug, Clone, Copy)]
pub struct Title<'a> {
    pub fact: &'a str,
    pub policy: &'a str,
    pub edition: u64,
}

/// The slice of a fact for the metrics and dimensions of `part`. With `before`, the slice of an earlier edition and all of its dictionaries,
/// members keep their codes, and months that did not change keep their names.
///
/// # Errors
/// `TooManyRows`, `Uncounted`, and what the lake says.
pub async fn slice(
    session: &Session,
    catalogue: &Catalogue,
    part: &Definitions,
    fact: usize,
    title: Title<'_>,
    before: Option<&Built>,
) -> Result<Built, SlicingError> {
    let name = &part.facts[fact].name;
    let mut columns = wanted(part, fact);
    if columns.is_empty() {
        return Err(SlicingError::Uncounted { fact: name.clone() });
    }
    let (alone, joined) = counts(session, &sql::counts_text(catalogue, fact, &columns)).await?;
    if alone != joined {
        // A doubled key would double the rows of metrics that need no join.
        columns.retain(|(_, column)| part.facts[fact].columns[*column].joins.is_empty());
    }
    if alone > MAX_ROWS {
        return Err(SlicingError::TooManyRows { fact: name.clone(), rows: alone });
    }
    let text = sql::rows_text(catalogue, fact, &columns);
    let schema = session.schema(&text).await.map_err(engine)?;
    let kept: Vec<(Role, usize)> = columns
        .into_iter()
        .zip(schema.fields())
        .filter(|((role, _), field)| *role != Role::Number || scale(field.data_type()).is_some())
        .map(|(column, _)| column)
        .collect();
    let text = sql::rows_text(catalogue, fact, &kept);
    let mut stream = session.stream(&text).await.map_err(engine)?;
    let columns = columns_of(part, fact, &kept, &stream.schema(), before.map(|built| &built.manifest));
    let mut builder =
        Builder::new(columns, |id| before.and_then(|built| built.blobs.get(id)).map(Vec::as_slice))?;
    while let Some(batch) = stream.next().await {
        add(&mut builder, &kept, &batch.map_err(engine)?)?;
    }
    Ok(builder.finish(title.fact, title.policy, title.edition))
}

fn engine(error: lake::LakeError) -> SlicingError {
    SlicingError::Lake(AskError::engine(Arc::new(ScanError::Lake(error))))
}

fn unreadable(kind: &DataType) -> SlicingError {
    SlicingError::Lake(AskError::engine(Arc::new(ScanError::ColumnType { kind: kind.to_string() })))
}

async fn counts(session: &Session, text: &str) -> Result<(u64, u64), SlicingError> {
    let batches = session.query(text).await.map_err(engine)?;
    let count = |column: usize| {
        let numbers = batches.first()?.column(column).as_primitive_opt::<Int64Type>()?;
        (!numbers.is_empty()).then(|| numbers.value(0).unsigned_abs())
    };
    count(0).zip(count(1)).ok_or_else(|| SlicingError::Lake(AskError::engine(Arc::new(ScanError::Stopped))))
}

/// The digits behind the point of a type whose numbers are exact.
fn scale(kind: &DataType) -> Option<u8> {
    match kind {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            u8::try_from(*scale).ok()
        }
        DataType::UInt64 => None,
        kind => kind.is_integer().then_some(0),
    }
}

fn columns_of(
    part: &Definitions,
    fact: usize,
    kept: &[(Role, usize)],
    schema: &Schema,
    before: Option<&Manifest>,
) -> Vec<Column> {
    let column = |((role, column), field): (&(Role, usize), &Arc<arrow::datatypes::Field>)| {
        let name = role.name(&part.facts[fact], *column);
        let known = before.and_then(|manifest| manifest.columns.iter().find(|known| known.name == name));
        let dictionary = known.map(|known| known.kind.dictionary().to_vec()).unwrap_or_default();
        let kind = match role {
            Role::Day => Kind::Day,
            Role::Member | Role::Flag | Role::Filled => Kind::Dimension { dictionary },
            Role::Identity => Kind::Entity { dictionary },
            Role::Number => Kind::Measure { scale: scale(field.data_type()).unwrap_or(0) },
        };
        Column { name, kind }
    };
    kept.iter().zip(schema.fields()).map(column).collect()
}

/// A column of a batch as a slice takes it.
enum Taken {
    Days(Vec<Option<i32>>),
    Texts(arrow::array::StringArray),
    Numbers(Vec<Option<i128>>),
}

fn add(builder: &mut Builder, kept: &[(Role, usize)], batch: &RecordBatch) -> Result<(), SlicingError> {
    let mut taken = Vec::with_capacity(kept.len());
    for ((role, _), column) in kept.iter().zip(batch.columns()) {
        let to = |kind: &DataType| cast(column, kind).map_err(|_| unreadable(column.data_type()));
        taken.push(match role {
            Role::Day => Taken::Days(to(&DataType::Date32)?.as_primitive::<Date32Type>().iter().collect()),
            Role::Member | Role::Flag | Role::Filled | Role::Identity => {
                Taken::Texts(to(&DataType::Utf8)?.as_string::<i32>().clone())
            }
            Role::Number => {
                let scale = scale(column.data_type()).ok_or_else(|| unreadable(column.data_type()))?;
                let wide = to(&DataType::Decimal128(38, scale as i8))?;
                Taken::Numbers(wide.as_primitive::<Decimal128Type>().iter().collect())
            }
        });
    }
    let texts: Vec<Vec<Option<&str>>> = taken
        .iter()
        .map(|taken| if let Taken::Texts(texts) = taken { texts.iter().collect() } else { Vec::new() })
        .collect();
    let inputs: Vec<Input<'_>> = taken
        .iter()
        .zip(&texts)
        .map(|(taken, texts)| match taken {
            Taken::Days(days) => Input::Days(days),
            Taken::Numbers(numbers) => Input::Numbers(numbers),
            Taken::Texts(_) => Input::Texts(texts),
        })
        .collect();
    Ok(builder.add(&inputs)?)
}
