//! What a person may set about a folder of files; everything else is detected.
//!
//! Does not detect. Invariant: an unknown word is an error that names the known ones, never ignored.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::cell::{DateOrder, DecimalStyle};
use crate::column_name::sql_name;
use crate::column_type::ColumnType;
use crate::errors::ConnectError;

/// Options of a source of kind `files`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilesOptions {
    /// By stream name. With `files`, the stream is made of these files, whatever their names say.
    pub streams: BTreeMap<String, StreamOptions>,
    /// For every stream that does not say otherwise.
    pub all: StreamOptions,
    /// Files to leave alone: patterns over relative paths, with `*`, `**` and `?`.
    pub ignore: Vec<String>,
    pub limits: Limits,
}

/// Options of one stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamOptions {
    /// Which files make the stream: a pattern over relative paths, with `*`, `**` and `?`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<FormatKind>,
    /// One character, or `tab`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "delimiter")]
    pub delimiter: Option<char>,
    /// One character, or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<TextEncoding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal: Option<DecimalStyle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<DateOrder>,
    /// Line (or row of the sheet) with the column names, starting with 1; 0 when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u64>,
    /// Sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Types by column name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnType>,
    /// Words that mean "no value", such as `N/D`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub null_words: Vec<String>,
}

/// The formats that files may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FormatKind {
    /// Lines of cells with a delimiter: CSV, TSV and their kin.
    Csv,
    Xlsx,
    Parquet,
    JsonLines,
}

/// The encodings of text files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextEncoding {
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-8 that begins with a byte order mark.
    #[serde(rename = "utf-8-bom")]
    Utf8Bom,
    #[serde(rename = "windows-1252")]
    Windows1252,
    #[serde(rename = "utf-16-le")]
    Utf16Le,
    #[serde(rename = "utf-16-be")]
    Utf16Be,
}

impl TextEncoding {
    /// How the bytes that reach the cells are decoded; UTF-16 has become UTF-8 by then.
    pub fn of_cells(self) -> &'static encoding_rs::Encoding {
        if self == TextEncoding::Windows1252 { encoding_rs::WINDOWS_1252 } else { encoding_rs::UTF_8 }
    }
}

/// The character around cells that hold delimiters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Quote {
    None,
    Character(u8),
}

impl TryFrom<String> for Quote {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_bytes() {
            b"none" => Ok(Quote::None),
            [one] if one.is_ascii_punctuation() => Ok(Quote::Character(*one)),
            _ => Err(format!("`quote` is `{text}`; use one character such as `\"`, or `none`")),
        }
    }
}

impl From<Quote> for String {
    fn from(quote: Quote) -> String {
        match quote {
            Quote::None => "none".to_owned(),
            Quote::Character(one) => char::from(one).to_string(),
        }
    }
}

fn delimiter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<char>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let mut characters = text.chars();
    match (text.as_str(), characters.next(), characters.next()) {
        ("tab", ..) => Ok(Some('\t')),
        (_, Some(one), None)
            if one.is_ascii() && !one.is_ascii_alphanumeric() && one != '\n' && one != '\r' =>
        {
            Ok(Some(one))
        }
        _ => Err(serde::de::Error::custom(format!(
            "`delimiter` is `{text}`; use one character such as `;`, or `tab`"
        ))),
    }
}

/// How much of a file is believed. Over a limit, the file is refused with an error that names the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of one line with its cells, quotes and line breaks.
    pub row_bytes: u64,
    /// Bytes of one cell.
    pub cell_bytes: u64,
    /// Bytes that a compressed file, or all parts of a workbook, may unpack to.
    pub unpacked_bytes: u64,
    /// How many times larger a compressed file may become, once it is over 64 MiB.
    pub unpacked_ratio: u64,
    /// Bytes of a workbook's shared strings, which are held in memory.
    pub workbook_strings_bytes: u64,
    pub columns: u64,
    pub rejects: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            row_bytes: 16 << 20,
            cell_bytes: 1 << 20,
            unpacked_bytes: 16 << 30,
            unpacked_ratio: 200,
            workbook_strings_bytes: 256 << 20,
            columns: 4096,
            rejects: 100_000,
        }
    }
}

impl FilesOptions {
    /// Reads options from JSON.
    pub fn from_json(source_name: &str, json: &serde_json::Value) -> Result<FilesOptions, ConnectError> {
        let wrong = |detail: String| ConnectError::Options { source_name: source_name.to_owned(), detail };
        let mut options: FilesOptions =
            serde_json::from_value(json.clone()).map_err(|error| wrong(error.to_string()))?;
        if options.all.files.is_some() {
            return Err(wrong(
                "`all.files` is not allowed; name the stream: `streams.<name>.files`".to_owned(),
            ));
        }
        for name in options.streams.keys() {
            if sql_name(name) != *name {
                let better = sql_name(name);
                return Err(wrong(format!("stream `{name}` is no SQL-safe name; use `{better}`")));
            }
        }
        for stream in options.streams.values_mut().chain([&mut options.all]) {
            // Columns may be named as in the file; afterwards only SQL names are looked up.
            stream.columns = stream.columns.iter().map(|(name, kind)| (sql_name(name), *kind)).collect();
        }
        Ok(options)
    }

    /// What holds for a stream: its own options over those for all.
    pub fn of_stream(&self, stream: &str) -> StreamOptions {
        let all = &self.all;
        let Some(own) = self.streams.get(stream).cloned() else { return all.clone() };
        let mut columns = all.columns.clone();
        columns.extend(own.columns);
        StreamOptions {
            files: own.files,
            format: own.format.or(all.format),
            delimiter: own.delimiter.or(all.delimiter),
            quote: own.quote.or(all.quote),
            encoding: own.encoding.or(all.encoding),
            decimal: own.decimal.or(all.decimal),
            date_order: own.date_order.or(all.date_order),
            header_row: own.header_row.or(all.header_row),
            sheet: own.sheet.or_else(|| all.sheet.clone()),
            columns,
            null_words: if own.null_words.is_empty() { all.null_words.clone() } else { own.null_words },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn from_json_good_options_are_read_and_written_back() {
        let json = json!({
            "streams": {"vendas": {"files": "v/*.csv", "delimiter": "tab", "quote": "none", "encoding": "windows-1252",
                "columns": {"Valor (R$)": "decimal(18,4)"}, "header_row": 3}},
            "all": {"decimal": "comma", "date_order": "day_first"},
        });
        let options = FilesOptions::from_json("x", &json).unwrap();
        let vendas = options.of_stream("vendas");
        assert_eq!(vendas.delimiter, Some('\t'));
        assert_eq!(vendas.decimal, Some(DecimalStyle::Comma));
        assert_eq!(vendas.columns["valor_r"].to_string(), "decimal(18,4)");
        let written = serde_json::to_value(&options).unwrap();
        assert_eq!(FilesOptions::from_json("x", &written).unwrap(), options);
    }

    #[test]
    fn from_json_bad_options_say_what_is_possible() {
        for (json, part) in [
            (json!({"streams": {"a": {"delimeter": ";"}}}), "unknown field `delimeter`"),
            (json!({"all": {"delimiter": "::"}}), "use one character such as `;`"),
            (json!({"all": {"files": "*"}}), "streams.<name>.files"),
            (json!({"all": {"encoding": "latin"}}), "windows-1252"),
            (json!({"all": {"columns": {"a": "money"}}}), "decimal(18,2)"),
            (json!({"streams": {"Minhas Vendas": {}}}), "use `minhas_vendas`"),
            (json!({"all": {"quote": "ab"}}), "`none`"),
        ] {
            let message = FilesOptions::from_json("crm", &json).unwrap_err().to_string();
            assert!(message.contains(part) && message.contains("`crm`"), "{message}");
        }
    }
}
