//! Behaviour of the room through its door: real files in, batches and rejects out.

mod airbyte;
mod columns;
mod delimited;
mod folder;
mod http;
mod http_json;
mod json_lines;
mod landing;
mod mutated;
mod orders;
mod packed;
mod parquet;
mod ploomes;
mod real_sets;
mod round_trip;
mod sap_b1;
mod served;
mod singer;
mod sql;
mod state;
mod streams;
mod uploads;
mod webhook;
mod whatsapp;
mod xlsx;
