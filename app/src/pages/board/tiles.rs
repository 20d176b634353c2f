//! The tiles of a board, by kind.
//!
//! Invariant: a tile that left out filters of the page says which, in its subtitle.

use super::Reading;
use crate::components::card::origin_link;
use crate::components::still::{Html, all, el};
use crate::components::tile::{Tile as Shown, as_table, still_body, tile as show};
use crate::components::{changes as list, chart_host, states};
use crate::questions::board::Place;
use crate::view_models::card::mark;
use crate::view_models::changes::{self, Cause, Change};
use crate::view_models::charts::{self, Filled};
use crate::view_models::figures::Reading as Figure;
use crate::view_models::{Missing, periods};
use chart::Drawing;
use contract::boards::{Tile, TileContent};
use kpi::{Frame, MetricDefinition};
use leptos::prelude::*;
use locale::{Sign, show as shown};

pub(super) fn tile(tile: &Tile, reading: &Reading<'_>) -> AnyView {
    match &tile.content {
        TileContent::Changes { .. } => changes_tile(tile, reading),
        TileContent::Line { metric, beneath, .. } => {
            let beneath = (!beneath.is_empty()).then(|| bridge(tile, metric, beneath, reading)).flatten();
            charted(tile, metric, beneath, reading)
        }
        TileContent::Area { metric, .. }
        | TileContent::Bar { metric, .. }
        | TileContent::Ranking { metric, .. }
        | TileContent::Heatmap { metric, .. } => charted(tile, metric, None, reading),
        TileContent::Funnel { stages } => {
            charted(tile, stages.last().map_or("", String::as_str), None, reading)
        }
    }
}

/// A tile with one drawing about `metric`.
fn charted(tile: &Tile, metric: &str, beneath: Option<AnyView>, reading: &Reading<'_>) -> AnyView {
    let texts = reading.env.texts;
    let Some(definition) = reading.asking.definition(metric) else {
        let missing = Missing::Empty(format!("`{metric}`: {}", texts.not_found_more));
        return framed(tile, reading, missing_body(&missing, reading), None, None);
    };
    let answer = reading.frame(&Place::Tile(tile.id.clone()));
    let drawing = match answer {
        None => Err(Missing::Empty(texts.no_value_in_period.to_owned())),
        Some(Err(failure)) => Err(Missing::from_failure(failure, texts)),
        Some(Ok(frame)) => {
            let drawing = draw(tile, definition, frame, reading);
            if drawing.empty { Err(Missing::Empty(texts.no_value_in_period.to_owned())) } else { Ok(drawing) }
        }
    };
    let mark = mark(&definition.name, &reading.session.status.marks, texts);
    let origin = origin_link(&definition.name, &mark, reading.env);
    match drawing {
        Ok(drawing) => {
            let table = as_table(&drawing);
            let body = view! { {chart_host::chart(drawing, reading.env)} {beneath} }.into_any();
            framed(tile, reading, body, Some(origin), table)
        }
        Err(missing) => framed(tile, reading, missing_body(&missing, reading), Some(origin), None),
    }
}

fn draw(tile: &Tile, definition: &MetricDefinition, frame: &Frame, reading: &Reading<'_>) -> Drawing {
    let texts = reading.env.texts;
    let catalogue = &reading.session.catalogue;
    let title = texts.label(&tile.title);
    match &tile.content {
        TileContent::Line { grain, .. } => charts::line(title, definition, frame, *grain, catalogue, texts),
        TileContent::Area { grain, by, .. } => charts::filled(
            title,
            definition,
            frame,
            *grain,
            Filled { area: true, stacked: true, by: by.as_deref() },
            texts,
        ),
        TileContent::Bar { grain, by, stacked, .. } => charts::filled(
            title,
            definition,
            frame,
            *grain,
            Filled { area: false, stacked: *stacked, by: by.as_deref() },
            texts,
        ),
        TileContent::Ranking { by, .. } => {
            let name = reading.session.dimension_name(by, texts);
            charts::ranking(
                title,
                definition,
                frame,
                (by, &name),
                (reading.asking.state, reading.path),
                texts,
            )
        }
        TileContent::Funnel { stages } => {
            let stages: Vec<&MetricDefinition> =
                stages.iter().filter_map(|stage| catalogue.metric(stage)).collect();
            charts::funnel(title, &stages, frame, texts)
        }
        TileContent::Heatmap { rows, columns, .. } => {
            charts::heatmap(title, definition, frame, rows, columns, texts)
        }
        TileContent::Changes { .. } => Drawing { empty: true, ..Drawing::default() },
    }
}

/// The figures beneath a line: where a balance started, what moved it, where it ended.
fn bridge(tile: &Tile, metric: &str, beneath: &[String], reading: &Reading<'_>) -> Option<AnyView> {
    let texts = reading.env.texts;
    let Some(Ok(frame)) = reading.frame(&Place::Beneath(tile.id.clone())) else { return None };
    let definition = reading.asking.definition(metric)?;
    let balance = Figure::single(frame, metric);
    let figure = |name: String, text: String, class: &str| {
        el("div", &[("class", class)], (el("dt", &[], name), el("dd", &[], text)))
    };
    let full = |cell, format| shown::full(cell, format, texts.lang);
    let label = texts.label(&definition.label);
    let mut figures = Vec::new();
    if let Some(comparison) = frame.comparison {
        let name = format!("{label} {}", periods::comparison_words(frame.period, comparison, true, texts));
        figures.push(figure(name, full(&balance.comparison, definition.format), ""));
    }
    for name in beneath {
        let Some(part) = reading.asking.definition(name) else { continue };
        let value = Figure::single(frame, name).value;
        figures.push(figure(
            texts.label(&part.label).to_owned(),
            shown::difference(&value, part.format, Sign::Both, texts.lang),
            "",
        ));
    }
    let name = format!("{label} {}", periods::comparison_words(frame.period, frame.period, true, texts));
    figures.push(figure(name, full(&balance.value, definition.format), "sum"));
    Some(view! { <dl class="bridge" inner_html=all(figures).0></dl> }.into_any())
}

fn changes_tile(tile: &Tile, reading: &Reading<'_>) -> AnyView {
    let texts = reading.env.texts;
    if reading.asking.state.comparison().with == kpi::Compare::None {
        let missing = Missing::Empty(texts.needs_comparison.to_owned());
        return framed(tile, reading, missing_body(&missing, reading), None, None);
    }
    let mut found: Vec<Change> =
        reading.board.kpis.iter().filter_map(|metric| change_of(metric, reading)).collect();
    found.sort_by(|a, b| b.size.total_cmp(&a.size).then_with(|| a.metric.cmp(&b.metric)));
    let body = if found.is_empty() {
        let failed = reading
            .questions
            .places()
            .iter()
            .filter(|place| matches!(place, Place::Drivers { .. }))
            .find_map(|place| reading.cause(place)?.err());
        let missing = failed.map_or_else(
            || Missing::Empty(texts.nothing_changed.to_owned()),
            |failure| Missing::from_failure(failure, texts),
        );
        missing_body(&missing, reading)
    } else {
        still_body("changes", list::changes(found, reading.env))
    };
    framed(tile, reading, body, None, None)
}

/// The sentence about one KPI, along the dimension that tells most.
fn change_of(metric: &str, reading: &Reading<'_>) -> Option<Change> {
    let texts = reading.env.texts;
    let catalogue = &reading.session.catalogue;
    let definition = catalogue.metric(metric)?;
    let name = |dimension: &str| reading.session.dimension_name(dimension, texts);
    let is_of = |place: &&Place| matches!(place, Place::Drivers { metric: of, .. } if of == metric);
    let causes =
        || reading.questions.places().iter().filter(is_of).filter_map(|place| reading.cause(place)?.ok());
    let parts = causes().filter_map(|cause| match cause {
        Cause::Parts(explained) => Some(explained),
        Cause::Move(_) => None,
    });
    match changes::most_telling(parts) {
        Some(explained) => changes::change(definition, explained, &name(&explained.dimension), texts),
        None => causes().find_map(|cause| match cause {
            Cause::Move(moved) => changes::moved(definition, moved, &name(&moved.dimension), texts),
            Cause::Parts(_) => None,
        }),
    }
}

fn missing_body(missing: &Missing, reading: &Reading<'_>) -> AnyView {
    let state = reading.asking.state;
    let filtered = (!state.filters.is_empty()).then(|| state.without_filters().href(reading.path));
    still_body("state", states::missing_tile(missing, filtered, state.href(reading.path), reading.env.texts))
}

fn framed(
    tile: &Tile,
    reading: &Reading<'_>,
    body: AnyView,
    origin: Option<Html>,
    table: Option<String>,
) -> AnyView {
    let texts = reading.env.texts;
    let mut subtitle = texts.label(&tile.subtitle).to_owned();
    if let Some(note) = left_out(tile, reading) {
        subtitle = if subtitle.is_empty() { note } else { format!("{subtitle} · {note}") };
    }
    let title = texts.label(&tile.title).to_owned();
    show(
        Shown { id: tile.id.clone(), title, subtitle, span: tile.span, actions: None, body, origin, table },
        reading.env,
    )
}

/// Which of the page's filters the tile's metrics do not have.
fn left_out(tile: &Tile, reading: &Reading<'_>) -> Option<String> {
    let query = reading.questions.query(&Place::Tile(tile.id.clone()))?;
    let metrics: Vec<&str> = query.metrics.iter().map(String::as_str).collect();
    reading.session.left_out(reading.asking, &metrics, reading.env.texts)
}
