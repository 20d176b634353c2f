//! The pages, one file each.
//!
//! Invariant: a page asks through `calls`, computes through `view_models` and shows through `components`.

pub mod board;
pub mod metric;
pub mod metrics;
pub mod not_found;
pub mod people;
pub mod sources;
pub mod uploads;
