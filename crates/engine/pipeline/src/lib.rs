//! One run: connect → land → transform → check → publish.
//!
//! Computes nothing itself: it puts the rooms in order and decides what a failure of one means for the others. Invariant: readers see
//! a new edition only when every blocking check has passed on it; whatever happens before that moment, they stay where they were.

mod access;
mod again;
mod build;
pub mod bundle;
mod errors;
mod governed;
mod judge;
mod land;
pub mod packs;
mod position;
mod run;
mod schedule;
pub mod sheet_pack;
mod sync;

pub use bundle::{Bundle, LineageNode, MetricsText};
pub use errors::PipelineError;
pub use land::{LandReport, RAW, SOURCES_AT_ONCE};
pub use run::{Examine, Examined, Pipeline, RunOutcome, bundle_of, relations_of};
pub use schedule::Schedule;

use std::sync::Arc;

/// What a run tells while it works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Step(&'static str),
    Landed { table: String, rows: u64 },
    Built { node: String, done: usize, total: usize },
    Checked { done: usize, total: usize },
    Ended,
}

pub type Progress = Arc<dyn Fn(Event) + Send + Sync>;

/// An error with its causes, on one line, each said once.
pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
