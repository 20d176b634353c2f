//! Deliveries of WhatsApp over real HTTP to a server that is killed (kill -9) again and again: every message and status is there once.
//!
//! `MIRANTE_HOOK_DELIVERIES` sets how many there are, `MIRANTE_HOOK_KILLS` how often the server is killed.

use crate::served::Served;
use simulators::servers::whatsapp::{Disorder, Events, Options, Sender};
use simulators::{Company, Scale};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn company(deliveries: usize) -> Company {
    // About two messages for each delivery that is wanted.
    let scale = deliveries as f64 / 250_000.0;
    let today = "2026-06-30".parse().expect("a day");
    Company::generate(Scale::new(scale).expect("a scale"), 7, today).expect("a company is made")
}

/// Who is not Meta learns nothing, not even which sources there are.
async fn refusals(served: &Served, options: &Options) {
    let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    let zap = Sender::new(&served.url("/hooks/zap"), &options.app_secret);
    let other = Sender::new(&served.url("/hooks/other"), &options.app_secret);
    let shaken = zap.handshake(&options.verify_token, "1158201444").await.expect("an answer");
    assert_eq!(shaken, (200, "1158201444".to_owned()));
    let wrong = zap.handshake("wrong", "1158201444").await.expect("an answer");
    let unknown = other.handshake(&options.verify_token, "1158201444").await.expect("an answer");
    assert_eq!((wrong.0, &wrong), (403, &unknown));
    let forged = zap.try_once(body, "sha256=00").await.expect("an answer");
    let unknown = other.try_once(body, &other.signature(body)).await.expect("an answer");
    assert_eq!((forged.0, &forged), (401, &unknown));
    let large = vec![b' '; 4 << 20];
    // The server may answer and close before all of it is sent.
    if let Ok((status, _)) = zap.try_once(&large, &zap.signature(&large)).await {
        assert_eq!(status, 413);
    }
    assert_eq!(zap.try_once(body, &zap.signature(body)).await.expect("an answer").0, 200);
}

/// Sends everything while the server is killed on the way; what sending was like.
fn send_and_kill(served: &mut Served, runtime: &Runtime, sender: &Sender, deliveries: Vec<Vec<u8>>) {
    let (total, kills) = (deliveries.len(), number("MIRANTE_HOOK_KILLS", 5));
    let sending = {
        let sender = sender.clone();
        runtime.spawn(async move { sender.deliver_all(Arc::new(deliveries), 32).await })
    };
    let begun = Instant::now();
    for kill in 1..=kills {
        while sender.progress() < total * kill / (kills + 1) {
            assert!(!sending.is_finished(), "everything was sent before the server was killed {kill} times");
            std::thread::sleep(Duration::from_millis(2));
        }
        served.kill();
        served.start();
        if kill == kills.div_ceil(2) {
            // Another process lands what is there, beside the one that takes more.
            served.workspace.succeeds(&["run"]);
        }
    }
    let sent = runtime.block_on(sending).expect("all is sent");
    let took = begun.elapsed();
    assert_eq!((sent.taken, sent.given_up), (total, 0));
    assert!(sent.repeated > 0, "no delivery was under way when the server was killed");
    println!(
        "{total} deliveries, {kills} kills, {} tries again, {took:.1?} in all ({:.0}/s); answers p50 {:?}, p99 {:?}, longest {:?}",
        sent.repeated,
        total as f64 / took.as_secs_f64(),
        sent.percentile(50),
        sent.percentile(99),
        sent.percentile(100),
    );
}

#[test]
fn every_message_and_status_is_there_once_however_often_the_server_is_killed() {
    let count = number("MIRANTE_HOOK_DELIVERIES", 6_000);
    let options = Options::default();
    let events = Events::of(&company(count), &options, count * 9 / 8);
    let disorder = Disorder { seed: 7, doubled: 0.1, shuffled: true, batched: 8 };
    let deliveries = disorder.deliveries(&events, &options.account);
    assert!(deliveries.len() >= count, "{} deliveries", deliveries.len());

    let runtime = Runtime::new().expect("a runtime");
    let mut served = Served::new(&options);
    served.start();
    runtime.block_on(refusals(&served, &options));
    let sender = Sender::new(&served.url("/hooks/zap"), &options.app_secret);
    send_and_kill(&mut served, &runtime, &sender, deliveries);

    served.workspace.succeeds(&["run"]);
    served.assert_raw_is_what_was_told(&runtime, &events, &options);

    let said = served.workspace.succeeds(&["run"]);
    assert!(said.contains("nothing has changed"), "{said}");
    assert_eq!(
        served.inbox_files().len(),
        1,
        "what has been landed leaves the inbox, but for the file that is being written"
    );
}

/// Asks again until the answer has this status: settings and free space are looked up a little later.
fn until(runtime: &Runtime, sender: &Sender, body: &[u8], status: u16) {
    let begun = Instant::now();
    loop {
        let answer = runtime.block_on(sender.try_once(body, &sender.signature(body)));
        let found = answer.map(|(status, _)| status);
        if matches!(found, Ok(found) if found == status) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "still {found:?} and not {status}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_server_that_runs_follows_what_its_sources_are_told() {
    let (options, runtime) = (Options::default(), Runtime::new().expect("a runtime"));
    let mut served = Served::new(&options);
    served.start();
    let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
    let (zap, other) = (served.url("/hooks/zap"), served.url("/hooks/outro"));
    let former = Sender::new(&zap, &options.app_secret);
    until(&runtime, &former, body, 200);
    let tell = |arguments: &[&str]| {
        let told = served
            .workspace
            .command(arguments)
            .env("S", "another secret")
            .output()
            .expect("the binary starts");
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    };
    tell(&["source", "set", "zap", "app_secret=env:S"]);
    until(&runtime, &former, body, 401);
    until(&runtime, &Sender::new(&zap, "another secret"), body, 200);

    let added = Sender::new(&other, "another secret");
    until(&runtime, &added, body, 401);
    tell(&[
        "source",
        "add",
        "whatsapp",
        "--name",
        "outro",
        "--app-secret",
        "env:S",
        "--verify-token",
        "env:S",
    ]);
    until(&runtime, &added, body, 200);
    tell(&["source", "remove", "outro"]);
    until(&runtime, &added, body, 401);
    assert!(
        !served.workspace.folder("data").join("inbox/outro").exists(),
        "what was sent to it is forgotten, too"
    );
    until(&runtime, &Sender::new(&zap, "another secret"), body, 200);
}

#[test]
fn a_full_inbox_puts_senders_off_until_runs_have_landed_what_it_holds() {
    let (options, runtime) = (Options::default(), Runtime::new().expect("a runtime"));
    let mut served = Served::new(&options);
    std::fs::write(served.workspace.folder("data").join("mirante.toml"), "inbox_mb = 16\n")
        .expect("settings");
    served.start();
    let sender = Sender::new(&served.url("/hooks/zap"), &options.app_secret);
    let padding = "x".repeat(2_900_000);
    let body = |number: usize| {
        let message = format!(
            r#"{{"id":"m{number}","from":"5511","timestamp":"1750000000","type":"text","text":{{"body":"segredo"}}}}"#
        );
        let change = format!(r#"{{"field":"messages","value":{{"messages":[{message}]}}}}"#);
        format!(r#"{{"entry":[{{"id":"1","padding":"{padding}","changes":[{change}]}}]}}"#)
    };
    let mut taken = 0;
    let status = loop {
        let body = body(taken);
        let answer = runtime.block_on(sender.try_once(body.as_bytes(), &sender.signature(body.as_bytes())));
        match answer.expect("an answer") {
            (200, _) => taken += 1,
            (status, _) => break status,
        }
    };
    assert_eq!((status, taken), (503, 5));
    let texts =
        served.inbox_files().iter().filter(|bytes| bytes.windows(7).any(|text| text == b"segredo")).count();
    assert_eq!(texts, 0, "no text of a message is written to the disk");
    // The first run lands them, the second one knows that the lake has them.
    served.workspace.succeeds(&["run"]);
    served.workspace.succeeds(&["run"]);
    until(&runtime, &sender, body(taken).as_bytes(), 200);
    served.workspace.succeeds(&["run"]);
    let messages = served.rows(&runtime, "select id from raw.zap__messages");
    assert_eq!(messages, ["m0", "m1", "m2", "m3", "m4", "m5"]);
}
