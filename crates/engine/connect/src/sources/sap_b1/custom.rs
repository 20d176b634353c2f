//! What a company has added to its SAP Business One, and from which day it wants to see it: the settings that are texts with a form.
//!
//! Does not know which streams there are (`catalogue`). Invariant: only names that start with `U_` are taken, as the system has it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::cell::DateOrder;
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::moment;
use crate::records::RecordColumn;
use crate::settings::Settings;

/// Fields of the company's own by stream.
pub(super) type CustomFields = BTreeMap<String, Vec<RecordColumn>>;

/// Reads `custom_fields`: per line `invoices: U_Canal U_Peso:decimal(19,3)`.
pub(super) fn fields(settings: &Settings) -> Result<CustomFields, ConnectError> {
    let mut found = CustomFields::new();
    for line in lines(settings.text("custom_fields")) {
        let refused = |detail: &str| settings.refused("custom_fields", &format!("`{line}` {detail}"));
        let (stream, fields) = line
            .split_once(':')
            .filter(|(stream, _)| !stream.trim().contains(char::is_whitespace))
            .ok_or_else(|| refused("has no table; write invoices: U_Canal U_Peso:decimal"))?;
        let columns = found.entry(stream.trim().to_owned()).or_default();
        for word in fields.split_whitespace().map(|word| word.trim_end_matches([',', ';'])) {
            let column = column(word).map_err(|detail| refused(&detail))?;
            if !columns.iter().any(|known| known.name == column.name) {
                columns.push(column);
            }
        }
    }
    Ok(found)
}

fn column(word: &str) -> Result<RecordColumn, String> {
    let (field, column_type) = match word.split_once(':') {
        Some((field, "decimal")) => (field, ColumnType::Decimal { precision: 19, scale: 6 }),
        Some((field, column_type)) => (field, column_type.parse()?),
        None => (word, ColumnType::Text),
    };
    if is_custom(field) {
        Ok(RecordColumn::new(field, column_type))
    } else {
        Err(format!("names `{field}`, which is no custom field; they start with U_"))
    }
}

/// Reads `user_tables`: one `U_…` per line, or several with blanks between them.
pub(super) fn tables(settings: &Settings) -> Result<Vec<String>, ConnectError> {
    let mut found: Vec<String> = Vec::new();
    for name in lines(settings.text("user_tables")).flat_map(str::split_whitespace) {
        let name = name.trim_start_matches('@').trim_end_matches([',', ';']);
        if !is_custom(name) {
            let detail = format!("`{name}` is no user table; write it as U_CONTRATOS");
            return Err(settings.refused("user_tables", &detail));
        }
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    }
    Ok(found)
}

fn is_custom(name: &str) -> bool {
    name.len() > 2 && name.starts_with("U_") && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Reads `since`, in ISO form or as `01/07/2026`.
pub(super) fn first_day(settings: &Settings) -> Result<Option<NaiveDate>, ConnectError> {
    let Some(text) = settings.given("since") else { return Ok(None) };
    let days = moment::written(text.as_bytes()).and_then(|written| written.date(DateOrder::DayFirst));
    match days.and_then(NaiveDate::from_epoch_days) {
        Some(day) => Ok(Some(day)),
        None => Err(settings.refused("since", &format!("`{text}` is no day; write it as 2024-01-01"))),
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(name: &str, text: &str) -> Settings {
        let mut given = json!({"address": "https://x", "company_db": "SBO", "user": "u", "password": "p"});
        given[name] = text.into();
        Settings::read(&super::super::kind(), "erp", &given).unwrap()
    }

    #[test]
    fn custom_fields_are_read_per_stream_with_their_types() {
        let text = "invoices: U_Canal, U_Peso:decimal\n\n invoice_lines : U_ICMS:decimal(18,2) U_Em:date\ninvoices: U_Canal";
        let found = fields(&settings("custom_fields", text)).unwrap();
        let shown: Vec<String> = found
            .iter()
            .flat_map(|(stream, columns)| {
                columns.iter().map(move |it| format!("{stream} {} {}", it.name, it.column_type))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "invoice_lines u_icms decimal(18,2)",
                "invoice_lines u_em date",
                "invoices u_canal text",
                "invoices u_peso decimal(19,6)"
            ]
        );
        for (wrong, expected) in [
            ("U_Canal", "has no table"),
            ("invoices: DocNum", "start with U_"),
            ("invoices: U_X:money", "no column type"),
        ] {
            let error = fields(&settings("custom_fields", wrong)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn user_tables_and_first_days_are_checked() {
        assert_eq!(
            tables(&settings("user_tables", "@U_CONTRATOS\nU_METAS, U_CONTRATOS")).unwrap(),
            ["U_CONTRATOS", "U_METAS"]
        );
        for wrong in ["Invoices", "U_", "U_X/../Users"] {
            assert!(tables(&settings("user_tables", wrong)).is_err(), "{wrong}");
        }
        let july = NaiveDate::from_ymd_opt(2026, 7, 1);
        for text in ["2026-07-01", "01/07/2026"] {
            assert_eq!(first_day(&settings("since", text)).unwrap(), july);
        }
        assert_eq!(first_day(&settings("since", "")).unwrap(), None);
        assert!(first_day(&settings("since", "July")).unwrap_err().to_string().contains("2024-01-01"));
    }
}
