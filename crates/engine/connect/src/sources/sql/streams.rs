//! What is read of a database: a table, a view or a query, with its columns, its key and its cursor.
//!
//! Asks nobody (`catalogue`). Invariant: a stream has at least one column, and its key and cursor are among its columns.

use std::collections::HashSet;
use std::sync::Arc;

use super::engine::Engine;
use super::errors::SqlError;
use crate::column_name::column_names;
use crate::column_type::ColumnType;
use crate::records::{RecordColumn, Shape};

/// One column, and how it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What the database calls it.
    pub name: String,
    pub column_type: ColumnType,
    /// Gives its value as text that `column_type` can hold.
    pub read: String,
    /// Gives its value as the text that is bound to stand for it.
    pub plain: String,
    /// What rows are ordered and compared by.
    pub order: String,
    /// Makes a bound text its value: what stands before and behind the place.
    pub bind: (String, String),
    pub is_nullable: bool,
    /// Bytes of any length: read only where they tell rows apart.
    pub is_bytes: bool,
    pub growth: Growth,
}

/// How far back from a value of a cursor is, so that what was committed late is read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// Seconds.
    Moment,
    /// Seconds, in an unknown zone.
    Clock,
    /// A day.
    Day,
    /// Units.
    Number,
    /// Nobody knows: the last value itself.
    Unknown,
}

impl Growth {
    /// Whether a day has a value in it.
    pub fn is_time(self) -> bool {
        matches!(self, Growth::Moment | Growth::Clock | Growth::Day)
    }
}

/// A column as the catalogue has it: one that can be read, or one that cannot, with the reason.
pub type Found = Result<Field, String>;

/// A table, a view or a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    pub name: String,
    /// What people call it: for messages and the place of its rejects.
    pub title: String,
    pub engine: Engine,
    /// What stands behind FROM.
    pub from: String,
    pub fields: Vec<Field>,
    /// Places of the key's columns in `fields`; empty where nothing tells rows apart.
    pub key: Vec<usize>,
    pub cursor: Option<usize>,
    /// Columns that are left out, with the reason.
    pub left_out: Vec<String>,
    pub is_query: bool,
}

/// What a stream is made of.
pub struct Parts<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub from: String,
    pub columns: Vec<Found>,
    pub key: &'a [String],
    pub cursor: Option<&'a str>,
    pub is_query: bool,
}

impl Stream {
    /// # Errors
    /// `NoColumns`, `NoColumn`, `NoKey`, `SameName`.
    pub fn new(engine: Engine, parts: Parts<'_>) -> Result<Stream, SqlError> {
        let (mut fields, mut left_out) = (Vec::new(), Vec::new());
        for column in parts.columns {
            match column {
                Ok(field) if field.is_bytes && !parts.key.iter().any(|key| same(key, &field.name)) => {
                    left_out.push(format!("`{}` holds bytes", field.name));
                }
                Ok(field) => fields.push(field),
                Err(reason) => left_out.push(reason),
            }
        }
        if fields.is_empty() {
            return Err(SqlError::NoColumns { detail: left_out.join("; ") });
        }
        let mut names = HashSet::new();
        if let Some(twice) = fields.iter().find(|field| !names.insert(field.name.clone())) {
            return Err(SqlError::SameName { column: twice.name.clone() });
        }
        let key =
            parts.key.iter().map(|column| place(&fields, column, "key")).collect::<Result<Vec<_>, _>>()?;
        let cursor = parts.cursor.map(|column| place(&fields, column, "cursor")).transpose()?;
        if cursor.is_some() && key.is_empty() {
            return Err(SqlError::NoKey);
        }
        Ok(Stream {
            name: parts.name.to_owned(),
            title: parts.title.to_owned(),
            engine,
            from: parts.from,
            fields,
            key,
            cursor,
            left_out,
            is_query: parts.is_query,
        })
    }

    pub fn shape(&self) -> Shape {
        let headings: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
        let names = column_names(&headings);
        let key: Vec<&str> = self.key.iter().map(|at| names[*at].as_str()).collect();
        let column = |(field, name): (&Field, &String)| RecordColumn {
            key: field.name.clone(),
            name: name.clone(),
            column_type: field.column_type,
        };
        Shape::new(&self.name, self.fields.iter().zip(&names).map(column).collect(), &key)
    }

    pub fn key_fields(&self) -> impl Iterator<Item = &Field> {
        self.key.iter().map(|at| &self.fields[*at])
    }

    pub fn cursor_field(&self) -> Option<&Field> {
        self.cursor.map(|at| &self.fields[at])
    }

    /// Columns with their types: whether what was read before was read as it is read now.
    pub fn columns(&self) -> Vec<String> {
        self.fields.iter().map(|field| format!("{} {}", field.name, field.column_type)).collect()
    }
}

/// The place of a column, as it is written or, where only one fits, in other capitals.
fn place(fields: &[Field], column: &str, role: &'static str) -> Result<usize, SqlError> {
    let exact = fields.iter().position(|field| field.name == column);
    let alike = || {
        let mut alike = fields.iter().enumerate().filter(|(_, field)| same(&field.name, column));
        alike.next().filter(|_| alike.next().is_none()).map(|(at, _)| at)
    };
    exact.or_else(alike).ok_or_else(|| SqlError::NoColumn {
        column: column.to_owned(),
        role,
        known: fields.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(", "),
    })
}

/// Whether two names differ in capitals at most.
pub fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Whether a table with columns like these may take rows of this shape; otherwise all its rows have to come anew.
pub fn fits(shape: &Shape, known: &arrow::datatypes::Schema) -> bool {
    shape.columns.iter().all(|column| match known.field_with_name(&column.name) {
        Err(_) => true,
        Ok(field) => {
            let before = ColumnType::of_arrow(field.data_type());
            let numbers = matches!(
                (before, column.column_type),
                (ColumnType::Float, ColumnType::Integer) | (ColumnType::Integer, ColumnType::Float)
            );
            numbers || before.widened(column.column_type).is_some()
        }
    })
}

/// A stream, or why it cannot be read.
pub type Planned = Result<Arc<Stream>, SqlError>;
