//! The pack of an uploaded sheet: an ordinary pack, written once from what a person said about the columns and theirs from then on.
//!
//! Reads no file and stores nothing. Invariant: whatever a sheet calls its columns, the pack is valid SQL, YAML and dbt; a row counts at most
//! once, and only rows with a date count.

mod board;
mod metrics;
mod models;

use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Dimensions that a board offers as filters.
const FILTERS: usize = 6;

/// What a person said about a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetPlan {
    /// Name of source, pack and board: a SQL name.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The file, as people know it.
    pub file: String,
    pub date: DateColumn,
    pub measures: Vec<Measure>,
    pub dimensions: Vec<Dimension>,
    /// Text columns in which a word such as `Total` says that a row repeats others; empty when nothing is left out.
    pub totals_in: Vec<String>,
    /// First and last day of the rows.
    pub span: (NaiveDate, NaiveDate),
    /// The last day that the workspace's data covers once the sheet is in.
    pub covered: NaiveDate,
}

/// The column that rows are dated by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateColumn {
    pub column: String,
    pub label: String,
}

/// A column that is added up or averaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    pub column: String,
    pub label: String,
    pub mean: bool,
    pub shown: Shown,
}

/// What kind of number a measure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Integer,
    /// Digits after the decimal sign.
    Decimal(u8),
    Money,
}

/// A column that figures are broken down by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    pub column: String,
    pub label: String,
    pub of: DimensionOf,
}

/// What a dimension's column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DimensionOf {
    Text,
    /// Numbers and days, shown as they are.
    Other,
    Flag,
}

/// Files of the pack by their paths.
pub fn files(plan: &SheetPlan) -> BTreeMap<String, String> {
    let name = &plan.name;
    BTreeMap::from([
        ("dbt_project.yml".to_owned(), models::project(name)),
        ("profiles.yml".to_owned(), models::PROFILES.to_owned()),
        (".gitignore".to_owned(), "target/\nlogs/\ndbt_packages/\npackage-lock.yml\n".to_owned()),
        ("macros/generate_schema_name.sql".to_owned(), models::SCHEMA_RULE.to_owned()),
        ("models/sources.yml".to_owned(), models::sources(plan)),
        (format!("models/staging/stg_{name}.sql"), models::staging(plan)),
        (format!("models/marts/fct_{name}.sql"), models::mart(plan)),
        (format!("models/marts/{name}_calendar.sql"), models::calendar(plan)),
        ("models/marts/schema.yml".to_owned(), models::schema(plan)),
        (format!("seeds/{name}_digits.csv"), models::DIGITS.to_owned()),
        (format!("metrics/{name}.yml"), metrics::metrics(plan)),
        (format!("boards/{name}.yml"), board::board(plan)),
    ])
}

impl SheetPlan {
    /// The mart's column of days; `dia`, unless the sheet has a column of that name.
    fn day(&self) -> String {
        let columns = || {
            self.dimensions.iter().map(|one| &one.column).chain(self.measures.iter().map(|one| &one.column))
        };
        let mut day = "dia".to_owned();
        while columns().any(|column| *column == day) {
            day.push_str("_da_linha");
        }
        day
    }

    /// The metric that counts rows.
    fn rows_metric(&self) -> String {
        format!("{}_registros", self.name)
    }

    /// Name of a measure's metric or of a dimension: unique over all packs, because the sheet's name is.
    fn own(&self, column: &str) -> String {
        format!("{}_{column}", self.name)
    }
}

/// Text as a YAML string in double quotes. Jinja would be run by dbt, so that nothing is left of its signs.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 120;
    let plain: String = text
        .chars()
        .map(|c| match c {
            '{' => '(',
            '}' => ')',
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => ' ',
            c => c,
        })
        .take(LONGEST)
        .collect();
    // A JSON string is a YAML string.
    serde_json::Value::String(plain.split_whitespace().collect::<Vec<_>>().join(" ")).to_string()
}

#[cfg(test)]
mod tests;
