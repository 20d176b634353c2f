//! Behaviour of the room through its door: real files in, batches and rejects out.

mod columns;
mod delimited;
mod folder;
mod json_lines;
mod mutated;
mod packed;
mod parquet;
mod real_sets;
mod round_trip;
mod state;
mod streams;
mod xlsx;
