//! Whole projects on a real lake: what a person would see, from files to rows.
//!
//! Does not test single functions (they do so themselves). Invariant: every message is compared whole.

mod conformance;
mod errors;
mod incremental;
mod jinja;
mod macros;
mod order;
mod packs;
mod seeds;
mod shop;
mod snapshots;
mod tests_of;
