//! Databases as sources, against real servers that these tests start themselves.

mod access;
mod following;
mod lake;
mod names;
mod paging;
mod servers;
mod settings;
mod sweeping;
mod trial;
mod values;
mod whole;
