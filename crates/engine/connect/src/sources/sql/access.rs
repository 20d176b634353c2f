//! The way to a database: whom to call, as whom, and how the server proves who it is.
//!
//! Asks nothing there (`session`). Invariant: no address is called that the operator does not allow, and no certificate is believed unchecked.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::engine::Engine;
use super::errors::{Setting, SqlError};
use super::session::{Connection, Session};
use crate::egress::Egress;
use crate::errors::ConnectError;
use crate::settings::Settings;

/// For name, connection, encryption and sign-in together.
const CONNECT_S: u64 = 20;

/// How a database is reached.
#[derive(Clone)]
pub struct Access {
    port: u16,
    password: String,
    trust: Trust,
    egress: Egress,
    /// What its errors are told in terms of.
    pub setting: Setting,
    /// The schema to read; of MySQL the database itself.
    pub schema: String,
}

#[derive(Clone)]
enum Trust {
    /// A certificate of an authority that is known, or of this one (PEM; empty without).
    Verified(Vec<u8>),
    /// No encryption: then the very address that was checked is called.
    Plain,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access")
            .field("setting", &self.setting)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl Access {
    /// # Errors
    /// `Options` for a setting that cannot be meant so.
    pub fn new(settings: &Settings, egress: &Egress) -> Result<Access, ConnectError> {
        let engine = if settings.text("engine") == "mysql" { Engine::Mysql } else { Engine::Postgres };
        let host = settings.text("host").trim_start_matches('[').trim_end_matches(']');
        let is_address = host.parse::<IpAddr>().is_ok();
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || "/@?#".contains(c)) {
            return Err(settings.refused(
                "host",
                &format!("`{host}` is no name of a server; write it as db.empresa.com.br"),
            ));
        }
        if host.contains(':') && !is_address {
            return Err(settings.refused("host", &format!("`{host}` has a port; it belongs into `port`")));
        }
        if engine == Engine::Mysql && settings.given("schema").is_some() {
            return Err(settings
                .refused("schema", "MySQL has none; leave it empty and name the database in `database`"));
        }
        let database = settings.text("database").to_owned();
        let schema = match engine {
            Engine::Postgres => settings.given("schema").unwrap_or("public").to_owned(),
            Engine::Mysql => database.clone(),
        };
        let authority = settings.text("ca");
        let trust = match settings.text("tls") {
            "none" if !authority.is_empty() => {
                return Err(settings
                    .refused("ca", "there is nothing to check with `tls` none; leave one of them out"));
            }
            "none" => Trust::Plain,
            _ => Trust::Verified(checked(authority).map_err(|detail| settings.refused("ca", &detail))?),
        };
        Ok(Access {
            port: settings.number("port").map_or(engine.port(), |port| port as u16),
            password: settings.text("password").to_owned(),
            setting: Setting {
                engine,
                host: host.to_owned(),
                database,
                user: settings.text("user").to_owned(),
                is_encrypted: matches!(trust, Trust::Verified(_)),
                timeout_s: settings.number("statement_timeout").unwrap_or(300) as u64,
            },
            trust,
            egress: egress.clone(),
            schema,
        })
    }

    /// Opens a session that can only read.
    ///
    /// # Errors
    /// What keeps us out, as precisely as the server tells it.
    pub async fn connect(&self) -> Result<Session, SqlError> {
        let limit = Duration::from_secs(CONNECT_S);
        let connected = tokio::time::timeout(limit, async {
            let mut refused = None;
            for host in self.hosts().await? {
                match self.dial(&host).await {
                    Err(error @ SqlError::Unreachable { .. }) => refused = refused.or(Some(error)),
                    other => return other,
                }
            }
            Err(refused.unwrap_or_else(|| self.unresolved("the answer is empty".to_owned())))
        });
        let connection = connected.await.unwrap_or_else(|_| {
            Err(SqlError::Slow { host: self.setting.host.clone(), seconds: CONNECT_S })
        })?;
        Session::open(connection, self.setting.clone(), &self.schema).await
    }

    async fn dial(&self, host: &str) -> Result<Connection, SqlError> {
        let connected = match self.setting.engine {
            Engine::Postgres => self.postgres(host).connect().await.map(Connection::Postgres),
            Engine::Mysql => self.mysql(host).connect().await.map(Connection::Mysql),
        };
        connected.map_err(|error| self.setting.of_connecting(&error))
    }

    /// What to call: with a certificate to check the name, which it is made out to; otherwise the addresses that were checked.
    async fn hosts(&self) -> Result<Vec<String>, SqlError> {
        let host = self.setting.host.as_str();
        let found: Vec<IpAddr> = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => tokio::net::lookup_host((host, self.port))
                .await
                .map_err(|error| self.unresolved(error.to_string()))?
                .map(|address: SocketAddr| address.ip())
                .collect(),
        };
        let forbidden = found.iter().find(|address| !self.egress.allows(**address));
        let allowed: Vec<String> =
            found.iter().filter(|address| self.egress.allows(**address)).map(IpAddr::to_string).collect();
        match (forbidden, &self.trust) {
            (Some(address), Trust::Verified(_)) => Err(self.private(*address)),
            (Some(address), Trust::Plain) if allowed.is_empty() => Err(self.private(*address)),
            (None, _) if allowed.is_empty() => Err(self.unresolved("the answer is empty".to_owned())),
            (_, Trust::Verified(_)) => Ok(vec![host.to_owned()]),
            (_, Trust::Plain) => Ok(allowed),
        }
    }

    fn private(&self, address: IpAddr) -> SqlError {
        SqlError::Private { host: self.setting.host.clone(), address }
    }

    fn unresolved(&self, detail: String) -> SqlError {
        SqlError::Unresolved { host: self.setting.host.clone(), detail }
    }

    fn postgres(&self, host: &str) -> PgConnectOptions {
        // Nothing of the environment or of a password file of this machine may get in.
        let options = PgConnectOptions::new_without_pgpass()
            .host(host)
            .port(self.port)
            .username(&self.setting.user)
            .password(&self.password)
            .database(&self.setting.database)
            .application_name("mirante")
            .extra_float_digits(None)
            .statement_cache_capacity(0)
            .disable_statement_logging();
        match &self.trust {
            Trust::Verified(authority) => {
                options.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert_from_pem(authority.clone())
            }
            Trust::Plain => options.ssl_mode(PgSslMode::Disable),
        }
    }

    fn mysql(&self, host: &str) -> MySqlConnectOptions {
        let options = MySqlConnectOptions::new()
            .host(host)
            .port(self.port)
            .username(&self.setting.user)
            .password(&self.password)
            .database(&self.setting.database)
            .charset("utf8mb4")
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .disable_statement_logging();
        match &self.trust {
            Trust::Verified(authority) => {
                options.ssl_mode(MySqlSslMode::VerifyIdentity).ssl_ca_from_pem(authority.clone())
            }
            Trust::Plain => options.ssl_mode(MySqlSslMode::Disabled),
        }
    }
}

/// The authority's certificates, if they are some.
fn checked(authority: &str) -> Result<Vec<u8>, String> {
    let found: Result<Vec<CertificateDer<'_>>, _> =
        CertificateDer::pem_slice_iter(authority.as_bytes()).collect();
    match found {
        Ok(found) if !found.is_empty() || authority.is_empty() => Ok(authority.as_bytes().to_vec()),
        _ => {
            Err("it holds no certificate; paste the whole PEM, from -----BEGIN CERTIFICATE----- on"
                .to_owned())
        }
    }
}
