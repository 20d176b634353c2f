//! A session's names: tables opened and views expanded at the moment a query names them.
//!
//! Does not run queries. Invariant: a view sees the same relations as the query that names it, and a circle of views
//! is an error.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use deltalake::datafusion::catalog::view::ViewTable;
use deltalake::datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use deltalake::datafusion::error::DataFusionError;

use crate::session::{CATALOG, only_questions};
use crate::{Lake, LakeError, Relation, Relations, TableName};

/// The catalog `mirante` of one session.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    names: Arc<Names>,
    /// The views that are being expanded, outermost first.
    within: Vec<TableName>,
}

#[derive(Debug)]
struct Names {
    lake: Lake,
    relations: Arc<Relations>,
    /// Views that were already planned in this session.
    views: Mutex<HashMap<TableName, Arc<ViewTable>>>,
}

impl Catalogue {
    pub(crate) fn new(lake: Lake, relations: Arc<Relations>) -> Self {
        Self { names: Arc::new(Names { lake, relations, views: Mutex::default() }), within: Vec::new() }
    }

    async fn provider(&self, name: &TableName) -> Result<Option<Arc<dyn TableProvider>>, LakeError> {
        let lake = &self.names.lake;
        match self.names.relations.get(name) {
            None => Ok(None),
            Some(Relation::Table { version }) => {
                Ok(Some(lake.rooms.engine.open(lake, name, *version).await?))
            }
            Some(Relation::View { sql }) => Ok(Some(self.view(name, sql).await?)),
        }
    }

    async fn view(&self, name: &TableName, sql: &str) -> Result<Arc<dyn TableProvider>, LakeError> {
        if self.within.contains(name) {
            let path: Vec<String> = self.within.iter().map(|view| format!("`{view}`")).collect();
            return Err(LakeError::ViewCircle { table: name.clone(), path: path.join(" → ") });
        }
        let known = self.names.views.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(view) = known {
            return Ok(view);
        }
        let engine = &self.names.lake.rooms.engine;
        let mut within = self.within.clone();
        within.push(name.clone());
        let context = engine.context();
        context.register_catalog(CATALOG, Arc::new(Self { names: self.names.clone(), within }));
        let planned = async {
            let plan = context.state().create_logical_plan(sql).await?;
            only_questions().verify_plan(&plan)?;
            Ok::<_, DataFusionError>(plan)
        };
        let plan = planned.await.map_err(|error| match engine.explain(error) {
            LakeError::Sql { message, line, column, source } => {
                LakeError::Sql { message: format!("in view `{name}`: {message}"), line, column, source }
            }
            other => other,
        })?;
        let view = Arc::new(ViewTable::new(plan, Some(sql.to_string())));
        let mut views = self.names.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.insert(name.clone(), view.clone());
        Ok(view)
    }
}

impl CatalogProvider for Catalogue {
    fn schema_names(&self) -> Vec<String> {
        let schemas: BTreeSet<&String> = self.names.relations.keys().map(|name| &name.schema).collect();
        schemas.into_iter().cloned().collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let known = self.names.relations.keys().any(|table| table.schema == name);
        known.then(|| Arc::new(Tables { catalogue: self.clone(), schema: name.to_string() }) as _)
    }
}

/// One schema of the catalog.
#[derive(Debug)]
struct Tables {
    catalogue: Catalogue,
    schema: String,
}

#[async_trait]
impl SchemaProvider for Tables {
    fn table_names(&self) -> Vec<String> {
        let relations = self.catalogue.names.relations.keys();
        relations.filter(|table| table.schema == self.schema).map(|table| table.name.clone()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let name = TableName::new(&self.schema, name);
        let provider = self.catalogue.provider(&name).await;
        provider.map_err(|error| DataFusionError::External(Box::new(error)))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.catalogue.names.relations.contains_key(&TableName::new(&self.schema, name))
    }
}
