//! Transform: dbt-format projects on the lake. Reads, orders, renders and materialises models, seeds and snapshots.
//!
//! Does not land data (`connect`, `lake`), judge data tests (`check`) or know metrics (`query`).
//! Invariant: a project gives the same rows as dbt Core gives on DuckDB, and a failed node changes no table that an edition names.

pub mod build;
pub mod data_tests;
pub mod errors;
pub mod files;
pub mod graph;
mod jinja;
mod load;
pub mod manifest;
mod materialize;
pub mod node;
mod project;
mod schema_yml;
mod select;
mod template;
mod yaml;

pub use build::{Built, NodeResult, Progress, RunContext, Status, build};
pub use data_tests::{Severity, TestConfig, TestKind, TestNode};
pub use errors::{Place, TransformError};
pub use files::Files;
pub use graph::Graph;
pub use load::{Project, Selection};
pub use node::{Column, Exposure, Freshness, Materialized, Node, NodeKind, Source};
pub use project::{LoadOptions, Target};
