//! Rules as packs write them: under `meta.mirante` of a dbt model and of its columns.
//!
//! ```yaml
//! models:
//!   - name: fct_sales
//!     config:
//!       meta:
//!         mirante:
//!           rows: branch in user.filiais        # or `all`
//!           rows_unless: [analista]             # roles that see every row
//!     columns:
//!       - name: tax_id
//!         config: {meta: {mirante: {classification: confidencial, mask: tax_id}}}
//! ```
//!
//! dbt reads the same files and does not mind. Invariant: a word that is not understood is an error, never a rule that is left out.

use std::collections::BTreeSet;

use lake::Mask;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Classification, ColumnRule, Expression, ExpressionError, Role, RowRule, TableRules};

/// Why what a pack declares is no rule.
#[derive(Debug, thiserror::Error)]
pub enum DeclaredError {
    #[error("`rows`: {0}")]
    Rows(#[from] ExpressionError),
    #[error(
        "`meta.mirante`: {0}; write rows, rows_unless, classification and mask as the documentation of policies has them"
    )]
    Words(#[from] serde_json::Error),
    #[error("`rows_unless` without `rows` unbinds nobody from nothing; add `rows`, or take it out")]
    UnlessAlone,
    #[error("column `{column}`: a mask without a classification hides it from nobody; add `classification`")]
    MaskAlone { column: String },
}

/// What stands under `mirante` of a model; other words belong to others.
#[derive(Deserialize)]
struct OfTable {
    rows: Option<String>,
    #[serde(default)]
    rows_unless: BTreeSet<Role>,
}

#[derive(Deserialize)]
struct OfColumn {
    classification: Option<Classification>,
    mask: Option<Mask>,
}

/// The rules of one table from its `meta` and its columns' (name, `meta`); `None` when they say nothing.
///
/// # Errors
/// [`DeclaredError`], which does not name the table.
pub fn table_rules<'m>(
    meta: &Map<String, Value>,
    columns: impl Iterator<Item = (&'m str, &'m Map<String, Value>)>,
) -> Result<Option<TableRules>, DeclaredError> {
    let mut rules = TableRules::default();
    if let Some(mirante) = meta.get("mirante") {
        let table = OfTable::deserialize(mirante)?;
        rules.rows = match table.rows.as_deref().map(str::trim) {
            None if !table.rows_unless.is_empty() => return Err(DeclaredError::UnlessAlone),
            None => RowRule::Unsaid,
            Some("all") => RowRule::All,
            Some(text) => RowRule::Where { expression: Expression::parse(text)?, unless: table.rows_unless },
        };
    }
    for (column, meta) in columns {
        let Some(mirante) = meta.get("mirante") else { continue };
        match OfColumn::deserialize(mirante)? {
            OfColumn { classification: None, mask: None } => {}
            OfColumn { classification: None, mask: Some(_) } => {
                return Err(DeclaredError::MaskAlone { column: column.to_owned() });
            }
            OfColumn { classification: Some(classification), mask } => {
                let mask = mask.unwrap_or(Mask::Hidden);
                rules.columns.insert(column.to_owned(), ColumnRule { classification, mask });
            }
        }
    }
    Ok((rules != TableRules::default()).then_some(rules))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn meta(value: Value) -> Map<String, Value> {
        json!({ "mirante": value, "owner": "of others" }).as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn table_rules_reads_rows_and_columns() {
        let column = meta(json!({"classification": "restrito", "mask": "tax_id"}));
        let plain = meta(json!({"classification": "público"}));
        let columns = [("cpf", &column), ("uf", &plain)];
        let table = meta(json!({"rows": "branch in user.filiais", "rows_unless": ["analista"]}));
        let rules = table_rules(&table, columns.into_iter()).unwrap().unwrap();
        let RowRule::Where { unless, .. } = &rules.rows else { panic!("{rules:?}") };
        assert_eq!(unless, &BTreeSet::from([Role::Analyst]));
        assert_eq!(rules.columns["cpf"].mask, Mask::TaxId);
        assert_eq!(
            rules.columns["uf"],
            ColumnRule { classification: Classification::Public, mask: Mask::Hidden }
        );
        assert!(table_rules(&Map::new(), std::iter::empty()).unwrap().is_none());
    }

    #[test]
    fn table_rules_that_are_not_understood_are_an_error() {
        let cases = [
            (json!({"rows": "branch in filiais"}), "at letter 11"),
            (json!({"rows": 7}), "invalid type"),
            (json!({"rows": "all", "rows_unless": ["boss"]}), "unknown variant `boss`"),
            (json!({"rows_unless": ["gestor"]}), "`rows_unless` without `rows`"),
        ];
        for (table, expected) in cases {
            let error = table_rules(&meta(table.clone()), std::iter::empty()).unwrap_err().to_string();
            assert!(error.contains(expected), "{table}: {error}");
        }
        for (column, expected) in [
            (json!({"classification": "secreto"}), "unknown variant `secreto`"),
            (json!({"mask": "phone"}), "without a classification"),
        ] {
            let column = meta(column);
            let error = table_rules(&Map::new(), [("c", &column)].into_iter()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
