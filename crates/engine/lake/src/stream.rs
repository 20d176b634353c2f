//! Rows on their way: a stream of Arrow batches that knows its schema.
//!
//! Does not run queries (`session`). Invariant: every batch has the stream's schema.

use std::pin::Pin;
use std::task::{Context, Poll};

use deltalake::arrow::array::RecordBatch;
use deltalake::arrow::datatypes::SchemaRef;
use futures::stream::{BoxStream, Stream, StreamExt};

use crate::LakeError;

/// A stream of batches with a known schema.
pub struct RecordBatchStream {
    schema: SchemaRef,
    batches: BoxStream<'static, Result<RecordBatch, LakeError>>,
}

impl RecordBatchStream {
    pub fn new(
        schema: SchemaRef,
        batches: impl Stream<Item = Result<RecordBatch, LakeError>> + Send + 'static,
    ) -> Self {
        Self { schema, batches: batches.boxed() }
    }

    /// Rows that are already in memory, all of `schema`.
    pub fn of(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self::new(schema, futures::stream::iter(batches.into_iter().map(Ok)))
    }

    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

impl Stream for RecordBatchStream {
    type Item = Result<RecordBatch, LakeError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.poll_next_unpin(cx)
    }
}

impl std::fmt::Debug for RecordBatchStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordBatchStream").field("schema", &self.schema).finish_non_exhaustive()
    }
}
