//! Text columns of Parquet files as the dictionaries that they are kept as.
//!
//! Does not say which columns (`codes`). The reader gives a column the type that the file's own Arrow schema names, so that schema is what
//! is told otherwise. Invariant: the values are those of the file.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use bytes::Bytes;
use deltalake::datafusion::datasource::listing::PartitionedFile;
use deltalake::datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use deltalake::datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use deltalake::datafusion::error::Result;
use deltalake::datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use deltalake::datafusion::parquet::arrow::async_reader::AsyncFileReader;
use deltalake::datafusion::parquet::arrow::{
    ARROW_SCHEMA_META_KEY, encode_arrow_schema, parquet_to_arrow_schema,
};
use deltalake::datafusion::parquet::basic::Encoding;
use deltalake::datafusion::parquet::errors::Result as ParquetResult;
use deltalake::datafusion::parquet::file::metadata::{
    FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataBuilder,
};
use deltalake::datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;

/// The type in which a text column comes as a dictionary.
pub(crate) fn dictionary() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The columns of a file whose texts all stand in dictionaries: those of which there are few.
pub(crate) fn in_dictionaries(file: &ParquetMetaData) -> BTreeSet<String> {
    let columns = file.file_metadata().schema_descr().columns().iter().enumerate();
    let all = |at: usize| {
        let mut chunks = file.row_groups().iter().map(|group| group.column(at));
        chunks.all(|chunk| {
            chunk.page_encoding_stats_mask().is_some_and(|pages| pages.is_only(Encoding::RLE_DICTIONARY))
        })
    };
    columns.filter(|(at, _)| all(*at)).map(|(_, column)| column.name().to_owned()).collect()
}

/// Opens files so that these columns come as dictionaries.
#[derive(Debug)]
pub(crate) struct Dictionaries {
    pub(crate) files: CachedParquetFileReaderFactory,
    pub(crate) columns: Arc<BTreeSet<String>>,
}

impl ParquetFileReaderFactory for Dictionaries {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let file = self.files.create_reader(partition_index, file, metadata_size_hint, metrics)?;
        Ok(Box::new(File { file, columns: self.columns.clone() }))
    }
}

struct File {
    file: Box<dyn AsyncFileReader + Send>,
    columns: Arc<BTreeSet<String>>,
}

impl AsyncFileReader for File {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        self.file.get_bytes(range)
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        self.file.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let metadata = self.file.get_metadata(options).await?;
            with_dictionaries(&metadata, &self.columns).map(Arc::new)
        }
        .boxed()
    }
}

fn with_dictionaries(
    metadata: &ParquetMetaData,
    columns: &BTreeSet<String>,
) -> ParquetResult<ParquetMetaData> {
    let file = metadata.file_metadata();
    let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())?;
    let fields = schema.fields().iter().map(|field| {
        if columns.contains(field.name()) {
            Arc::new(Field::new(field.name(), dictionary(), field.is_nullable()))
        } else {
            field.clone()
        }
    });
    let schema = Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone());
    let mut told = file.key_value_metadata().cloned().unwrap_or_default();
    told.retain(|entry| entry.key != ARROW_SCHEMA_META_KEY);
    told.push(KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(&schema)));
    let file = FileMetaData::new(
        file.version(),
        file.num_rows(),
        file.created_by().map(str::to_owned),
        Some(told),
        file.schema_descr_ptr(),
        file.column_orders().cloned(),
    );
    Ok(ParquetMetaDataBuilder::new(file)
        .set_row_groups(metadata.row_groups().to_vec())
        .set_column_index(metadata.column_index().cloned())
        .set_offset_index(metadata.offset_index().cloned())
        .build())
}
