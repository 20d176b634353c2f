//! WhatsApp Business (Cloud API) as a source: what Meta sends us, from the inbox, and what it counts, by asking.
//!
//! Sends no message. Invariant: each message and each status is in its table once, whatever the order and however often they came; without
//! the company's consent no text of a message gets there.

mod analytics;
mod contacts;
mod declaration;
mod envelope;
mod graph;
mod hook;
mod messages;
mod notices;
mod redaction;
mod statuses;

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use chrono::NaiveDate;
use serde_json::Value;

use self::envelope::{Envelope, Event};
use self::graph::Graph;
use crate::again::{Again, Rewound};
use crate::errors::ConnectError;
use crate::facts::{Facts, Row};
use crate::http::HttpOptions;
use crate::inbound::Inbound;
use crate::manners::{Manners, Pace};
use crate::records::Shape;
use crate::settings::Settings;
use crate::source::{
    Discovery, LandedKeys, ReadRequest, Reading, Source, StreamFound, StreamState, StreamTested, Tested,
    stream_table,
};
use crate::sources::Surroundings;

pub use declaration::{KIND, kind};
pub use hook::Hook;

/// Streams that come from the inbox.
const RECEIVED: [&str; 5] =
    [messages::STREAM, statuses::STREAM, contacts::STREAM, contacts::CHANGES, notices::STREAM];

/// One app's deliveries, and one account's figures.
pub struct WhatsApp {
    name: String,
    inbound: Inbound,
    numbers: Vec<String>,
    store_text: bool,
    graph: Option<Arc<Graph>>,
    today: fn() -> NaiveDate,
}

/// Opens a source. Calls nobody yet.
///
/// # Errors
/// `Options` for a setting that cannot be meant so.
pub fn open(
    name: &str,
    settings: &Settings,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Source>, ConnectError> {
    Ok(Arc::new(WhatsApp::new(name, settings, surroundings)?))
}

impl WhatsApp {
    /// As [`open`], from the settings as JSON.
    ///
    /// # Errors
    /// As [`open`], and for settings that do not fit the declaration.
    pub fn from_settings(
        name: &str,
        settings: &Value,
        surroundings: &Surroundings,
    ) -> Result<WhatsApp, ConnectError> {
        WhatsApp::new(name, &Settings::read(&kind(), name, settings)?, surroundings)
    }

    fn new(name: &str, settings: &Settings, surroundings: &Surroundings) -> Result<WhatsApp, ConnectError> {
        let graph = match (settings.given("waba_id"), settings.given("access_token")) {
            (None, None) => None,
            (Some(account), Some(token)) => {
                // 200 calls an hour are granted at least; a sync makes a handful.
                let manners = Manners { per_minute: Some(60), burst: 5, at_once: 2, ..Manners::default() };
                let http = HttpOptions { egress: surroundings.egress.clone(), ..HttpOptions::default() };
                let graph = Graph::new(settings, account, token, http, surroundings.pace(name, manners))?;
                Some(Arc::new(graph))
            }
            (Some(_), None) => {
                return Err(settings.refused("access_token", "volumes and costs need it beside `waba_id`"));
            }
            (None, Some(_)) => {
                return Err(settings.refused("waba_id", "volumes and costs need it beside `access_token`"));
            }
        };
        let numbers = settings.text("phone_number_ids").split([' ', ',', ';', '\n']);
        Ok(WhatsApp {
            name: name.to_owned(),
            inbound: Inbound::new(name, surroundings.inbox(name)),
            numbers: numbers.filter(|number| !number.is_empty()).map(str::to_owned).collect(),
            store_text: settings.flag("store_text"),
            graph,
            today: || chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).date_naive(),
        })
    }

    /// Takes another clock for the days of figures.
    #[must_use]
    pub fn with_today(self, today: fn() -> NaiveDate) -> WhatsApp {
        WhatsApp { today, ..self }
    }

    /// Asks at another pace than that of the account.
    #[must_use]
    pub fn with_pace(mut self, pace: Pace) -> WhatsApp {
        self.graph = self.graph.map(|graph| Arc::new(graph.at_pace(pace)));
        self
    }

    async fn received(&self, request: ReadRequest) -> Result<Reading, ConnectError> {
        let facts = match request.stream.as_str() {
            contacts::STREAM => {
                let landed = landed_contacts(&self.name, request.keys.as_deref()).await?;
                Facts::growing(Arc::new(contacts::shape()), contacts::merged, landed)
            }
            stream => Facts::fixed(Arc::new(shape_of(stream))),
        };
        let (numbers, store_text, stream) = (self.numbers.clone(), self.store_text, request.stream.clone());
        let take = move |event: &Event<'_>, facts: &mut Facts| match stream.as_str() {
            messages::STREAM => messages::take(event, &numbers, store_text, facts),
            statuses::STREAM => statuses::take(event, &numbers, store_text, facts),
            contacts::STREAM => contacts::take(event, facts),
            contacts::CHANGES => contacts::take_changes(event, facts),
            _ => notices::take(event, store_text, facts),
        };
        // What is no envelope belongs to no stream: the first one tells of it.
        let tells = request.stream == messages::STREAM;
        let taken =
            Arc::new(move |delivery: &crate::inbox::Delivery, facts: &mut Facts| {
                match Envelope::of(&delivery.body) {
                    Some(envelope) => envelope.events().for_each(|event| take(&event, facts)),
                    None if tells => {
                        let text = String::from_utf8_lossy(&delivery.body);
                        let shown = if store_text {
                            text.into_owned()
                        } else {
                            format!("{} bytes", delivery.body.len())
                        };
                        facts.reject(
                    &shown,
                    "the delivery was signed, but is no JSON of the form {\"entry\": [{\"changes\": […]}]}",
                );
                    }
                    None => {}
                }
            });
        self.inbound.read(&request.stream, &request.since, facts, taken).await
    }

    fn found(&self, shape: &Shape) -> StreamFound {
        let table = stream_table(&self.name, &shape.stream);
        StreamFound { name: shape.stream.clone(), table, columns: shape.found(), files: Vec::new() }
    }
}

fn shape_of(stream: &str) -> Shape {
    match stream {
        messages::STREAM => messages::shape(),
        statuses::STREAM => statuses::shape(),
        contacts::STREAM => contacts::shape(),
        contacts::CHANGES => contacts::changes_shape(),
        _ => notices::shape(),
    }
}

/// The contacts that have been landed, to grow on.
async fn landed_contacts(source: &str, keys: Option<&dyn LandedKeys>) -> Result<Vec<Row>, ConnectError> {
    let Some(keys) = keys else { return Ok(Vec::new()) };
    let failed = |detail: String| ConnectError::Build {
        stream: format!("{source}/{}", contacts::STREAM),
        column: "*".to_owned(),
        detail,
    };
    let batches = keys.keys(&contacts::columns()).await.map_err(|error| failed(error.to_string()))?;
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<Row> = batch
            .columns()
            .iter()
            .map(texts)
            .collect::<Result<_, _>>()
            .map_err(|error| failed(error.to_string()))?;
        rows.extend(
            (0..batch.num_rows())
                .map(|row| columns.iter().map(|column| column[row].clone()).collect::<Row>()),
        );
    }
    Ok(rows)
}

/// A column as the texts that it was made from.
fn texts(column: &Arc<dyn Array>) -> Result<Row, arrow::error::ArrowError> {
    if let DataType::Timestamp(..) = column.data_type() {
        let column = cast(column, &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))?;
        let moments = column.as_primitive::<TimestampMicrosecondType>().iter();
        let shown = |at: i64| {
            chrono::DateTime::from_timestamp_micros(at)
                .map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        };
        return Ok(moments.map(|at| at.and_then(shown)).collect());
    }
    let column = cast(column, &DataType::Utf8)?;
    Ok(column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect())
}

#[async_trait::async_trait]
impl Source for WhatsApp {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> &'static str {
        KIND
    }

    async fn streams(&self) -> Result<Vec<String>, ConnectError> {
        let asked = self.graph.iter().flat_map(|_| analytics::STREAMS);
        Ok(RECEIVED.into_iter().chain(asked).map(str::to_owned).collect())
    }

    /// Columns as they are declared; reads no rows.
    async fn discover(&self) -> Result<Discovery, ConnectError> {
        let received = RECEIVED.iter().map(|stream| self.found(&shape_of(stream)));
        let asked = self.graph.iter().flat_map(|_| analytics::STREAMS);
        let streams = received.chain(asked.map(|stream| self.found(&analytics::shape(stream)))).collect();
        Ok(Discovery { streams, ..Discovery::default() })
    }

    /// Whether deliveries have come, and with a token whose account it is.
    async fn test(&self) -> Result<Tested, ConnectError> {
        let mut tested = Tested::default();
        tested.facts.push(("hook", format!("/hooks/{}", self.name)));
        for stream in RECEIVED {
            tested.streams.push(StreamTested { name: stream.to_owned(), is_empty: false, problem: None });
        }
        if let Some(graph) = &self.graph {
            tested.facts.push(("account", graph.account_name().await?));
            for stream in analytics::STREAMS {
                let problem = analytics::probe(graph, stream, (self.today)())
                    .await
                    .err()
                    .map(|error| error.to_string());
                tested.streams.push(StreamTested { name: stream.to_owned(), is_empty: false, problem });
            }
        }
        Ok(tested)
    }

    async fn read(&self, request: ReadRequest) -> Result<Reading, ConnectError> {
        if RECEIVED.contains(&request.stream.as_str()) {
            return self.received(request).await;
        }
        match &self.graph {
            Some(graph) if analytics::STREAMS.contains(&request.stream.as_str()) => {
                analytics::read(graph, &request.stream, (self.today)(), &request.since).await
            }
            _ => Err(ConnectError::unknown_stream(&self.name, &request.stream, self.streams().await?)),
        }
    }

    /// Meta tells its figures again, and nothing of what it has sent.
    async fn rewound(
        &self,
        stream: &str,
        since: &StreamState,
        again: Again,
    ) -> Result<Rewound, ConnectError> {
        Ok(if RECEIVED.contains(&stream) { Rewound::Never } else { analytics::rewound(stream, since, again) })
    }

    /// Lets go of deliveries that the lake has.
    async fn close(&self) {
        if let Err(error) = self.inbound.release(&RECEIVED).await {
            tracing::warn!(source = %self.name, %error, "landed deliveries stay in the inbox until the next run");
        }
    }
}
