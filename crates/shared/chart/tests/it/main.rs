//! Behaviour of the `chart` crate.
//!
//! Unit tests stay with their code. Invariant: one binary, one module per subject.

mod golden;
mod hostile;
mod page;
mod random;
#[expect(dead_code, reason = "titles and spans are for the gallery")]
mod samples;
