//! WhatsApp's rules, one by one: the Graph API, and a sender that insists.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use simulators::servers::whatsapp::{Disorder, Events, Options, Sender, start};
use simulators::servers::{Misbehaviour, Running};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::calling::{Reply, encode, send};

fn events(limit: usize) -> Arc<Events> {
    Arc::new(Events::of(&crate::company(0.02, 7), &Options::default(), limit))
}

async fn post(graph: &Running, body: &Value) -> Reply {
    let options = Options::default();
    let url = format!("{}/v25.0/{}/messages", graph.url(), options.number);
    let request = reqwest::Client::new().post(url).bearer_auth(options.access_token).body(body.to_string());
    send(request).await.unwrap()
}

async fn get(graph: &Running, path: &str, token: &str) -> Reply {
    send(reqwest::Client::new().get(format!("{}/v25.0/{path}", graph.url())).bearer_auth(token))
        .await
        .unwrap()
}

fn message(kind: &str, to: &str) -> Value {
    json!({ "messaging_product": "whatsapp", "to": to, "type": kind, "biz_opaque_callback_data": "alert:42" })
}

fn code(reply: &Reply) -> i64 {
    reply.json()["error"]["code"].as_i64().unwrap()
}

/// Takes requests; each body, its signature, and the status that it was answered with.
async fn receive(listener: TcpListener, statuses: &[u16]) -> Vec<(String, String)> {
    let mut received = Vec::new();
    for status in statuses {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        let length = loop {
            let mut part = [0; 4096];
            let read = stream.read(&mut part).await.unwrap();
            text.push_str(std::str::from_utf8(&part[..read]).unwrap());
            let length = text
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
            if let (Some(length), Some((_, body))) = (length, text.split_once("\r\n\r\n"))
                && body.len() >= length
            {
                break length;
            }
        };
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let signature = head.split("x-hub-signature-256: ").nth(1).unwrap().split("\r\n").next().unwrap();
        received.push((body[..length].to_owned(), signature.to_owned()));
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
    received
}

#[tokio::test]
async fn messages_are_accepted_with_their_limits_and_their_statuses_are_told_until_they_are_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/zap", listener.local_addr().unwrap());
    let receiving = tokio::spawn(receive(listener, &[503, 200, 200, 200]));
    let options = Options {
        callback: Some(url.clone()),
        open_windows: BTreeSet::from(["5511".to_owned()]),
        ..Options::default()
    };
    let graph = start(events(10), options.clone()).await.unwrap();
    assert_eq!(code(&post(&graph, &message("text", "5512")).await), 131_047);
    let accepted = post(&graph, &message("text", "5511")).await;
    assert_eq!(
        (accepted.status, &accepted.json()["messages"][0]["message_status"]),
        (200, &json!("accepted"))
    );
    assert_eq!(code(&post(&graph, &message("template", "5511")).await), 131_056);

    let received = receiving.await.unwrap();
    assert_eq!(received[0], received[1], "what was not taken comes again, to the byte");
    let sender = Sender::new(&url, &options.app_secret);
    let statuses = received[1..].iter().map(|(body, signature)| {
        assert_eq!(*signature, sender.signature(body.as_bytes()));
        let body: Value = serde_json::from_str(body).unwrap();
        let status = &body["entry"][0]["changes"][0]["value"]["statuses"][0];
        assert_eq!(
            (&status["id"], &status["biz_opaque_callback_data"]),
            (&accepted.json()["messages"][0]["id"], &json!("alert:42"))
        );
        status["status"].as_str().unwrap().to_owned()
    });
    assert_eq!(statuses.collect::<Vec<_>>(), ["sent", "delivered", "read"]);
    graph.pass_time(Duration::from_secs(6));
    assert_eq!(post(&graph, &message("template", "5511")).await.status, 200);
}

#[tokio::test]
async fn graph_refuses_as_meta_does() {
    let (graph, options) = (start(events(10), Options::default()).await.unwrap(), Options::default());
    let (account, token) = (options.account.as_str(), options.access_token.as_str());
    let wrong = get(&graph, account, "EAAwrong").await;
    assert_eq!((wrong.status, code(&wrong)), (401, 190));
    assert_eq!(code(&get(&graph, "123", token).await), 100);
    let asked = |fields: &str| format!("{account}?fields={}", encode(fields));
    for wrong in [
        "analytics.start(1780000000).end(1780086400).granularity(DAILY)",
        "pricing_analytics.start(1780000000).end(1780086400).granularity(DAY)",
        "analytics.start(1700000000).end(1700086400).granularity(DAY)",
        "analytics.granularity(DAY)",
    ] {
        assert_eq!(code(&get(&graph, &asked(wrong), token).await), 100, "{wrong}");
    }
    graph.misbehave(Misbehaviour { throttle: Some(0), ..Misbehaviour::default() });
    let busy = get(&graph, account, token).await;
    assert_eq!((busy.status, code(&busy)), (400, 80007));
}

#[test]
fn deliveries_bring_every_change_some_of_them_twice_and_in_another_order() {
    let events = events(2_000);
    let plain = Disorder { seed: 3, doubled: 0.0, shuffled: false, batched: 1 }.deliveries(&events, "1");
    assert_eq!(plain.len(), events.changes.len());
    let disorder = Disorder { seed: 3, doubled: 0.1, shuffled: true, batched: 8 };
    let deliveries = disorder.deliveries(&events, "1");
    assert_eq!(deliveries, disorder.deliveries(&events, "1"), "the same each time");
    let distinct: BTreeSet<&Vec<u8>> = deliveries.iter().collect();
    let doubled = deliveries.len() - distinct.len();
    assert!((distinct.len() / 20..distinct.len() / 5).contains(&doubled), "{doubled} of {}", distinct.len());
    let mut changes = 0;
    for body in distinct {
        let body: Value = serde_json::from_slice(body).unwrap();
        let entries = body["entry"].as_array().unwrap();
        changes += entries.iter().map(|entry| entry["changes"].as_array().unwrap().len()).sum::<usize>();
    }
    assert_eq!(changes, events.changes.len());
    let withheld = events.messages.values().filter(|message| message.phone.is_none()).count();
    assert!(withheld > 0 && events.messages.values().any(|message| message.kind == "holograma"));
    assert!(!events.user_changes.is_empty());
}
