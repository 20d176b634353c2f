//! The slice: the rows behind a board, compact enough to travel, and the engine that answers from them in the browser and on the server.
//!
//! Does no I/O, reads no clock, and knows no metrics: a `MetricQuery` becomes scans, a scan becomes a `Question`, and what comes back is put
//! together as from the lake. Invariant: counts, sums, extremes and percentiles are those of the lake to the last bit, in native code and in WASM.
//!
//! # From rows to answers
//!
//! ```text
//! rows ─ Builder ─→ Manifest + blobs ─ wire ─→ Slice ─ answer(Question) ─→ Answer
//!                   (dictionaries, chunks)       └─── Session: tiles that follow filters
//! ```
//!
//! A [`Builder`] takes rows column by column, gives members codes, sorts rows, and cuts them by month into **chunks**. A chunk's name is the
//! hash of its bytes. **Dictionaries** are made of segments that are named likewise; later members come in later segments, so that
//! codes stay. The [`Manifest`] of a fact, a policy and an edition lists all of it: a browser fetches what it does not have yet, and opens
//! the [`Slice`].
//!
//! ```
//! use kpi::Grain;
//! use slice::{Builder, Column, Function, Input, Kind, Question, Slice, Time};
//!
//! let column = |name: &str, kind| Column { name: name.to_owned(), kind };
//! let columns = vec![
//!     column("day", Kind::Day),
//!     column("uf", Kind::Dimension { dictionary: Vec::new() }),
//!     column("value", Kind::Measure { scale: 2 }),
//! ];
//! let mut builder = Builder::new(columns, |_| None)?;
//! builder.add(&[
//!     Input::Days(&[Some(20_454), Some(20_454), Some(20_485)]),
//!     Input::Texts(&[Some("SP"), Some("PR"), Some("SP")]),
//!     Input::Numbers(&[Some(1_050), Some(200), None]),
//! ])?;
//! let built = builder.finish("vendas", "todos", 412);
//!
//! let slice = Slice::open(built.manifest, |id| built.blobs.get(id).map(Vec::as_slice))?;
//! let answer = slice.answer(&Question {
//!     by: vec!["uf".to_owned()],
//!     time: Time::Grain { column: "day".to_owned(), grain: Grain::Month },
//!     filters: Vec::new(),
//!     values: vec![Function::Sum("value".to_owned()).into()],
//! })?;
//! assert_eq!(answer.by[0].iter().collect::<Vec<_>>(), [Some("PR"), Some("SP"), Some("SP")]);
//! assert_eq!(answer.values[0][1], kpi::Cell::Decimal { unscaled: 1_050, scale: 2 });
//! # Ok::<(), slice::SliceError>(())
//! ```
//!
//! # How a question is answered
//!
//! Columns lie in memory as codes of one, two or four bytes. A filter is a set of rows, one bit each. A question's members and time give each
//! row the number of its **group**, once; a value is kept per group, and rows that come or go are added or taken away. So a [`Session`] of
//! linked tiles moves one filter by visiting the rows that changed. Percentiles are kept as a **ranking**: rows sorted once within their groups,
//! of which a bit per row says whether it is chosen; distinct counts as **clusters**: how many rows are chosen of each code in each group.
//!
//! An hour is a dimension of the fact: members that are whole numbers stand by size.

mod answer;
mod bits;
mod blobs;
mod builder;
mod bytes;
mod chunk;
mod clusters;
mod codes;
mod dictionary;
mod errors;
mod filter;
mod groups;
mod kernels;
mod manifest;
mod packing;
mod places;
mod question;
mod ranking;
mod session;
mod slice;
mod tile;

pub use answer::{Answer, Members};
pub use builder::{Builder, Built, Input};
pub use errors::SliceError;
pub use manifest::{
    Chunk, Column, Id, Kind, MAX_CHUNK_ROWS, MAX_COLUMNS, MAX_ROWS, Manifest, Segment, VERSION,
};
pub use places::Place;
pub use question::{Days, Filter, Function, Question, Test, Time, Value};
pub use session::{Link, Session};
pub use slice::Slice;
