//! Metrics: from MetricFlow YAML to a catalogue, and from a `MetricQuery` to a `Frame`.
//!
//! A catalogue is read once per edition: `semantic` (YAML to meaning) → `catalogue` (names to columns). A query then is planned by the shared
//! crate `plan`, and its scans run through two stages that are files: `sql` (scans to text) → `run` (text to cells). Does not know how tables
//! are made (`transform`) or who may see them (`server`). Invariant: a sum of integers or decimals is exact.

pub mod catalogue;
mod errors;
mod filter;
mod literal;
mod reaches;
mod run;
pub mod semantic;
pub mod slices;
mod sql;

pub use catalogue::Catalogue;
pub use errors::{AskError, DefinitionError};
pub use plan::Clock;
pub use reaches::reaches;
pub use run::{ask, members};
pub use semantic::MetricsFile;
