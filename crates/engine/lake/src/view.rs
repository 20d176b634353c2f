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

use crate::guard::GuardedTable;
use crate::session::{CATALOG, only_questions};
use crate::{Lake, LakeError, Relation, Relations, Sight, TableName};

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
    /// What the asker may see; `None` for the lake's own work and for whoever may see everything.
    sight: Option<Arc<Sight>>,
    /// Tables behind their guards: one each, so that questions can share a pass over it.
    guarded: Mutex<HashMap<TableName, Arc<dyn TableProvider>>>,
    /// Views that were already planned in this session.
    views: Mutex<HashMap<TableName, Arc<ViewTable>>>,
}

impl Catalogue {
    pub(crate) fn new(lake: Lake, relations: Arc<Relations>, sight: Option<Arc<Sight>>) -> Self {
        let names = Names { lake, relations, sight, guarded: Mutex::default(), views: Mutex::default() };
        Self { names: Arc::new(names), within: Vec::new() }
    }

    /// Whether the name can be used here: a view may read what its reader cannot name.
    fn shows(&self, name: &TableName) -> bool {
        !self.within.is_empty() || self.names.sight.as_ref().is_none_or(|sight| sight.shows(name))
    }

    async fn provider(&self, name: &TableName) -> Result<Option<Arc<dyn TableProvider>>, LakeError> {
        if !self.shows(name) {
            return Ok(None);
        }
        let Some(part) = self.names.sight.as_ref().and_then(|sight| sight.parts.get(name)) else {
            return self.whole(name).await;
        };
        let known = self.names.guarded.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(whole) = self.whole(name).await? else { return Ok(None) };
        let engine = &self.names.lake.rooms.engine;
        let guarded = GuardedTable::new(name.clone(), whole, part.clone()).map_err(|e| engine.explain(e))?;
        let mut known = self.names.guarded.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(known.entry(name.clone()).or_insert_with(|| Arc::new(guarded)).clone()))
    }

    async fn whole(&self, name: &TableName) -> Result<Option<Arc<dyn TableProvider>>, LakeError> {
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
        let shown = self.names.relations.keys().filter(|name| self.shows(name));
        let schemas: BTreeSet<&String> = shown.map(|name| &name.schema).collect();
        schemas.into_iter().cloned().collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let known = self.names.relations.keys().any(|table| table.schema == name && self.shows(table));
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
        let relations = self.catalogue.names.relations.keys().filter(|table| self.catalogue.shows(table));
        relations.filter(|table| table.schema == self.schema).map(|table| table.name.clone()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let name = TableName::new(&self.schema, name);
        let provider = self.catalogue.provider(&name).await;
        provider.map_err(|error| DataFusionError::External(Box::new(error)))
    }

    fn table_exist(&self, name: &str) -> bool {
        let name = TableName::new(&self.schema, name);
        self.catalogue.shows(&name) && self.catalogue.names.relations.contains_key(&name)
    }
}
