//! What the pipeline did.

use crate::reader::{Reader, internal};
use async_trait::async_trait;
use contract::runs::RunCard;
use contract::{Failure, Principal};
use std::sync::Arc;

pub struct Runs {
    pub reader: Arc<Reader>,
}

#[async_trait]
impl contract::runs::Runs for Runs {
    async fn list(&self, _: &Principal, limit: u32) -> Result<Vec<RunCard>, Failure> {
        self.reader.metastore().runs(limit).await.map_err(|error| internal(&error))
    }
}
