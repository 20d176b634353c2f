//! The kinds of charts, one file each.
//!
//! Draws no furniture (`scaffold`). Invariant: a kind stands here, in `spec.rs` and, by a sample in tests/it/samples.rs, among
//! the golden files.
//! To add one: its file, a line here, a variant in `spec.rs`, a sample; then `MIRANTE_GOLDEN=write cargo test -p chart` and a
//! look at the gallery (`examples/gallery.rs`).

mod area;
mod bar;
mod bar_list;
mod funnel;
mod heatmap;
mod line;
mod sparkline;
mod waterfall;

pub use area::Area;
pub use bar::{Bar, Layout};
pub use bar_list::{BarCell, BarColumn, BarList, BarRow, Hide};
pub use funnel::{Funnel, FunnelLayout, Stage};
pub use heatmap::{HeatCell, HeatRow, HeatScale, Heatmap};
pub use line::Line;
pub use sparkline::Sparkline;
pub use waterfall::{Driver, Effect, End, Waterfall};
