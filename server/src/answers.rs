//! Answers to the contract: what pages and API ask, put together from the reader's editions and the platform database.
//!
//! One file per subject, named as in `contract`. Invariant: every answer passes here with its principal, and
//! what it may see is settled by the reader before anything is asked of the lake.

mod boards;
mod editions;
mod metrics;
pub mod people;
mod runs;
pub mod slices;
pub mod sources;
mod uploads;

use crate::jobs::Jobs;
use crate::reader::Reader;
use crate::uploads::Store;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Clone)]
pub struct Answers {
    pub boards: Arc<dyn contract::boards::Boards>,
    pub editions: Arc<dyn contract::editions::Editions>,
    pub metrics: Arc<dyn contract::metrics::Metrics>,
    pub people: Arc<dyn contract::people::People>,
    pub runs: Arc<dyn contract::runs::Runs>,
    pub slices: Arc<dyn contract::slices::Slices>,
    pub sources: Arc<dyn contract::sources::Sources>,
    pub uploads: Arc<dyn contract::uploads::Uploads>,
}

impl Answers {
    /// `door` is the address that others find us at, and whether it is the one that the company gave.
    pub fn new(
        reader: Arc<Reader>,
        jobs: Arc<Jobs>,
        slices: Arc<crate::slices::Store>,
        door: (String, bool),
        (uploads, packs): (Store, PathBuf),
    ) -> Answers {
        Answers {
            boards: Arc::new(boards::Boards { reader: reader.clone() }),
            editions: Arc::new(editions::Editions { reader: reader.clone() }),
            metrics: Arc::new(metrics::Metrics { reader: reader.clone() }),
            people: Arc::new(people::People::new(jobs.metastore.clone(), door.0.clone())),
            runs: Arc::new(runs::Runs { reader: reader.clone() }),
            slices: Arc::new(slices::Slices { reader: reader.clone(), store: slices }),
            sources: Arc::new(sources::Sources {
                jobs: jobs.clone(),
                reader: reader.clone(),
                uploads: uploads.clone(),
                door,
            }),
            uploads: Arc::new(uploads::Uploads::new(jobs, reader, uploads, packs)),
        }
    }
}
