//! Ploomes as a source: against the simulated CRM, and against answers that it does not give.

mod account;
mod crawling;
mod days;
mod faults;
mod fields;
mod following;
mod scripted;
mod settings;
mod sweeping;
