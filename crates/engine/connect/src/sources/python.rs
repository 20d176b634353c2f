//! Connectors that are Python programs: their environments, their processes, and what they hand over line by line.
//!
//! Knows no protocol (`airbyte`, `singer`). Invariant: a connector dies with us, its files are readable by us alone and go with it, and no
//! secret of its configuration is in a message or a log.

pub mod choice;
pub mod connector;
pub mod environment;
pub mod folder;
pub mod json_schema;
pub mod parameters;
pub mod process;
