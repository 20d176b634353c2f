//! The deterministic demo company "Serra Azul Distribuidora": its model, its exports, the figures a correct pipeline must reach, and
//! servers that answer as its systems do.
//!
//! Does not read files or know metrics' YAML. README.md of this crate describes every stream, entity and property.
//! Invariant: the same (scale, seed, today) gives the same bytes; no clock, no machine locale, no platform `libm` is consulted. Only
//! `servers` reads a clock, for sessions and limits, never for rows.

// Documents of the ERP have more properties than the macro for JSON may usually nest.
#![recursion_limit = "256"]

pub mod calendar;
pub mod company;
pub mod dirt;
pub mod exports;
pub mod random;
pub mod servers;
pub mod stories;
pub mod truth;

pub use company::{Company, CompanyError, Scale};
pub use exports::{Part, Written, write_exports};
pub use truth::{Truth, TruthRow};
