//! Metrics: from MetricFlow YAML to a catalogue, and from a `MetricQuery` to a `Frame`.
//!
//! A query runs through stages that are files: `resolve` (names to definitions) → `plan` (leaves to shared scans) → `sql` (scans to text)
//! → `run` (text to cells) → `assemble` (cells to a frame). Does not know how tables are made (`transform`) or who may see them
//! (`server`). Invariant: a ratio is a sum divided by a sum, and a sum of integers or decimals is exact.

mod assemble;
pub mod catalogue;
mod errors;
mod expression;
mod filter;
mod literal;
mod plan;
mod reaches;
mod resolve;
mod run;
pub mod semantic;
mod spans;
mod sql;

pub use catalogue::Catalogue;
pub use errors::{AskError, DefinitionError};
pub use reaches::reaches;
pub use run::{Clock, ask, members};
pub use semantic::MetricsFile;
