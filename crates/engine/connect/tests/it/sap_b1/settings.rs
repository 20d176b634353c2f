//! What a person sees who sets a connection up: certificates, wrong addresses, and a test of everything.

use connect::sources::sap_b1::SapB1;
use connect::{HttpError, Source, Surroundings, open};
use serde_json::{Value, json};
use simulators::servers::sap_b1::{Options, start};
use simulators::servers::{Misbehaviour, Running};

use super::company::{Lake, served, settings, source, source_of, surroundings, world};

async fn secured() -> Running {
    start(world(), Options::default()).await.unwrap()
}

fn with(server: &Running, name: &str, value: &str) -> SapB1 {
    let mut given = settings(&server.url());
    given[name] = json!(value);
    source_of(&given)
}

async fn refusal(source: &SapB1) -> String {
    let error = source.test().await.unwrap_err();
    match error.http() {
        Some(error @ HttpError::Certificate { .. }) => error.to_string(),
        _ => panic!("{error:?}"),
    }
}

fn colons(fingerprint: &str) -> String {
    let bytes: Vec<&str> =
        fingerprint.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap()).collect();
    bytes.join(":").to_uppercase()
}

#[tokio::test]
async fn an_untrusted_certificate_is_refused_and_its_fingerprint_told_so_that_it_can_be_pinned() {
    let server = secured().await;
    let shown = colons(&server.certificate.as_ref().unwrap().fingerprint);
    let text = refusal(&source(&server)).await;
    assert!(text.contains(&shown) && text.contains("is not trusted"), "{text}");
    assert_eq!(server.total(), 0, "nothing was sent");
    let pinned = with(&server, "fingerprint", &shown);
    assert_eq!(pinned.test().await.unwrap().fact("version"), Some("1000190"));
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_refused() {
    let (server, other) = (secured().await, secured().await);
    let pinned = other.certificate.as_ref().unwrap().fingerprint.clone();
    let text = refusal(&with(&server, "fingerprint", &pinned)).await;
    assert!(text.contains(&colons(&server.certificate.as_ref().unwrap().fingerprint)), "{text}");
    assert_eq!(server.total(), 0);
}

#[tokio::test]
async fn an_authority_of_the_company_is_trusted_and_no_other() {
    let (server, other) = (secured().await, secured().await);
    let own = server.certificate.as_ref().unwrap().pem.clone();
    let mut lake = Lake::default();
    lake.read(&with(&server, "authority", &own), "items").await.unwrap();
    assert!(!lake.rows("items").is_empty());
    let text = refusal(&with(&other, "authority", &own)).await;
    assert!(text.contains("fingerprint"), "{text}");
}

#[tokio::test]
async fn a_test_tells_version_company_and_what_can_be_read_and_leaves_no_session() {
    let world = world();
    let server = served(&world).await;
    let source = source(&server);
    let tested = source.test().await.unwrap();
    assert_eq!(
        (tested.fact("company"), tested.fact("version")),
        (Some("SBO_SERRAAZUL_PRD"), Some("1000190"))
    );
    assert_eq!(tested.streams.len(), source.streams().await.unwrap().len());
    for stream in &tested.streams {
        assert_eq!(stream.problem, None, "{}", stream.name);
        assert_eq!(stream.is_empty, stream.name == "purchase_invoices", "{}", stream.name);
    }
    assert_eq!(server.count("/b1s/v2/Logout", 204), 1);
    let mut given = settings(&server.url());
    given["user_tables"] = json!("U_NADA");
    server.misbehave(Misbehaviour { forbidden_once: true, ..Misbehaviour::default() });
    let tested = source_of(&given).test().await.unwrap();
    let problems: Vec<&str> = tested.streams.iter().filter_map(|stream| stream.problem.as_deref()).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].contains("the authorisation to read it") && problems[1].contains("`U_NADA`"),
        "{problems:?}"
    );
}

#[tokio::test]
async fn addresses_that_lead_nowhere_say_what_is_wrong() {
    let world = world();
    let server = served(&world).await;
    for (address, expected) in [
        ("http://127.0.0.1:9", "no connection to `127.0.0.1`"),
        ("https://sap.invalid:50000", "has no address"),
        (&format!("{}/proxy/b1s/v2", server.url()), "there is no sign-in at this address"),
    ] {
        let error = source_of(&settings(address)).test().await.unwrap_err().to_string();
        assert!(error.contains(expected), "{address}: {error}");
    }
    let private = SapB1::from_settings("sap", &settings(&server.url()), &Surroundings::default()).unwrap();
    let error = private.test().await.unwrap_err().to_string();
    assert!(error.contains("no public address"), "{error}");
}

#[test]
fn settings_that_cannot_be_meant_so_are_refused() {
    let valid = || settings("https://sap:50000");
    let with = |name: &str, value: Value| {
        let mut given = valid();
        given[name] = value;
        given
    };
    for (given, expected) in [
        (with("address", json!("http://sap:50000")), "the password would travel in clear"),
        (with("page_size", json!(501)), "from 1 to 500"),
        (with("fingerprint", json!("12:34")), "no SHA-256 fingerprint"),
        (with("since", json!("ontem")), "is no day"),
        (with("custom_fields", json!("nota: U_X")), "no stream `nota`"),
        (with("user_tables", json!("OINV")), "no user table"),
        (with("insecure", json!(true)), "`insecure` is no parameter"),
    ] {
        let refused = open("sap_b1", "sap", &given, &surroundings()).map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    let mut both = with("fingerprint", json!("ab".repeat(32)));
    both["authority"] = json!("-----BEGIN CERTIFICATE-----");
    let refused = open("sap_b1", "sap", &both, &surroundings()).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("not both"), "{refused}");
    assert!(open("sap_b1", "SAP Matriz", &valid(), &surroundings()).is_err());
    assert_eq!(open("sap_b1", "sap", &valid(), &surroundings()).unwrap().kind(), "sap_b1");
}
