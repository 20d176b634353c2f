//! User tables, whose columns only their rows tell: read whole, and landed when something in them has changed.
//!
//! Invariant: a table is landed from one reading to its end, or not at all.

use std::sync::Arc;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::Reader;
use super::answers;
use super::catalogue::short;
use super::fields::{self, DECIMALS};
use super::progress::PROGRESS;
use super::queries::{self, Key, Question, following};
use crate::column_name::{column_names, sql_name};
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::http::{Answer, Ask, HttpError};
use crate::json::{JsonCell, JsonRow};
use crate::records::{Gathering, RecordColumn, Shape};
use crate::source::{LandHint, Mark, Piece};

/// The key of every user table.
const CODE: &str = "Code";

/// Shape of the table as its first page shows it.
pub(super) async fn look(reader: &Reader, table: &str) -> Result<Shape, ConnectError> {
    let stream = sql_name(table);
    let failed = |error| reader.failed(&stream, error);
    let ask = question(reader, table).ask();
    let answer = queries::answer(reader, &ask).await.map_err(failed)?;
    let page = answers::page(reader.session.host(), &ask, &answer).map_err(failed)?;
    Ok(shape(&stream, &rows(&page.value)))
}

/// The whole table; nothing when its digest is `kept`.
pub(super) async fn read(
    reader: Arc<Reader>,
    table: String,
    kept: Option<serde_json::Value>,
) -> Result<Option<Piece>, ConnectError> {
    let stream = sql_name(&table);
    let failed = |error| reader.failed(&stream, error);
    let answers = pages(&reader, &table).await.map_err(failed)?;
    let mut raw = Vec::new();
    for (ask, answer) in &answers {
        raw.extend(answers::page(reader.session.host(), ask, answer).map_err(failed)?.value);
    }
    let records = rows(&raw);
    let mut content = Sha256::new();
    for record in &records {
        content.update(fields::digest(record));
    }
    let content = serde_json::Value::from(short(&content.finalize()));
    if kept.as_ref() == Some(&content) {
        return Ok(None);
    }
    let mut gathering = Gathering::new(Arc::new(shape(&stream, &records)), &table);
    for row in raw {
        match serde_json::from_str::<JsonRow<'_>>(row.get()) {
            Ok(row) => gathering.push_with(|field| fields::cell(&row, field))?,
            Err(_) => gathering.reject(row.get(), "is no record"),
        }
    }
    gathering.piece(LandHint::ReplaceAll, Some(Mark { key: PROGRESS.to_owned(), value: content })).map(Some)
}

fn question<'a>(reader: &Reader, table: &'a str) -> Question<'a> {
    let rows = reader.asking.page_rows;
    Question { entity: table, key: CODE, select: Vec::new(), filters: Vec::new(), rows }
}

/// All pages: by the server's link, and by key where a full page has none.
async fn pages(reader: &Reader, table: &str) -> Result<Vec<(Ask, Answer)>, HttpError> {
    let mut found: Vec<(Ask, Answer)> = Vec::new();
    let mut ask = question(reader, table).ask();
    loop {
        let answer = queries::answer(reader, &ask).await?;
        let host = reader.session.host();
        let page = answers::page(host, &ask, &answer)?;
        let next = match (&page.next, page.value.len()) {
            (_, 0) => None,
            (Some(link), _) => Some(following(&ask, link)),
            (None, count) if count >= reader.asking.page_rows => {
                let last = rows(&page.value).last().and_then(|row| row.get(CODE)).and_then(Key::of);
                let last = last.ok_or_else(|| answers::unexpected(host, &ask, "a row has no `Code`"))?;
                Some(question(reader, table).after(Some(&last)).ask())
            }
            (None, _) => None,
        };
        if let Some(next) = &next
            && found.iter().any(|(asked, _)| asked.path == next.path)
        {
            return Err(answers::unexpected(host, &ask, "its pages lead back to where they came from"));
        }
        found.push((ask, answer));
        match next {
            Some(next) => ask = next,
            None => return Ok(found),
        }
    }
}

fn rows<'a>(raw: &[&'a RawValue]) -> Vec<JsonRow<'a>> {
    raw.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect()
}

/// Columns in the order in which they first come; numbers that are written without a decimal sign everywhere are whole.
fn shape(stream: &str, rows: &[JsonRow<'_>]) -> Shape {
    let mut found: Vec<(String, Option<ColumnType>)> = vec![(CODE.to_owned(), None)];
    for row in rows {
        for (key, raw) in row.0.iter().filter(|(key, _)| !key.contains("odata.")) {
            let at = found.iter().position(|(known, _)| known == key).unwrap_or(found.len());
            if at == found.len() {
                found.push((key.clone().into_owned(), None));
            }
            let known = found[at].1;
            found[at].1 = widened(known, &JsonCell::of(raw));
        }
    }
    let names = column_names(&found.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>());
    let columns = found.into_iter().zip(names).map(|((key, column_type), name)| RecordColumn {
        key,
        name,
        column_type: column_type.unwrap_or(ColumnType::Text),
    });
    Shape::new(stream, columns.collect(), &[&sql_name(CODE)])
}

fn widened(known: Option<ColumnType>, cell: &JsonCell<'_>) -> Option<ColumnType> {
    const NUMBER: ColumnType = ColumnType::Decimal { precision: 19, scale: DECIMALS };
    let found = match cell {
        JsonCell::Absent => return known,
        JsonCell::Number(text) if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
            ColumnType::Integer
        }
        JsonCell::Number(_) => NUMBER,
        _ => ColumnType::Text,
    };
    Some(match (known, found) {
        (None, found) => found,
        (Some(ColumnType::Integer), NUMBER) | (Some(NUMBER), ColumnType::Integer) => NUMBER,
        (Some(known), found) if known == found => known,
        _ => ColumnType::Text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_user_table_follow_from_its_rows() {
        let texts = [
            r#"{"@odata.etag":"x","Code":"1","Name":"A","U_Valor":10,"U_Peso":1.0,"U_Nada":null}"#,
            r#"{"Code":"2","Name":null,"U_Valor":10.5,"U_Misto":1}"#,
            r#"{"Code":"3","U_Misto":"x","U_Itens":7}"#,
        ];
        let rows: Vec<JsonRow<'_>> = texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
        let shape = shape("u_metas", &rows);
        let shown: Vec<String> =
            shape.columns.iter().map(|column| format!("{} {}", column.name, column.column_type)).collect();
        assert_eq!(
            shown,
            [
                "code text",
                "name text",
                "u_valor decimal(19,6)",
                "u_peso decimal(19,6)",
                "u_nada text",
                "u_misto text",
                "u_itens integer"
            ]
        );
    }
}
