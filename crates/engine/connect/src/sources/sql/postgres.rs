//! PostgreSQL's catalogue and types.
//!
//! Asks through a session. Invariant: every type is read as text that loses nothing, or the column is left out with a reason.

use super::catalogue::{Table, TableKey};
use super::engine::Engine;
use super::errors::SqlError;
use super::session::Session;
use super::streams::{Field, Found, Growth};
use crate::column_type::{ColumnType, WIDE};

/// Digits after the point of a number whose column sets no limit; further ones are rounded.
const LOOSE_SCALE: u8 = 12;

const SCHEMA: &str =
    "select has_schema_privilege(oid, 'usage')::text from pg_catalog.pg_namespace where nspname = $1";

const TABLES: &str = "\
select c.relname::text, c.relkind::text, \
  coalesce(bool_or(has_column_privilege(c.oid, a.attnum, 'select')), false)::text, greatest(c.reltuples, 0)::bigint::text \
from pg_catalog.pg_class c \
join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped \
where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition \
group by c.oid, c.relname, c.relkind, c.reltuples order by c.relname::text collate \"C\"";

/// Domains stand for the type beneath them.
const COLUMNS: &str = "\
with recursive base(domain, type, modifier) as ( \
  select oid, typbasetype, typtypmod from pg_catalog.pg_type where typtype = 'd' \
  union all \
  select b.domain, t.typbasetype, case when b.modifier = -1 then t.typtypmod else b.modifier end \
  from base b join pg_catalog.pg_type t on t.oid = b.type where t.typtype = 'd' \
), beneath as (select b.* from base b join pg_catalog.pg_type t on t.oid = b.type where t.typtype <> 'd') \
select c.relname::text, a.attname::text, t.typname::text, t.typcategory::text, t.typtype::text, \
  case when a.atttypmod = -1 then coalesce(b.modifier, -1) else a.atttypmod end::text, \
  pg_catalog.format_type(t.oid, -1), a.attnotnull::text, has_column_privilege(c.oid, a.attnum, 'select')::text \
from pg_catalog.pg_class c \
join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped \
left join beneath b on b.domain = a.atttypid \
join pg_catalog.pg_type t on t.oid = coalesce(b.type, a.atttypid) \
where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition \
order by c.relname, a.attnum";

/// Primary keys first, then other unique indexes from the shortest on.
const KEYS: &str = "\
select c.relname::text, i.indexrelid::text, a.attname::text, (i.indisprimary or a.attnotnull)::text, i.indisunique::text \
from pg_catalog.pg_index i \
join pg_catalog.pg_class c on c.oid = i.indrelid \
join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
cross join lateral unnest(i.indkey::int2[]) with ordinality k(number, place) \
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.number \
where n.nspname = $1 and i.indisvalid and i.indpred is null and i.indexprs is null and k.place <= i.indnkeyatts \
order by c.relname, i.indisprimary desc, i.indisunique desc, i.indnkeyatts, i.indexrelid, k.place";

/// Everything in a schema that the user sees.
///
/// # Errors
/// `NoSchema`, and what a statement may end with.
pub async fn tables(session: &mut Session, schema: &str) -> Result<Vec<Table>, SqlError> {
    let given = [schema.to_owned()];
    let usable = session.table(SCHEMA, &given).await?;
    if usable.first().is_none_or(|row| row[0].as_deref() != Some("true")) {
        let setting = session.setting();
        return Err(SqlError::NoSchema { schema: schema.to_owned(), user: setting.user.clone() });
    }
    let mut tables = Vec::new();
    for row in session.table(TABLES, &given).await? {
        let [Some(name), kind, readable, rows] = &row[..] else { continue };
        tables.push(Table {
            name: name.clone(),
            from: format!("{}.{}", Engine::Postgres.quoted(schema), Engine::Postgres.quoted(name)),
            is_readable: readable.as_deref() == Some("true"),
            is_view: kind.as_deref() == Some("v"),
            rows: rows.as_deref().and_then(|rows| rows.parse().ok()).unwrap_or_default(),
            columns: Vec::new(),
            keys: Vec::new(),
        });
    }
    for row in session.table(COLUMNS, &given).await? {
        let text = |at: usize| row[at].as_deref().unwrap_or_default();
        let Some(table) = tables.iter_mut().find(|table| table.name == text(0)) else { continue };
        let described = Described {
            name: text(1),
            type_name: text(2),
            category: text(3),
            kind: text(4),
            modifier: text(5).parse().unwrap_or(-1),
            cast: text(6),
            is_nullable: text(7) != "true",
        };
        table.columns.push(match text(8) {
            "true" => Ok(field(&described)),
            _ => Err(format!("`{}` may not be read by this user", text(1))),
        });
    }
    for row in session.table(KEYS, &given).await? {
        let text = |at: usize| row[at].as_deref().unwrap_or_default();
        let Some(table) = tables.iter_mut().find(|table| table.name == text(0)) else { continue };
        TableKey::add(&mut table.keys, text(1), text(2), text(3) == "true", text(4) == "true");
    }
    Ok(tables)
}

/// A column as the catalogue describes it.
struct Described<'a> {
    name: &'a str,
    type_name: &'a str,
    category: &'a str,
    kind: &'a str,
    modifier: i32,
    cast: &'a str,
    is_nullable: bool,
}

/// A column of a query, by the name of its type.
pub fn query_field(name: &str, type_name: &str) -> Found {
    let lower = type_name.to_lowercase();
    let is_array = lower.ends_with("[]");
    let known = match lower.as_str() {
        "\"char\"" => "char",
        other => other,
    };
    // Only the catalogue tells whether a type of somebody's own is an enum; as text they are all the same.
    let described = Described {
        name,
        type_name: known,
        category: if is_array { "A" } else { "" },
        kind: "b",
        modifier: -1,
        cast: if known == "char" { "\"char\"" } else { type_name },
        is_nullable: true,
    };
    Ok(field(&described))
}

fn field(described: &Described<'_>) -> Field {
    let quoted = format!("t.{}", Engine::Postgres.quoted(described.name));
    let plain = format!("{quoted}::text");
    let text = || (ColumnType::Text, plain.clone());
    let (column_type, read) = match described.type_name {
        _ if described.category == "A" || described.kind == "c" => {
            (ColumnType::Text, format!("to_json({quoted})::text"))
        }
        "int2" | "int4" | "int8" | "oid" => (ColumnType::Integer, plain.clone()),
        "numeric" => number(&quoted, described.modifier),
        "money" => (ColumnType::Decimal { precision: 20, scale: 4 }, format!("{quoted}::numeric::text")),
        "float4" | "float8" => (ColumnType::Float, plain.clone()),
        "bool" => (ColumnType::Boolean, plain.clone()),
        "date" => (ColumnType::Date, plain.clone()),
        "timestamp" => (ColumnType::Timestamp, plain.clone()),
        "timestamptz" => (ColumnType::Moment, plain.clone()),
        "bytea" => (ColumnType::Text, format!("encode({quoted}, 'hex')")),
        _ => text(),
    };
    let growth = match described.type_name {
        "int2" | "int4" | "int8" | "numeric" | "oid" => Growth::Number,
        "timestamptz" => Growth::Moment,
        "timestamp" => Growth::Clock,
        "date" => Growth::Day,
        _ => Growth::Unknown,
    };
    let is_bytes = described.type_name == "bytea";
    let bind = if is_bytes {
        ("decode(".to_owned(), ", 'hex')".to_owned())
    } else {
        (String::new(), format!("::{}", described.cast))
    };
    Field {
        name: described.name.to_owned(),
        column_type,
        plain: if is_bytes { read.clone() } else { plain.clone() },
        read,
        order: quoted,
        bind,
        is_nullable: described.is_nullable,
        is_bytes,
        growth,
    }
}

/// An exact number: as large as its column, as text where that is larger than a decimal, and rounded where the column sets no limit.
fn number(quoted: &str, modifier: i32) -> (ColumnType, String) {
    let plain = format!("{quoted}::text");
    if modifier < 4 {
        let column_type = ColumnType::Decimal { precision: WIDE, scale: LOOSE_SCALE };
        return (column_type, format!("round({quoted}, {LOOSE_SCALE})::text"));
    }
    let packed = modifier - 4;
    let (precision, scale) = ((packed >> 16) & 0xffff, ((packed & 0x7ff) ^ 1024) - 1024);
    // Since version 15 a scale may be negative, or larger than the precision.
    let (whole, scale) = ((precision - scale).max(0), scale.max(0));
    match (u8::try_from(whole + scale), u8::try_from(scale)) {
        (Ok(precision), Ok(scale)) if precision <= WIDE => {
            (ColumnType::Decimal { precision: precision.max(1), scale }, plain)
        }
        _ => (ColumnType::Text, plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_digits_and_larger_ones_become_text() {
        let modifier = |precision: i32, scale: i32| ((precision << 16) | (scale & 0x7ff)) + 4;
        let shown = |modifier| number("t.\"v\"", modifier).0.to_string();
        assert_eq!(shown(modifier(12, 2)), "decimal(12,2)");
        assert_eq!(shown(modifier(38, 0)), "decimal(38,0)");
        assert_eq!(shown(modifier(5, -2)), "decimal(7,0)");
        assert_eq!(shown(modifier(3, 5)), "decimal(5,5)");
        assert_eq!(shown(modifier(40, 2)), "text");
        assert_eq!(number("t.\"v\"", -1).1, "round(t.\"v\", 12)::text");
    }
}
