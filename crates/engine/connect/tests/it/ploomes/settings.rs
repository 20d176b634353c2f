//! What a person says about an account, and what a look at it says back.

use connect::Source as _;
use connect::Surroundings;
use connect::sources::ploomes::{Ploomes, kind};
use serde_json::json;

use super::account::{served, source, source_of, world};
use super::scripted::scripted;

#[test]
fn settings_that_cannot_be_meant_so_are_told_without_the_key() {
    for (more, expected) in [
        (json!({"since": "01/05/2026"}), "`since`: `01/05/2026` is no day"),
        (json!({"page": 301}), "`page` takes a whole number from 1 to 300"),
        (json!({"per_minute": 6001}), "`per_minute` takes a whole number from 1 to 6000"),
        (json!({"sweep": "yes"}), "`sweep` takes one of on, dry_run, off"),
        (json!({"user_key": "ABC\nDEF"}), "`user_key`"),
        (json!({"user_key": ""}), "`user_key` is missing"),
    ] {
        let mut settings = json!({"user_key": "TOPSECRET"});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let error = Ploomes::from_settings("crm", &settings, &Surroundings::default())
            .map(|_| ())
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected) && error.contains("`crm`"), "{error}");
        assert!(!error.contains("TOPSECRET") && !error.contains("ABC"), "{error}");
    }
    assert!(Ploomes::from_settings("Meu CRM", &json!({"user_key": "A"}), &Surroundings::default()).is_err());
}

#[test]
fn the_key_alone_is_enough() {
    let kind = kind();
    let required: Vec<&str> = kind
        .parameters
        .iter()
        .filter(|parameter| parameter.required)
        .map(|parameter| parameter.name.as_str())
        .collect();
    assert_eq!(required, ["user_key"]);
    assert!(kind.parameter("user_key").unwrap().is_secret());
    assert!(
        kind.parameters.iter().all(|parameter| parameter.label.en.is_some() && !parameter.help.pt.is_empty())
    );
    let opened =
        connect::open("ploomes", "crm", &json!({"user_key": "A"}), &Surroundings::default()).unwrap();
    assert_eq!((opened.name(), opened.kind()), ("crm", "ploomes"));
}

#[tokio::test]
async fn a_look_at_an_account_tells_whose_key_it_is_and_what_it_sees() {
    let world = world();
    let running = served(&world).await;
    let source = source(&running);
    let tested = source.test().await.unwrap();
    assert!(tested.fact("user").is_some() && tested.fact("account").is_some());
    assert_eq!(tested.warnings, [""; 0]);
    assert_eq!(tested.streams.len(), 7);
    assert!(
        tested.streams.iter().all(|stream| stream.problem.is_none() && !stream.is_empty),
        "{:?}",
        tested.streams
    );
}

#[tokio::test]
async fn a_look_tells_refused_and_empty_streams_apart_and_fails_for_none() {
    let server = scripted(|target| match target.split('?').next().unwrap() {
        "Self" if target.contains("$expand") => {
            (400, json!({"error": {"message": "Could not find a property"}}))
        }
        "Self" => (
            200,
            json!({"Id": 1, "Name": "Integração", "AccountId": 77, "Profile": {"Administrator": false}}),
        ),
        "Quotes" => (403, json!({"Message": "Sem permissão"})),
        "Orders" => (200, json!({"value": []})),
        _ => (200, json!({"value": [{"Id": 1}]})),
    })
    .await;
    let tested = source_of(&server.url, &json!({})).test().await.unwrap();
    assert_eq!((tested.fact("user"), tested.fact("account")), (Some("Integração"), Some("77")));
    assert!(tested.warnings[0].contains("no administrator"), "{:?}", tested.warnings);
    for stream in tested.streams {
        assert_eq!(stream.is_empty, stream.name == "orders", "{stream:?}");
        assert_eq!(stream.problem.is_some(), stream.name == "quotes", "{stream:?}");
        assert!(stream.problem.is_none_or(|problem| problem.contains("Sem permissão")));
    }
}
