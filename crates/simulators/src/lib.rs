//! The deterministic demo company "Serra Azul Distribuidora": its model, its exports, and the figures a correct pipeline must reach.
//!
//! Does not read files, know metrics' YAML, or talk to a server. README.md of this crate describes every stream.
//! Invariant: the same (scale, seed, today) gives the same bytes; no clock, no machine locale, no platform `libm` is consulted.

pub mod calendar;
pub mod company;
pub mod dirt;
pub mod exports;
pub mod random;
pub mod stories;
pub mod truth;

pub use company::{Company, CompanyError, Scale};
pub use exports::{Written, write_exports};
pub use truth::{Truth, TruthRow};
