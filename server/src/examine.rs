//! The last look before publishing: do metrics and boards stand on the tables that were built, and how far does the data reach?
//!
//! Invariant: a board that names an unknown metric or dimension, or a metric over a missing column, is never published.

use crate::reader::{company_days_off, metrics_files};
use async_trait::async_trait;
use chrono::NaiveDate;
use contract::boards::{Board, TileContent};
use lake::Session;
use pipeline::{Bundle, Examine, Examined};
use query::Catalogue;
use std::sync::Arc;

pub struct Examiner {
    /// The last whole day, in the workspace's time zone.
    pub yesterday: NaiveDate,
}

#[async_trait]
impl Examine for Examiner {
    async fn examine(&self, session: &Session, bundle: &Bundle) -> Result<Examined, String> {
        let catalogue = Catalogue::build(session, &metrics_files(bundle))
            .await
            .map_err(|error| crate::terminal::one_line(&error.into()))?;
        for board in &bundle.boards {
            check_board(board, &catalogue)?;
        }
        check_rules(session, bundle).await?;
        // Every reader of the edition will ask for these, so trouble with them is found before it is published.
        company_days_off(session).await.map_err(|error| crate::terminal::one_line(&error.into()))?;
        let reaches = query::reaches(session, &catalogue, self.yesterday)
            .await
            .map_err(|error| crate::terminal::one_line(&error.into()))?;
        Ok(Examined {
            as_of: reaches.unwrap_or(self.yesterday),
            definitions: catalogue
                .metrics()
                .iter()
                .map(|metric| (metric.name.clone(), metric.hash.clone()))
                .collect(),
        })
    }
}

/// A rule that speaks of a column that its table does not have would hide the table from everybody.
async fn check_rules(session: &Session, bundle: &Bundle) -> Result<(), String> {
    let session = session.seen_with(Arc::new(bundle.rules.narrowest()));
    for table in bundle.rules.tables.keys().filter(|table| session.relations().contains_key(table)) {
        let sql = format!("select 1 from {}", table.quoted());
        session.schema(&sql).await.map_err(|error| {
            format!("the rules of `{table}`: {}", crate::terminal::one_line(&error.into()))
        })?;
    }
    Ok(())
}

fn check_board(board: &Board, catalogue: &Catalogue) -> Result<(), String> {
    let metric = |place: &str, name: &str| {
        catalogue.metric(name).ok_or_else(|| {
            format!("board `{}`, {place}: there is no metric `{name}`; define it or mend the board", board.id)
        })
    };
    let by = |place: &str, name: &str, dimension: &str| {
        let known = &metric(place, name)?.dimensions;
        if known.iter().any(|known| known == dimension) {
            return Ok(());
        }
        Err(format!(
            "board `{}`, {place}: metric `{name}` has no dimension `{dimension}`; it has {}",
            board.id,
            known.join(", ")
        ))
    };
    for name in &board.kpis {
        metric("kpis", name)?;
    }
    for dimension in &board.filters {
        if !catalogue.dimensions().iter().any(|known| known.name == *dimension) {
            return Err(format!("board `{}`, filters: there is no dimension `{dimension}`", board.id));
        }
    }
    for tile in &board.tiles {
        let place = format!("tile `{}`", tile.id);
        match &tile.content {
            TileContent::Line { metric: name, beneath, .. } => {
                metric(&place, name)?;
                for name in beneath {
                    metric(&place, name)?;
                }
            }
            TileContent::Area { metric: name, by: dimension, .. }
            | TileContent::Bar { metric: name, by: dimension, .. } => {
                metric(&place, name)?;
                if let Some(dimension) = dimension {
                    by(&place, name, dimension)?;
                }
            }
            TileContent::Ranking { metric: name, by: dimension, .. } => by(&place, name, dimension)?,
            TileContent::Funnel { stages } => {
                for name in stages {
                    metric(&place, name)?;
                }
            }
            TileContent::Heatmap { metric: name, rows, columns } => {
                by(&place, name, rows)?;
                by(&place, name, columns)?;
            }
            TileContent::Changes { .. } => {}
        }
    }
    Ok(())
}
