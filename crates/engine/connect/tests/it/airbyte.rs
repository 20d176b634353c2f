//! Airbyte connectors: real ones from PyPI, and a scripted one that behaves as badly as they can.

mod fake;
mod faults;
mod real;
mod states;
