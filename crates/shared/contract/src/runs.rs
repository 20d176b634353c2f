//! Runs: what the pipeline did, newest first.

use crate::{Failure, Principal};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCard {
    pub id: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    pub finished_at: Option<String>,
    pub state: RunState,
    /// The edition that it published.
    pub edition: Option<u64>,
    pub rows_landed: u64,
    pub rows_rejected: u64,
    /// Why it failed or held its edition back: what, where and the remedy.
    pub message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    /// An edition was published.
    Published,
    /// Nothing had changed.
    Unchanged,
    /// Blocking checks failed; readers stay on the last good edition.
    HeldBack,
    Failed,
    /// The process ended in the middle; the next run goes on.
    Interrupted,
}

#[async_trait]
pub trait Runs: Send + Sync {
    async fn list(&self, principal: &Principal, limit: u32) -> Result<Vec<RunCard>, Failure>;
}
