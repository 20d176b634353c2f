//! Boards: pages of tiles, as their authors wrote them. What the tiles show is asked through `metrics`.

use crate::{Failure, Principal};
use async_trait::async_trait;
use kpi::definition::Label;
use kpi::{Grain, PeriodSpec};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardCard {
    pub id: String,
    pub title: Label,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    pub id: String,
    pub title: Label,
    /// The period that it opens with.
    pub period: PeriodSpec,
    /// Dimensions that its filter bar offers.
    #[serde(default)]
    pub filters: Vec<String>,
    /// The metrics of its KPI sheet, in order.
    #[serde(default)]
    pub kpis: Vec<String>,
    #[serde(default)]
    pub tiles: Vec<Tile>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    pub id: String,
    pub title: Label,
    #[serde(default)]
    pub subtitle: Label,
    /// Columns of twelve that it takes on a desk.
    pub span: u8,
    #[serde(flatten)]
    pub content: TileContent,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TileContent {
    /// A metric over time, with comparison and target.
    Line {
        metric: String,
        grain: Grain,
        /// How many buckets up to the end of the period.
        buckets: u32,
        /// Metrics shown as figures under the chart: the movements of a balance.
        #[serde(default)]
        beneath: Vec<String>,
    },
    Area {
        metric: String,
        grain: Grain,
        buckets: u32,
        #[serde(default)]
        by: Option<String>,
    },
    Bar {
        metric: String,
        grain: Grain,
        buckets: u32,
        #[serde(default)]
        by: Option<String>,
        #[serde(default)]
        stacked: bool,
    },
    /// Members of a dimension as horizontal bars with share and change.
    Ranking {
        metric: String,
        by: String,
        #[serde(default)]
        limit: Option<u32>,
    },
    /// One metric per stage, in order.
    Funnel { stages: Vec<String> },
    /// A metric by two dimensions: weekday × hour.
    Heatmap { metric: String, rows: String, columns: String },
    /// "O que mudou": for each KPI of the board, the members that explain most of its change.
    Changes {
        #[serde(default)]
        dimensions: Vec<String>,
    },
}

#[async_trait]
pub trait Boards: Send + Sync {
    async fn list(&self, principal: &Principal) -> Result<Vec<BoardCard>, Failure>;
    async fn open(&self, principal: &Principal, id: &str) -> Result<Board, Failure>;
}
