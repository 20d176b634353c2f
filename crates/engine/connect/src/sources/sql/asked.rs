//! Which tables and queries a steward asked for, as the settings write them.
//!
//! Does not know what the database has (`catalogue`). Invariant: every line is understood or refused with its own words.

use crate::column_name::sql_name;
use crate::errors::ConnectError;
use crate::settings::Settings;

/// A query that is read as if it were a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Name of its stream.
    pub name: String,
    /// One SELECT, without a semicolon.
    pub sql: String,
    pub key: Vec<String>,
    pub cursor: Option<String>,
}

/// The lines of `tables`: `pedidos` or `pedidos: atualizado_em`. A name may hold a colon itself, so that what a line means is for the catalogue.
pub fn tables(settings: &Settings) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in
        settings.text("tables").lines().map(|line| line.trim().trim_end_matches([',', ';']).trim_end())
    {
        if !line.is_empty() && !found.iter().any(|known| known == line) {
            found.push(line.to_owned());
        }
    }
    found
}

/// Reads `queries`: `[name]`, then `key:` and `cursor:` where wanted, then the SELECT up to the next `[name]`.
///
/// # Errors
/// `Options` names the query and what is missing.
pub fn queries(settings: &Settings) -> Result<Vec<Query>, ConnectError> {
    let refused = |detail: String| settings.refused("queries", &detail);
    let mut found: Vec<Query> = Vec::new();
    for line in settings.text("queries").lines() {
        let trimmed = line.trim();
        if let Some(name) = header(trimmed) {
            if name.is_empty() || sql_name(name) != name {
                let better = sql_name(name);
                let better = if better.is_empty() { "pedidos_abertos".to_owned() } else { better };
                return Err(refused(format!("`[{name}]` is no name for a query; write [{better}]")));
            }
            if found.iter().any(|query| query.name == name) {
                return Err(refused(format!("`[{name}]` is there twice; give each query a name of its own")));
            }
            found.push(Query { name: name.to_owned(), sql: String::new(), key: Vec::new(), cursor: None });
            continue;
        }
        let Some(query) = found.last_mut() else {
            if trimmed.is_empty() {
                continue;
            }
            return Err(refused(format!(
                "`{trimmed}` belongs to no query; begin with its name: [pedidos_abertos]"
            )));
        };
        if query.sql.is_empty() {
            match option(trimmed) {
                Some(("key", columns)) => query.key = columns,
                Some((_, columns)) if columns.len() == 1 => query.cursor = columns.into_iter().next(),
                Some(_) => return Err(refused(format!("`[{}]`: `{trimmed}` takes one column", query.name))),
                None if trimmed.is_empty() => {}
                None => query.sql = line.to_owned(),
            }
        } else {
            query.sql = format!("{}\n{line}", query.sql);
        }
    }
    for query in &mut found {
        let kept = query.sql.trim_end_matches(|c: char| c == ';' || c.is_whitespace()).len();
        query.sql.truncate(kept);
        query.sql.drain(..query.sql.len() - query.sql.trim_start().len());
        checked(query).map_err(|detail| refused(format!("`[{}]` {detail}", query.name)))?;
    }
    Ok(found)
}

fn header(line: &str) -> Option<&str> {
    Some(line.strip_prefix('[')?.strip_suffix(']')?.trim())
}

/// `key: a, b` or `cursor: a` before the SELECT.
fn option(line: &str) -> Option<(&'static str, Vec<String>)> {
    let (word, rest) = line.split_once(':')?;
    let word = ["key", "cursor"].into_iter().find(|known| word.trim().eq_ignore_ascii_case(known))?;
    let columns = rest.split(',').map(|column| column.trim().to_owned()).filter(|column| !column.is_empty());
    Some((word, columns.collect()))
}

fn checked(query: &Query) -> Result<(), &'static str> {
    let first: String = query.sql.chars().take_while(char::is_ascii_alphabetic).collect();
    if query.sql.is_empty() {
        Err("has no SELECT")
    } else if !["select", "with", "values", "table"].contains(&first.to_ascii_lowercase().as_str())
        && !query.sql.starts_with("--")
        && !query.sql.starts_with("/*")
        && !query.sql.starts_with('(')
    {
        Err("does not begin with SELECT or WITH; only reading is possible")
    } else if query.cursor.is_some() && query.key.is_empty() {
        Err("has a cursor and no key; add a line such as key: id")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(name: &str, text: &str) -> Settings {
        let mut given =
            json!({"engine": "mysql", "host": "db", "database": "loja", "user": "u", "password": "p"});
        given[name] = text.into();
        Settings::read(&super::super::kind(), "loja", &given).unwrap()
    }

    #[test]
    fn tables_are_one_per_line_without_blanks_and_repeats() {
        let text = " pedidos: atualizado_em,\n\nItens do Pedido ;\npedidos: atualizado_em\n";
        assert_eq!(tables(&settings("tables", text)), ["pedidos: atualizado_em", "Itens do Pedido"]);
    }

    #[test]
    fn queries_have_a_name_perhaps_key_and_cursor_and_their_sql_as_it_stands() {
        let text = "[abertos]\nkey: empresa, numero\nCursor : alterado_em\nselect *\n  from pedidos -- [x]\nwhere a[1] = 2;\n\n[ totais ]\nwith t as (select 1)\nselect * from t";
        let found = queries(&settings("queries", text)).unwrap();
        assert_eq!(found[0].key, ["empresa", "numero"]);
        assert_eq!(found[0].cursor.as_deref(), Some("alterado_em"));
        assert_eq!(found[0].sql, "select *\n  from pedidos -- [x]\nwhere a[1] = 2");
        assert_eq!((found[1].name.as_str(), found[1].key.len()), ("totais", 0));
        assert_eq!(found[1].sql, "with t as (select 1)\nselect * from t");
    }

    #[test]
    fn queries_that_cannot_be_meant_so_are_named() {
        for (text, expected) in [
            ("select 1", "`select 1` belongs to no query"),
            ("[Pedidos Abertos]\nselect 1", "write [pedidos_abertos]"),
            ("[a]\nselect 1\n[a]\nselect 2", "is there twice"),
            ("[a]\nkey: id", "`[a]` has no SELECT"),
            ("[a]\ndelete from x", "only reading is possible"),
            ("[a]\ncursor: x\nselect x from y", "add a line such as key: id"),
            ("[a]\ncursor: x, y\nselect x from y", "takes one column"),
        ] {
            let error = queries(&settings("queries", text)).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("`queries`"), "{error}");
        }
    }
}
