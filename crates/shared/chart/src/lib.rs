//! Charts as strings: a spec with its data becomes HTML with SVG inside, a sentence, a table and the points of a read-out.
//!
//! Formats no numbers and speaks no language (the caller gives texts, `Words` and a tick formatter), asks for no data and
//! measures no screen: x is in per cent, y in px, colours and dashes are classes of style/, so one string serves every
//! width and both themes. Invariant: the same spec gives the same bytes in native code and in WASM, and every text of a
//! spec is escaped.

mod backend;
mod downsample;
mod end_labels;
mod markup;
mod plane;
mod scaffold;
mod text_width;
mod ticks;

pub mod delta;
pub mod drawing;
pub mod kinds;
pub mod plot;
pub mod spec;
pub mod words;

pub use delta::{Delta, Tone, Trend};
pub use drawing::{Drawing, Focus, FocusValue, PlotBox, Table};
pub use plot::{Plot, Point, Role, Series, X};
pub use spec::{ChartSpec, draw};
pub use words::{Text, Words};

/// The rules that charts need beyond `mirante.css`; style/ includes them in its `components` layer.
pub const CSS: &str = include_str!("../chart.css");
