//! The questions of a board: cards, trends, tiles and what changed, in one batch.
//!
//! Invariant: the batch depends on the board, the page state and the last covered day only, so that the same URL asks the same.

use super::{Asking, Questions, offers, trend_grain};
use crate::calls::metrics::Explain;
use contract::boards::{Board, TileContent};
use kpi::{MetricQuery, Order, OrderDirection};

/// Buckets of a card's trend: a year of months, a quarter of weeks, and the one before to start from.
const TREND_BUCKETS: u32 = 13;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The value of a KPI over the period.
    Card(String),
    /// Its trend.
    Trend(String),
    /// The content of a tile.
    Tile(String),
    /// The figures beneath a line tile.
    Beneath(String),
    /// What explains the change of a KPI, by one dimension.
    Drivers { metric: String, dimension: String },
}

pub fn questions(board: &Board, asking: &Asking<'_>) -> Questions<Place> {
    let mut questions = Questions { places: Vec::new(), questions: Vec::new() };
    for metric in &board.kpis {
        let Some(definition) = asking.definition(metric) else { continue };
        questions.ask(Place::Card(metric.clone()), asking.total(&asking.with_target(metric)));
        let grain = trend_grain(definition, asking.days);
        questions.ask(Place::Trend(metric.clone()), asking.series(&[metric], grain, TREND_BUCKETS));
    }
    for tile in &board.tiles {
        ask_tile(&mut questions, board, &tile.id, &tile.content, asking);
    }
    questions
}

fn ask_tile(
    questions: &mut Questions<Place>,
    board: &Board,
    id: &str,
    content: &TileContent,
    asking: &Asking<'_>,
) {
    let place = || Place::Tile(id.to_owned());
    match content {
        TileContent::Line { metric, grain, buckets, beneath } => {
            questions.ask(place(), asking.series(&asking.with_target(metric), *grain, *buckets));
            let mut figures = vec![metric.as_str()];
            figures.extend(beneath.iter().map(String::as_str));
            if !beneath.is_empty() {
                questions.ask(Place::Beneath(id.to_owned()), asking.total(&figures));
            }
        }
        TileContent::Area { metric, grain, buckets, by }
        | TileContent::Bar { metric, grain, buckets, by, .. } => {
            let series = asking.series(&[metric], *grain, *buckets);
            questions.ask(place(), MetricQuery { by: by.iter().cloned().collect(), ..series });
        }
        TileContent::Ranking { metric, by, limit } => {
            let total = asking.total(&[metric]);
            let order = vec![Order { by: metric.clone(), dir: OrderDirection::Desc }];
            questions.ask(place(), MetricQuery { by: vec![by.clone()], order, limit: *limit, ..total });
        }
        TileContent::Funnel { stages } => {
            let stages: Vec<&str> = stages.iter().map(String::as_str).collect();
            questions.ask(place(), asking.total(&stages));
        }
        TileContent::Heatmap { metric, rows, columns } => {
            let total = asking.total(&[metric]);
            let compare = kpi::Compare::None;
            questions.ask(place(), MetricQuery { by: vec![rows.clone(), columns.clone()], compare, ..total });
        }
        TileContent::Changes { dimensions } => ask_drivers(questions, board, dimensions, asking),
    }
}

fn ask_drivers(questions: &mut Questions<Place>, board: &Board, dimensions: &[String], asking: &Asking<'_>) {
    for metric in &board.kpis {
        let Some(definition) = asking.definition(metric) else { continue };
        let chosen: Vec<&String> = if dimensions.is_empty() {
            definition.dimensions.iter().take(4).collect()
        } else {
            dimensions.iter().filter(|dimension| offers(definition, dimension)).collect()
        };
        for dimension in chosen {
            if let Some(query) = asking.drivers(metric, dimension) {
                let explain = Explain { metric: metric.clone(), dimension: dimension.clone() };
                questions.ask_why(
                    Place::Drivers { metric: metric.clone(), dimension: dimension.clone() },
                    query,
                    explain,
                );
            }
        }
    }
}
