//! One row per open deal and day: the API shows a deal's stage of now and keeps no history of it.
//!
//! Reads no other deals (`changes`). Invariant: a day is taken whole or taken again; taking it twice leaves one row per deal.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::api::Api;
use super::entities::{AMOUNT, Columns};
use super::layout::{Layout, Record};
use crate::column_type::ColumnType;
use crate::errors::ConnectError;
use crate::json::JsonCell;
use crate::records::Gathering;
use crate::source::{LandHint, Mark, Piece, Reading, StreamState};

pub const SNAPSHOTS: &str = "deal_stage_snapshots";

/// Key of the mark.
const DAY: &str = "day";

/// `Day` is ours; `DealId` is the deal's `Id`.
const COLUMNS: Columns = &[
    ("Day", ColumnType::Date),
    ("DealId", ColumnType::Integer),
    ("PipelineId", ColumnType::Integer),
    ("StageId", ColumnType::Integer),
    ("OwnerId", ColumnType::Integer),
    ("Amount", AMOUNT),
    ("DaysInStage", ColumnType::Integer),
];

pub fn layout() -> Layout {
    Layout::new(SNAPSHOTS, COLUMNS, &["day", "deal_id"], &[], &BTreeMap::new())
}

/// Today's snapshot; nothing when it has been taken.
///
/// # Errors
/// As [`Api::list`].
pub async fn read(api: &Api, today: NaiveDate, since: &StreamState) -> Result<Reading, ConnectError> {
    let day = today.to_string();
    let taken = since.get(DAY).and_then(serde_json::Value::as_str).is_some_and(|taken| taken >= day.as_str());
    let pieces = if taken { Vec::new() } else { open_deals(api, &day).await? };
    let reading = Reading {
        pieces,
        failures: Vec::new(),
        skipped: Vec::new(),
        gone: Vec::new(),
        unchanged: usize::from(taken),
    };
    Ok(reading.in_turn())
}

async fn open_deals(api: &Api, day: &str) -> Result<Vec<Piece>, ConnectError> {
    let layout = layout();
    let hint = || LandHint::Merge { key: layout.shape.key.clone() };
    let fresh = || Gathering::new(layout.shape.clone(), &format!("Deals of {day}"));
    let (mut pieces, mut gathering, mut last) = (Vec::new(), fresh(), 0);
    loop {
        let filter = format!("StatusId eq 1 and Id gt {last}");
        let query = [
            ("$filter", filter.as_str()),
            ("$orderby", "Id"),
            ("$select", "Id,PipelineId,StageId,OwnerId,Amount,DaysInStage"),
        ];
        let page = api.list(SNAPSHOTS, "Deals", &query).await?;
        for raw in &page.rows {
            let Some((deal, id)) =
                Record::of(raw).and_then(|deal| Some((deal.id()?, deal))).map(|(id, deal)| (deal, id))
            else {
                gathering.reject(raw.get(), "has no Id");
                continue;
            };
            if id <= last {
                return Err(api.unexpected(SNAPSHOTS, "Deals", "ids are not in their order"));
            }
            last = id;
            gathering.push_with(|key| match key {
                "Day" => JsonCell::Text(day.into()),
                "DealId" => deal.get("Id").map_or(JsonCell::Absent, JsonCell::of),
                _ => layout.cell(&deal, key),
            })?;
        }
        if page.next.is_none() && api.is_last(page.rows.len()) {
            break;
        }
        if gathering.is_full() {
            pieces.push(std::mem::replace(&mut gathering, fresh()).piece(hint(), None)?);
        }
    }
    if gathering.rows() > 0 {
        let mark = Mark { key: DAY.to_owned(), value: day.into() };
        pieces.push(gathering.piece(hint(), Some(mark))?);
    }
    Ok(pieces)
}
