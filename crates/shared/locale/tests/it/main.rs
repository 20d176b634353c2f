//! Behaviour of the `locale` crate.
//!
//! Unit tests stay with their code. Invariant: one binary, one module per subject.

mod intl;
