//! One connection to a database, which can only read.
//!
//! Does not know what is asked (`statements`, `catalogue`). Invariant: the server itself refuses every writing statement of a session, and ends
//! those that take too long.

use std::time::Duration;

use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use sqlx::mysql::{MySql, MySqlConnection, MySqlRow, MySqlTypeInfo};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Column, Connection as _, Executor, Row as _, Statement, Type, TypeInfo};

use super::engine::Engine;
use super::errors::{Setting, SqlError};

/// Waiting beyond the limit that the server keeps: then the line is dead.
const GRACE: Duration = Duration::from_secs(30);
/// How long somebody else's lock is waited for.
const LOCK_S: u64 = 30;

/// A connection of either family.
pub enum Connection {
    Postgres(PgConnection),
    Mysql(MySqlConnection),
}

/// A session that can only read.
pub struct Session {
    connection: Connection,
    setting: Setting,
    /// As the server tells it: `PostgreSQL 15.18`, `MariaDB 10.11.6`.
    pub version: String,
}

/// One row of texts.
pub enum Row {
    Postgres(PgRow),
    Mysql(MySqlRow),
}

impl Row {
    /// A value, as the bytes of its text; none for null.
    ///
    /// # Errors
    /// When the row has fewer columns.
    pub fn text(&self, at: usize) -> Result<Option<&[u8]>, sqlx::Error> {
        match self {
            Row::Postgres(row) => row.try_get_unchecked(at),
            Row::Mysql(row) => row.try_get_unchecked(at),
        }
    }

    fn len(&self) -> usize {
        match self {
            Row::Postgres(row) => row.len(),
            Row::Mysql(row) => row.len(),
        }
    }

    /// How large its texts are together.
    pub fn bytes(&self) -> usize {
        let size = |at: usize| self.text(at).ok().flatten().map_or(0, <[u8]>::len);
        (0..self.len()).map(size).sum()
    }
}

impl Session {
    /// Takes a fresh connection and makes it one that can only read.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn open(connection: Connection, setting: Setting, schema: &str) -> Result<Session, SqlError> {
        let mut session = Session { connection, setting, version: String::new() };
        let engine = session.setting.engine;
        let version = match engine {
            Engine::Postgres => "select current_setting('server_version')",
            Engine::Mysql => "select cast(version() as char)",
        };
        let told = session.value(version, &[]).await?.unwrap_or_default();
        let is_mariadb = told.contains("MariaDB");
        let number = told.split(['-', ' ']).next().unwrap_or_default();
        session.version = format!("{} {number}", if is_mariadb { "MariaDB" } else { engine.title() });
        let seconds = session.setting.timeout_s;
        match engine {
            Engine::Postgres => {
                session
                    .run(&format!(
                        "set default_transaction_read_only = on; set statement_timeout = '{seconds}s'; \
                         set lock_timeout = '{LOCK_S}s'; set idle_in_transaction_session_timeout = 0; \
                         set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; \
                         set bytea_output = 'hex'; set extra_float_digits = 3; set cursor_tuple_fraction = 1"
                    ))
                    .await?;
                let path = "select set_config('search_path', quote_ident($1) || ', ' || current_setting('search_path'), false)";
                session.value(path, &[schema.to_owned()]).await?;
            }
            Engine::Mysql => {
                let limit = if is_mariadb {
                    format!("max_statement_time = {seconds}")
                } else {
                    format!("max_execution_time = {}", seconds * 1000)
                };
                for statement in [
                    "set session transaction read only",
                    "set session transaction isolation level repeatable read",
                    &format!(
                        "set session {limit}, lock_wait_timeout = {LOCK_S}, innodb_lock_wait_timeout = {LOCK_S}"
                    ),
                    // Rows wait here while those before them are being landed.
                    "set session net_write_timeout = 3600, wait_timeout = 86400",
                ] {
                    session.run(statement).await?;
                }
            }
        }
        Ok(session)
    }

    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// From here on everything is seen as it is now.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn hold(&mut self) -> Result<(), SqlError> {
        match self.setting.engine {
            Engine::Postgres => self.run("begin transaction isolation level repeatable read read only").await,
            Engine::Mysql => self.run("start transaction with consistent snapshot, read only").await,
        }
    }

    /// Runs statements that give no rows.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn run(&mut self, sql: &str) -> Result<(), SqlError> {
        let statements = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let running = async {
            match &mut self.connection {
                Connection::Postgres(connection) => connection.execute(statements).await.map(drop),
                Connection::Mysql(connection) => connection.execute(statements).await.map(drop),
            }
        };
        let ran = patiently(&self.setting, running).await?;
        ran.map_err(|error| self.setting.of_asking(&error))
    }

    /// The rows of a statement as they come; `given` are the values for its places.
    pub fn rows(&mut self, sql: String, given: &[String]) -> BoxStream<'_, Result<Row, sqlx::Error>> {
        match &mut self.connection {
            Connection::Postgres(connection) => {
                let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
                let query = given.iter().fold(query, |query, value| query.bind(value.clone()));
                query.fetch(connection).map_ok(Row::Postgres).boxed()
            }
            Connection::Mysql(connection) => {
                let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
                let query = given.iter().fold(query, |query, value| query.bind(value.clone()));
                query.fetch(connection).map_ok(Row::Mysql).boxed()
            }
        }
    }

    /// All rows of a statement that gives few.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn table(&mut self, sql: &str, given: &[String]) -> Result<Vec<Vec<Option<String>>>, SqlError> {
        let setting = self.setting.clone();
        let rows = self.rows(sql.to_owned(), given).and_then(|row| async move {
            let cells = (0..row.len())
                .map(|at| Ok(row.text(at)?.map(|text| String::from_utf8_lossy(text).into_owned())));
            cells.collect::<Result<Vec<_>, sqlx::Error>>()
        });
        let found = patiently(&setting, rows.try_collect()).await?;
        found.map_err(|error| setting.of_asking(&error))
    }

    /// The first value of the first row.
    ///
    /// # Errors
    /// What the server answers.
    pub async fn value(&mut self, sql: &str, given: &[String]) -> Result<Option<String>, SqlError> {
        let rows = self.table(sql, given).await?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten())
    }

    /// Names of the columns of a statement, and of their types, without running it.
    ///
    /// # Errors
    /// What the server says of the statement.
    pub async fn describe(&mut self, sql: &str) -> Result<Vec<(String, String)>, SqlError> {
        let setting = self.setting.clone();
        let sql = AssertSqlSafe(sql.to_owned());
        let sql = sqlx::SqlSafeStr::into_sql_str(sql);
        let describing = async {
            match &mut self.connection {
                Connection::Postgres(connection) => {
                    let statement = connection.prepare(sql).await?;
                    Ok(statement.columns().iter().map(|it| named(it, it.type_info().name())).collect())
                }
                Connection::Mysql(connection) => {
                    let statement = connection.prepare(sql).await?;
                    Ok(statement.columns().iter().map(|it| named(it, type_name(it.type_info()))).collect())
                }
            }
        };
        patiently(&setting, describing).await?.map_err(|error| setting.of_asking(&error))
    }

    /// Says goodbye. A server that does not listen any more has ended the session itself.
    pub async fn close(self) {
        let closing = async {
            match self.connection {
                Connection::Postgres(connection) => connection.close().await,
                Connection::Mysql(connection) => connection.close().await,
            }
        };
        if let Ok(Err(error)) = tokio::time::timeout(Duration::from_secs(5), closing).await {
            tracing::debug!(host = %self.setting.host, %error, "the session had ended");
        }
    }
}

fn named(column: &impl Column, type_name: &str) -> (String, String) {
    (column.name().to_owned(), type_name.to_owned())
}

/// Text that is compared by its bytes is called bytes by the protocol; only its collation tells.
fn type_name(info: &MySqlTypeInfo) -> &str {
    let (name, is_text) = (info.name(), <str as Type<MySql>>::compatible(info));
    if is_text && (name.ends_with("BLOB") || name.ends_with("BINARY")) { "TEXT" } else { name }
}

/// Waits for what the server itself would have ended by now, and not for ever.
///
/// # Errors
/// `Slow` when nothing came.
pub async fn patiently<T>(setting: &Setting, work: impl Future<Output = T>) -> Result<T, SqlError> {
    let limit = Duration::from_secs(setting.timeout_s) + GRACE;
    let slow = |_| SqlError::Slow { host: setting.host.clone(), seconds: limit.as_secs() };
    tokio::time::timeout(limit, work).await.map_err(slow)
}
