//! Owns no code: its manifest names the features to which the whole server resolves the crates that DataFusion is built on.
//!
//! Cargo unites features per selection of packages, so without it `cargo test -p lake` and `cargo test -p server` would
//! each compile their own DataFusion. Invariant: `crates/tidy` fails when a selection resolves to other features.
