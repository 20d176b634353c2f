//! What a database has and what a steward asked for, put together.
//!
//! Reads no rows. Invariant: a table that cannot be read is a problem of its own stream and of no other.

use std::sync::Arc;

use super::asked::Query;
use super::engine::Engine;
use super::errors::SqlError;
use super::session::Session;
use super::streams::{Found, Parts, Planned, Stream, same};
use super::{mysql, postgres};
use crate::column_name::column_names;

/// A table or view as the catalogue has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    /// What stands behind FROM.
    pub from: String,
    pub is_readable: bool,
    pub is_view: bool,
    /// About how many rows it has.
    pub rows: u64,
    pub columns: Vec<Found>,
    pub keys: Vec<TableKey>,
}

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableKey {
    name: String,
    pub columns: Vec<String>,
    /// Whether it tells all rows apart.
    is_key: bool,
}

impl TableKey {
    /// Notes the next column of an index.
    pub fn add(keys: &mut Vec<TableKey>, name: &str, column: &str, is_certain: bool, is_unique: bool) {
        if keys.last().is_none_or(|key| key.name != name) {
            keys.push(TableKey { name: name.to_owned(), columns: Vec::new(), is_key: is_unique });
        }
        if let Some(key) = keys.last_mut() {
            key.columns.push(column.to_owned());
            key.is_key &= is_certain;
        }
    }
}

impl Table {
    /// Columns of the first index that tells all rows apart and may be read; empty where there is none.
    fn key(&self) -> &[String] {
        let reads = |column: &String| self.columns.iter().flatten().any(|field| field.name == *column);
        let found = self.keys.iter().find(|key| key.is_key && key.columns.iter().all(reads));
        found.map_or(&[], |key| &key.columns)
    }

    /// Whether rows can be found by this column without looking at all of them.
    pub fn is_indexed(&self, column: &str) -> bool {
        self.keys.iter().any(|key| key.columns.first().is_some_and(|first| first == column))
    }
}

/// What a stream is of.
#[derive(Debug, Clone)]
pub enum Plan {
    Table {
        name: String,
        planned: Planned,
    },
    /// Its columns are asked for when it is read.
    Query(Query),
}

impl Plan {
    /// Name of the stream.
    pub fn name(&self) -> &str {
        match self {
            Plan::Table { name, .. } => name,
            Plan::Query(query) => &query.name,
        }
    }
}

/// Everything that is read of a database.
#[derive(Debug, Clone)]
pub struct Catalogue {
    pub plans: Vec<Plan>,
    pub tables: Vec<Table>,
}

impl Catalogue {
    /// Asks for the tables and finds those that were asked for.
    ///
    /// # Errors
    /// What concerns the whole database.
    pub async fn load(
        session: &mut Session,
        schema: &str,
        lines: &[String],
        queries: &[Query],
    ) -> Result<Catalogue, SqlError> {
        let engine = session.setting().engine;
        let tables = match engine {
            Engine::Postgres => postgres::tables(session, schema).await?,
            Engine::Mysql => mysql::tables(session, schema).await?,
        };
        let denied = |table: &Table| session.setting().denied(format!("`{}`", table.name));
        let asked = asked(&tables, lines, queries.is_empty());
        // The names of all tables decide on the names of streams: asking for fewer must not rename any.
        let headings: Vec<&str> = queries
            .iter()
            .map(|query| query.name.as_str())
            .chain(tables.iter().map(|table| table.name.as_str()))
            .collect();
        let names = column_names(&headings);
        let mut plans: Vec<Plan> = Vec::new();
        for (line, found, cursor) in asked {
            let Some(at) = found else {
                let known: Vec<String> = tables.iter().map(|table| format!("`{}`", table.name)).collect();
                let error = SqlError::NoTable { table: line.clone(), known: some(&known) };
                plans.push(Plan::Table { name: column_names(&[&line]).remove(0), planned: Err(error) });
                continue;
            };
            let (table, name) = (&tables[at], &names[queries.len() + at]);
            let planned = if table.is_readable {
                stream(engine, table, name, cursor.as_deref())
            } else {
                Err(denied(table))
            };
            plans.push(Plan::Table { name: name.clone(), planned });
        }
        plans.extend(queries.iter().cloned().map(Plan::Query));
        Ok(Catalogue { plans, tables })
    }
}

/// Each table that is wanted: the words for it, its place among all, its cursor.
type Asked = (String, Option<usize>, Option<String>);

fn asked(tables: &[Table], lines: &[String], and_all: bool) -> Vec<Asked> {
    if lines.is_empty() {
        let all = tables.iter().enumerate().filter(|(_, table)| and_all && table.is_readable);
        return all.map(|(at, table)| (table.name.clone(), Some(at), None)).collect();
    }
    let mut asked: Vec<Asked> = Vec::new();
    for line in lines {
        let whole = find(tables, line);
        let (words, cursor) = match line.rsplit_once(':').filter(|_| whole.is_none()) {
            Some((words, cursor)) => (words.trim(), Some(cursor.trim()).filter(|cursor| !cursor.is_empty())),
            None => (line.as_str(), None),
        };
        let found = whole.or_else(|| find(tables, words));
        if found.is_none() || !asked.iter().any(|(_, known, _)| *known == found) {
            asked.push((words.to_owned(), found, cursor.map(str::to_owned)));
        }
    }
    asked
}

/// A table as it is written or, where only one fits, in other capitals.
fn find(tables: &[Table], name: &str) -> Option<usize> {
    let exact = tables.iter().position(|table| table.name == name);
    exact.or_else(|| {
        let mut alike = tables.iter().enumerate().filter(|(_, table)| same(&table.name, name));
        alike.next().filter(|_| alike.next().is_none()).map(|(at, _)| at)
    })
}

fn stream(engine: Engine, table: &Table, name: &str, cursor: Option<&str>) -> Planned {
    let parts = Parts {
        name,
        title: &table.name,
        from: table.from.clone(),
        columns: table.columns.clone(),
        key: table.key(),
        cursor,
        is_query: false,
    };
    Stream::new(engine, parts).map(Arc::new)
}

/// The columns of a query, as the server describes them without running it.
///
/// # Errors
/// What the server says of the query, and what `Stream::new` says of its columns.
pub async fn described(session: &mut Session, query: &Query) -> Planned {
    let engine = session.setting().engine;
    // The query may end in a comment to the end of its line.
    let from = format!("({}\n)", query.sql);
    let field = match engine {
        Engine::Postgres => postgres::query_field,
        Engine::Mysql => mysql::query_field,
    };
    let described = session.describe(&format!("select * from {from} as t")).await?;
    let parts = Parts {
        name: &query.name,
        title: &query.name,
        from,
        columns: described.iter().map(|(name, type_name)| field(name, type_name)).collect(),
        key: &query.key,
        cursor: query.cursor.as_deref(),
        is_query: true,
    };
    Stream::new(engine, parts).map(Arc::new)
}

/// The first of many names.
pub fn some(names: &[String]) -> String {
    const SHOWN: usize = 12;
    match names.len() {
        0 => "none".to_owned(),
        count if count > SHOWN => format!("{} and {} more", names[..SHOWN].join(", "), count - SHOWN),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, is_readable: bool) -> Table {
        let (columns, keys) = (Vec::new(), Vec::new());
        Table {
            name: name.to_owned(),
            from: String::new(),
            is_readable,
            is_view: false,
            rows: 0,
            columns,
            keys,
        }
    }

    #[test]
    fn lines_name_tables_with_or_without_a_cursor_and_other_capitals_where_only_one_fits() {
        let tables = [
            table("Pedidos", true),
            table("a: b", true),
            table("itens", true),
            table("ITENS", true),
            table("x", false),
        ];
        let lines = ["pedidos: Alterado", "a: b", "Itens", "itens : id", "Pedidos"].map(str::to_owned);
        let found = asked(&tables, &lines, true);
        let shown: Vec<(Option<usize>, Option<&str>)> =
            found.iter().map(|(_, at, cursor)| (*at, cursor.as_deref())).collect();
        assert_eq!(
            shown,
            [(Some(0), Some("Alterado")), (Some(1), None), (None, None), (Some(2), Some("id"))]
        );
        let all: Vec<Option<usize>> = asked(&tables, &[], true).into_iter().map(|(_, at, _)| at).collect();
        assert_eq!(all, [Some(0), Some(1), Some(2), Some(3)]);
        assert!(asked(&tables, &[], false).is_empty(), "only the queries are wanted");
    }

    #[test]
    fn a_key_is_an_index_that_tells_all_rows_apart() {
        let mut keys = Vec::new();
        for (name, column, is_certain, is_unique) in [
            ("by_day", "day", true, false),
            ("maybe", "code", false, true),
            ("both", "company", true, true),
            ("both", "number", true, true),
        ] {
            TableKey::add(&mut keys, name, column, is_certain, is_unique);
        }
        let found: Vec<&TableKey> = keys.iter().filter(|key| key.is_key).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].columns, ["company", "number"]);
    }
}
