//! One large file on its way to the durable store, part by part.
//!
//! Does not name files (`store`). Invariant: a file that was not completed never gets its name, and its bytes are
//! removed.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use super::{Writer, blocking, store_error};

#[derive(Debug)]
pub(super) struct Upload {
    writer: Arc<Writer>,
    file: Arc<File>,
    /// Taken when the upload ends in one way or the other.
    staged: Option<PathBuf>,
    target: PathBuf,
    offset: u64,
}

impl Upload {
    pub(super) fn new(writer: Arc<Writer>, file: File, staged: PathBuf, target: PathBuf) -> Self {
        Self { writer, file: Arc::new(file), staged: Some(staged), target, offset: 0 }
    }

    fn ended(&self) -> object_store::Error {
        store_error(&self.target, std::io::Error::other("the upload has already ended"))
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let mut offset = self.offset;
        self.offset += data.content_length() as u64;
        let (writer, file, target) = (self.writer.clone(), self.file.clone(), self.target.clone());
        Box::pin(blocking(move || {
            for bytes in &data {
                writer.disk.write_at(&file, offset, bytes).map_err(|e| store_error(&target, e))?;
                offset += bytes.len() as u64;
            }
            Ok(())
        }))
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let staged = self.staged.take().ok_or_else(|| self.ended())?;
        let (writer, file, target) = (self.writer.clone(), self.file.clone(), self.target.clone());
        blocking(move || {
            writer.publish(&file, &staged, &target, false).map_err(|e| store_error(&target, e))?;
            Ok(PutResult { e_tag: None, version: None })
        })
        .await
    }

    async fn abort(&mut self) -> Result<()> {
        let staged = self.staged.take().ok_or_else(|| self.ended())?;
        blocking(move || std::fs::remove_file(&staged).map_err(|e| store_error(&staged, e))).await
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(staged) = self.staged.take() {
            drop(std::fs::remove_file(staged));
        }
    }
}
