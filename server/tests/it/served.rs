//! A server of a test's own that takes deliveries of WhatsApp, and what it has of them.
//!
//! Sends nothing (`hooks`, `faults`). Invariant: it listens at the same address each time that it starts.

use crate::workspace::Workspace;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use lake::{Lake, LakeOptions};
use simulators::servers::whatsapp::{Events, Options};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// A pack that looks at what has arrived.
const PACK: [(&str, &str); 3] = [
    (
        "dbt_project.yml",
        "name: zap\nversion: '1.0'\nmodel-paths: [models]\nmodels:\n  zap:\n    +schema: marts\n",
    ),
    (
        "models/sources.yml",
        "sources:\n  - name: zap\n    schema: raw\n    tables:\n      - {name: messages, identifier: zap__messages}\n",
    ),
    ("models/fct_messages.sql", "select id, direction, type from {{ source('zap', 'messages') }}\n"),
];

pub struct Served {
    pub workspace: Workspace,
    port: u16,
    /// Besides where to listen.
    pub arguments: &'static [&'static str],
    server: Option<Child>,
}

impl Served {
    pub fn new(options: &Options) -> Served {
        let workspace = Workspace::new();
        let pack = workspace.folder("pack");
        std::fs::create_dir_all(pack.join("models")).expect("a folder");
        for (path, text) in PACK {
            std::fs::write(pack.join(path), text).expect("a file of the pack");
        }
        workspace.succeeds(&["pack", "add", pack.to_str().expect("a UTF-8 path")]);
        let added = workspace
            .command(&[
                "source",
                "add",
                "whatsapp",
                "--name",
                "zap",
                "--app-secret",
                "env:S",
                "--verify-token",
                "env:T",
            ])
            .env("S", &options.app_secret)
            .env("T", &options.verify_token)
            .output()
            .expect("the binary starts");
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        // Freed at once, so that the server can have it each time that it starts.
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        Served { workspace, port, arguments: &[], server: None }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Starts the server, and waits until it answers.
    pub fn start(&mut self) {
        let listen = format!("127.0.0.1:{}", self.port);
        let child = self
            .workspace
            .command(&[&["serve", "--listen", &listen], self.arguments].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.server = Some(child.expect("the binary starts"));
        let begun = Instant::now();
        while std::net::TcpStream::connect(&listen).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(120), "the server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn kill(&mut self) {
        let mut server = self.server.take().expect("a server runs");
        server.kill().expect("the server can be killed");
        server.wait().expect("the server ends");
    }

    /// The rows of a query over raw tables, sorted, their columns joined by `|`.
    pub fn rows(&self, runtime: &Runtime, sql: &str) -> Vec<String> {
        let batches = runtime.block_on(async {
            let lake =
                Lake::open(&self.workspace.lake(), LakeOptions::default()).await.expect("the lake opens");
            let relations = lake.latest("raw").await.expect("raw tables");
            lake.session(relations).query(sql).await.expect("the query runs")
        });
        let mut rows = Vec::new();
        for batch in &batches {
            let options = FormatOptions::default();
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column, &options).expect("a column"))
                .collect();
            rows.extend((0..batch.num_rows()).map(|row| {
                columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join("|")
            }));
        }
        rows.sort();
        rows
    }

    /// The contents of the inbox's files.
    pub fn inbox_files(&self) -> Vec<Vec<u8>> {
        let inbox = self.workspace.folder("data").join("inbox/zap");
        let files = std::fs::read_dir(inbox).expect("the inbox").map(|file| file.expect("a file").path());
        let segments = files.filter(|path| path.extension().is_some_and(|extension| extension == "inbox"));
        segments.map(|path| std::fs::read(path).expect("a segment")).collect()
    }

    /// Raw tables have what the events tell, row by row, and nothing besides.
    pub fn assert_raw_is_what_was_told(&self, runtime: &Runtime, events: &Events, options: &Options) {
        let messages = self.rows(
            runtime,
            "select id, to_unixtime(\"timestamp\"), direction, type, contact_id, user_id, \
             coalesce(case when direction = 'inbound' then from_phone else to_phone end, '-') from raw.zap__messages",
        );
        let wanted = events.messages.iter().map(|(id, message)| {
            let phone = message.phone.as_deref().unwrap_or("-");
            let (at, direction, kind, user) = (message.at, message.direction, &message.kind, &message.user);
            format!("{id}|{at}|{direction}|{kind}|{user}|{user}|{phone}")
        });
        same(&messages, wanted.collect());
        let statuses = self.rows(
            runtime,
            "select phone_number_id, id, status, to_unixtime(\"timestamp\") from raw.zap__statuses",
        );
        let wanted =
            events.statuses.iter().map(|((id, status), at)| format!("{}|{id}|{status}|{at}", options.number));
        same(&statuses, wanted.collect());
        let changes =
            self.rows(runtime, "select id, previous_contact_id, contact_id from raw.zap__contact_changes");
        let wanted = events.user_changes.iter().map(|(id, (before, after))| format!("{id}|{before}|{after}"));
        same(&changes, wanted.collect());
        let others = self.rows(
            runtime,
            "select (select count(*) from raw.zap__notices), (select count(text) + count(content) from raw.zap__messages), \
             (select count(*) - count(distinct contact_id) from raw.zap__contacts)",
        );
        assert_eq!(
            others,
            [format!("{}|0|0", events.notices)],
            "notices, texts, contacts that are there twice"
        );
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // It may have ended by itself.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Names the first difference: whole lists would be unreadable.
fn same(found: &[String], wanted: Vec<String>) {
    let (have, want): (BTreeSet<&String>, BTreeSet<&String>) =
        (found.iter().collect(), wanted.iter().collect());
    assert_eq!(found.len(), have.len(), "a row is there twice");
    let missing: Vec<_> = want.difference(&have).take(3).collect();
    let strange: Vec<_> = have.difference(&want).take(3).collect();
    assert!(
        missing.is_empty() && strange.is_empty(),
        "missing {missing:?}, not told {strange:?}, of {}",
        wanted.len()
    );
}
