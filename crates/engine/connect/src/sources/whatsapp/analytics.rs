//! What Meta counts and charges: volumes and costs per day, and the state of the company's numbers.
//!
//! Days are UTC days, as Meta has them; a model that wants the company's days must say so. Meta looks back one year, so that what is not
//! read in time is lost. Invariant: a day that may still change is read again.

use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveTime};
use futures::StreamExt;
use serde_json::Value;

use super::envelope::{moment, text};
use super::graph::Graph;
use crate::again::{Again, Rewound};
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::facts::{Facts, Row};
use crate::records::{RecordColumn, Shape};
use crate::source::{Mark, Reading, StreamState};

const VOLUMES: &str = "analytics";
const COSTS: &str = "pricing_analytics";
const NUMBERS: &str = "phone_numbers";
pub const STREAMS: [&str; 3] = [VOLUMES, COSTS, NUMBERS];

/// Key of the mark: the day on which the stream was read last.
const READ_ON: &str = "read_on";
/// How far back Meta answers.
const LOOK_BACK: Days = Days::new(364);
/// Days that are read again: counts arrive late.
const AGAIN: Days = Days::new(3);
/// Days of one question.
const SPAN: Days = Days::new(90);
/// Pages of one list before we believe that it never ends.
const PAGES: usize = 1000;

const MONEY: ColumnType = ColumnType::Decimal { precision: 18, scale: 6 };

pub fn shape(stream: &str) -> Shape {
    use ColumnType::{Date, Integer, Moment, Text};
    let (columns, key): (&[(&str, ColumnType)], &[&str]) = match stream {
        VOLUMES => (
            &[("day", Date), ("start", Moment), ("end", Moment), ("sent", Integer), ("delivered", Integer)],
            &["start"],
        ),
        COSTS => (
            &[
                ("day", Date),
                ("start", Moment),
                ("end", Moment),
                ("phone_number", Text),
                ("country", Text),
                ("pricing_type", Text),
                ("pricing_category", Text),
                ("tier", Text),
                ("volume", Integer),
                ("cost", MONEY),
            ],
            &["start", "phone_number", "country", "pricing_type", "pricing_category", "tier"],
        ),
        _ => (
            &[
                ("day", Date),
                ("id", Text),
                ("display_phone_number", Text),
                ("verified_name", Text),
                ("quality_rating", Text),
                ("status", Text),
                ("throughput_level", Text),
                ("messaging_limit_tier", Text),
            ],
            &["day", "id"],
        ),
    };
    Shape::new(
        stream,
        columns.iter().map(|(name, column_type)| RecordColumn::new(name, *column_type)).collect(),
        key,
    )
}

/// What is new of a stream: the days since it was read, some of them again; of numbers, one snapshot a day.
///
/// # Errors
/// As [`Graph::get`].
pub async fn read(
    graph: &Graph,
    stream: &str,
    today: NaiveDate,
    since: &StreamState,
) -> Result<Reading, ConnectError> {
    let read_on = since.get(READ_ON).and_then(Value::as_str).and_then(|day| day.parse::<NaiveDate>().ok());
    let nothing = || Reading::of(futures::stream::empty().boxed());
    let mut facts = Facts::fixed(Arc::new(shape(stream)));
    if stream == NUMBERS {
        if read_on == Some(today) {
            return Ok(nothing());
        }
        numbers(graph, today, &mut facts).await?;
    } else {
        let first = read_on.map_or(today - LOOK_BACK, |day| (day - AGAIN).max(today - LOOK_BACK));
        let mut from = first;
        while from <= today {
            let to = (from + SPAN).min(today);
            days(graph, stream, (from, to), &mut facts).await?;
            from = to + Days::new(1);
        }
    }
    if facts.len() == 0 {
        return Ok(nothing());
    }
    let mark = Mark { key: READ_ON.to_owned(), value: today.to_string().into() };
    let piece = facts.piece(&format!("{stream} of {today}"), mark)?;
    Ok(Reading::of(futures::stream::iter([Ok(piece)]).boxed()))
}

/// From where a stream is read again; the state of the numbers on a day gone by is nowhere to be read.
pub fn rewound(stream: &str, since: &StreamState, again: Again) -> Rewound {
    let day = match again {
        _ if stream == NUMBERS => return Rewound::Never,
        Again::Whole => return Rewound::Whole(StreamState::default()),
        Again::Since(beginning) => beginning.day + AGAIN,
    };
    let mut state = since.clone();
    let known = since.get(READ_ON).and_then(Value::as_str).and_then(|day| day.parse::<NaiveDate>().ok());
    if known.is_some_and(|known| known > day) {
        state.set(Mark { key: READ_ON.to_owned(), value: day.to_string().into() });
    }
    Rewound::Since(state)
}

/// Whether a stream may be read: asks for one day.
///
/// # Errors
/// As [`Graph::get`].
pub async fn probe(graph: &Graph, stream: &str, today: NaiveDate) -> Result<(), ConnectError> {
    let mut facts = Facts::fixed(Arc::new(shape(stream)));
    match stream {
        NUMBERS => numbers(graph, today, &mut facts).await,
        _ => days(graph, stream, (today, today), &mut facts).await,
    }
}

async fn days(
    graph: &Graph,
    stream: &str,
    (from, to): (NaiveDate, NaiveDate),
    facts: &mut Facts,
) -> Result<(), ConnectError> {
    let second = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp();
    let (start, end) = (second(from), second(to + Days::new(1)));
    let fields = if stream == VOLUMES {
        format!("analytics.start({start}).end({end}).granularity(DAY)")
    } else {
        format!(
            "pricing_analytics.start({start}).end({end}).granularity(DAILY).metric_types([\"COST\",\"VOLUME\"])\
             .dimensions([\"PRICING_CATEGORY\",\"PRICING_TYPE\",\"COUNTRY\",\"PHONE\",\"TIER\"])"
        )
    };
    let answer = graph.get(stream, "", &[("fields", &fields)]).await?;
    // The field is left out where there is nothing to tell.
    let found = &answer[stream];
    let lists = [&found["data_points"]]
        .into_iter()
        .chain(found["data"].as_array().into_iter().flatten().map(|list| &list["data_points"]));
    for point in lists.filter_map(Value::as_array).flatten() {
        match row(stream, point) {
            Some(row) => facts.add(row),
            None => facts.reject(&point.to_string(), "the point has no start"),
        }
    }
    Ok(())
}

fn row(stream: &str, point: &Value) -> Option<Row> {
    let start = moment(&point["start"])?;
    let of = |name: &str| text(&point[name]);
    let mut row = vec![start.get(..10).map(str::to_owned), Some(start), moment(&point["end"])];
    if stream == VOLUMES {
        row.extend([of("sent"), of("delivered")]);
    } else {
        row.extend(["phone_number", "country", "pricing_type", "pricing_category", "tier", "volume"].map(of));
        // What floating point adds beyond the sixth digit is no money.
        row.push(point["cost"].as_f64().map(|cost| format!("{cost:.6}")));
    }
    Some(row)
}

async fn numbers(graph: &Graph, today: NaiveDate, facts: &mut Facts) -> Result<(), ConnectError> {
    const FIELDS: &str =
        "id,display_phone_number,verified_name,quality_rating,status,throughput,messaging_limit_tier";
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let mut query = vec![("fields", FIELDS), ("limit", "100")];
        query.extend(after.as_deref().map(|after| ("after", after)));
        let answer = graph.get(NUMBERS, "/phone_numbers", &query).await?;
        for number in answer["data"].as_array().into_iter().flatten() {
            let of = |name: &str| text(&number[name]);
            facts.add(vec![
                Some(today.to_string()),
                of("id"),
                of("display_phone_number"),
                of("verified_name"),
                of("quality_rating"),
                of("status"),
                text(&number["throughput"]["level"]),
                of("messaging_limit_tier"),
            ]);
        }
        let next =
            text(&answer["paging"]["cursors"]["after"]).filter(|_| !answer["paging"]["next"].is_null());
        if next.is_none() || next == after {
            return Ok(());
        }
        after = next;
    }
    Err(graph.failed(NUMBERS, graph.unexpected("/phone_numbers", "its list never ends")))
}
