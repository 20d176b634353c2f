//! What can go wrong between us and a database, said so that a person knows what to do.
//!
//! Invariant: no message holds a password or a value that was bound; a server's own words are one line.

use std::net::IpAddr;

use super::engine::Engine;

/// A question that got no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    #[error("host `{host}` has no address ({detail}); check its name, and the DNS of this machine")]
    Unresolved { host: String, detail: String },

    #[error(
        "host `{host}` is at {address}, which is no public address; if it is meant to be, allow its network: `private_networks` in mirante.toml"
    )]
    Private { host: String, address: IpAddr },

    #[error(
        "no connection to `{host}` ({detail}); check `host`, `port` and firewall, and that the database listens there"
    )]
    Unreachable { host: String, detail: String },

    #[error(
        "`{host}` speaks no TLS; switch it on there, or set `tls` to none where the way to it is private"
    )]
    NoTls { host: String },

    #[error("`{host}` lets nobody in without TLS ({detail}); set `tls` to verify")]
    WantsTls { host: String, detail: String },

    #[error(
        "the certificate of `{host}` is not trusted ({detail}); give its authority in `ca`, or use the name that it is made out to as `host`"
    )]
    Certificate { host: String, detail: String },

    #[error("`{host}` does not answer as {engine} does ({detail}); check `engine`, `host` and `port`")]
    Stranger { host: String, engine: &'static str, detail: String },

    #[error("user `{user}` was refused ({detail}); check `user` and `password`")]
    SignIn { user: String, detail: String },

    #[error(
        "user `{user}` is not let in from this machine ({detail}); allow it there: a line in pg_hba.conf of PostgreSQL, a user @'%' of MySQL"
    )]
    NotFromHere { user: String, detail: String },

    #[error("`{host}` has no database `{database}`; check its name, capitals matter")]
    NoDatabase { host: String, database: String },

    #[error(
        "user `{user}` may not use database `{database}`; grant it there: connect on the database in PostgreSQL, select on it in MySQL"
    )]
    DatabaseDenied { user: String, database: String },

    #[error("there is no schema `{schema}` that user `{user}` may use; check `schema`, or grant usage on it")]
    NoSchema { schema: String, user: String },

    #[error("`{host}` takes no more connections ({detail}); try again later, or raise its limit")]
    Full { host: String, detail: String },

    #[error("`{host}` did not answer within {seconds} s; try again, or raise `statement_timeout`")]
    Slow { host: String, seconds: u64 },

    #[error(
        "a statement took longer than {seconds} s; raise `statement_timeout`, lower `page_rows`, or give the cursor column an index"
    )]
    Timeout { seconds: u64 },

    #[error("somebody holds a lock on it for too long ({detail}); the next sync tries again")]
    Locked { detail: String },

    #[error(
        "the connection was lost ({detail}); what came before stands, and the next sync goes on from there"
    )]
    Lost { detail: String },

    #[error("there is no such table or view any more ({detail}); take it out of `tables`, or put it back")]
    Gone { detail: String },

    #[error("there is no table or view `{table}`; there are {known}")]
    NoTable { table: String, known: String },

    #[error("user `{user}` may not read it ({detail}); grant it: grant select on it to that user")]
    Denied { user: String, detail: String },

    #[error("it has no column `{column}` to be its {role}; it has {known}")]
    NoColumn { column: String, role: &'static str, known: String },

    #[error(
        "it has no primary key, and a cursor needs one; leave the cursor out, or write a query with `key:` and `cursor:`"
    )]
    NoKey,

    #[error("some of its rows have no value in `key`; choose columns that always have one")]
    EmptyKey,

    #[error("it has no column that can be read ({detail})")]
    NoColumns { detail: String },

    #[error("two of its columns are called `{column}`; give each a name of its own with `as`")]
    SameName { column: String },

    #[error("the server refused: {detail}")]
    Refused { detail: String },
}

/// What an error is told in terms of.
#[derive(Debug, Clone)]
pub struct Setting {
    pub engine: Engine,
    pub host: String,
    pub database: String,
    pub user: String,
    pub is_encrypted: bool,
    pub timeout_s: u64,
}

impl Setting {
    /// What a failed attempt to connect means.
    pub fn of_connecting(&self, error: &sqlx::Error) -> SqlError {
        let host = self.host.clone();
        match error {
            sqlx::Error::Database(_) => self.of_asking(error),
            sqlx::Error::Tls(detail) if detail.to_string().contains("does not support TLS") => {
                SqlError::NoTls { host }
            }
            sqlx::Error::Tls(detail) => SqlError::Certificate { host, detail: one_line(&detail.to_string()) },
            sqlx::Error::Io(detail) if detail.to_string().contains("certificate") => {
                SqlError::Certificate { host, detail: one_line(&detail.to_string()) }
            }
            sqlx::Error::Io(detail) if detail.kind() == std::io::ErrorKind::UnexpectedEof => {
                self.stranger("it hung up")
            }
            sqlx::Error::Io(detail) => SqlError::Unreachable { host, detail: one_line(&detail.to_string()) },
            other => self.stranger(&other.to_string()),
        }
    }

    fn stranger(&self, detail: &str) -> SqlError {
        SqlError::Stranger { host: self.host.clone(), engine: self.engine.title(), detail: one_line(detail) }
    }

    /// What a failed statement means.
    pub fn of_asking(&self, error: &sqlx::Error) -> SqlError {
        match error {
            sqlx::Error::Database(error) => self.of_server(error.as_ref()),
            sqlx::Error::Io(detail) => SqlError::Lost { detail: one_line(&detail.to_string()) },
            other => SqlError::Refused { detail: one_line(&other.to_string()) },
        }
    }

    fn of_server(&self, error: &dyn sqlx::error::DatabaseError) -> SqlError {
        let detail = one_line(error.message());
        let host = self.host.clone();
        match self.engine {
            Engine::Postgres => self.of_postgres(&error.code().unwrap_or_default(), host, detail),
            Engine::Mysql => {
                let number = error
                    .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
                    .map(sqlx::mysql::MySqlDatabaseError::number);
                self.of_mysql(number.unwrap_or_default(), host, detail)
            }
        }
    }

    fn of_postgres(&self, code: &str, host: String, detail: String) -> SqlError {
        let (user, database) = (self.user.clone(), self.database.clone());
        match code {
            "28000"
                if !self.is_encrypted
                    && detail.contains("pg_hba.conf")
                    && detail.contains("no encryption") =>
            {
                SqlError::WantsTls { host, detail }
            }
            "28000" if detail.contains("pg_hba.conf") => SqlError::NotFromHere { user, detail },
            "28P01" | "28000" => SqlError::SignIn { user, detail },
            "3D000" => SqlError::NoDatabase { host, database },
            "42501" if detail.contains("for database") => SqlError::DatabaseDenied { user, database },
            "42501" => self.denied(detail),
            "53300" | "57P03" => SqlError::Full { host, detail },
            "57014" => SqlError::Timeout { seconds: self.timeout_s },
            "55P03" => SqlError::Locked { detail },
            "42P01" | "3F000" => SqlError::Gone { detail },
            "57P01" | "57P02" | "25P03" | "40001" => SqlError::Lost { detail },
            _ => SqlError::Refused { detail },
        }
    }

    fn of_mysql(&self, number: u16, host: String, detail: String) -> SqlError {
        let (user, database) = (self.user.clone(), self.database.clone());
        match number {
            // A user who must use TLS is refused as one with a wrong password is.
            1045 | 1698 if !self.is_encrypted => {
                let detail = format!("{detail}; if the user must use TLS, set `tls` to verify");
                SqlError::SignIn { user, detail }
            }
            1045 | 1698 => SqlError::SignIn { user, detail },
            3159 | 4031 => SqlError::WantsTls { host, detail },
            1130 => SqlError::NotFromHere { user, detail },
            1049 => SqlError::NoDatabase { host, database },
            1044 => SqlError::DatabaseDenied { user, database },
            1142 | 1143 => self.denied(detail),
            1040 | 1203 | 1226 => SqlError::Full { host, detail },
            1969 | 3024 => SqlError::Timeout { seconds: self.timeout_s },
            1205 | 1213 => SqlError::Locked { detail },
            1146 | 1051 => SqlError::Gone { detail },
            1053 | 1317 | 1927 => SqlError::Lost { detail },
            _ => SqlError::Refused { detail },
        }
    }

    pub fn denied(&self, detail: String) -> SqlError {
        SqlError::Denied { user: self.user.clone(), detail }
    }
}

/// Text of a stranger as one short line.
pub fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|it| !it.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
