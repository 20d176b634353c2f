//! Decides the columns of a stream, and how each file is read into them, from the profiles of all its files.
//!
//! Does not read files. Invariant: a type that is known from earlier files stays, unless it can widen without losing a value.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::options::StreamOptions;
use super::profile::{Profile, Profiled};
use crate::cell::{DateOrder, DecimalStyle, Reading};
use crate::column_name::names_a_code;
use crate::column_type::{ColumnType, united};
use crate::counts::Counts;
use crate::errors::{ConnectError, TypeChange};
use crate::source::{FILE_COLUMN, ROW_COLUMN, SOURCE_NAME};
use crate::tally::Evidence;

/// A column of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedColumn {
    pub name: String,
    pub source_name: String,
    pub column_type: ColumnType,
    pub overridden: bool,
    pub values: u64,
}

/// How one file is read: for each column of the stream, which column of the file it is (if any) and how its characters are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePlan {
    pub columns: Vec<Option<(usize, Reading)>>,
}

/// The stream's columns, and a plan per profile (or why it cannot be read).
#[derive(Debug)]
pub struct Plan {
    pub columns: Vec<PlannedColumn>,
    pub files: Vec<Result<FilePlan, ConnectError>>,
}

impl Plan {
    /// The stream's schema with our own two columns at its end.
    pub fn schema(&self) -> SchemaRef {
        let mut fields: Vec<Field> = Vec::with_capacity(self.columns.len() + 2);
        for column in &self.columns {
            let metadata = HashMap::from([(SOURCE_NAME.to_owned(), column.source_name.clone())]);
            fields.push(Field::new(&column.name, column.column_type.arrow(), true).with_metadata(metadata));
        }
        fields.push(Field::new(FILE_COLUMN, DataType::Utf8, true));
        fields.push(Field::new(ROW_COLUMN, DataType::Int64, true));
        Arc::new(Schema::new(fields))
    }
}

/// What earlier files have taught.
#[derive(Debug, Default)]
pub struct Learned {
    /// How they wrote numbers and dates.
    pub evidence: Evidence,
    /// Columns that had no value in any of them: their known type is nobody's word.
    pub never_filled: HashSet<String>,
}

/// Decides.
pub fn plan(
    stream: &str,
    options: &StreamOptions,
    known: Option<&Schema>,
    learned: &Learned,
    profiles: &[Arc<Profile>],
) -> Plan {
    let readings = Readings::new(options, learned.evidence, profiles);
    let mut columns: Vec<PlannedColumn> = known.map(known_columns).unwrap_or_default();
    let known_count = columns.len();
    let mut seen: HashSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    for profile in profiles {
        for (name, source_name) in profile.names.iter().zip(&profile.source_names) {
            if seen.insert(name.clone()) {
                columns.push(planned(name, source_name, ColumnType::Text));
            }
        }
    }
    let mut failures: Vec<Option<ConnectError>> = profiles.iter().map(|_| None).collect();
    for (at, column) in columns.iter_mut().enumerate() {
        let parts: Vec<Part<'_>> = parts_of(column, profiles, &readings);
        column.values = parts.iter().map(|part| part.counts.values).sum();
        if let Some(part) = parts.first() {
            column.source_name.clone_from(&profiles[part.file].source_names[part.column]);
        }
        if let Some(fixed) = options.columns.get(&column.name) {
            (column.column_type, column.overridden) = (*fixed, true);
        } else if at < known_count
            && !(column.column_type == ColumnType::Text && learned.never_filled.contains(&column.name))
        {
            column.column_type = keep_or_widen(stream, column, &parts, profiles, &mut failures);
        } else {
            column.column_type = fresh(&column.name, &parts);
        }
    }
    let file_plan = |(file, profile): (usize, &Arc<Profile>)| {
        let mut places: HashMap<&str, usize> = profile.names.iter().map(String::as_str).zip(0..).collect();
        let place = |column: &PlannedColumn| {
            let at = places.remove(column.name.as_str())?;
            Some((at, readings.of(file, at)))
        };
        FilePlan { columns: columns.iter().map(place).collect() }
    };
    let plans: Vec<FilePlan> = profiles.iter().enumerate().map(file_plan).collect();
    let files =
        plans.into_iter().zip(failures).map(|(plan, failure)| failure.map_or(Ok(plan), Err)).collect();
    Plan { columns, files }
}

fn planned(name: &str, source_name: &str, column_type: ColumnType) -> PlannedColumn {
    let (name, source_name) = (name.to_owned(), source_name.to_owned());
    PlannedColumn { name, source_name, column_type, overridden: false, values: 0 }
}

fn known_columns(schema: &Schema) -> Vec<PlannedColumn> {
    let own = schema.fields().iter().filter(|field| !field.name().starts_with("_mirante_"));
    own.map(|field| {
        let source_name = field.metadata().get(SOURCE_NAME).unwrap_or(field.name());
        planned(field.name(), source_name, ColumnType::of_arrow(field.data_type()))
    })
    .collect()
}

/// What one file says about a column.
struct Part<'p> {
    file: usize,
    column: usize,
    counts: Counts,
    profiled: &'p Profiled,
}

impl Part<'_> {
    /// The type that this file alone would give; `None` when it has no values.
    fn column_type(&self) -> Option<ColumnType> {
        self.profiled.declared.or_else(|| (self.counts.values > 0).then(|| self.counts.decide()))
    }
}

fn parts_of<'p>(column: &PlannedColumn, profiles: &'p [Arc<Profile>], readings: &Readings) -> Vec<Part<'p>> {
    let mut parts = Vec::new();
    for (file, profile) in profiles.iter().enumerate() {
        if let Some(at) = profile.names.iter().position(|name| *name == column.name) {
            let counts = profile.columns[at].tally.read_as(readings.of(file, at));
            parts.push(Part { file, column: at, counts, profiled: &profile.columns[at] });
        }
    }
    parts
}

/// The type of a column that no earlier file had.
fn fresh(name: &str, parts: &[Part<'_>]) -> ColumnType {
    let mut counts = Counts::default();
    parts.iter().filter(|part| part.profiled.declared.is_none()).for_each(|part| counts.add(part.counts));
    let detected = (counts.values > 0).then(|| counts.decide());
    let declared = parts.iter().filter_map(|part| part.profiled.declared);
    let column_type = detected.into_iter().chain(declared).reduce(united).unwrap_or(ColumnType::Text);
    if column_type == ColumnType::Integer && detected.is_some() && names_a_code(name) {
        return ColumnType::Text;
    }
    column_type
}

/// The known type, or a wider one; files that fit neither get their failure.
fn keep_or_widen(
    stream: &str,
    column: &PlannedColumn,
    parts: &[Part<'_>],
    profiles: &[Arc<Profile>],
    failures: &mut [Option<ConnectError>],
) -> ColumnType {
    let known = column.column_type;
    let mut kept = known;
    for part in parts {
        let Some(found) = part.column_type() else { continue };
        if let Some(wider) = part.counts.needed(known, found) {
            kept = kept.widened(wider).unwrap_or(kept);
            continue;
        }
        // What the file declares is nobody's guess: of its counts only text has any.
        if part.counts.mostly_fit(known) {
            continue;
        }
        let profile = &profiles[part.file];
        let stranger = part.profiled.tally.stranger(known);
        let (row, value) = stranger.unwrap_or((profile.format.sheet_first, "its declared type"));
        let change = TypeChange {
            stream: stream.to_owned(),
            file: profile.unit.file.clone(),
            column: column.name.clone(),
            row,
            value: value.to_owned(),
            known,
            found,
        };
        failures[part.file].get_or_insert_with(|| ConnectError::TypeChanged(Box::new(change)));
    }
    kept
}

/// How the characters of every column of every file are read.
struct Readings {
    decimal: Option<DecimalStyle>,
    date_order: Option<DateOrder>,
    /// Evidence of a column over all files.
    by_name: HashMap<String, Evidence>,
    all: Evidence,
    learned: Evidence,
    files: Vec<Arc<Profile>>,
}

impl Readings {
    fn new(options: &StreamOptions, learned: Evidence, profiles: &[Arc<Profile>]) -> Readings {
        let mut by_name: HashMap<String, Evidence> = HashMap::new();
        let mut all = Evidence::default();
        for profile in profiles {
            all.add(profile.evidence);
            for (name, column) in profile.names.iter().zip(&profile.columns) {
                by_name.entry(name.clone()).or_default().add(column.tally.evidence());
            }
        }
        let (decimal, date_order) = (options.decimal, options.date_order);
        Readings { decimal, date_order, by_name, all, learned, files: profiles.to_vec() }
    }

    /// The column's own evidence counts first, then that of the same column elsewhere, of its file, of the stream, of former files.
    fn of(&self, file: usize, column: usize) -> Reading {
        let profile = &self.files[file];
        let named = self.by_name.get(&profile.names[column]).copied().unwrap_or_default();
        let own = profile.columns[column].tally.evidence();
        let steps = [own, named, profile.evidence, self.all, self.learned];
        let decimal = self.decimal.or_else(|| steps.iter().find_map(Evidence::decimal));
        let date_order = self.date_order.or_else(|| steps.iter().find_map(Evidence::date_order));
        Reading {
            decimal: decimal.unwrap_or_else(|| profile.usual_decimal()),
            date_order: date_order.unwrap_or(DateOrder::DayFirst),
        }
    }
}

/// The reading that most columns of a file have, to be shown.
pub fn usual_reading(
    options: &StreamOptions,
    learned: Evidence,
    profile: &Profile,
) -> (Option<DecimalStyle>, Option<DateOrder>) {
    let steps = [profile.evidence, learned];
    (
        options.decimal.or_else(|| steps.iter().find_map(Evidence::decimal)),
        options.date_order.or_else(|| steps.iter().find_map(Evidence::date_order)),
    )
}
