//! Volumes and costs as Meta counts them, asked of the simulated Graph API.

use std::sync::Arc;
use std::time::Duration;

use connect::sources::whatsapp::WhatsApp;
use connect::{Manners, Pace, ReadRequest, Source, Surroundings};
use serde_json::json;
use simulators::servers::whatsapp::{Events, Options, start};
use simulators::servers::{Misbehaviour, Running};
use simulators::{Company, Scale};

use super::landing::{Lake, surroundings};

struct Account {
    graph: Running,
    events: Arc<Events>,
    surroundings: Surroundings,
    _dir: tempfile::TempDir,
}

impl Account {
    async fn open() -> Account {
        let company =
            Company::generate(Scale::new(0.002).unwrap(), 7, "2026-06-30".parse().unwrap()).unwrap();
        let events = Arc::new(Events::of(&company, &Options::default(), 100_000));
        let graph = start(Arc::clone(&events), Options::default()).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let surroundings = surroundings(dir.path());
        Account { graph, events, surroundings, _dir: dir }
    }

    fn source(&self, token: &str) -> WhatsApp {
        let settings = json!({
            "app_secret": "s", "verify_token": "t", "address": self.graph.url(), "access_token": token,
            "waba_id": Options::default().account,
        });
        let quick = Manners { longest_pause: Duration::from_millis(20), attempts: 8, ..Manners::default() };
        let source = WhatsApp::from_settings("zap", &settings, &self.surroundings).unwrap();
        source.with_pace(Pace::new(quick)).with_today(|| "2026-06-30".parse().unwrap())
    }
}

#[tokio::test]
async fn volumes_costs_and_numbers_are_those_of_the_account() {
    let account = Account::open().await;
    let token = Options::default().access_token;
    let mut lake = Lake::default();
    account.graph.misbehave(Misbehaviour {
        seed: 5,
        server_error: 0.3,
        drop_connection: 0.2,
        ..Misbehaviour::default()
    });
    lake.sync(&account.source(&token)).await;
    account.graph.misbehave(Misbehaviour::default());

    let first = "2025-07-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp();
    let wanted = account.events.volumes(first);
    let (sent, delivered) = (lake.column("analytics", "sent"), lake.column("analytics", "delivered"));
    assert!(wanted.len() > 50, "{} days", wanted.len());
    assert_eq!(sent.len(), wanted.len());
    for (day, (theirs, arrived)) in wanted {
        let day = chrono::DateTime::from_timestamp(day, 0)
            .unwrap()
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        assert_eq!((&sent[&day], &delivered[&day]), (&theirs.to_string(), &arrived.to_string()), "{day}");
    }
    let volume: u64 = lake
        .column("pricing_analytics", "volume")
        .values()
        .map(|volume| volume.parse::<u64>().unwrap())
        .sum();
    let arrived: u64 = delivered.values().map(|count| count.parse::<u64>().unwrap()).sum();
    assert_eq!(volume, arrived, "a day's points are one per category, and none is lost");
    let days = lake.column("pricing_analytics", "day");
    let categories: Vec<String> =
        lake.column("pricing_analytics", "pricing_category").into_values().collect();
    assert!(categories.contains(&"MARKETING".to_owned()) && categories.contains(&"UTILITY".to_owned()));
    assert!(days.len() > sent.len(), "some days have two points");
    assert_eq!(lake.column("phone_numbers", "display_phone_number").len(), 2, "both pages");

    let before = (lake.pieces, account.graph.total());
    lake.sync(&account.source(&token)).await;
    assert_eq!(account.graph.total() - before.1, 2, "numbers once a day, of days the last ones again");
}

#[tokio::test]
async fn refusals_name_their_remedy_and_never_the_token() {
    let account = Account::open().await;
    let refused = |token: &'static str, misbehaviour: Misbehaviour| {
        account.graph.misbehave(misbehaviour);
        let source = account.source(token);
        async move {
            let request = ReadRequest { stream: "analytics".into(), ..ReadRequest::default() };
            let error = source.read(request).await.unwrap_err().to_string();
            assert!(!error.contains(token), "{error}");
            error
        }
    };
    let error = refused("EAAwrong", Misbehaviour::default()).await;
    assert!(error.contains("code 190") && error.contains("make a new token"), "{error}");
    let forbidden = Misbehaviour { forbidden_once: true, ..Misbehaviour::default() };
    let error = refused("EAAserraazul0token", forbidden).await;
    assert!(error.contains("code 10") && error.contains("whatsapp_business_management"), "{error}");
    let error =
        refused("EAAserraazul0token", Misbehaviour { throttle: Some(0), ..Misbehaviour::default() }).await;
    assert!(error.contains("80007") && error.contains("wait for an hour"), "{error}");
}

#[test]
fn settings_that_cannot_be_meant_so_are_refused() {
    let open = |more: serde_json::Value| {
        let mut settings = json!({"app_secret": "s", "verify_token": "t"});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        WhatsApp::from_settings("zap", &settings, &Surroundings::default())
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(open(json!({})), None);
    for (more, expected) in [
        (json!({"waba_id": "1"}), "`access_token`"),
        (json!({"access_token": "x"}), "`waba_id`"),
        (json!({"waba_id": "a/b", "access_token": "x"}), "made of digits"),
        (json!({"waba_id": "1", "access_token": "x", "graph_version": "25"}), "v25.0"),
        (json!({"waba_id": "1", "access_token": "x\ny"}), "no token has"),
    ] {
        let error = open(more).unwrap();
        assert!(error.contains(expected), "{error}");
    }
}
