//! What one reader may see of the tables: which of them, which of their rows, and which columns only masked.
//!
//! Does not know who the reader is or why (`policy`), and reads nothing (`guard`). Invariant: what a sight does not grant is not there: a
//! hidden table answers as a missing one does, and a row whose condition is not true is no row.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::DataType;
use deltalake::datafusion::common::{Column, DFSchema, ExprSchema, ScalarValue};
use deltalake::datafusion::error::{DataFusionError, Result};
use deltalake::datafusion::logical_expr::{Expr, cast, lit};
use serde::{Deserialize, Serialize};

use crate::TableName;
use crate::masks::masked;

/// What one reader may see. Equal sights see the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sight {
    /// Schemas whose tables can be named; views of these may read others.
    pub schemas: BTreeSet<String>,
    /// Tables of which only a part is seen; what is not here is seen whole.
    pub parts: BTreeMap<TableName, Part>,
}

/// The part of a table that is seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Part {
    /// What holds of every row that is seen; `None` for all rows.
    pub rows: Option<Condition>,
    /// Column → how its values are shown.
    pub masks: BTreeMap<String, Mask>,
}

/// What holds of a row. A comparison with no value is neither true nor false, as in SQL, and shows no row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The column's value, as text, is one of these.
    In(String, BTreeSet<String>),
    IsNull(String),
    All(Vec<Condition>),
    /// Of none of nothing, no row.
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// How a value that the reader may not see is shown. What has no letters to show is no value at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mask {
    /// Nothing of it.
    Hidden,
    /// The last two digits of a CPF or CNPJ, the other digits and letters as `*`.
    TaxId,
    /// The last four digits of a telephone number.
    Phone,
    /// The first letter and the domain.
    Email,
    /// The first letter of each word.
    Name,
}

impl Sight {
    /// Whether the table can be named.
    pub(crate) fn shows(&self, table: &TableName) -> bool {
        self.schemas.contains(&table.schema)
    }
}

impl Condition {
    /// The condition over the columns of `schema`.
    pub(crate) fn over(&self, schema: &DFSchema) -> Result<Expr> {
        let all = |conditions: &[Condition]| {
            conditions.iter().map(|condition| condition.over(schema)).collect::<Result<Vec<Expr>>>()
        };
        Ok(match self {
            Condition::In(column, values) => {
                let column = of(schema, column)?;
                let column = if is_text(&column, schema)? { column } else { cast(column, DataType::Utf8) };
                column.in_list(values.iter().map(lit).collect(), false)
            }
            Condition::IsNull(column) => of(schema, column)?.is_null(),
            Condition::All(conditions) => {
                all(conditions)?.into_iter().reduce(Expr::and).unwrap_or_else(|| lit(true))
            }
            Condition::Any(conditions) => {
                all(conditions)?.into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false))
            }
            Condition::Not(condition) => !condition.over(schema)?,
        })
    }
}

impl Condition {
    /// Whether it is about this column, among others.
    pub(crate) fn looks_at(&self, column: &str) -> bool {
        match self {
            Condition::In(of, _) | Condition::IsNull(of) => of == column,
            Condition::All(parts) | Condition::Any(parts) => parts.iter().any(|part| part.looks_at(column)),
            Condition::Not(part) => part.looks_at(column),
        }
    }
}

impl Part {
    /// The column as it is shown, under its own name and in its own type.
    pub(crate) fn shown(&self, column: &str, schema: &DFSchema) -> Result<Expr> {
        let plain = of(schema, column)?;
        let Some(mask) = self.masks.get(column) else { return Ok(plain) };
        let data_type = schema.field_with_unqualified_name(column)?.data_type().clone();
        let shown = match mask {
            Mask::Hidden => Expr::Literal(ScalarValue::try_from(&data_type)?, None),
            _ if is_text(&plain, schema)? => cast(masked(*mask, plain), data_type),
            _ => Expr::Literal(ScalarValue::try_from(&data_type)?, None),
        };
        Ok(shown.alias(column))
    }
}

fn of(schema: &DFSchema, column: &str) -> Result<Expr> {
    let (relation, field) = schema.qualified_field_with_unqualified_name(column)?;
    Ok(Expr::Column(Column::new(relation.cloned(), field.name())))
}

fn is_text(column: &Expr, schema: &DFSchema) -> Result<bool> {
    let Expr::Column(column) = column else {
        return Err(DataFusionError::Internal("a policy names a column that is none".to_owned()));
    };
    let data_type = schema.field_from_column(column)?.data_type();
    Ok(matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View))
}
