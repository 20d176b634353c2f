//! What a person sees who sets a database up and means something else.

use connect::open;
use serde_json::{Value, json};

use super::servers::surroundings;

fn settings(name: &str, value: &Value) -> Value {
    let mut settings = json!({"engine": "postgresql", "host": "db.empresa.com.br", "database": "loja", "user": "u", "password": "topsecret"});
    settings[name] = value.clone();
    settings
}

#[test]
fn settings_that_cannot_be_meant_so_are_refused() {
    for (name, value, expected) in [
        ("engine", json!("oracle"), "one of postgresql, mysql"),
        ("host", json!("postgres://db"), "no name of a server"),
        ("host", json!("/var/run/postgresql"), "no name of a server"),
        ("host", json!("db:5433"), "belongs into `port`"),
        ("port", json!(70_000), "from 1 to 65535"),
        ("tls", json!("require"), "one of verify, none"),
        ("ca", json!("abc"), "-----BEGIN CERTIFICATE-----"),
        ("queries", json!("select 1"), "[pedidos_abertos]"),
        ("page_rows", json!(0), "from 1 to 100000"),
    ] {
        let error =
            open("sql", "loja", &settings(name, &value), &surroundings()).map(drop).unwrap_err().to_string();
        assert!(
            error.contains(expected) && error.contains(&format!("`{name}`")) && !error.contains("topsecret"),
            "{error}"
        );
    }
    let mut both = settings("tls", &json!("none"));
    both["ca"] = json!("-----BEGIN CERTIFICATE-----");
    let error = open("sql", "loja", &both, &surroundings()).map(drop).unwrap_err().to_string();
    assert!(error.contains("`ca`") && error.contains("leave one of them out"), "{error}");
    let mut mysql = settings("engine", &json!("mysql"));
    mysql["schema"] = json!("public");
    let error = open("sql", "loja", &mysql, &surroundings()).map(drop).unwrap_err().to_string();
    assert!(error.contains("`schema`"), "{error}");
    assert!(open("sql", "Loja 1", &settings("host", &json!("db")), &surroundings()).is_err());
    assert_eq!(open("sql", "loja", &settings("host", &json!("db")), &surroundings()).unwrap().kind(), "sql");
}
