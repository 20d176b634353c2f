//! Any system that signs its events by Standard Webhooks, as a source: one row per event, its data as JSON and as the columns one asks for.
//!
//! Calls nobody. Invariant: an event is in its table once, however often it was sent: `webhook-id` names it.

mod hook;

use std::sync::Arc;

use contract::sources::{Parameter, SourceKind, Takes};
use kpi::definition::Label;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::again::{Again, Rewound};
use crate::column_name::sql_name;
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::facts::Facts;
use crate::inbound::Inbound;
use crate::inbox::Delivery;
use crate::records::{RecordColumn, Shape};
use crate::settings::Settings;
use crate::source::{
    Discovery, ReadRequest, Reading, Source, StreamFound, StreamState, StreamTested, Tested, stream_table,
};
use crate::sources::Surroundings;

pub use hook::Hook;

pub const KIND: &str = "webhook";

const EVENTS: &str = "events";
const OWN: [(&str, ColumnType); 5] = [
    ("id", ColumnType::Text),
    ("type", ColumnType::Text),
    ("timestamp", ColumnType::Moment),
    ("sent_at", ColumnType::Moment),
    ("data", ColumnType::Text),
];

/// What a person is asked.
pub fn kind() -> SourceKind {
    let said = |pt: &str, en: &str| Label { pt: pt.to_owned(), en: Some(en.to_owned()) };
    let secret = (
        "Como whsec_…; o sistema que envia o mostra ao cadastrar o endereço /hooks/<nome>.",
        "Such as whsec_…; the sending system shows it when the address /hooks/<name> is registered.",
    );
    SourceKind {
        kind: KIND.to_owned(),
        title: said("Webhook (Standard Webhooks)", "Webhook (Standard Webhooks)"),
        about: said(
            "Eventos que um sistema envia, assinados, ao endereço /hooks/<nome>, pelo padrão Standard Webhooks.",
            "Events that a system sends, signed, to the address /hooks/<name>, by Standard Webhooks.",
        ),
        parameters: vec![
            Parameter::required("secret", Takes::Secret, ("Segredo", "Secret"), secret),
            Parameter::optional(
                "former_secret",
                Takes::Secret,
                ("Segredo anterior", "Former secret"),
                (
                    "Ainda aceito enquanto o segredo é trocado; apague depois.",
                    "Still accepted while the secret is being changed; remove it afterwards.",
                ),
            ),
            Parameter::optional(
                "columns",
                Takes::Lines,
                ("Colunas", "Columns"),
                (
                    "Uma por linha, como total=data.pedido.total:decimal; o tipo é text se faltar. Tudo fica também em data, como JSON.",
                    "One a line, such as total=data.order.total:decimal; the type is text where it is left out. All is in data as JSON, too.",
                ),
            ),
        ],
        promised_minutes: 15,
    }
}

/// A column that is taken out of the body.
#[derive(Debug, Clone)]
struct Picked {
    name: String,
    path: Vec<String>,
    column_type: ColumnType,
}

/// The events of one sender.
pub struct Webhook {
    name: String,
    inbound: Inbound,
    picked: Arc<Vec<Picked>>,
}

/// Opens a source.
///
/// # Errors
/// `Options` for a secret or a column that cannot be meant so.
pub fn open(
    name: &str,
    settings: &Settings,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Source>, ConnectError> {
    // A secret that cannot be one is told now, not at the first delivery.
    Hook::new(settings)?;
    let mut picked = Vec::new();
    for line in settings.text("columns").lines().map(str::trim).filter(|line| !line.is_empty()) {
        let column =
            picked_of(line).map_err(|why| settings.refused("columns", &format!("`{line}` {why}")))?;
        if picked.iter().any(|other: &Picked| other.name == column.name) {
            return Err(settings.refused("columns", &format!("`{}` is there twice", column.name)));
        }
        picked.push(column);
    }
    let inbound = Inbound::new(name, surroundings.inbox(name));
    Ok(Arc::new(Webhook { name: name.to_owned(), inbound, picked: Arc::new(picked) }))
}

/// `total=data.order.total:decimal`.
fn picked_of(line: &str) -> Result<Picked, String> {
    let (name, rest) =
        line.split_once('=').ok_or("needs the form NAME=PATH, such as total=data.total:decimal")?;
    let (path, column_type) = match rest.rsplit_once(':') {
        Some((path, column_type)) => (path, column_type.parse()?),
        None => (rest, ColumnType::Text),
    };
    let name = name.trim();
    if sql_name(name) != name || OWN.iter().any(|(own, _)| *own == name) {
        return Err(format!("has a name that is not SQL-safe or taken; use `{}_`", sql_name(name)));
    }
    let path = path.trim().split('.').map(str::to_owned).collect();
    Ok(Picked { name: name.to_owned(), path, column_type })
}

/// The body of an event, as the convention has it; anything else is data.
#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: Option<Value>,
    timestamp: Option<Value>,
    data: Option<Box<RawValue>>,
}

impl Webhook {
    fn shape(&self) -> Shape {
        let own = OWN.iter().map(|(name, column_type)| RecordColumn::new(name, *column_type));
        let picked = self.picked.iter().map(|picked| RecordColumn::new(&picked.name, picked.column_type));
        Shape::new(EVENTS, own.chain(picked).collect(), &["id"])
    }
}

fn take(delivery: &Delivery, picked: &[Picked], facts: &mut Facts) {
    let note: Value = serde_json::from_str(&delivery.note).unwrap_or_default();
    let raw = String::from_utf8_lossy(&delivery.body);
    let Ok(whole) = serde_json::from_slice::<Value>(&delivery.body) else {
        facts.reject(&raw, "the event was signed, but is no JSON");
        return;
    };
    let body: Option<Body> = serde_json::from_slice(&delivery.body).ok();
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let sent_at = note["timestamp"].as_i64().and_then(|at| chrono::DateTime::from_timestamp(at, 0));
    let data = body.as_ref().and_then(|body| body.data.as_ref()).map_or(raw.as_ref(), |data| data.get());
    let mut row = vec![
        text(&note["id"]),
        body.as_ref().and_then(|body| body.kind.as_ref()).and_then(text),
        body.as_ref().and_then(|body| body.timestamp.as_ref()).and_then(text),
        sent_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        Some(data.to_owned()),
    ];
    for picked in picked {
        let found = picked.path.iter().try_fold(&whole, |value, key| match value {
            Value::Array(values) => values.get(key.parse::<usize>().ok()?),
            value => value.get(key),
        });
        row.push(found.and_then(text));
    }
    facts.add(row);
}

#[async_trait::async_trait]
impl Source for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        KIND
    }

    async fn streams(&self) -> Result<Vec<String>, ConnectError> {
        Ok(vec![EVENTS.to_owned()])
    }

    async fn discover(&self) -> Result<Discovery, ConnectError> {
        let shape = self.shape();
        let table = stream_table(&self.name, EVENTS);
        let found = StreamFound { name: EVENTS.to_owned(), table, columns: shape.found(), files: Vec::new() };
        Ok(Discovery { streams: vec![found], ..Discovery::default() })
    }

    async fn test(&self) -> Result<Tested, ConnectError> {
        let stream = StreamTested { name: EVENTS.to_owned(), is_empty: false, problem: None };
        let facts = vec![("hook", format!("/hooks/{}", self.name))];
        Ok(Tested { facts, streams: vec![stream], ..Tested::default() })
    }

    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError> {
        if request.stream != EVENTS {
            return Err(ConnectError::unknown_stream(&self.name, &request.stream, [EVENTS]));
        }
        let (facts, picked) = (Facts::fixed(Arc::new(self.shape())), self.picked.clone());
        let taken = Arc::new(move |delivery: &Delivery, facts: &mut Facts| take(delivery, &picked, facts));
        self.inbound.read(EVENTS, &request.since, facts, taken).await
    }

    /// What was sent to us cannot be asked for again.
    async fn rewound(&self, _: &str, _: &StreamState, _: Again) -> Result<Rewound, ConnectError> {
        Ok(Rewound::Never)
    }

    async fn close(&self) {
        if let Err(error) = self.inbound.release(&[EVENTS]).await {
            tracing::warn!(source = %self.name, %error, "landed deliveries stay in the inbox until the next run");
        }
    }
}
