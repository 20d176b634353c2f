//! What can end a run before it publishes.

use lake::LakeError;
use metastore::MetastoreError;
use std::path::PathBuf;
use transform::TransformError;

#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Metastore(#[from] MetastoreError),
    #[error("pack `{pack}`")]
    Pack { pack: String, source: Box<TransformError> },
    #[error("pack `{pack}`, board `{path}`: {message}")]
    Board { pack: String, path: String, message: String },
    #[error("`{file}`, `{table}`")]
    Access { file: String, table: lake::TableName, source: policy::DeclaredError },
    #[error("the pack folder `{path}` holds no `dbt_project.yml`; name the folder of a dbt project")]
    NoProject { path: PathBuf },
    #[error("there is no built-in pack `{name}`; `mirante pack list` names the packs of this workspace")]
    NoBuiltin { name: String },
    #[error("model `{node}` failed: {message}")]
    Model { node: String, message: String },
    #[error("{message}")]
    Definitions { message: String },
    #[error("the bookmark of stream `{stream}` could not be written")]
    Bookmark { stream: String, source: serde_json::Error },
    #[error("the edition could not be written down")]
    Encode { source: serde_json::Error },
    #[error("edition {number} cannot be read back; was it written by a newer version?")]
    Decode { number: u64, source: serde_json::Error },
    #[error("there is no source `{name}`; `mirante source list` names them")]
    NoSource { name: String },
    #[error("{message}")]
    Source { message: String },
    #[error("{what} is at work in another process; wait until it has ended")]
    Busy { what: String },
    #[error("the lock `{path}` cannot be taken")]
    Lock { path: PathBuf, source: std::io::Error },
    #[error("there is nothing to run; add a pack first: `mirante pack add DIR`")]
    NoPack,
}
