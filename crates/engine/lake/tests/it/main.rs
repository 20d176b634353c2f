//! The lake from outside: landing, writing, asking, upkeep, and what survives when the disk or the process fails.

mod bounds;
mod codes;
mod durability;
mod guard;
mod killed;
mod landing;
mod rows;
mod sessions;
mod together;
mod upkeep;
mod writing;
