//! Boards of the current edition.

use crate::reader::Reader;
use async_trait::async_trait;
use contract::boards::{Board, BoardCard};
use contract::failure::FailureKind;
use contract::{Failure, Principal};
use std::sync::Arc;

pub struct Boards {
    pub reader: Arc<Reader>,
}

#[async_trait]
impl contract::boards::Boards for Boards {
    async fn list(&self, _: &Principal) -> Result<Vec<BoardCard>, Failure> {
        let edition = self.reader.current().await?;
        Ok(edition
            .bundle
            .boards
            .iter()
            .map(|board| BoardCard { id: board.id.clone(), title: board.title.clone() })
            .collect())
    }

    async fn open(&self, _: &Principal, id: &str) -> Result<Board, Failure> {
        let edition = self.reader.current().await?;
        edition.board(id).cloned().ok_or_else(|| {
            Failure::new(FailureKind::NotFound, format!("there is no board `{id}`; see the list of boards"))
        })
    }
}
