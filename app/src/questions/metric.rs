//! The questions of one metric's page: its value with its parts, the series, each level of the drill path, the drivers and the
//! leaderboard.
//!
//! Invariant: as for boards, the batch depends on the URL, the catalogue and the last covered day only.

use super::{Asking, Questions, offers, parts};
use crate::calls::metrics::Explain;
use crate::page_state::{PageState, SortBy};
use kpi::{Grain, MetricDefinition, MetricQuery, Order, OrderDirection};

/// Rows of a leaderboard.
const LEADERS: u32 = 50;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The value with target, over the period.
    Value,
    /// Numerator and denominator over the period.
    Parts,
    Series,
    /// The value after the first `0`, `1`, … steps of the drill path.
    Level(usize),
    Drivers {
        dimension: String,
    },
    Leaders {
        dimension: String,
    },
}

pub fn questions(definition: &MetricDefinition, asking: &Asking<'_>) -> Questions<Place> {
    let mut questions = Questions { places: Vec::new(), questions: Vec::new() };
    let metric = definition.name.as_str();
    let own = asking.with_target(metric);
    questions.ask(Place::Value, asking.total(&own));
    if definition.numerator.is_some()
        && definition.denominator.is_some()
        && asking.agrees(definition, &parts(definition))
    {
        questions.ask(Place::Parts, asking.total(&parts(definition)));
    }
    let grain = series_grain(definition, asking);
    questions.ask(Place::Series, asking.series(&own, grain, series_buckets(grain)));

    for depth in 0..asking.state.drill.len() {
        let state = PageState { drill: asking.state.drill[..depth].to_vec(), ..asking.state.clone() };
        let level = Asking { state: &state, ..*asking };
        questions.ask(Place::Level(depth), level.total(&[metric]));
    }
    for dimension in driver_dimensions(definition, asking.state) {
        if let Some(query) = asking.drivers(metric, &dimension) {
            let explain = Explain { metric: metric.to_owned(), dimension: dimension.clone() };
            questions.ask_why(Place::Drivers { dimension }, query, explain);
        }
    }
    if let Some(dimension) = leader_dimension(definition, asking.state) {
        let query = MetricQuery {
            by: vec![dimension.clone()],
            order: order(metric, asking.state),
            limit: Some(LEADERS),
            ..asking.total(&[metric])
        };
        questions.ask(Place::Leaders { dimension }, query);
    }
    questions
}

/// The grain of the series: the one chosen, else months, never finer than the metric knows.
pub fn series_grain(definition: &MetricDefinition, asking: &Asking<'_>) -> Grain {
    asking.state.grain.unwrap_or_else(|| default_grain(definition)).max(definition.grain)
}

pub fn default_grain(definition: &MetricDefinition) -> Grain {
    definition.grain.max(Grain::Month)
}

/// Grains that the page offers for a metric.
pub fn grains(definition: &MetricDefinition) -> impl Iterator<Item = Grain> {
    [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter]
        .into_iter()
        .filter(|grain| *grain >= definition.grain)
}

fn series_buckets(grain: Grain) -> u32 {
    match grain {
        Grain::Day => 60,
        Grain::Week => 26,
        Grain::Month => 18,
        Grain::Quarter => 12,
        Grain::Year => 5,
    }
}

/// Dimensions that the leaderboard offers: the author's, then levels of drill paths; without those already drilled into.
pub fn leader_dimensions(definition: &MetricDefinition, state: &PageState) -> Vec<String> {
    let levels = definition.hierarchies.iter().flat_map(|path| path.levels.iter());
    let mut offered: Vec<String> = Vec::new();
    for dimension in definition.dimensions.iter().chain(levels) {
        let drilled = state.drill.iter().any(|(name, _)| name == dimension);
        if !drilled && !offered.contains(dimension) {
            offered.push(dimension.clone());
        }
    }
    offered
}

/// The dimension that the leaderboard shows: the one chosen, else the next level of the drill path, else the first.
pub fn leader_dimension(definition: &MetricDefinition, state: &PageState) -> Option<String> {
    let chosen = state.by.clone().filter(|dimension| offers(definition, dimension));
    chosen
        .or_else(|| next_level(definition, state))
        .or_else(|| leader_dimensions(definition, state).into_iter().next())
}

/// The level below the last drill step, on a path that holds all steps.
pub fn next_level(definition: &MetricDefinition, state: &PageState) -> Option<String> {
    let (last, _) = state.drill.last()?;
    definition.hierarchies.iter().find_map(|path| {
        let at = path.levels.iter().position(|level| level == last)?;
        path.levels.get(at + 1).cloned()
    })
}

/// The level to drill into when a member of `dimension` is chosen: none when it is no level of a path.
pub fn is_level(definition: &MetricDefinition, dimension: &str) -> bool {
    definition.hierarchies.iter().any(|path| path.levels.iter().any(|level| level == dimension))
}

/// Drivers are sought along the dimensions that the author listed first.
fn driver_dimensions(definition: &MetricDefinition, state: &PageState) -> Vec<String> {
    leader_dimensions(definition, state).into_iter().take(5).collect()
}

fn order(metric: &str, state: &PageState) -> Vec<Order> {
    let (by, descending) = match state.sort {
        None => (metric.to_owned(), true),
        Some(sort) => {
            let by = match sort.by {
                SortBy::Name => return Vec::new(),
                SortBy::Value => metric.to_owned(),
                SortBy::Delta => format!("{metric}.delta"),
                SortBy::DeltaPercent => format!("{metric}.delta_percent"),
            };
            (by, sort.descending)
        }
    };
    vec![Order { by, dir: if descending { OrderDirection::Desc } else { OrderDirection::Asc } }]
}
