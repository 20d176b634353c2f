//! The pages, one file each.
//!
//! Invariant: a page asks through `calls`, computes through `view_models` and shows through `components`.

pub mod board;
pub mod metric;
pub mod metrics;
pub mod not_found;
pub mod sign_in;
pub mod sources;
pub mod uploads;
