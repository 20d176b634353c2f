//! Real servers of these tests' own, in temporary folders, ended with the process: PostgreSQL and MariaDB, with certificates of an authority
//! that nobody else knows.
//!
//! Installed by `cargo xtask test` (Debian: postgresql, mariadb-server-core, mariadb-client-core).

mod ground;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use connect::sources::sql::Sql;
use connect::{Egress, Surroundings};
use serde_json::{Value, json};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, Row};

use self::ground::Ground;

/// Of the user who reads, in every database.
pub const PASSWORD: &str = "serra-azul";
pub const READER: &str = "leitor";

/// A server that runs.
pub struct Server {
    pub engine: &'static str,
    pub port: u16,
    /// The authority behind its certificate.
    pub authority: String,
    _folder: tempfile::TempDir,
}

/// A database that nobody has used before.
#[derive(Clone, Copy)]
pub struct Database {
    pub server: &'static Server,
    name: [u8; 8],
}

pub fn postgres() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| start_postgres(true))
}

/// One that speaks no TLS.
pub fn plain_postgres() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| start_postgres(false))
}

pub fn mariadb() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| start_mariadb(true))
}

/// One that speaks no TLS.
pub fn plain_mariadb() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| start_mariadb(false))
}

/// A fresh database on each.
pub async fn both() -> [Database; 2] {
    [postgres().fresh().await, mariadb().fresh().await]
}

impl Server {
    /// A fresh database, which the reader may read.
    pub async fn fresh(&'static self) -> Database {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("loja{:04}", NEXT.fetch_add(1, Ordering::Relaxed));
        let database = Database { server: self, name: name.as_bytes().try_into().unwrap() };
        self.run(None, &format!("create database {name}")).await;
        if self.engine == "postgresql" {
            database
                .run(&format!(
                    "grant usage on schema public to {READER}; alter default privileges in schema public grant select on tables to {READER}"
                ))
                .await;
        } else {
            self.run(None, &format!("grant select, show view on {name}.* to '{READER}'@'%'")).await;
        }
        database
    }

    pub async fn run(&self, database: Option<&str>, sql: &str) {
        match self.admin(database).await {
            Admin::Postgres(mut connection) => {
                connection.execute(AssertSqlSafe(sql.to_owned())).await.map(drop)
            }
            Admin::Mysql(mut connection) => connection.execute(AssertSqlSafe(sql.to_owned())).await.map(drop),
        }
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    pub async fn admin(&self, database: Option<&str>) -> Admin {
        if self.engine == "postgresql" {
            let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(self.port);
            let options = options.username("postgres").database(database.unwrap_or("postgres"));
            Admin::Postgres(options.ssl_mode(PgSslMode::Disable).connect().await.expect("PostgreSQL answers"))
        } else {
            let options = MySqlConnectOptions::new().host("127.0.0.1").port(self.port).username("root");
            let options = options.database(database.unwrap_or("mysql")).ssl_mode(MySqlSslMode::Disabled);
            Admin::Mysql(options.pipes_as_concat(false).connect().await.expect("MariaDB answers"))
        }
    }

    /// The settings of a source that reads `database` here.
    pub fn settings(&self, database: &str) -> Value {
        json!({
            "engine": self.engine, "host": "127.0.0.1", "port": self.port, "database": database,
            "user": READER, "password": PASSWORD, "ca": self.authority,
        })
    }
}

pub enum Admin {
    Postgres(PgConnection),
    Mysql(MySqlConnection),
}

impl Admin {
    pub async fn run(&mut self, sql: &str) {
        match self {
            Admin::Postgres(connection) => connection.execute(AssertSqlSafe(sql.to_owned())).await.map(drop),
            Admin::Mysql(connection) => connection.execute(AssertSqlSafe(sql.to_owned())).await.map(drop),
        }
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
}

impl Database {
    pub fn name(&self) -> &str {
        std::str::from_utf8(&self.name).unwrap()
    }

    pub fn is_postgres(&self) -> bool {
        self.server.engine == "postgresql"
    }

    /// What is written differently by the two.
    pub fn either<'a>(&self, postgres: &'a str, mysql: &'a str) -> &'a str {
        if self.is_postgres() { postgres } else { mysql }
    }

    /// Something to select `n` from.
    pub fn series(&self, from: i64, to: i64) -> String {
        if self.is_postgres() {
            format!("generate_series({from}, {to}) as n")
        } else {
            format!("(select seq as n from seq_{from}_to_{to}) as series")
        }
    }

    pub async fn run(&self, sql: &str) {
        self.server.run(Some(self.name()), sql).await;
    }

    pub async fn admin(&self) -> Admin {
        self.server.admin(Some(self.name())).await
    }

    /// The first column of a statement's rows, as the server writes it.
    pub async fn texts(&self, sql: &str) -> Vec<Option<String>> {
        let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let sql = AssertSqlSafe(sql.to_owned());
        match self.admin().await {
            Admin::Postgres(mut connection) => {
                let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| text(row.try_get_unchecked(0).unwrap())).collect()
            }
            Admin::Mysql(mut connection) => {
                let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| text(row.try_get_unchecked(0).unwrap())).collect()
            }
        }
    }

    pub fn settings(&self) -> Value {
        self.server.settings(self.name())
    }

    pub fn source(&self) -> Sql {
        self.source_with(&json!({}))
    }

    /// The source with these settings beside the usual ones.
    pub fn source_with(&self, more: &Value) -> Sql {
        let mut settings = self.settings();
        for (name, value) in more.as_object().unwrap() {
            settings[name] = value.clone();
        }
        source_of(&settings)
    }
}

pub fn surroundings() -> Surroundings {
    Surroundings::new(Egress::with_networks(["127.0.0.1"]).unwrap())
}

pub fn source_of(settings: &Value) -> Sql {
    Sql::from_settings("loja", settings, &surroundings()).unwrap()
}

/// Runs on a thread of its own: the servers are started from within async tests.
fn apart(work: impl Future<Output = ()> + Send + 'static) {
    let run =
        move || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    std::thread::spawn(run).join().expect("the server is made ready");
}

fn start_postgres(is_encrypted: bool) -> Server {
    let bin = postgres_programs().expect("PostgreSQL is installed (Debian: apt-get install postgresql)");
    let ground = Ground::new();
    let data = ground.path("data");
    ground.make(ground.command(&bin.join("initdb")).args([
        "-D",
        &data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-N",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
    ]));
    let rules = "host all postgres 127.0.0.1/32 trust\nhostssl all so_cifrado 127.0.0.1/32 scram-sha-256\n\
                 host all de_fora 10.0.0.0/8 scram-sha-256\nhost all leitor,dono,cego 127.0.0.1/32 scram-sha-256\n";
    std::fs::write(ground.folder.path().join("data/pg_hba.conf"), rules).unwrap();
    let (port, mut command) = (ground.port.to_string(), ground.command(&bin.join("postgres")));
    command.args(["-D", &data, "-p", &port, "-h", "127.0.0.1", "-k", "", "-F", "-c", "max_connections=200"]);
    if is_encrypted {
        let (certificate, key) = (ground.path("server.crt"), ground.path("server.key"));
        command.args([
            "-c",
            "ssl=on",
            "-c",
            &format!("ssl_cert_file={certificate}"),
            "-c",
            &format!("ssl_key_file={key}"),
        ]);
    }
    let server = ground.serve("postgresql", &mut command);
    let port = server.port;
    apart(async move {
        let options =
            PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(port).username("postgres");
        let options = options.database("postgres").ssl_mode(PgSslMode::Disable);
        let mut connection = loop {
            match options.connect().await {
                Ok(connection) => break connection,
                Err(error) => assert!(error.to_string().contains("starting up"), "{error}"),
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        };
        for user in [READER, "dono", "cego", "so_cifrado", "de_fora"] {
            let sql = format!("create role {user} login password '{PASSWORD}'");
            connection.execute(AssertSqlSafe(sql)).await.unwrap();
        }
    });
    server
}

/// Where Debian keeps the server's programs, newest version last.
fn postgres_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut versions: Vec<PathBuf> = versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
        .collect();
    versions.sort();
    versions.pop()
}

fn start_mariadb(is_encrypted: bool) -> Server {
    let (install, program) = (Path::new("/usr/bin/mariadb-install-db"), Path::new("/usr/sbin/mariadbd"));
    assert!(
        install.is_file() && program.is_file(),
        "MariaDB is installed (Debian: apt-get install mariadb-server-core mariadb-client-core)"
    );
    let ground = Ground::new();
    let data = format!("--datadir={}", ground.path("data"));
    ground.make(ground.command(install).args([
        "--no-defaults",
        &data,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    ]));
    let mut command = ground.command(program);
    command.args([
        "--no-defaults",
        &data,
        "--bind-address=127.0.0.1",
        "--skip-log-bin",
        "--skip-name-resolve",
        "--max-connections=200",
    ]);
    command.args([format!("--port={}", ground.port), format!("--socket={}", ground.path("socket"))]);
    command.args(["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--sql-mode="]);
    if is_encrypted {
        let (certificate, key) = (ground.path("server.crt"), ground.path("server.key"));
        command.args([format!("--ssl-cert={certificate}"), format!("--ssl-key={key}")]);
    }
    let server = ground.serve("mysql", &mut command);
    let port = server.port;
    apart(async move {
        let options = MySqlConnectOptions::new().host("127.0.0.1").port(port).username("root");
        let mut connection =
            options.ssl_mode(MySqlSslMode::Disabled).connect().await.expect("MariaDB answers");
        for sql in [
            format!("create user '{READER}'@'%' identified by '{PASSWORD}'"),
            format!("create user 'dono'@'%' identified by '{PASSWORD}'"),
            format!("create user 'cego'@'%' identified by '{PASSWORD}'"),
            format!("create user 'so_cifrado'@'%' identified by '{PASSWORD}' require ssl"),
            "grant all privileges on *.* to 'dono'@'%'".to_owned(),
        ] {
            connection.execute(AssertSqlSafe(sql)).await.unwrap();
        }
    });
    server
}
