//! A table that hands on codes for the texts of some columns, and the way back.
//!
//! Does not choose the columns (`codes`). Invariant: a text has one code as long as its table lives, and a null is a null.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray, StringViewBuilder};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use async_trait::async_trait;
use deltalake::datafusion::catalog::{Session, TableProvider};
use deltalake::datafusion::common::Statistics;
use deltalake::datafusion::datasource::TableType;
use deltalake::datafusion::error::{DataFusionError, Result};
use deltalake::datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TableProviderFilterPushDown, Volatility,
};
use deltalake::datafusion::physical_expr::expressions::Column;
use deltalake::datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use deltalake::datafusion::physical_plan::ExecutionPlan;
use deltalake::datafusion::physical_plan::projection::ProjectionExec;

use crate::guard::GuardedTable;
use crate::scan::PlainTable;

/// A table with codes in the place of the texts of some columns.
pub(crate) struct Coded {
    pub(crate) codes: Arc<dyn TableProvider>,
    texts: BTreeMap<usize, Arc<Texts>>,
}

impl Coded {
    /// Codes for the columns at these positions, each of which `text_in_dictionaries` has told.
    pub(crate) fn new(
        table: Arc<dyn TableProvider>,
        columns: impl IntoIterator<Item = usize>,
    ) -> Result<Self> {
        let texts: BTreeMap<usize, Arc<Texts>> =
            columns.into_iter().map(|position| (position, Arc::default())).collect();
        let codes: Arc<dyn TableProvider> = match table.downcast_ref::<GuardedTable>() {
            Some(guarded) => {
                let below = Arc::new(CodedTable::new(guarded.inner().clone(), texts.clone()));
                Arc::new(guarded.over(below)?)
            }
            None => Arc::new(CodedTable::new(table, texts.clone())),
        };
        Ok(Self { codes, texts })
    }

    /// The function from the codes of the column at this position to its texts; `None` where the column has none.
    pub(crate) fn text_of_code(&self, position: usize) -> Option<ScalarUDF> {
        let texts = self.texts.get(&position)?;
        Some(ScalarUDF::from(Work::new(Direction::ToText, texts.clone())))
    }
}

/// The position of a text column that files have in dictionaries and nothing between them and a question looks at.
pub(crate) fn text_in_dictionaries(table: &Arc<dyn TableProvider>, column: &str) -> Option<usize> {
    if let Some(guarded) = table.downcast_ref::<GuardedTable>() {
        return (!guarded.looks_at(column)).then(|| text_in_dictionaries(guarded.inner(), column))?;
    }
    table.downcast_ref::<PlainTable>()?.text_in_dictionaries(column)
}

/// A plain table that hands on codes for some of its columns.
#[derive(Debug)]
struct CodedTable {
    table: Arc<dyn TableProvider>,
    texts: BTreeMap<usize, Arc<Texts>>,
    schema: SchemaRef,
}

impl CodedTable {
    fn new(table: Arc<dyn TableProvider>, texts: BTreeMap<usize, Arc<Texts>>) -> Self {
        let schema = table.schema();
        let fields = schema.fields().iter().enumerate().map(|(at, field)| {
            let code = || Arc::new(Field::new(field.name(), DataType::Int32, field.is_nullable()));
            if texts.contains_key(&at) { code() } else { field.clone() }
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self { table, texts, schema }
    }
}

#[async_trait]
impl TableProvider for CodedTable {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        self.table.table_type()
    }

    fn statistics(&self) -> Option<Statistics> {
        self.table.statistics()
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.table.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(table) = self.table.downcast_ref::<PlainTable>() else {
            return Err(DataFusionError::Internal("codes are read from plain tables".to_owned()));
        };
        let coded: Vec<usize> = self.texts.keys().copied().collect();
        let read = table.scan_with_dictionaries(state, projection, filters, limit, &coded)?;
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let columns = projection.unwrap_or(&all).iter().enumerate().map(|(at, position)| {
            let field = self.schema.field(*position);
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(field.name(), at));
            let expression = match self.texts.get(position) {
                Some(texts) => {
                    let code = ScalarUDF::from(Work::new(Direction::ToCode, texts.clone()));
                    Arc::new(ScalarFunctionExpr::try_new(
                        Arc::new(code),
                        vec![column],
                        read.schema().as_ref(),
                        state.config_options().clone().into(),
                    )?)
                }
                None => column,
            };
            Ok((expression, field.name().clone()))
        });
        Ok(Arc::new(ProjectionExec::try_new(columns.collect::<Result<Vec<_>>>()?, read)?))
    }
}

/// The texts of a column that were met, each with its code: its place in the order in which they came.
#[derive(Default)]
struct Texts {
    met: Mutex<Met>,
}

#[derive(Default)]
struct Met {
    codes: HashMap<Box<str>, i32>,
    texts: Vec<Box<str>>,
    /// Dictionaries of late and the codes of their entries: a row group has one for all its batches.
    dictionaries: Vec<(ArrayRef, Arc<[i32]>)>,
}

/// How many dictionaries are remembered; as many as are read at a time, and some.
const REMEMBERED: usize = 16;

impl Texts {
    fn met(&self) -> MutexGuard<'_, Met> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn codes(&self, column: &DictionaryArray<Int32Type>) -> Int32Array {
        let codes = self.met().of(column.values());
        if column.values().null_count() > 0 {
            let code = |key: Option<i32>| key.map(|key| codes[key as usize]).filter(|code| *code >= 0);
            return column.keys().iter().map(code).collect();
        }
        // A null has no key; what stands in its place is ignored.
        let code = |key: &i32| codes.get(*key as usize).copied().unwrap_or_default();
        let values = column.keys().values().iter().map(code).collect();
        Int32Array::new(values, column.keys().nulls().cloned())
    }

    fn texts(&self, codes: &Int32Array) -> Result<ArrayRef> {
        let met = self.met();
        let mut texts = StringViewBuilder::with_capacity(codes.len());
        for code in codes {
            match code.map(|code| met.texts.get(code as usize)) {
                None => texts.append_null(),
                Some(Some(text)) => texts.append_value(text),
                Some(None) => return Err(DataFusionError::Internal("a code has no text".to_owned())),
            }
        }
        Ok(Arc::new(texts.finish()))
    }
}

impl Met {
    fn of(&mut self, dictionary: &ArrayRef) -> Arc<[i32]> {
        let same = |known: &ArrayRef| known.to_data().ptr_eq(&dictionary.to_data());
        if let Some((_, codes)) = self.dictionaries.iter().find(|(known, _)| same(known)) {
            return codes.clone();
        }
        let entries: &StringArray = dictionary.as_string();
        // Parquet's dictionaries have no nulls; that of a column which a file lacks is a null.
        let codes: Arc<[i32]> = entries.iter().map(|text| text.map_or(-1, |text| self.code(text))).collect();
        if self.dictionaries.len() == REMEMBERED {
            self.dictionaries.remove(0);
        }
        self.dictionaries.push((dictionary.clone(), codes.clone()));
        codes
    }

    fn code(&mut self, text: &str) -> i32 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let code = self.texts.len() as i32;
        self.texts.push(text.into());
        self.codes.insert(text.into(), code);
        code
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Direction {
    ToCode,
    ToText,
}

/// From texts to codes, or back, for one column of one question.
struct Work {
    direction: Direction,
    texts: Arc<Texts>,
    signature: Signature,
}

impl Work {
    fn new(direction: Direction, texts: Arc<Texts>) -> Self {
        Self { direction, texts, signature: Signature::any(1, Volatility::Stable) }
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Texts")
    }
}

impl PartialEq for Work {
    fn eq(&self, other: &Self) -> bool {
        self.direction == other.direction && Arc::ptr_eq(&self.texts, &other.texts)
    }
}

impl Eq for Work {}

impl Hash for Work {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.direction.hash(state);
        Arc::as_ptr(&self.texts).hash(state);
    }
}

impl ScalarUDFImpl for Work {
    fn name(&self) -> &str {
        match self.direction {
            Direction::ToCode => "code",
            Direction::ToText => "text_of_code",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.direction {
            Direction::ToCode => DataType::Int32,
            Direction::ToText => DataType::Utf8View,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [column] = <[ColumnarValue; 1]>::try_from(args.args)
            .map_err(|_| DataFusionError::Internal(format!("{} takes one column", self.name())))?;
        let column = column.into_array(args.number_rows)?;
        Ok(ColumnarValue::Array(match self.direction {
            Direction::ToCode => Arc::new(self.texts.codes(column.as_dictionary())),
            Direction::ToText => self.texts.texts(column.as_primitive())?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_null_entry_of_a_dictionary_is_a_null() {
        let entries: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("b")]));
        let keys = Int32Array::from(vec![Some(2), Some(1), None, Some(0), Some(2)]);
        let texts = Texts::default();
        let codes = texts.codes(&DictionaryArray::new(keys, entries));
        let back = texts.texts(&codes).unwrap();
        let back: Vec<Option<&str>> = back.as_string_view().iter().collect();
        assert_eq!(back, [Some("b"), None, None, Some("a"), Some("b")]);
    }
}
