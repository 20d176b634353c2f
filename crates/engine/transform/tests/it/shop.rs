//! A small project in a folder of its own, on a lake of its own.
//!
//! Does not assert. Invariant: each shop is alone; nothing is shared between tests.

use std::sync::{Arc, Mutex};

use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, TimeZone, Utc};
use lake::{Lake, LakeOptions, Relation, Relations, TableName, WriteMode};
use transform::{Built, Files, LoadOptions, Progress, Project, RunContext, Status, TransformError, build};

pub struct Shop {
    _dir: tempfile::TempDir,
    pub lake: Lake,
    pub files: Files,
    pub relations: Relations,
    pub options: LoadOptions,
    pub context: RunContext,
    pub told: Arc<Mutex<Vec<String>>>,
}

/// Noon of a day in 2026.
pub fn noon(month: u32, day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, month, day, 12, 0, 0).unwrap()
}

impl Shop {
    /// A project `shop` with the given files, next to a plain `dbt_project.yml`.
    pub async fn new(files: &[(&str, &str)]) -> Shop {
        let dir = tempfile::tempdir().unwrap();
        let options = LakeOptions { target_partitions: 2, ..LakeOptions::default() };
        let lake = Lake::open(&dir.path().join("lake"), options).await.unwrap();
        let project =
            "name: shop\nversion: '1.0'\nmodels:\n  shop:\n    +materialized: table\n    +schema: marts\n";
        let mut all = Files::from_memory("shop", [("dbt_project.yml", project)]);
        for (path, text) in files {
            all.insert(*path, text);
        }
        Shop {
            _dir: dir,
            lake,
            files: all,
            relations: Relations::new(),
            options: LoadOptions::default(),
            context: RunContext::new(noon(6, 30), "test"),
            told: Arc::default(),
        }
    }

    pub fn file(&mut self, path: &str, text: &str) {
        self.files.insert(path, text);
    }

    /// Makes the raw table `name` (`schema.name`) hold what `sql` gives.
    pub async fn raw(&mut self, name: &str, sql: &str) {
        let table: TableName = name.parse().unwrap();
        let rows = self.lake.session(Relations::new()).stream(sql).await.unwrap();
        let version = self.lake.write(&table, rows, WriteMode::Replace).await.unwrap();
        self.relations.insert(table, Relation::Table { version });
    }

    pub fn load(&self) -> Result<Project, TransformError> {
        Project::load(&self.files, &self.options)
    }

    /// Builds what `select` names; what succeeds becomes the new base.
    pub async fn build(&mut self, select: &str) -> Built {
        let project = self.load().unwrap();
        let selection = project.select(select, "").unwrap();
        let told = self.told.clone();
        let progress = move |event: Progress| {
            let text = match event {
                Progress::Started { name, .. } => format!("start {name}"),
                Progress::Finished { result, done, total } => {
                    format!("{:?} {} {done}/{total}", result.status, result.name)
                }
            };
            told.lock().unwrap().push(text);
        };
        let built =
            build(&project, &self.lake, self.relations.clone(), &selection, &self.context, progress).await;
        self.relations = built.relations.clone();
        built
    }

    /// Builds, and expects every node to succeed.
    pub async fn built(&mut self, select: &str) {
        let built = self.build(select).await;
        for result in &built.results {
            assert_eq!(result.status, Status::Success, "{}: {:?}", result.name, result.message);
        }
    }

    /// The message of the one node that fails.
    pub async fn failure(&mut self, select: &str) -> String {
        let built = self.build(select).await;
        let failed: Vec<_> = built.results.iter().filter(|result| result.status == Status::Error).collect();
        assert_eq!(failed.len(), 1, "{:?}", built.results);
        failed[0].error.as_ref().unwrap().to_string()
    }

    /// Rows as text: `1|a`, nulls as `∅`.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let batches = self.lake.session(self.relations.clone()).query(sql).await.unwrap();
        let options = FormatOptions::default().with_null("∅");
        let mut rows = Vec::new();
        for batch in &batches {
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
                .collect();
            for row in 0..batch.num_rows() {
                let cells: Vec<String> = columns.iter().map(|column| column.value(row).to_string()).collect();
                rows.push(cells.join("|"));
            }
        }
        rows
    }
}
