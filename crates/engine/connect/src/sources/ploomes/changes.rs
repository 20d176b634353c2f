//! Reads what has changed of an entity, page by page, into pieces.
//!
//! Does not decide where to read on (`cursor`) nor what is gone (`sweep`). Invariant: a piece's mark lies behind nothing that has not been
//! handed over, and the lines of a document are handed over before it.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use futures::StreamExt;
use serde_json::value::RawValue;

use super::api::{Api, Page};
use super::cursor::{self, Place, Recent, Resumed};
use super::entities::{Entity, Lines};
use super::fields::Custom;
use super::layout::{Layout, Record};
use super::sweep::{Sweep, Swept};
use crate::cell::Cell;
use crate::errors::ConnectError;
use crate::json::JsonCell;
use crate::records::{Gathering, PIECE_ROWS};
use crate::source::{LandHint, Mark, Piece, Pieces};

/// One reading of one entity.
pub struct Changes {
    api: Arc<Api>,
    entity: &'static Entity,
    layout: Layout,
    lines: Option<(&'static Lines, Layout)>,
    expand: Vec<String>,
    /// Relations that only some columns need.
    related: Vec<String>,
    /// Only the columns that are wanted: some documents bring their printed form otherwise.
    select: Option<String>,
    /// None at the end.
    place: Option<Place>,
    recent: Recent,
    gathered: Gathered,
    ready: VecDeque<Piece>,
    sweep: Option<Sweep>,
}

/// What is on its way to become a piece.
struct Gathered {
    records: Gathering,
    lines: Option<Gathering>,
    ids: HashSet<i64>,
}

impl Changes {
    pub fn new(
        api: Arc<Api>,
        entity: &'static Entity,
        custom: &[Custom],
        resumed: Resumed,
        start: Place,
        sweep: Option<Sweep>,
    ) -> Changes {
        let layout = Layout::new(entity.stream, entity.columns, &["id"], custom, &resumed.columns);
        let lines = entity.lines.as_ref().map(|lines| (lines, lines_layout(lines)));
        let mut expand: Vec<String> = entity.lines.iter().map(|lines| lines.collection.to_owned()).collect();
        expand.extend((!custom.is_empty()).then(|| "OtherProperties".to_owned()));
        let columns: Vec<&str> = entity.own().collect();
        let place = resumed.place.unwrap_or(start);
        let gathered = Gathered::new(entity, &layout, lines.as_ref(), place);
        Changes {
            api,
            entity,
            layout,
            lines,
            expand,
            related: entity.related().collect(),
            select: Some(columns.join(",")),
            place: Some(place),
            recent: resumed.recent,
            gathered,
            ready: VecDeque::new(),
            sweep,
        }
    }

    pub fn pieces(self) -> Pieces {
        futures::stream::try_unfold(self, |mut changes: Changes| async move {
            Ok(changes.next().await?.map(|piece| (piece, changes)))
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<Option<Piece>, ConnectError> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            if let Some(place) = self.place {
                self.read_page(place).await?;
            } else if let Some(sweep) = self.sweep.take() {
                self.sweep(sweep).await?;
            } else {
                return Ok(None);
            }
        }
    }

    async fn read_page(&mut self, place: Place) -> Result<(), ConnectError> {
        let (filter, order) = place.query();
        let page = self.ask(filter.as_deref(), order).await?;
        let more = page.next.is_some() || !self.api.is_last(page.rows.len());
        let mut rows = Vec::with_capacity(page.rows.len());
        for raw in &page.rows {
            if let Some(row) = self.take(raw, place)? {
                rows.push(row);
            }
        }
        let next = place.next(&rows, more);
        self.place =
            next.map_err(|detail| self.api.unexpected(self.entity.stream, self.entity.path, detail))?;
        if self.place.is_none() || self.gathered.is_full() {
            let mark = cursor::mark(self.place.unwrap_or(place), &self.recent, &self.layout.names);
            self.hand_over(Some(mark), self.place.unwrap_or(place))?;
        }
        Ok(())
    }

    /// Takes a record in, and says its moment and id; none for what is no record.
    fn take(&mut self, raw: &RawValue, place: Place) -> Result<Option<(Option<i64>, i64)>, ConnectError> {
        let Some(record) = Record::of(raw) else {
            self.gathered.records.reject(raw.get(), "is no JSON object");
            return Ok(None);
        };
        let Some(id) = record.id() else {
            self.gathered.records.reject(raw.get(), "has no Id");
            return Ok(None);
        };
        let at = match record.get("LastUpdateDate").map(JsonCell::of) {
            Some(JsonCell::Text(text)) => cursor::moment(&text),
            _ => None,
        };
        let is_news = at.is_none_or(|at| self.recent.note(at, id));
        if is_news {
            // Changed while we read: of its lines only the newest may be in a piece.
            if self.gathered.ids.contains(&id) {
                self.hand_over(None, place)?;
            }
            self.gathered.push(&record, id, &self.layout, self.lines.as_ref())?;
        }
        Ok(Some((at, id)))
    }

    /// Makes pieces of what has been gathered.
    fn hand_over(&mut self, mark: Option<Mark>, place: Place) -> Result<(), ConnectError> {
        let fresh = Gathered::new(self.entity, &self.layout, self.lines.as_ref(), place);
        let Gathered { records, lines, .. } = std::mem::replace(&mut self.gathered, fresh);
        if let (Some(gathering), Some((declared, _))) = (lines, &self.lines)
            && gathering.rows() > 0
        {
            let hint = LandHint::ReplaceKeys { key: vec![declared.parent_column.to_owned()] };
            self.ready.push_back(gathering.piece(hint, None)?);
        }
        if records.rows() > 0 {
            self.ready.push_back(records.piece(LandHint::Merge { key: vec!["id".to_owned()] }, mark)?);
        }
        Ok(())
    }

    async fn ask(&mut self, filter: Option<&str>, order: &str) -> Result<Page, ConnectError> {
        loop {
            let expand = [self.expand.as_slice(), &self.related].concat().join(",");
            let mut query = vec![("$orderby", order)];
            query.extend(filter.map(|filter| ("$filter", filter)));
            query.extend((!expand.is_empty()).then_some(("$expand", expand.as_str())));
            query.extend(self.select.as_deref().map(|select| ("$select", select)));
            match self.api.list(self.entity.stream, self.entity.path, &query).await {
                // The account's version may not have one of the relations; then their columns stay empty.
                Err(error) if error.status() == Some(400) && !self.related.is_empty() => {
                    tracing::info!(source = %self.api.account.source, stream = self.entity.stream, %error, "asking without related records");
                    self.related.clear();
                }
                // Or one of the fields; then all of them are sent.
                Err(error) if error.status() == Some(400) && self.select.is_some() => {
                    tracing::info!(source = %self.api.account.source, stream = self.entity.stream, %error, "asking for all fields");
                    self.select = None;
                }
                other => return other,
            }
        }
    }

    /// Compares what is there with what was landed, and hands over what is gone.
    async fn sweep(&mut self, sweep: Sweep) -> Result<(), ConnectError> {
        let Swept { gone, unknown, mark } = sweep.run(&self.api, self.entity).await?;
        let place = Place::Start;
        self.recover(&unknown).await?;
        self.hand_over(None, place)?;
        for id in gone {
            let id = id.to_string();
            self.gathered.records.push_deleted(&[Cell::Number(&id)])?;
            if let Some(lines) = &mut self.gathered.lines {
                lines.push_deleted(&[Cell::Number(&id)])?;
            }
        }
        self.hand_over(Some(mark), place)
    }

    /// Reads the records with these ids again: they are there, and nobody has them. They may have been hidden from the key for a while.
    async fn recover(&mut self, ids: &[i64]) -> Result<(), ConnectError> {
        const PAGES: usize = 50;
        let (mut left, mut found) = (ids, 0);
        for _ in 0..PAGES {
            let Some(first) = left.first() else { break };
            let filter = format!("Id gt {}", first - 1);
            let page = self.ask(Some(&filter), "Id").await?;
            let mut last = *first;
            for raw in &page.rows {
                let Some(record) = Record::of(raw) else { continue };
                let Some(id) = record.id() else { continue };
                last = last.max(id);
                if left.binary_search(&id).is_ok() && !self.gathered.ids.contains(&id) {
                    self.gathered.push(&record, id, &self.layout, self.lines.as_ref())?;
                    found += 1;
                }
            }
            left = &left[left.partition_point(|id| *id <= last)..];
        }
        if !ids.is_empty() {
            tracing::info!(source = %self.api.account.source, stream = self.entity.stream, found, "read {found} records again");
        }
        Ok(())
    }
}

/// Lines are replaced whole, by their document: that is their key.
pub fn lines_layout(lines: &Lines) -> Layout {
    Layout::new(lines.stream, lines.columns, &[lines.parent_column], &[], &std::collections::BTreeMap::new())
}

impl Gathered {
    fn new(
        entity: &Entity,
        layout: &Layout,
        lines: Option<&(&'static Lines, Layout)>,
        place: Place,
    ) -> Gathered {
        let asked = match place.query().0 {
            Some(filter) => format!("{} where {filter}", entity.path),
            None => entity.path.to_owned(),
        };
        let lines = lines.map(|(_, layout)| Gathering::new(layout.shape.clone(), &asked));
        Gathered { records: Gathering::new(layout.shape.clone(), &asked), lines, ids: HashSet::new() }
    }

    fn is_full(&self) -> bool {
        self.records.is_full() || self.lines.as_ref().is_some_and(|lines| lines.rows() >= PIECE_ROWS)
    }

    fn push(
        &mut self,
        record: &Record<'_>,
        id: i64,
        layout: &Layout,
        lines: Option<&(&'static Lines, Layout)>,
    ) -> Result<(), ConnectError> {
        self.ids.insert(id);
        self.records.push_with(|key| layout.cell(record, key))?;
        let (Some(gathering), Some((declared, layout))) = (&mut self.lines, lines) else { return Ok(()) };
        let (Some(children), Some(parent)) = (record.within(declared.collection), record.get("Id")) else {
            return Ok(());
        };
        // A document without lines takes the place of its former lines all the same.
        if children.is_empty() {
            return gathering.push_deleted(&[Cell::Number(parent.get())]);
        }
        for raw in children {
            match Record::child(raw, declared.parent, parent) {
                Some(child) => gathering.push_with(|key| layout.cell(&child, key))?,
                None => gathering.reject(raw.get(), "is no JSON object"),
            }
        }
        Ok(())
    }
}
