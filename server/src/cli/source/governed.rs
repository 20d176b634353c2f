//! What a steward decides about the streams of a source, on the command line: which are read, which again, and what becomes of changes.
//!
//! Decides nothing itself (`pipeline`). Invariant: every stream that a decision concerns is named with what becomes of it.

use crate::house::House;
use crate::terminal::BadUsage;
use anyhow::Result;
use chrono::NaiveDate;
use contract::changes::{ChangeState, ReadAgain, StreamChange};
use lake::arrow::array::AsArray;
use lake::arrow::datatypes::Int64Type;
use lake::{Lake, Relations, TableName};
use metastore::sources::SourceRow;
use pipeline::RAW;
use std::collections::BTreeSet;

/// Changes that are shown.
const SHOWN: u64 = 100;

/// Moves the bookmarks of sources back to a day; says what each stream will bring.
pub async fn read_again(house: &House, names: &[String], day: NaiveDate) -> Result<()> {
    let pipeline = house.jobs.pipeline().await?;
    for name in names {
        for (stream, what) in pipeline.read_again(name, day).await? {
            let said = match what {
                ReadAgain::Since => format!("since {day}"),
                ReadAgain::Whole => "whole: it has no cursor that tells a time".to_owned(),
                ReadAgain::Never => {
                    "stays as it is: what was sent, or told how things stood that day, cannot be asked for again"
                        .to_owned()
                }
            };
            println!("{stream}\t{said}");
        }
    }
    Ok(())
}

/// Only the streams of these names are read from now on; `all` for all of them.
pub async fn choose_streams(house: &House, row: &SourceRow, names: &str) -> Result<()> {
    let chosen: BTreeSet<String> =
        names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let all = chosen.len() == 1 && chosen.contains("all");
    let known = house.jobs.streams_of(row).await?;
    if let Some(unknown) = chosen.iter().find(|name| !all && !known.contains(name)) {
        let known = known.join(", ");
        return Err(
            BadUsage(format!("source `{}` has no stream `{unknown}`; it has {known}", row.name)).into()
        );
    }
    if chosen.is_empty() {
        let why = format!("source `{}` would read nothing; name a stream, or remove the source", row.name);
        return Err(BadUsage(why).into());
    }
    house.metastore.choose_streams(&row.name, (!all).then_some(&chosen)).await?;
    let users = house.reader.users().await?;
    for stream in known.iter().filter(|stream| !all && !chosen.contains(*stream)) {
        let table = TableName::new(RAW, connect::stream_table(&row.name, stream)).to_string();
        let used =
            users.get(&table).map(|users| format!("; used by {}", users.join(", "))).unwrap_or_default();
        println!("{stream}\tresting: its rows stay, and no new ones come{used}");
    }
    Ok(())
}

/// Prints the streams that have been landed, with their rows.
pub async fn rows(house: &House, name: &str) -> Result<()> {
    super::source_named(house, name).await?;
    let standing = house.metastore.standing(name).await?;
    let relations = house.jobs.lake.latest(RAW).await?;
    for stream in house.metastore.stream_states(name).await?.into_keys() {
        let table = TableName::new(RAW, connect::stream_table(name, &stream));
        let count = count(&house.jobs.lake, &relations, &table).await?;
        let state =
            if standing.reads(&stream) || !standing.offered.contains(&stream) { "" } else { "resting" };
        println!("{stream}\t{count}\t{state}");
    }
    Ok(())
}

async fn count(lake: &Lake, relations: &Relations, table: &TableName) -> Result<i64> {
    if !relations.contains_key(table) {
        return Ok(0);
    }
    let sql = format!(
        "select count(*) from {} where not coalesce({}, false)",
        table.quoted(),
        lake::quote(connect::DELETED_COLUMN)
    );
    let batches = lake.session(relations.clone()).query(&sql).await?;
    Ok(batches.first().map_or(0, |batch| batch.column(0).as_primitive::<Int64Type>().value(0)))
}

/// Prints the changes of a source, newest first; or accepts those of a stream.
pub async fn changes(house: &House, name: &str, accept: Option<&str>) -> Result<()> {
    super::source_named(house, name).await?;
    if let Some(stream) = accept {
        house.jobs.pipeline().await?.accept_changes(name, stream).await?;
        println!("{stream}\tits table starts again with the next sync: `mirante source sync {name}`");
        return Ok(());
    }
    for card in house.metastore.changes(name, SHOWN).await? {
        let stream = if card.stream.is_empty() { "*" } else { &card.stream };
        println!("{}\t{stream}\t{}\t{}", card.at, card.state.word(), said(&card.change));
        if card.state == ChangeState::Held {
            println!(
                "\tto take it in: `mirante source changes {name} --accept {stream}`, which reads all of {stream} again and starts its \
                 table anew; to let it rest: `mirante source set {name} streams=…` without it"
            );
        }
    }
    Ok(())
}

fn said(change: &StreamChange) -> String {
    match change {
        StreamChange::ColumnNew { column, column_type } => format!("new column {column} ({column_type})"),
        StreamChange::ColumnGone { column } => format!("column {column} comes no more"),
        StreamChange::Widened { column, before, after } => format!("column {column}: {before} → {after}"),
        StreamChange::Incompatible { column, before, after } => {
            format!("column {column}: {before} → {after}, which do not go together")
        }
        StreamChange::KeyChanged { before, after } => {
            format!("rows are told apart by [{}], and were by [{}]", after.join(", "), before.join(", "))
        }
        StreamChange::ReadAgain { since } => format!("read again since {since}"),
    }
}
