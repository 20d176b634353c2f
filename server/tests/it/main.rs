//! The binary as people use it: every test starts the real `mirante` on a folder of its own.

mod bad_files;
mod bad_input;
mod dbt_marts;
mod faults;
mod golden_figures;
mod hooks;
mod killed;
mod people;
mod policies;
mod served;
mod serving;
mod sources;
mod stewards;
mod truth;
mod workspace;
