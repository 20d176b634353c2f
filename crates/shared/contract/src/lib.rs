//! What the user interface may ask of the server: one file per subject, plain data and small async traits.
//!
//! Holds no behaviour and knows neither HTTP nor storage; `server/src/answers` implements it. Invariant: every call takes a
//! `Principal`, so that nothing can be read without saying who asks.

pub mod boards;
pub mod changes;
pub mod editions;
pub mod failure;
pub mod metrics;
pub mod people;
pub mod principal;
pub mod runs;
pub mod slices;
pub mod sources;
pub mod uploads;

pub use failure::Failure;
pub use principal::Principal;
