//! Connects sources: reads what they hold as Arrow record batches, piece by piece.
//!
//! Does not land rows (`lake`) nor schedule runs (`pipeline`). A new kind of source is one file in `sources/` and one line in `sources.rs`.
//! Invariant: rows that do not fit are handed over as rejects with a reason; nothing is dropped in silence.

mod account;
mod again;
mod batches;
mod cell;
mod clock;
mod collecting;
mod column_builder;
mod column_name;
mod column_type;
mod counts;
mod egress;
mod errors;
mod facts;
mod found;
pub mod hooks;
mod http;
mod inbound;
pub mod inbox;
mod json;
mod keeping;
mod manners;
mod moment;
mod numeral;
mod records;
mod rejects;
mod secrets;
mod settings;
mod source;
pub mod sources;
mod spool;
mod tally;

pub use again::{Again, Beginning, Rewound};
pub use batches::{BatchSender, Batches};
pub use cell::{DateOrder, DecimalStyle};
pub use column_name::sql_name;
pub use column_type::ColumnType;
pub use egress::Egress;
pub use errors::{ConnectError, TypeChange};
pub use http::{Answer, Ask, Http, HttpError, HttpOptions, Trust};
pub use keeping::SettingsKeeper;
pub use manners::{Manners, Pace};
pub use rejects::{REJECTS_FILE_COLUMN, Rejects, rejects_schema};
pub use source::{
    CLASSIFICATION, ColumnFound, DELETED_COLUMN, Discovery, FILE_COLUMN, FileFound, Ignored, LandHint,
    LandedKeys, Mark, Piece, Pieces, ROW_COLUMN, ReadRequest, Reading, SAME_CONTENT, SOURCE_NAME, Skipped,
    Source, StreamFound, StreamState, StreamTested, Tested, rejects_table, stream_table,
};
pub use sources::files::FilesSource;
pub use sources::files::options::{FilesOptions, FormatKind, Limits, Quote, StreamOptions, TextEncoding};
pub use sources::sql::SqlError;
pub use sources::{Surroundings, kinds, open};
