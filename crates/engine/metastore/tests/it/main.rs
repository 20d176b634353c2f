//! The platform database, on SQLite and on PostgreSQL alike.

mod places;
mod postgres;
mod publishing;
mod signing_in;
mod streams;
