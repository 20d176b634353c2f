//! Tries a connection out: who answers, as whom we are there, and what may be read.
//!
//! Reads no more than one row of each stream. Invariant: whoever may write is told how to make a user who may not.

use std::sync::Arc;

use super::catalogue::{self, Catalogue, Plan, some};
use super::engine::Engine;
use super::errors::{SqlError, one_line};
use super::session::Session;
use super::statements;
use super::streams::{Growth, Planned, Stream};
use crate::source::{StreamTested, Tested};

/// Rows beyond which reading a table whole each time is worth a word.
const MANY: u64 = 1_000_000;

/// Looks at everything that would be read.
///
/// # Errors
/// What concerns the whole database.
pub async fn tried(session: &mut Session, schema: &str, catalogue: &Catalogue) -> Result<Tested, SqlError> {
    let mut tested = Tested::default();
    let may_write = may_write(session, schema).await?;
    let setting = session.setting().clone();
    tested.facts = vec![
        ("version", session.version.clone()),
        ("user", setting.user.clone()),
        ("access", if may_write { "may write" } else { "read-only" }.to_owned()),
        ("encrypted", if setting.is_encrypted { "yes" } else { "no" }.to_owned()),
    ];
    if may_write {
        let advice = grants(setting.engine, &setting.database, schema);
        tested
            .warnings
            .push(format!("user `{}` may write; make one who may only read: {advice}", setting.user));
    }
    if !setting.is_encrypted {
        tested.warnings.push(
            "password and rows travel in clear; set `tls` to verify unless the network is private".to_owned(),
        );
    }
    let hidden: Vec<String> = catalogue
        .tables
        .iter()
        .filter(|table| !table.is_readable)
        .map(|table| format!("`{}`", table.name))
        .collect();
    if !hidden.is_empty() {
        tested.warnings.push(format!("user `{}` may not read {}", setting.user, some(&hidden)));
    }
    for plan in &catalogue.plans {
        let planned = planned(session, plan).await;
        let looked = match &planned {
            Ok(stream) => has_rows(session, stream).await,
            Err(error) => Err(error.clone()),
        };
        let (is_empty, problem) = match looked {
            Ok(has_rows) => (!has_rows, None),
            Err(error @ (SqlError::Lost { .. } | SqlError::Slow { .. })) => return Err(error),
            Err(error) => (false, Some(error.to_string())),
        };
        tested.streams.push(StreamTested { name: plan.name().to_owned(), is_empty, problem });
        if let Ok(stream) = planned {
            tested.warnings.extend(warnings(&stream, catalogue));
        }
    }
    Ok(tested)
}

/// The stream of a plan; of a query its columns are asked for.
pub async fn planned(session: &mut Session, plan: &Plan) -> Planned {
    match plan {
        Plan::Table { planned, .. } => planned.clone(),
        Plan::Query(query) => catalogue::described(session, query).await,
    }
}

async fn has_rows(session: &mut Session, stream: &Arc<Stream>) -> Result<bool, SqlError> {
    if let Some(asking) = statements::keyless_row(stream)
        && session.value(&asking, &[]).await?.is_some()
    {
        return Err(SqlError::EmptyKey);
    }
    Ok(session.value(&statements::any_row(stream), &[]).await?.is_some())
}

/// What is left out of a stream, and what makes reading it slow.
fn warnings(stream: &Stream, catalogue: &Catalogue) -> Vec<String> {
    let mut warnings = Vec::new();
    let title = &stream.title;
    if !stream.left_out.is_empty() {
        warnings.push(format!("`{title}` is read without some columns: {}", stream.left_out.join(", ")));
    }
    let table = catalogue.tables.iter().find(|table| table.from == stream.from);
    let rows = table.map_or(0, |table| table.rows);
    match stream.cursor_field() {
        Some(cursor) => {
            let column = &cursor.name;
            if table.is_some_and(|table| !table.is_view && !table.is_indexed(column)) {
                warnings.push(format!("`{title}` has no index that begins with `{column}`: each sync looks at all its rows"));
            }
            if cursor.is_nullable && !stream.is_query {
                warnings.push(format!("`{column}` of `{title}` may be empty: rows without it are read anew each time"));
            }
            if cursor.growth == Growth::Unknown {
                warnings.push(format!(
                    "`{column}` of `{title}` is neither a time nor a number: what is committed late comes with the daily comparison of keys"
                ));
            }
        }
        None if rows > MANY => warnings.push(format!(
            "`{title}` has about {rows} rows and is read whole each time; name a column that grows with each change in `tables`: {title}: updated_at"
        )),
        None => {}
    }
    warnings
}

async fn may_write(session: &mut Session, schema: &str) -> Result<bool, SqlError> {
    match session.setting().engine {
        Engine::Postgres => {
            let asking = "select (coalesce((select rolsuper from pg_catalog.pg_roles where rolname = current_user), false) or exists (\
                select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
                where n.nspname = $1 and c.relkind in ('r', 'p') \
                and has_table_privilege(c.oid, 'insert, update, delete, truncate')))::text";
            Ok(session.value(asking, &[schema.to_owned()]).await?.as_deref() == Some("true"))
        }
        Engine::Mysql => {
            let grants = session.table("show grants", &[]).await?;
            let lines = grants.into_iter().filter_map(|row| row.into_iter().next().flatten());
            Ok(lines.map(|line| line.to_uppercase()).any(|line| {
                let privileges = line.split(" ON ").next().unwrap_or_default();
                ["ALL PRIVILEGES", "INSERT", "UPDATE", "DELETE"].iter().any(|word| privileges.contains(word))
            }))
        }
    }
}

/// The statements that make a user who may only read.
fn grants(engine: Engine, database: &str, schema: &str) -> String {
    let (database, schema) = (engine.quoted(database), engine.quoted(schema));
    one_line(&match engine {
        Engine::Postgres => format!(
            "create role mirante login password '…'; grant connect on database {database} to mirante; \
             grant usage on schema {schema} to mirante; grant select on all tables in schema {schema} to mirante; \
             alter default privileges in schema {schema} grant select on tables to mirante;"
        ),
        Engine::Mysql => format!(
            "create user 'mirante'@'%' identified by '…'; grant select, show view on {database}.* to 'mirante'@'%';"
        ),
    })
}
