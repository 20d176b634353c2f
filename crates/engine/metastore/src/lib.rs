//! The platform database: what Mirante knows besides the company's data.
//!
//! The only room, with `migrations`, that names sea-orm; it computes no KPI and reads no lake. Invariant: what a call has
//! answered survives a power cut (SQLite runs with `synchronous=FULL`), on SQLite and PostgreSQL alike.

pub mod changes;
pub mod credentials;
pub mod editions;
pub mod packs;
pub mod runs;
pub mod second_step;
pub mod secrets;
pub mod sessions;
pub mod set_up;
pub mod settings;
pub mod sign_in;
pub mod sources;
pub mod standings;
mod store;
pub mod syncs;
pub mod users;

pub use store::{Metastore, MetastoreError, now_ms};
