//! "O que mudou": which changes deserve a sentence, across metrics of different units.
//!
//! Writes no sentence (`locale`, `app`). Invariant: ranking compares changes in units of each metric's own usual movement, never reais
//! with percentages.

use crate::MetricDefinition;
use crate::contribution::{Contribution, Driver};
use crate::target::Status;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Out of the metric's usual movement, whichever way. ("Incomum")
    Unusual,
    /// For the worse, and the metric is off its target. ("Risco")
    Risk,
    /// For the worse. ("Detrator")
    Detractor,
    /// For the better. ("Alavanca")
    Lever,
}

/// A metric that changed, and what explains it.
pub struct Changed<'a> {
    pub metric: &'a MetricDefinition,
    /// The change broken down by each dimension that was looked at.
    pub by: Vec<(String, Contribution)>,
    /// Values of complete periods like this one, oldest first, without the present one: what is usual.
    pub history: Vec<f64>,
    pub status: Status,
}

/// One line of "O que mudou".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub metric: String,
    pub kind: ChangeKind,
    pub value: f64,
    pub comparison: f64,
    pub delta: f64,
    /// The dimension whose members explain the change most sharply, and the member that explains most of it.
    pub dimension: String,
    pub driver: Driver,
    /// Size in units of the metric's usual movement.
    pub size: f64,
}

/// From here on a movement is no usual one.
const UNUSUAL_SIZE: f64 = 3.0;
/// Without enough history a change of a tenth counts as one usual movement.
const USUAL_SHARE: f64 = 0.10;
/// The mean absolute deviation's median, times this, estimates a standard deviation.
const MAD_TO_DEVIATION: f64 = 1.4826;

/// The changes that matter, the largest first, one per metric.
pub fn rank(changed: &[Changed<'_>]) -> Vec<Change> {
    let mut changes: Vec<Change> = changed.iter().filter_map(change).collect();
    changes.sort_by(|a, b| b.size.total_cmp(&a.size).then_with(|| a.metric.cmp(&b.metric)));
    changes
}

fn change(changed: &Changed<'_>) -> Option<Change> {
    let (dimension, contribution, driver) = sharpest(&changed.by)?;
    let usual = usual_movement(&changed.history);
    let size = contribution.delta.abs() / usual.unwrap_or(contribution.comparison.abs() * USUAL_SHARE);
    if !size.is_finite() {
        return None;
    }
    let favourable = Contribution::favourable(contribution.delta, changed.metric.direction);
    let kind = match favourable {
        _ if usual.is_some() && size >= UNUSUAL_SIZE => ChangeKind::Unusual,
        Some(true) => ChangeKind::Lever,
        Some(false) if changed.status == Status::Off => ChangeKind::Risk,
        Some(false) => ChangeKind::Detractor,
        None => return None,
    };
    Some(Change {
        metric: changed.metric.name.clone(),
        kind,
        value: contribution.value,
        comparison: contribution.comparison,
        delta: contribution.delta,
        dimension: dimension.clone(),
        driver: driver.clone(),
        size,
    })
}

/// The dimension with the largest single driver. One member alone explains nothing: it is the whole.
fn sharpest(by: &[(String, Contribution)]) -> Option<(&String, &Contribution, &Driver)> {
    by.iter()
        .filter(|(_, contribution)| contribution.drivers.len() > 1)
        .filter_map(|(dimension, contribution)| Some((dimension, contribution, contribution.main_driver()?)))
        .max_by(|a, b| a.2.effect.abs().total_cmp(&b.2.effect.abs()).then_with(|| b.0.cmp(a.0)))
}

/// A robust estimate of how much the metric moves from one period to the next; `None` with fewer than five periods or no movement.
fn usual_movement(history: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> =
        history.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| step.is_finite()).collect();
    if steps.len() < 4 {
        return None;
    }
    let middle = median(&mut steps);
    let mut deviations: Vec<f64> = steps.iter().map(|step| (step - middle).abs()).collect();
    let deviation = median(&mut deviations) * MAD_TO_DEVIATION;
    (deviation > 0.0).then_some(deviation)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len().is_multiple_of(2) { f64::midpoint(values[half - 1], values[half]) } else { values[half] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Direction;
    use crate::contribution::{SumPart, of_sum};
    use crate::definition::{Additivity, Label, MetricKind};
    use crate::{Cell, Format, Grain};

    fn metric(name: &str, direction: Direction) -> MetricDefinition {
        MetricDefinition {
            name: name.to_owned(),
            label: Label::default(),
            description: Label::default(),
            kind: MetricKind::Simple,
            additivity: Additivity::Full,
            numerator: None,
            denominator: None,
            formula: Label::default(),
            format: Format::Integer,
            unit: String::new(),
            direction,
            target: None,
            thresholds: None,
            pace: crate::definition::PaceKind::Sum,
            dimensions: Vec::new(),
            hierarchies: Vec::new(),
            grain: Grain::Day,
            time_note: Label::default(),
            owner: None,
            steward: None,
            classification: None,
            is_kpi: true,
            hash: String::new(),
            pack: String::new(),
        }
    }

    fn by(members: &[(&str, i64, i64)]) -> Vec<(String, Contribution)> {
        let parts: Vec<SumPart> = members
            .iter()
            .map(|(member, comparison, value)| SumPart {
                member: Cell::Text((*member).to_owned()),
                value: Cell::Int(*value),
                comparison: Cell::Int(*comparison),
            })
            .collect();
        vec![("canal".to_owned(), of_sum(&parts).unwrap())]
    }

    #[test]
    fn rank_uses_each_metrics_usual_movement() {
        let (calm, wild) = (metric("calm", Direction::Up), metric("wild", Direction::Up));
        let changed = [
            Changed {
                metric: &wild,
                by: by(&[("a", 1_000, 700), ("b", 100, 100)]),
                history: vec![900.0, 1_500.0, 700.0, 1_300.0, 900.0, 1_400.0],
                status: Status::Off,
            },
            Changed {
                metric: &calm,
                by: by(&[("a", 100, 92), ("b", 100, 99)]),
                history: vec![200.0, 201.0, 199.0, 201.0, 200.0, 202.0],
                status: Status::OnTrack,
            },
        ];
        let ranked = rank(&changed);
        assert_eq!(
            ranked.iter().map(|change| (change.metric.as_str(), change.kind)).collect::<Vec<_>>(),
            [("calm", ChangeKind::Unusual), ("wild", ChangeKind::Risk)]
        );
        assert_eq!(ranked[0].driver.share, Some(8.0 / 9.0));
    }

    #[test]
    fn kind_follows_the_favourable_direction() {
        let (up, down) = (metric("up", Direction::Up), metric("down", Direction::Down));
        let rose = || by(&[("a", 100, 110), ("b", 100, 101)]);
        let changed = [
            Changed { metric: &up, by: rose(), history: Vec::new(), status: Status::OnTrack },
            Changed { metric: &down, by: rose(), history: Vec::new(), status: Status::Attention },
        ];
        let kinds: Vec<(String, ChangeKind)> =
            rank(&changed).into_iter().map(|change| (change.metric, change.kind)).collect();
        assert_eq!(kinds, [("down".to_owned(), ChangeKind::Detractor), ("up".to_owned(), ChangeKind::Lever)]);
    }

    #[test]
    fn change_by_a_dimension_of_one_member_says_nothing() {
        let up = metric("up", Direction::Up);
        assert_eq!(
            rank(&[Changed {
                metric: &up,
                by: by(&[("all", 100, 200)]),
                history: Vec::new(),
                status: Status::Unknown
            }]),
            []
        );
    }
}
