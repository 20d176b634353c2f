//! The lake: Delta tables in one folder, landed exactly once, written by models, read at pinned versions, kept tidy.
//!
//! The only room that names deltalake and DataFusion: others see SQL text, Arrow batches and the types below. Does
//! not read sources (`connect`), order models (`transform`) or know metrics (`query`). Invariant: what a call has
//! acknowledged survives a power cut.

mod coded_table;
mod codes;
mod columns;
mod dictionaries;
mod errors;
mod evolution;
mod functions;
mod guard;
mod known;
mod landing;
mod lock;
mod masks;
mod merge;
mod percentile;
mod relation;
mod scan;
mod session;
mod sight;
mod sql_errors;
pub mod store;
mod stream;
mod table;
mod table_name;
mod together;
mod upkeep;
mod view;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use arrow;

pub use errors::{LakeError, RowsError};
pub use landing::{Bookmark, ColumnChange, LandMode, Landed, Landing};
pub use relation::{Relation, Relations};
pub use session::Session;
pub use sight::{Condition, Mask, Part, Sight};
pub use stream::RecordBatchStream;
pub use table_name::{TableName, quote};
pub use together::Answered;
pub use upkeep::Upkeep;
pub use write::WriteMode;

/// How much of the machine the lake may use, and how patient it is.
#[derive(Debug, Clone)]
pub struct LakeOptions {
    /// Bytes that all queries and writes together may hold before they spill to disk or fail.
    pub memory_limit: usize,
    /// Threads per query.
    pub target_partitions: usize,
    /// Where large sorts and aggregations spill; default `<lake>/.spill`, emptied when the lake opens.
    pub spill_dir: Option<PathBuf>,
    /// How long a write waits for another process that is writing.
    pub lock_wait: Duration,
    /// How long a file that no pin and no newest version needs is kept for readers that are still at work.
    pub grace: Duration,
    /// How bytes reach the disk; tests put a failing one here.
    pub disk: Arc<dyn store::Disk>,
}

impl Default for LakeOptions {
    fn default() -> Self {
        Self {
            memory_limit: 1 << 30,
            target_partitions: std::thread::available_parallelism().map_or(2, usize::from),
            spill_dir: None,
            lock_wait: Duration::from_mins(1),
            grace: Duration::from_hours(24),
            disk: Arc::new(store::RealDisk),
        }
    }
}

/// The lake in one folder: `<dir>/<schema>/<name>` is a Delta table. A clone is the same lake.
#[derive(Debug, Clone)]
pub struct Lake {
    rooms: Arc<Rooms>,
}

/// What all clones of a lake and all its sessions share.
#[derive(Debug)]
struct Rooms {
    dir: PathBuf,
    options: LakeOptions,
    store: Arc<store::DurableStore>,
    lock: lock::WriteLock,
    tables: table::Tables,
    engine: session::Engine,
}

impl Lake {
    /// Opens the lake in `dir`, which is made if it is missing.
    ///
    /// # Errors
    /// [`LakeError::Folder`] when the folder cannot be made or written to.
    pub async fn open(dir: &Path, options: LakeOptions) -> Result<Lake, LakeError> {
        let (given, disk) = (dir.to_path_buf(), options.disk.clone());
        let made = store::off_thread(move || {
            store::make_dirs(disk.as_ref(), &given)?;
            given.canonicalize()
        });
        let dir = made.await.map_err(|source| LakeError::Folder { path: dir.to_path_buf(), source })?;
        store::register();
        let store = Arc::new(store::DurableStore::new(options.disk.clone()));
        let lock = lock::WriteLock::open(&dir, options.lock_wait)?;
        let engine = session::Engine::new(&dir, &options)?;
        let tables = table::Tables::default();
        Ok(Lake { rooms: Arc::new(Rooms { dir, options, store, lock, tables, engine }) })
    }

    /// The folder that this lake is.
    pub fn dir(&self) -> &Path {
        &self.rooms.dir
    }
}
