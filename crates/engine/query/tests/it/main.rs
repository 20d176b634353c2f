//! Queries over real tables of a real lake, against figures counted by hand or by a naive loop.

mod conversions;
mod cumulative;
mod definitions;
mod hostile;
mod mistakes;
mod oracle;
mod questions;
mod shop;
mod stocks;
