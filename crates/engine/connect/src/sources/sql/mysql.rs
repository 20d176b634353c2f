//! The catalogue and types of MySQL and MariaDB.
//!
//! Asks through a session. Invariant: every type is read as text that loses nothing, or the column is left out with a reason.

use super::catalogue::{Table, TableKey};
use super::engine::Engine;
use super::errors::SqlError;
use super::session::Session;
use super::streams::{Field, Found, Growth};
use crate::column_type::{ColumnType, WIDE};

/// Digits after the point of a query's number, whose own are not told; further ones are rounded.
const LOOSE_SCALE: u8 = 12;
/// Bytes that are read all the same, as hexadecimal digits: identifiers and digests.
const SHORT_BYTES: u64 = 64;

const TABLES: &str = "\
select cast(table_name as char), cast(table_type as char), cast(coalesce(table_rows, 0) as char) \
from information_schema.tables \
where table_schema = ? and table_type in ('BASE TABLE', 'VIEW', 'SYSTEM VERSIONED') order by binary table_name";

const COLUMNS: &str = "\
select cast(table_name as char), cast(column_name as char), lower(cast(data_type as char)), \
  lower(cast(column_type as char)), cast(numeric_precision as char), cast(numeric_scale as char), \
  cast(character_octet_length as char), cast(is_nullable as char), cast(privileges as char) \
from information_schema.columns where table_schema = ? order by table_name, ordinal_position";

/// Primary keys first, then other unique indexes; an index over the beginnings of texts tells nothing apart.
const KEYS: &str = "\
select cast(table_name as char), cast(index_name as char), cast(column_name as char), \
  case when nullable = 'YES' or sub_part is not null or column_name is null then '0' else '1' end, \
  case when non_unique = 0 then '1' else '0' end \
from information_schema.statistics where table_schema = ? \
order by table_name, index_name <> 'PRIMARY', non_unique, index_name, seq_in_index";

/// Everything in the database that the user sees.
///
/// # Errors
/// What a statement may end with.
pub async fn tables(session: &mut Session, database: &str) -> Result<Vec<Table>, SqlError> {
    let given = [database.to_owned()];
    let mut tables = Vec::new();
    for row in session.table(TABLES, &given).await? {
        let [Some(name), kind, rows] = &row[..] else { continue };
        tables.push(Table {
            name: name.clone(),
            from: format!("{}.{}", Engine::Mysql.quoted(database), Engine::Mysql.quoted(name)),
            is_readable: false,
            is_view: kind.as_deref() == Some("VIEW"),
            rows: rows.as_deref().and_then(|rows| rows.parse().ok()).unwrap_or_default(),
            columns: Vec::new(),
            keys: Vec::new(),
        });
    }
    for row in session.table(COLUMNS, &given).await? {
        let text = |at: usize| row[at].as_deref().unwrap_or_default();
        let number = |at: usize| row[at].as_deref().and_then(|text| text.parse().ok());
        let Some(table) = tables.iter_mut().find(|table| table.name == text(0)) else { continue };
        let described = Described {
            name: text(1),
            data_type: text(2),
            is_unsigned: text(3).contains("unsigned") || text(3).contains("zerofill"),
            digits: number(4).zip(number(5)),
            bits: number(4),
            octets: number(6),
            is_nullable: text(7) != "NO",
        };
        if text(8).split(',').any(|privilege| privilege.trim() == "select") {
            table.is_readable = true;
            table.columns.push(field(&described));
        } else {
            table.columns.push(Err(format!("`{}` may not be read by this user", text(1))));
        }
    }
    for row in session.table(KEYS, &given).await? {
        let text = |at: usize| row[at].as_deref().unwrap_or_default();
        let Some(table) = tables.iter_mut().find(|table| table.name == text(0)) else { continue };
        TableKey::add(&mut table.keys, text(1), text(2), text(3) == "1", text(4) == "1");
    }
    Ok(tables)
}

/// A column as the catalogue describes it.
struct Described<'a> {
    name: &'a str,
    data_type: &'a str,
    is_unsigned: bool,
    /// Precision and scale.
    digits: Option<(u64, u64)>,
    bits: Option<u64>,
    octets: Option<u64>,
    is_nullable: bool,
}

/// A column of a query, by the name of its type.
pub fn query_field(name: &str, type_name: &str) -> Found {
    let lower = type_name.to_lowercase();
    let (data_type, is_unsigned) = match lower.strip_suffix(" unsigned") {
        Some(data_type) => (data_type, true),
        None => (lower.as_str(), false),
    };
    let data_type = match data_type {
        "boolean" => "tinyint",
        "integer" => "int",
        other => other,
    };
    field(&Described {
        name,
        data_type,
        is_unsigned,
        digits: None,
        bits: None,
        octets: None,
        is_nullable: true,
    })
}

/// The type it has here, how it is read, how a bound text becomes its value, and how it grows.
type Kind = (ColumnType, String, (&'static str, String), Growth);

fn field(described: &Described<'_>) -> Found {
    let quoted = format!("t.{}", Engine::Mysql.quoted(described.name));
    let text = format!("cast({quoted} as char)");
    let as_type = |name: &str| ("cast(", format!(" as {name})"));
    let mut order = quoted.clone();
    let (column_type, read, (before, behind), growth): Kind = match described.data_type {
        "tinyint" | "smallint" | "mediumint" | "int" | "year" => {
            (ColumnType::Integer, text.clone(), as_type("signed"), Growth::Number)
        }
        "bigint" if described.is_unsigned => {
            let column_type = ColumnType::Decimal { precision: 20, scale: 0 };
            (column_type, text.clone(), as_type("unsigned"), Growth::Number)
        }
        "bigint" => (ColumnType::Integer, text.clone(), as_type("signed"), Growth::Number),
        "decimal" | "numeric" => decimal(&quoted, described.digits),
        "float" => (
            ColumnType::Float,
            format!("cast({quoted} + 0e0 as char)"),
            ("(", " + 0e0)".into()),
            Growth::Unknown,
        ),
        "double" | "real" => (ColumnType::Float, text.clone(), ("(", " + 0e0)".into()), Growth::Unknown),
        "bit" => bits(&quoted, described.bits),
        "date" => (ColumnType::Date, text.clone(), as_type("date"), Growth::Day),
        "datetime" => (ColumnType::Timestamp, text.clone(), as_type("datetime(6)"), Growth::Clock),
        // The session's zone is UTC.
        "timestamp" => {
            (ColumnType::Moment, format!("concat({text}, '+00:00')"), as_type("datetime(6)"), Growth::Moment)
        }
        "time" => (ColumnType::Text, text.clone(), as_type("time(6)"), Growth::Unknown),
        // Enums are ordered by their places, and compared with texts by their words.
        "enum" | "set" => {
            order = format!("({quoted} + 0)");
            (ColumnType::Text, text.clone(), as_type("unsigned"), Growth::Unknown)
        }
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            (ColumnType::Text, format!("lower(hex({quoted}))"), ("unhex(", ")".to_owned()), Growth::Unknown)
        }
        "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
        | "multipolygon" | "geometrycollection" | "vector" => {
            return Err(format!("`{}` is of type {}", described.name, described.data_type));
        }
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => {
            (ColumnType::Text, quoted.clone(), ("", String::new()), Growth::Unknown)
        }
        _ => (ColumnType::Text, text.clone(), ("", String::new()), Growth::Unknown),
    };
    let plain = match described.data_type {
        "timestamp" => text,
        "enum" | "set" => format!("cast({order} as char)"),
        "bit" => format!("cast({quoted} + 0 as char)"),
        _ => read.clone(),
    };
    let is_short = described.octets.is_some_and(|octets| octets <= SHORT_BYTES);
    let is_bytes = before == "unhex(" && !(described.data_type.ends_with("binary") && is_short);
    Ok(Field {
        name: described.name.to_owned(),
        column_type,
        read,
        plain,
        order,
        bind: (before.to_owned(), behind),
        is_nullable: described.is_nullable,
        is_bytes,
        growth,
    })
}

fn decimal(quoted: &str, digits: Option<(u64, u64)>) -> Kind {
    let plain = format!("cast({quoted} as char)");
    let small =
        |(precision, scale): (u64, u64)| Some((u8::try_from(precision).ok()?, u8::try_from(scale).ok()?));
    let bind = |precision: u8, scale: u8| ("cast(", format!(" as decimal({precision}, {scale}))"));
    match digits.map(small) {
        None => {
            let column_type = ColumnType::Decimal { precision: WIDE, scale: LOOSE_SCALE };
            let read = format!("cast(round({quoted}, {LOOSE_SCALE}) as char)");
            (column_type, read, bind(65, LOOSE_SCALE), Growth::Number)
        }
        Some(Some((precision, scale))) if precision <= WIDE => {
            (ColumnType::Decimal { precision, scale }, plain, bind(precision, scale), Growth::Number)
        }
        Some(other) => {
            let (precision, scale) = other.unwrap_or((65, 30));
            (ColumnType::Text, plain, bind(precision, scale), Growth::Unknown)
        }
    }
}

fn bits(quoted: &str, bits: Option<u64>) -> Kind {
    let bind = ("cast(", " as unsigned)".to_owned());
    if bits == Some(1) {
        let read = format!("case {quoted} + 0 when 1 then 'true' when 0 then 'false' end");
        return (ColumnType::Boolean, read, bind, Growth::Unknown);
    }
    let column_type = ColumnType::Decimal { precision: 20, scale: 0 };
    (column_type, format!("cast({quoted} + 0 as char)"), bind, Growth::Unknown)
}
