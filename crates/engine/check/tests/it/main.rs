//! Checks over a small lake: dbt's four generic tests, singular tests, every config, and freshness.

mod freshness;
mod judging;
mod rules;
mod shop;
