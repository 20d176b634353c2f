//! A look at one uploaded table before anything is landed: its columns, some values as they are written and as they are understood, and what
//! would not fit.
//!
//! Decides no roles and makes no board. Invariant: what it counts comes from the very readers that land the file afterwards, so that both agree.

mod stats;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use self::stats::Stats;
pub use self::stats::TOTALS;
use super::assemble::{Assembly, assemble};
use super::options::{FormatKind, Limits, StreamOptions, TextEncoding};
use super::plan::{FilePlan, Learned, PlannedColumn, plan};
use super::profile::{self, Profile, format_of};
use super::rows::{RowSink, Unit};
use super::{csv, xlsx};
use crate::batches::{Batches, guarded};
use crate::cell::{Cell, Reading, shown_cell, trimmed};
use crate::column_builder::{ColumnBuilder, Manner};
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::rejects::Rejects;
use crate::sources::sheet::STREAM;

/// Values of a column that are shown.
const EXAMPLES: usize = 4;
/// Among so many of the first rows.
const EXAMPLE_ROWS: u64 = 400;
/// Rejected values of a column that are shown.
const MISFITS: usize = 3;
/// Uploads are believed less than a folder of the company's own.
pub(super) const LIMITS: Limits = Limits {
    row_bytes: 4 << 20,
    cell_bytes: 256 << 10,
    unpacked_bytes: 2 << 30,
    unpacked_ratio: 100,
    workbook_strings_bytes: 128 << 20,
    columns: 500,
    rejects: 100_000,
};

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Where the content lies.
    pub path: PathBuf,
    /// What messages call it.
    pub file: String,
    /// Which sheet of a workbook; the first filled one when none is named or there is none of that name.
    pub sheet: Option<String>,
    /// Types by the columns' SQL names; the others are detected.
    pub columns: BTreeMap<String, ColumnType>,
    /// Rows that repeat a total are counted like any other.
    pub keep_totals: bool,
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// Filled sheets of the workbook, in order; empty for text.
    pub sheets: Vec<String>,
    pub sheet: Option<String>,
    /// Rows that would be landed.
    pub rows: u64,
    /// Rows that would be rejected.
    pub rejected: u64,
    /// Rows that repeat a total: a text cell of theirs says nothing but that.
    pub totals: u64,
    pub columns: Vec<LookedAt>,
}

/// A column of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct LookedAt {
    pub name: String,
    /// What the file calls it; empty when it does not.
    pub source_name: String,
    /// The type that its values have.
    pub detected: ColumnType,
    /// The type that is probably meant, although some values are not of it.
    pub likely: ColumnType,
    /// The type that it would be landed with.
    pub column_type: ColumnType,
    /// Values of rows that would be landed; here and below rows that repeat a total are left out, unless they are to be kept.
    pub values: u64,
    /// How many different ones; none when there are more than a person reads, or of numbers with a fraction and dates.
    pub distinct: Option<u64>,
    /// Of numbers: their exact sum as `(unscaled, scale)`.
    pub total: Option<(i128, u8)>,
    /// Of dates: the first and the last as days since 1970-01-01.
    pub span: Option<(i32, i32)>,
    /// The longest text, in characters.
    pub longest: usize,
    pub examples: Vec<Example>,
    /// Values that do not fit the type.
    pub misfits: u64,
    /// Some of them, with their rows.
    pub strangers: Vec<(i64, String)>,
}

/// A value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// As it stands in the file.
    pub written: String,
    /// As it would be landed: numbers with a point, dates as ISO; none when it does not fit.
    pub understood: Option<String>,
}

/// Looks at an upload. Blocks while it reads the file two times.
///
/// # Errors
/// Why it is no table that can be read: not CSV or XLSX, protected, broken, empty, over a limit.
pub fn look(lookup: &Lookup) -> Result<Look, ConnectError> {
    let mut unit = Unit { path: lookup.path.clone(), file: lookup.file.clone(), sheet: None };
    let detecting = StreamOptions::default();
    let format = guarded(&unit.file, || format_of(&unit, &detecting, &LIMITS))?;
    let sheets = match format.kind {
        FormatKind::Csv => Vec::new(),
        FormatKind::Xlsx => guarded(&unit.file, || xlsx::sheets_of(&unit, &format, &LIMITS))?,
        FormatKind::Parquet | FormatKind::JsonLines => {
            return Err(refused(&unit, "it is a file of another kind"));
        }
    };
    unit.sheet =
        sheets.iter().find(|sheet| lookup.sheet.as_ref() == Some(*sheet)).or(sheets.first()).cloned();
    let profile = profile::profile(&unit, &detecting, &LIMITS)?.map(Arc::new);
    let profile = profile.ok_or_else(|| refused(&unit, "it is empty"))?;
    if profile.rows == 0 {
        return Err(refused(&unit, "it has column names, but no rows"));
    }
    // A workbook cannot be wider than the limits; text only shows its width when it is read.
    if profile.names.len() as u64 > LIMITS.columns {
        return Err(ConnectError::TooLarge {
            file: unit.file,
            what: format!("its {} columns", profile.names.len()),
            limit: LIMITS.columns,
            setting: "columns",
        });
    }
    let profiles = std::slice::from_ref(&profile);
    let detected = plan(STREAM, &detecting, None, &Learned::default(), profiles).columns;
    let options = StreamOptions { columns: lookup.columns.clone(), ..StreamOptions::default() };
    let mut planned = plan(STREAM, &options, None, &Learned::default(), profiles);
    let schema = planned.schema();
    let file_plan = planned.files.remove(0)?;
    let columns = Arc::new(planned.columns);
    let sources = file_plan.columns.iter().zip(&detected);
    let likely: Vec<ColumnType> =
        sources.map(|(source, column)| likely(&profile, column.column_type, source.as_ref())).collect();
    let examples = guarded(&unit.file, || examples(&profile, &columns, &file_plan))?;
    let rejects = Rejects::new(&unit.file);
    let assembly = Assembly {
        stream: STREAM.to_owned(),
        profile: profile.clone(),
        plan: file_plan,
        columns: columns.clone(),
        schema,
        null_words: Vec::new(),
        limits: LIMITS,
        rejects: rejects.clone(),
    };
    let mut stats: Vec<Stats> = columns.iter().map(|column| Stats::new(column.column_type)).collect();
    let (mut rows, mut totals) = (0, 0);
    for batch in Batches::new(&unit.file, move |sender| assemble(&assembly, sender)).blocking() {
        let batch = batch?;
        rows += batch.num_rows() as u64;
        let (counted, repeating) = stats::without_totals(&batch, columns.len())?;
        totals += repeating;
        let counted = if lookup.keep_totals { &batch } else { &counted };
        stats.iter_mut().zip(counted.columns()).for_each(|(stats, values)| stats.add(values));
    }
    let rejected = rejects.count();
    let mut found: Vec<LookedAt> = columns
        .iter()
        .zip(stats)
        .zip(detected)
        .zip(likely)
        .zip(examples)
        .map(|((((column, stats), detected), likely), examples)| {
            looked_at(column, stats, (detected.column_type, likely), examples)
        })
        .collect();
    misfits(&rejects, &mut found);
    Ok(Look { sheets, sheet: unit.sheet, rows, rejected, totals, columns: found })
}

fn refused(unit: &Unit, detail: &str) -> ConnectError {
    ConnectError::Format {
        file: unit.file.clone(),
        expected: "a table",
        detail: detail.to_owned(),
        remedy: "send a CSV or XLSX file with a row of column names and rows below it",
    }
}

/// Numbers under a name of codes are text on purpose; days and fractions among texts are not.
fn likely(profile: &Profile, detected: ColumnType, source: Option<&(usize, Reading)>) -> ColumnType {
    let Some((at, reading)) = source.filter(|_| detected == ColumnType::Text) else { return detected };
    match profile.columns[*at].tally.read_as(*reading).likely() {
        meant @ (ColumnType::Date | ColumnType::Decimal { .. }) => meant,
        _ => detected,
    }
}

fn looked_at(
    column: &PlannedColumn,
    stats: Stats,
    (detected, likely): (ColumnType, ColumnType),
    examples: Vec<Example>,
) -> LookedAt {
    LookedAt {
        name: column.name.clone(),
        source_name: column.source_name.clone(),
        detected,
        likely,
        column_type: column.column_type,
        values: stats.values,
        distinct: stats.distinct(),
        total: stats.total,
        span: stats.span,
        longest: stats.longest,
        examples,
        misfits: 0,
        strangers: Vec::new(),
    }
}

fn misfits(rejects: &Rejects, found: &mut [LookedAt]) {
    let batch = rejects.take();
    let (rows, names, values) = (
        batch.column(1).as_primitive::<Int64Type>(),
        batch.column(2).as_string::<i32>(),
        batch.column(3).as_string::<i32>(),
    );
    for at in 0..batch.num_rows() {
        let column = found.iter_mut().find(|column| names.is_valid(at) && column.name == names.value(at));
        let Some(column) = column else { continue };
        column.misfits += 1;
        if column.strangers.len() < MISFITS {
            column.strangers.push((rows.value(at), values.value(at).to_owned()));
        }
    }
}

/// Some different values of every column among the first rows.
fn examples(
    profile: &Profile,
    columns: &[PlannedColumn],
    plan: &FilePlan,
) -> Result<Vec<Vec<Example>>, ConnectError> {
    let encoding = profile.format.encoding.map_or(encoding_rs::UTF_8, TextEncoding::of_cells);
    let shelf = |(column, source): (&PlannedColumn, &Option<(usize, Reading)>)| Shelf {
        source: source.map(|(at, reading)| (at, Manner { reading, encoding })),
        builder: ColumnBuilder::new(column.column_type),
        written: Vec::new(),
        fits: Vec::new(),
    };
    let mut shelves = Shelves { shelves: columns.iter().zip(&plan.columns).map(shelf).collect(), rows: 0 };
    let (unit, format, width) = (&profile.unit, &profile.format, profile.source_names.len());
    let scanned = match format.kind {
        FormatKind::Xlsx => {
            let mut opened = xlsx::open(unit, format, &LIMITS)?;
            xlsx::scan(&mut opened, unit, format, width, &mut shelves)
        }
        _ => csv::scan(unit, format, width, &LIMITS, &mut shelves).map(drop),
    };
    match scanned {
        Ok(()) | Err(ConnectError::Stopped) => Ok(shelves.shelves.into_iter().map(Shelf::examples).collect()),
        Err(error) => Err(error),
    }
}

/// The values of one column that are shown.
struct Shelf {
    source: Option<(usize, Manner)>,
    builder: ColumnBuilder,
    written: Vec<String>,
    fits: Vec<bool>,
}

impl Shelf {
    fn add(&mut self, cell: Cell<'_>, manner: &Manner) {
        let blank = match cell {
            Cell::Empty => true,
            Cell::Raw(bytes) => trimmed(bytes).is_empty(),
            _ => false,
        };
        if blank || self.written.len() >= EXAMPLES {
            return;
        }
        let written = shown_cell(cell, manner.encoding);
        if !self.written.contains(&written) {
            self.written.push(written);
            self.fits.push(self.builder.push(cell, manner).is_ok());
        }
    }

    fn examples(mut self) -> Vec<Example> {
        let values = self.builder.finish();
        let options = FormatOptions::default();
        let Ok(shown) = ArrayFormatter::try_new(&values, &options) else { return Vec::new() };
        let understood =
            |at: usize| (self.fits[at] && values.is_valid(at)).then(|| shown.value(at).to_string());
        self.written
            .iter()
            .enumerate()
            .map(|(at, written)| Example { written: written.clone(), understood: understood(at) })
            .collect()
    }
}

struct Shelves {
    shelves: Vec<Shelf>,
    rows: u64,
}

impl RowSink for Shelves {
    fn columns(&mut self, _count: usize) {}

    fn row<'c>(&mut self, _at: u64, cell: impl Fn(usize) -> Cell<'c>) -> Result<(), ConnectError> {
        self.rows += 1;
        for shelf in &mut self.shelves {
            if let Some((column, manner)) = shelf.source {
                shelf.add(cell(column), &manner);
            }
        }
        if self.rows >= EXAMPLE_ROWS { Err(ConnectError::Stopped) } else { Ok(()) }
    }

    fn reject(&mut self, _at: u64, _raw: &str, _reason: &str) -> Result<(), ConnectError> {
        Ok(())
    }
}
