//! Who is let in, and who is believed: what a person is told when it does not work.

use connect::sources::sql::Sql;
use connect::{ConnectError, Egress, Source, SqlError, Surroundings};
use serde_json::{Value, json};

use super::lake::Lake;
use super::servers::{
    PASSWORD, both, mariadb, plain_mariadb, plain_postgres, postgres, source_of, surroundings,
};

async fn refusal(settings: &Value) -> SqlError {
    match source_of(settings).test().await {
        Err(ConnectError::OpenSql { error, .. }) => {
            assert!(!error.to_string().contains(PASSWORD), "{error}");
            *error
        }
        other => panic!("{other:?}"),
    }
}

fn with(settings: &Value, changes: &[(&str, Value)]) -> Value {
    let mut settings = settings.clone();
    for (name, value) in changes {
        settings[*name] = value.clone();
    }
    settings
}

#[tokio::test]
async fn what_keeps_a_person_out_is_told_precisely() {
    for database in both().await {
        let settings = database.settings();
        let error = refusal(&with(&settings, &[("password", "errada".into())])).await;
        assert!(matches!(&error, SqlError::SignIn { user, .. } if user == "leitor"), "{error}");
        let error = refusal(&with(&settings, &[("user", "ninguem".into())])).await;
        assert!(matches!(&error, SqlError::SignIn { .. } | SqlError::NotFromHere { .. }), "{error}");
        let error = refusal(&with(&settings, &[("database", "nada".into())])).await;
        assert!(matches!(&error, SqlError::NoDatabase { .. } | SqlError::DatabaseDenied { .. }), "{error}");
        let error = refusal(&with(&settings, &[("host", "db.empresa.invalid".into())])).await;
        assert!(matches!(&error, SqlError::Unresolved { .. }), "{error}");
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = refusal(&with(&settings, &[("port", closed.into())])).await;
        assert!(matches!(&error, SqlError::Unreachable { .. }), "{error}");
    }
    let error = refusal(&with(&postgres().settings("postgres"), &[("user", "de_fora".into())])).await;
    assert!(
        matches!(&error, SqlError::NotFromHere { .. }) && error.to_string().contains("pg_hba.conf"),
        "{error}"
    );
}

#[tokio::test]
async fn certificates_are_checked_against_the_authority_and_the_name() {
    for database in both().await {
        let settings = database.settings();
        assert!(source_of(&settings).test().await.is_ok());
        let other = if database.is_postgres() { mariadb() } else { postgres() };
        for changes in [[("ca", Value::Null)], [("ca", other.authority.as_str().into())]] {
            let error = refusal(&with(&settings, &changes)).await;
            assert!(
                matches!(&error, SqlError::Certificate { .. }) && error.to_string().contains("`ca`"),
                "{error}"
            );
        }
        // The same server by a name that its certificate does not have.
        let settings = with(&settings, &[("host", "localhost".into())]);
        let egress = Egress::with_networks(["127.0.0.0/8", "::1"]).unwrap();
        let error = Sql::from_settings("loja", &settings, &Surroundings::new(egress))
            .unwrap()
            .test()
            .await
            .unwrap_err();
        assert!(
            matches!(&error, ConnectError::OpenSql { error, .. } if matches!(**error, SqlError::Certificate { .. })),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_unless_a_person_says_so() {
    for server in [plain_postgres(), plain_mariadb()] {
        let database = server.fresh().await;
        database.run("create table t (n int)").await;
        let error = refusal(&database.settings()).await;
        assert!(matches!(&error, SqlError::NoTls { .. }) && error.to_string().contains("`tls`"), "{error}");
        let plain = with(&database.settings(), &[("tls", "none".into()), ("ca", Value::Null)]);
        let tested = source_of(&plain).test().await.unwrap();
        assert_eq!(tested.fact("encrypted"), Some("no"));
        assert!(tested.warnings.iter().any(|warning| warning.contains("in clear")), "{:?}", tested.warnings);
        assert_eq!(Lake::default().sync(&source_of(&plain)).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_user_who_must_use_tls_is_told_so() {
    for (server, database) in [(postgres(), "postgres"), (mariadb(), "information_schema")] {
        let settings = with(&server.settings(database), &[("user", "so_cifrado".into())]);
        assert!(source_of(&settings).test().await.is_ok());
        let plain = with(&settings, &[("tls", "none".into()), ("ca", Value::Null)]);
        let error = refusal(&plain).await.to_string();
        assert!(error.contains("set `tls` to verify"), "{error}");
    }
}

#[tokio::test]
async fn a_port_where_something_else_listens_is_named() {
    let (postgres, mariadb) = (postgres().settings("postgres"), mariadb().settings("mysql"));
    let error = refusal(&with(&postgres, &[("port", mariadb["port"].clone())])).await;
    assert!(matches!(&error, SqlError::Stranger { .. }), "{error}");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            use tokio::io::AsyncWriteExt;
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    for settings in [&postgres, &mariadb] {
        let error = refusal(&with(settings, &[("port", port.into())])).await;
        assert!(matches!(&error, SqlError::Stranger { .. }), "{error}");
    }
}

#[tokio::test]
async fn addresses_that_the_operator_does_not_allow_are_not_called() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for engine in ["postgresql", "mysql"] {
        for (host, tls) in
            [("127.0.0.1", "none"), ("127.0.0.1", "verify"), ("localhost", "none"), ("localhost", "verify")]
        {
            let settings = json!({"engine": engine, "host": host, "port": port, "database": "d", "user": "u", "password": PASSWORD, "tls": tls});
            let source = Sql::from_settings("loja", &settings, &Surroundings::default()).unwrap();
            let error = source.test().await.unwrap_err();
            assert!(
                matches!(&error, ConnectError::OpenSql { error, .. } if matches!(**error, SqlError::Private { .. })),
                "{error}"
            );
        }
    }
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(50), listener.accept()).await;
    assert!(nobody.is_err(), "somebody called");
}

#[tokio::test]
async fn nothing_of_a_source_shows_its_password() {
    let settings = postgres().settings("postgres");
    let source = Sql::from_settings("loja", &settings, &surroundings()).unwrap();
    assert!(!format!("{source:?}").contains(PASSWORD));
}
